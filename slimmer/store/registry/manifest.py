"""Manifests and indexes over the wire, and what refers to them (distribution-spec 1.1)."""

from collections.abc import Collection, Iterator

import requests

from slimmer.errors import DigestError, FormatError, LimitError, NetworkError, NotFoundError
from slimmer.oci import media_types
from slimmer.oci.descriptor import Descriptor
from slimmer.oci.digest import Digest
from slimmer.oci.manifest import Index, parse_document
from slimmer.store.registry.body import LongBodyError
from slimmer.store.registry.http import RegistryHttp
from slimmer.store.registry.realm import Origin

MANIFEST_TYPES = media_types.MANIFESTS | media_types.INDEXES | media_types.DOCKER_SCHEMA_1

_ACCEPT = ", ".join(
    (
        media_types.OCI_INDEX,
        media_types.OCI_MANIFEST,
        media_types.DOCKER_INDEX,
        media_types.DOCKER_MANIFEST,
    )
)
_MAX_PAGES = 100
_FALLBACK_TAG_LENGTH = 64
# Registries from before the referrers API answer its path in several ways.
_NO_REFERRERS_API = frozenset({400, 404, 405, 501})


def resolve(http: RegistryHttp) -> tuple[Descriptor, bytes]:
    """The manifest or index that the reference names, checked to be one.

    A tag's digest is that of the bytes that came, and must be the one the registry tells, if it
    tells any. A digest asked for must be that of the bytes.
    """
    reference = http.reference
    response, raw = _document(http, http.url(f"manifests/{reference.wanted}"), accept=_ACCEPT)
    digest = reference.digest or Digest.of(raw)
    _check_digest(digest, raw, "the registry sent another manifest")
    _check_told_digest(response, raw)
    document = parse_document(raw, content_type(response), str(reference), http.limits)
    return Descriptor(document.media_type, digest, len(raw)), raw


def fetch_manifest(http: RegistryHttp, descriptor: Descriptor) -> bytes:
    """A manifest or index by descriptor, verified."""
    http.limits.check("document_size", descriptor.size, str(descriptor.digest))
    url = http.url(f"manifests/{descriptor.digest}")
    try:
        response, raw = http.document(url, descriptor.size, accept=descriptor.media_type)
    except LongBodyError as error:
        raise DigestError(error.what, where=str(descriptor.digest)) from None
    if len(raw) != descriptor.size:
        raise DigestError(
            f"the registry sent {len(raw)} of {descriptor.size} bytes", where=str(descriptor.digest)
        )
    _check_digest(descriptor.digest, raw, "the registry sent another manifest")
    said = content_type(response)
    if said and said != descriptor.media_type:
        raise FormatError(
            f"was sent as {said!r}, but should be {descriptor.media_type!r}",
            where=str(descriptor.digest),
        )
    return raw


def referrers(http: RegistryHttp, digest: Digest) -> tuple[Descriptor, ...]:
    """What has `digest` for its subject, by the API or, without one, by the fallback tag."""
    found: list[Descriptor] = []
    for page in _pages(http, digest):
        found += page.manifests
        http.limits.check("manifests", len(found), str(digest))
    return tuple(found)


def _pages(http: RegistryHttp, digest: Digest) -> Iterator[Index]:
    url = http.url(f"referrers/{digest}")
    seen: set[str] = set()
    while url not in seen:
        seen.add(url)
        if len(seen) > _MAX_PAGES:
            raise LimitError(f"more than {_MAX_PAGES} pages of referrers", where=str(digest))
        ok = {200, *_NO_REFERRERS_API} if len(seen) == 1 else {200}
        response, raw = _document(http, url, accept=media_types.OCI_INDEX, ok=ok)
        if response.status_code != 200:
            yield from _fallback(http, digest)
            return
        yield from _index(http, raw, content_type(response), str(digest))
        following = response.links.get("next", {}).get("url")
        if not following:
            return
        url = _next_page(http, response.url, following)
    raise NetworkError("the pages of referrers go in a circle", where=str(digest))


def _next_page(http: RegistryHttp, url: str, link: str) -> str:
    target = http.resolve(url, link)
    if Origin.of(target) != http.origin:
        raise NetworkError("the next page of referrers is on another host", where=http.where)
    return target


def _fallback(http: RegistryHttp, digest: Digest) -> Iterator[Index]:
    """The referrers tag schema: an index under the tag ALGORITHM-ENCODED."""
    tag = f"{digest.algorithm}-{digest.encoded[:_FALLBACK_TAG_LENGTH]}"
    try:
        url = http.url(f"manifests/{tag}")
        response, raw = _document(http, url, accept=media_types.OCI_INDEX)
    except NotFoundError:
        return
    yield from _index(http, raw, content_type(response), f"{http.reference.name}:{tag}")


def _document(
    http: RegistryHttp, url: str, *, accept: str, ok: Collection[int] = (200,)
) -> tuple[requests.Response, bytes]:
    try:
        return http.document(url, http.limits.document_size, accept=accept, ok=ok)
    except LongBodyError as error:
        raise LimitError(error.what, limit="document_size", where=http.where) from None


def _index(http: RegistryHttp, raw: bytes, media_type: str | None, where: str) -> Iterator[Index]:
    document = parse_document(raw, media_type, where, http.limits)
    if isinstance(document, Index):
        yield document


def content_type(response: requests.Response) -> str | None:
    """The media type without its parameters, or None when the header is missing."""
    value: str = response.headers.get("Content-Type", "")
    return value.partition(";")[0].strip().lower() or None


def check_answered_digest(response: requests.Response, digest: Digest) -> None:
    """After a push: `DigestError` when the registry says it has stored something else."""
    told = response.headers.get("Docker-Content-Digest")
    if told and told != digest:
        raise DigestError(f"the registry stored it as {told[:160]!r}", where=str(digest))


def _check_told_digest(response: requests.Response, raw: bytes) -> None:
    told = response.headers.get("Docker-Content-Digest")
    if told:
        _check_digest(Digest(told), raw, "the manifest is not the one the registry announces")


def _check_digest(digest: Digest, raw: bytes, problem: str) -> None:
    hasher = digest.hasher()
    hasher.update(raw)
    found = Digest.from_hasher(hasher)
    if found != digest:
        raise DigestError(f"{problem}: it is {found}", where=str(digest))
