"""From a source to one image: through indexes, to the platform asked for."""

from dataclasses import dataclass

from slimmer.errors import FormatError, NotFoundError, UsageError
from slimmer.image.image import Image, image_of
from slimmer.limits import DEFAULT_LIMITS, Limits
from slimmer.oci import media_types
from slimmer.oci.config import ImageConfig
from slimmer.oci.descriptor import Descriptor
from slimmer.oci.manifest import Document, Index, Manifest, parse_document
from slimmer.oci.platform import Platform
from slimmer.store.interface import Source
from slimmer.store.layout import is_attestation


@dataclass(frozen=True)
class _Candidate:
    descriptor: Descriptor
    platform: Platform | None


def open_image(
    source: Source, platform: Platform | None = None, limits: Limits = DEFAULT_LIMITS
) -> Image:
    """Read the image's documents, all verified. No layer is touched.

    Without a `platform`, an image of several gives the host's. Raises `NotFoundError` when there
    is none for the platform, `FormatError` for a document that breaks the specification.
    """
    candidates = _Walk(source, limits).candidates()
    chosen = _choose(source, candidates, platform)
    return _open_manifest(source, chosen.descriptor, platform, limits)


class _Walk:
    """Flattens indexes in order. Each index is read once: a bomb of repeats costs one visit."""

    def __init__(self, source: Source, limits: Limits) -> None:
        self._source = source
        self._limits = limits
        self._seen: set[str] = set()
        self._found: dict[str, _Candidate] = {}

    def candidates(self) -> list[_Candidate]:
        for root in self._source.roots():
            self._visit(root, root.platform, 0)
        if not self._found:
            raise NotFoundError("no image here", where=self._source.location.reference)
        return list(self._found.values())

    def _visit(self, descriptor: Descriptor, platform: Platform | None, depth: int) -> None:
        self._limits.check("index_depth", depth, str(descriptor.digest))
        if descriptor.media_type in media_types.INDEXES:
            if descriptor.digest in self._seen:
                return
            self._seen.add(descriptor.digest)
            self._limits.check("manifests", len(self._seen))
            for child in self._index(descriptor).manifests:
                self._visit(child, child.platform or platform, depth + 1)
        elif _may_be_image(descriptor) and not is_attestation(descriptor):
            self._found.setdefault(descriptor.digest, _Candidate(descriptor, platform))
            self._limits.check("manifests", len(self._found))

    def _index(self, descriptor: Descriptor) -> Index:
        document = _parse(self._source, descriptor, self._source.read(descriptor))
        if not isinstance(document, Index):
            raise FormatError("expected an index", where=str(descriptor.digest))
        return document


def _may_be_image(descriptor: Descriptor) -> bool:
    """Unknown media types and artifacts in an index are skipped, not refused (image-index.md)."""
    if descriptor.artifact_type and descriptor.artifact_type not in media_types.CONFIGS:
        return False
    return descriptor.media_type in media_types.MANIFESTS | media_types.DOCKER_SCHEMA_1


def _choose(source: Source, candidates: list[_Candidate], wanted: Platform | None) -> _Candidate:
    if len(candidates) == 1:
        return candidates[0]
    known = [
        _Candidate(item.descriptor, platform)
        for item in candidates
        if (platform := item.platform or _platform_of(source, item.descriptor))
    ]
    for item in known:
        if item.platform and item.platform.matches(wanted or Platform.of_host()):
            return item
    choices = ", ".join(dict.fromkeys(str(item.platform) for item in known))
    where = source.location.reference
    if wanted is None:
        raise UsageError(
            "none of its platforms is this machine's", where=where, hint=f"--platform: {choices}"
        )
    raise NotFoundError(f"no image for {wanted}", where=where, hint=f"there is: {choices}")


def _platform_of(source: Source, descriptor: Descriptor) -> Platform | None:
    """What the config says, where the index says nothing; None for what is no image."""
    manifest = _read_manifest(source, descriptor)
    if manifest.config.media_type not in media_types.CONFIGS:
        return None
    return _read_config(source, manifest).platform


def _open_manifest(
    source: Source, descriptor: Descriptor, platform: Platform | None, limits: Limits
) -> Image:
    manifest = _read_manifest(source, descriptor)
    config = _read_config(source, manifest)
    where = str(descriptor.digest)
    if platform is not None and not config.platform.matches(platform):
        raise NotFoundError(
            f"no image for {platform}",
            where=source.location.reference,
            hint=f"there is: {config.platform}",
        )
    limits.check("layers", len(manifest.layers), where)
    if len(manifest.layers) != len(config.diff_ids):
        raise FormatError(
            f"{len(manifest.layers)} layers but {len(config.diff_ids)} diff_ids", where=where
        )
    for layer in manifest.layers:
        if layer.media_type not in media_types.LAYERS:
            raise FormatError(
                f"layer of an unknown media type {layer.media_type[:120]!r}", where=where
            )
    return image_of(source, manifest, config)


def _read_manifest(source: Source, descriptor: Descriptor) -> Manifest:
    document = _parse(source, descriptor, source.read(descriptor))
    if not isinstance(document, Manifest):
        raise FormatError("expected a manifest", where=str(descriptor.digest))
    return document


def _parse(source: Source, descriptor: Descriptor, raw: bytes) -> Document:
    return parse_document(raw, descriptor.media_type, str(descriptor.digest), source.limits)


def _read_config(source: Source, manifest: Manifest) -> ImageConfig:
    config = manifest.config
    if config.media_type not in media_types.CONFIGS:
        raise FormatError(
            f"not a container image: its config is {config.media_type[:120]!r}",
            where=source.location.reference,
            hint="it is an artifact of another kind",
        )
    return ImageConfig.parse(source.read(config), f"config {config.digest}", source.limits)
