"""How registries are spoken to, as data. The environment is read by the caller, once."""

import ipaddress
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from slimmer.limits import DEFAULT_LIMITS, Limits


def _nobody(message: str) -> None:
    """Nobody listens."""


@dataclass(frozen=True)
class RegistryOptions:
    """Times are seconds, sizes bytes. Secrets are left out of the repr."""

    plain_http: bool | None = None
    """None: plain HTTP for loopback hosts, HTTPS for all others."""
    tls_verify: bool = True
    cert_dir: Path | None = None
    """As in certs.d: `*.crt` authorities to trust too, one `NAME.cert` with `NAME.key`."""
    auth_files: tuple[Path, ...] = ()
    """Docker configs and containers auth.json files; the first that knows the host serves."""
    credentials: tuple[str, str] | None = field(default=None, repr=False)
    """User name and password; they come before every auth file."""
    allow_realm_hosts: frozenset[str] = frozenset()
    """Hosts of token servers that may be given the credentials, besides the registry's own."""
    timeout: float = 30.0
    """For a connection, and for any single read or write on it."""
    commit_timeout: float = 300.0
    """For the answer to an upload: the registry may hash and move the whole blob first."""
    retries: int = 5
    min_rate: int = 1024
    """Bytes a second, over each `stall_window`; a body that comes slower is given up."""
    stall_window: float = 60.0
    deadline: float = 6 * 3600.0
    """For one blob, all attempts together."""
    limits: Limits = DEFAULT_LIMITS
    warn: Callable[[str], None] = _nobody
    sleep: Callable[[float], None] = time.sleep

    def plain_for(self, host: str) -> bool:
        """Whether `host[:port]` is reached without TLS."""
        return is_loopback(host) if self.plain_http is None else self.plain_http


def auth_file_candidates(
    environ: Mapping[str, str], authfile: str | None = None
) -> tuple[Path, ...]:
    """Where credentials may be, best first, whether or not the files exist.

    A file that was named (`authfile`, else `$REGISTRY_AUTH_FILE`) is the only one, as in
    containers-auth.json(5); otherwise that page's files come before Docker's.
    """
    named = authfile or environ.get("REGISTRY_AUTH_FILE")
    if named:
        return (Path(named),)
    home = environ.get("HOME")
    folders = [(environ.get("XDG_RUNTIME_DIR"), "containers/auth.json")]
    config_home = environ.get("XDG_CONFIG_HOME") or (f"{home}/.config" if home else None)
    folders.append((config_home, "containers/auth.json"))
    docker = environ.get("DOCKER_CONFIG") or (f"{home}/.docker" if home else None)
    folders.append((docker, "config.json"))
    return tuple(Path(folder) / name for folder, name in folders if folder)


def host_without_port(host: str) -> str:
    """`[::1]:5000` -> `::1`, `example.org:443` -> `example.org`."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def is_loopback(host: str) -> bool:
    """Whether `host[:port]` is this machine by its very name: 127.0.0.0/8, ::1, localhost."""
    name = host_without_port(host).lower()
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
