"""Credentials for a registry, from Docker's config.json and containers-auth.json(5)."""

import base64
import binascii
import errno
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from slimmer.errors import FormatError, InputError, LimitError
from slimmer.oci.fields import Fields
from slimmer.oci.reference import DOCKER_HUB, RegistryReference
from slimmer.oci.strict_json import Json
from slimmer.store.registry.credential_helper import HelperError, ask_helper

HUB_SERVER = "https://index.docker.io/v1/"
"""The name Docker keeps its Hub's credentials under."""

_HUB_NAMES = frozenset({DOCKER_HUB, "index.docker.io", "registry-1.docker.io"})
_MAX_FILE = 1024 * 1024
_IDENTITY_USER = "<token>"

Warn = Callable[[str], None]


@dataclass(frozen=True)
class Credentials:
    """What to show a registry; `origin` says where it came from, for messages."""

    origin: str
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    registry_token: str = field(default="", repr=False)

    @property
    def basic(self) -> str | None:
        """The value of a Basic Authorization header after the scheme (RFC 7617)."""
        if not self.username and not self.password:
            return None
        return base64.b64encode(f"{self.username}:{self.password}".encode()).decode()

    @property
    def secrets(self) -> tuple[str, ...]:
        """Texts that must not appear in any message."""
        values = (self.password, self.basic, self.identity_token, self.registry_token)
        return tuple(value for value in values if value)


def find_credentials(
    reference: RegistryReference, files: tuple[Path, ...], warn: Warn
) -> Credentials | None:
    """The first credentials any of `files` has for `reference`.

    In each file a `credHelpers` entry comes first, then the longest matching key of `auths`,
    then `credsStore`. Files that do not exist are passed over; broken ones are errors.
    """
    for path in files:
        config = _load(path)
        found = config and _search(config, reference, str(path), warn)
        if found:
            return found
    return None


def _load(path: Path) -> Fields | None:
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_FILE + 1)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return None
        raise InputError(f"cannot be read: {error.strerror}", where=str(path)) from None
    if len(data) > _MAX_FILE:
        raise LimitError(f"larger than {_MAX_FILE} bytes", where=str(path))
    # podman leaves the file empty after the last logout.
    return Fields.parse(data, str(path)) if data.strip() else None


def _search(
    config: Fields, reference: RegistryReference, path: str, warn: Warn
) -> Credentials | None:
    host = canonical_key(reference.host)
    for key, helper in config.text_map("credHelpers").items():
        if canonical_key(key) == host and (found := _from_helper(helper, host, path, warn)):
            return found
    auths = config.child("auths")
    if auths and (found := _from_auths(auths, reference, path)):
        return found
    store = config.text("credsStore")
    return _from_helper(store, host, path, warn) if store else None


def canonical_key(key: str) -> str:
    """A key of `auths` as `host[/repository prefix]`.

    Keys with a scheme are Docker's old server addresses, whose path is an API version.
    """
    scheme, separator, rest = key.partition("://")
    if not separator:
        rest = scheme
    host, _, prefix = rest.rstrip("/").partition("/")
    host = host.lower()
    if host in _HUB_NAMES:
        host = DOCKER_HUB
    if separator or not prefix or prefix in ("v1", "v2"):
        return host
    return f"{host}/{prefix}"


def _from_auths(auths: Fields, reference: RegistryReference, path: str) -> Credentials | None:
    entries: Mapping[str, Json] = {
        canonical_key(key): entry for key, entry in auths.document.items()
    }
    key = canonical_key(reference.host) + "/" + reference.repository
    while key:
        if key in entries and (found := _entry(Fields(entries[key], path), path)):
            return found
        key = key.rpartition("/")[0]
    return None


def _entry(entry: Fields, path: str) -> Credentials | None:
    username, password = entry.text("username") or "", entry.text("password") or ""
    encoded = entry.text("auth")
    if encoded:
        username, password = _decode(encoded, path)
    found = Credentials(
        origin=path,
        username=username,
        password=password,
        identity_token=entry.text("identitytoken") or "",
        registry_token=entry.text("registrytoken") or "",
    )
    # Docker writes {} for hosts whose secret is in a helper.
    return found if found.secrets else None


def _decode(encoded: str, path: str) -> tuple[str, str]:
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, ValueError):
        raise FormatError("an 'auth' entry is not base64 of USER:PASSWORD", where=path) from None
    username, colon, password = text.partition(":")
    if not colon:
        raise FormatError("an 'auth' entry is not base64 of USER:PASSWORD", where=path)
    return username, password.rstrip("\0")


def _from_helper(name: str, host: str, path: str, warn: Warn) -> Credentials | None:
    server = HUB_SERVER if host == DOCKER_HUB else host
    try:
        answer = ask_helper(name, server)
    except HelperError as error:
        # A config made on a desktop names helpers a build machine has not; public images work.
        warn(f"{path}: {error.what}")
        return None
    if answer is None:
        return None
    username, secret = answer
    origin = f"docker-credential-{name}"
    if username == _IDENTITY_USER:
        return Credentials(origin, identity_token=secret)
    return Credentials(origin, username=username, password=secret)
