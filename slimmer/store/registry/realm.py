"""Whether a registry's token server may be asked, and whether it may see credentials.

The realm is a URL that the registry chose. A hostile registry can name somebody else's server
to be given the user's password, or an address inside the user's network (CVE-2020-15157 and
its kin), so both are decided here and nowhere else.
"""

import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from slimmer.errors import AuthError

Resolve = Callable[[str], tuple[str, ...]]

_HUB_REGISTRY, _HUB_REALM = "registry-1.docker.io", "auth.docker.io"


@dataclass(frozen=True)
class Origin:
    """Scheme, host (lower case, no port) and port: what decides who sees credentials."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> "Origin | None":
        """The origin of an absolute http or https URL without user info, else None."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            return None
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
            return None
        default = 443 if parts.scheme == "https" else 80
        return cls(parts.scheme, parts.hostname.lower(), port if port is not None else default)


def resolve_host(host: str) -> tuple[str, ...]:
    """The addresses of a host; none when it cannot be looked up here (behind a proxy)."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple(str(address[4][0]) for address in found)


@dataclass(frozen=True)
class RealmRule:
    """Judges realms for one registry."""

    registry: Origin
    allowed: frozenset[str]
    resolve: Resolve = resolve_host

    def check(self, realm: str) -> bool:
        """Whether credentials may go to `realm`; `AuthError` when it must not even be asked."""
        origin = Origin.of(realm)
        if origin is None:
            raise self._refusal(realm, "is not an http(s) URL")
        if origin.scheme != "https" and self.registry.scheme == "https":
            raise self._refusal(realm, "is not https, though the registry is")
        if origin.host == self.registry.host or origin.host in self.allowed:
            return True
        self._refuse_inner_address(realm, origin.host)
        return (self.registry.host, origin.host) == (_HUB_REGISTRY, _HUB_REALM)

    def host_of(self, realm: str) -> str:
        """The host of a realm that passed `check`."""
        origin = Origin.of(realm)
        return origin.host if origin else ""

    def _refuse_inner_address(self, realm: str, host: str) -> None:
        addresses = [_address(text) for text in self.resolve(host)]
        if any(address.is_link_local for address in addresses):
            raise self._refusal(realm, "is at a link-local address")
        if any(not address.is_global for address in addresses) and self._registry_is_public():
            raise self._refusal(realm, "is at a private address, though the registry is not")

    def _registry_is_public(self) -> bool:
        addresses = [_address(text) for text in self.resolve(self.registry.host)]
        return all(address.is_global for address in addresses)

    def _refusal(self, realm: str, reason: str) -> AuthError:
        where = realm.partition("?")[0].rpartition("@")[2][:200]
        return AuthError(
            f"the registry names a token server that {reason}: {where!r}",
            where=self.registry.host,
            hint="if that is meant, allow its host with --allow-realm-host",
        )


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    address = ipaddress.ip_address(text.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address
