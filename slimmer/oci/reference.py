"""Image references, written as skopeo's users write them (containers-transports(5)).

HOST[:PORT]/REPO[:TAG][@DIGEST]      a registry, also with docker:// in front
oci:DIR[:REF]                        an OCI layout folder
oci-archive:FILE[:REF]               an OCI layout in a tar
docker-archive:FILE[:REF]            what `docker save` writes
PATH                                 one of these, told by its content
"""

import re
from dataclasses import dataclass
from typing import TypeAlias

from slimmer.errors import FormatError, UsageError
from slimmer.oci.digest import Digest

DOCKER_HUB = "docker.io"
_HUB_HOSTS = {"docker.io", "index.docker.io", "registry-1.docker.io"}

# distribution-spec, "Pulling manifests": <name> and <reference>.
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")
_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_HOST = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-fA-F:.]+\])(?::[0-9]{{1,5}})?")
_PINNED_PATH = re.compile(r"([^:]*)@(sha256:[a-f0-9]{64})")
_MAX_REPOSITORY = 255
_MAX_HOST = 260


@dataclass(frozen=True)
class RegistryReference:
    """`host` includes the port; exactly one image is named by `digest`, else by `tag`."""

    host: str
    repository: str
    tag: str | None = None
    digest: Digest | None = None

    @property
    def name(self) -> str:
        return f"{self.host}/{self.repository}"

    @property
    def wanted(self) -> str:
        """What is asked of the registry: the digest when there is one, else the tag."""
        return str(self.digest) if self.digest else self.tag or "latest"

    def pinned(self, digest: Digest) -> "RegistryReference":
        return RegistryReference(self.host, self.repository, self.tag, digest)

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return self.name + tag + digest


@dataclass(frozen=True)
class LayoutReference:
    """An OCI layout folder; `ref` chooses by the ref.name annotation or by digest."""

    path: str
    ref: str | None = None

    def __str__(self) -> str:
        return f"oci:{self.path}" + (f":{self.ref}" if self.ref else "")


@dataclass(frozen=True)
class OciArchiveReference:
    """An OCI layout in a tar file."""

    path: str
    ref: str | None = None

    def __str__(self) -> str:
        return f"oci-archive:{self.path}" + (f":{self.ref}" if self.ref else "")


@dataclass(frozen=True)
class DockerArchiveReference:
    """A `docker save` tar; `ref` chooses by RepoTags."""

    path: str
    ref: str | None = None

    def __str__(self) -> str:
        return f"docker-archive:{self.path}" + (f":{self.ref}" if self.ref else "")


@dataclass(frozen=True)
class PathReference:
    """A path without a transport; `store.locate` tells what is there."""

    path: str

    def __str__(self) -> str:
        return self.path


FileReference: TypeAlias = LayoutReference | OciArchiveReference | DockerArchiveReference
Reference: TypeAlias = RegistryReference | FileReference | PathReference

_FILE_TRANSPORTS: dict[
    str, type[LayoutReference | OciArchiveReference | DockerArchiveReference]
] = {
    "oci": LayoutReference,
    "oci-archive": OciArchiveReference,
    "docker-archive": DockerArchiveReference,
}
_UNSUPPORTED = ("containers-storage", "docker-daemon", "dir", "sif", "ostree", "tarball")


def has_transport(text: str) -> bool:
    """Whether `text` says itself what kind of place it names."""
    transport, colon, rest = text.partition(":")
    if transport == "docker":
        return rest.startswith("//")
    return bool(colon) and (transport in _FILE_TRANSPORTS or transport in _UNSUPPORTED)


def parse_reference(text: str) -> Reference:
    """Read a reference; a path is told from a registry name by how it starts.

    Whether a bare name such as `app.tar` exists as a file is `store.locate`'s to say.
    """
    transport, colon, rest = text.partition(":")
    if colon and transport in _FILE_TRANSPORTS:
        path, ref = _split_path(rest)
        if not path:
            raise UsageError(f"no path in {text!r}", hint=f"write {transport}:PATH[:REF]")
        return _FILE_TRANSPORTS[transport](path, ref)
    if colon and transport == "docker" and rest.startswith("//"):
        return parse_registry_reference(rest[2:])
    if colon and transport in _UNSUPPORTED:
        raise UsageError(
            f"transport {transport!r} needs an engine or is not read by slim",
            hint="use a registry, oci:, oci-archive: or docker-archive:",
        )
    if text.startswith(("/", "./", "../", "~")) or text in (".", ".."):
        return PathReference(text)
    return parse_registry_reference(text)


def parse_registry_reference(text: str) -> RegistryReference:
    """Read `[HOST[:PORT]/]REPO[:TAG][@DIGEST]`, with docker.io and library/ as usual."""
    name, at, digest_text = text.partition("@")
    host, repository = _split_host(name)
    repository, colon, tag = repository.partition(":")
    if colon and not _TAG.fullmatch(tag):
        raise UsageError(f"not a tag: {tag[:160]!r}", where=text[:200])
    if host == DOCKER_HUB and "/" not in repository:
        repository = f"library/{repository}"
    if len(host) > _MAX_HOST or not _HOST.fullmatch(host):
        raise UsageError(f"not a host name: {host[:160]!r}", where=text[:200])
    if len(repository) > _MAX_REPOSITORY or not _REPOSITORY.fullmatch(repository):
        raise UsageError(
            f"not a repository name: {repository[:160]!r}",
            where=text[:200],
            hint="names are lower case; a file is written ./NAME",
        )
    digest = _digest(digest_text, text) if at else None
    return RegistryReference(host, repository, tag or None, digest)


def _digest(digest_text: str, text: str) -> Digest:
    try:
        return Digest(digest_text)
    except FormatError as error:
        raise UsageError(error.what, where=text[:200], hint=error.hint) from None


def _split_host(name: str) -> tuple[str, str]:
    first, slash, rest = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return (DOCKER_HUB if first in _HUB_HOSTS else first), rest
    return DOCKER_HUB, name


def _split_path(text: str) -> tuple[str, str | None]:
    """Split `PATH[:REF]` at the first colon, as skopeo does; `@sha256:...` also chooses."""
    pinned = _PINNED_PATH.fullmatch(text)
    if pinned is not None:
        return pinned[1], pinned[2]
    path, _, ref = text.partition(":")
    return path, ref or None
