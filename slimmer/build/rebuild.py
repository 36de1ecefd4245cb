"""Writes the new image: layers, config, manifest, and then the sink, all or nothing."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from io import BytesIO
from pathlib import Path

from slimmer.build.compress import Blob, compress_layer
from slimmer.build.decisions import Decisions
from slimmer.build.grants import Attributes, attributes_of
from slimmer.build.history import is_aligned, new_history, told_layers
from slimmer.build.layer_edit import edited_layer, joined
from slimmer.build.layers import LayerEdits, emptied_layers, has_top
from slimmer.build.options import BuildOptions
from slimmer.build.plan import Plan
from slimmer.build.top_layer import squashed_layer, top_layer
from slimmer.detect.inspection import Inspection
from slimmer.formats.compression import Compression
from slimmer.image.image import Image
from slimmer.oci import media_types
from slimmer.oci.config import ImageConfig
from slimmer.oci.descriptor import ANNOTATION_BASE_DIGEST, ANNOTATION_BASE_NAME, Descriptor
from slimmer.oci.digest import Digest
from slimmer.oci.manifest import Manifest
from slimmer.oci.strict_json import Json
from slimmer.store.interface import Location, Progress, Sink, Source

TOP_LAYER = "slim build: files that describe what is left"
SQUASHED = "slim build --squash"


@dataclass(frozen=True)
class NewLayer:
    """A layer of the output: `blob` is None for one taken over as it was."""

    descriptor: Descriptor
    diff_id: Digest
    uncompressed_size: int
    blob: Blob | None
    origin: int | None


@dataclass(frozen=True)
class NewImage:
    """The output's documents and layers, before they are sent anywhere."""

    manifest: Manifest
    config: ImageConfig
    layers: tuple[NewLayer, ...]
    emptied: frozenset[int]

    @property
    def size(self) -> int:
        return sum(layer.descriptor.size for layer in self.layers)

    def with_manifest(self, manifest: Manifest) -> "NewImage":
        return replace(self, manifest=manifest)


class Rebuild:
    """One rebuild. `work_dir` holds the new layers until they are sent."""

    def __init__(
        self,
        inspection: Inspection,
        plan: Plan,
        decisions: Decisions,
        edits: LayerEdits,
        options: BuildOptions,
        work_dir: Path,
        progress: Progress,
    ) -> None:
        self._inspection = inspection
        self._subject = inspection.subject
        self._image: Image = inspection.subject.image
        self._plan = plan
        self._decisions = decisions
        self._edits = edits
        self._options = options
        self._work_dir = work_dir
        self._progress = progress

    def run(self) -> NewImage:
        """Write the new layers to the work folder and make the documents."""
        emptied: frozenset[int] = frozenset()
        layers: tuple[NewLayer, ...]
        if self._options.squash and not self._options.base_layers:
            layers = (self._squash(),)
        else:
            emptied = self._emptied(self._edits)
            layers = tuple(self._filtered(self._edits, emptied))
        config = self._config(layers, emptied)
        return NewImage(self._manifest(config, layers), config, layers, emptied)

    def _emptied(self, edits: LayerEdits) -> frozenset[int]:
        if not is_aligned(self._image.config, len(self._image.layers)):
            return frozenset()
        emptied = emptied_layers(edits, self._subject.indexes)
        if self._options.joined_from is None:
            return emptied
        return emptied | frozenset(range(self._options.joined_from, len(self._image.layers)))

    # --- layers ---------------------------------------------------------------------------------

    def _filtered(self, edits: LayerEdits, emptied: frozenset[int]) -> Iterator[NewLayer]:
        until = (
            len(self._image.layers)
            if self._options.joined_from is None
            else self._options.joined_from
        )
        for layer, index in zip(self._image.layers, self._subject.indexes, strict=True):
            if layer.number in emptied or layer.number >= until:
                continue
            if not edits.touched(layer.number):
                yield NewLayer(
                    layer.descriptor, layer.diff_id, index.uncompressed_size, None, layer.number
                )
                continue
            chunks = self._edited(edits, layer.number)
            total = index.uncompressed_size
            yield self._write(chunks, f"layer {layer.number}", total, layer.number)
        if self._options.joined_from is not None:
            numbers = range(until, len(self._image.layers))
            parts = [self._edited(edits, number) for number in numbers]
            total = sum(self._subject.indexes[number].uncompressed_size for number in numbers)
            yield self._write(joined([*parts, self._top(edits)]), "joined layer", total, None)
        elif has_top(edits):
            yield self._write(self._top(edits), "top layer", None, None)

    def _edited(self, edits: LayerEdits, number: int) -> Iterator[bytes]:
        read_at = self._inspection.reader.read_at(number)
        entries = self._subject.indexes[number].entries
        return edited_layer(read_at, entries, edits.by_layer[number])

    def _top(self, edits: LayerEdits) -> Iterator[bytes]:
        return top_layer(
            self._subject.filesystem,
            edits.homeless,
            edits.folders,
            self._inspection.reader,
            self._options.epoch or 0,
            self._changes,
        )

    @cached_property
    def _changes(self) -> Mapping[str, Attributes]:
        filesystem = self._subject.filesystem
        return attributes_of(filesystem, self._plan.grants, self._plan.modes)

    def _squash(self) -> NewLayer:
        chunks = squashed_layer(
            self._subject.filesystem,
            self._decisions,
            self._plan.written,
            self._plan.folders,
            self._inspection.reader,
            self._options.epoch or 0,
            self._changes,
        )
        total = sum(index.uncompressed_size for index in self._subject.indexes)
        return self._write(chunks, "squashed layer", total, None)

    def _write(
        self, chunks: Iterable[bytes], task: str, total: int | None, origin: int | None
    ) -> NewLayer:
        compression = self._compression(origin)
        path = self._work_dir / f"layer-{origin if origin is not None else 'new'}"
        watched = _watched(chunks, f"compress {task}", total, self._progress)
        blob = compress_layer(watched, compression, self._options.level, path)
        media_type = media_types.layer_type(
            docker=self._keeps_docker(), compression=str(compression)
        )
        descriptor = Descriptor(media_type, blob.digest, blob.size)
        return NewLayer(descriptor, blob.diff_id, blob.uncompressed_size, blob, origin)

    def _compression(self, origin: int | None) -> Compression:
        if self._options.compression is not None:
            return Compression(self._options.compression)
        number = origin if origin is not None else len(self._subject.indexes) - 1
        indexes = self._subject.indexes
        before = Compression(indexes[number].compression) if indexes else Compression.GZIP
        return Compression.GZIP if before is Compression.NONE else before

    def _keeps_docker(self) -> bool:
        # Docker's manifest has no name for zstd layers.
        ours = {Compression.GZIP, *(Compression(i.compression) for i in self._subject.indexes)}
        if self._options.compression is not None:
            ours.add(Compression(self._options.compression))
        return media_types.is_docker(self._image.manifest.media_type) and (
            Compression.ZSTD not in ours
        )

    # --- documents ------------------------------------------------------------------------------

    def _config(self, layers: tuple[NewLayer, ...], emptied: frozenset[int]) -> ImageConfig:
        config = self._plan.config
        created = _created(config, self._options.epoch)
        added = [TOP_LAYER for layer in layers if layer.origin is None]
        if self._options.squash:
            # Where the history does not tell the layers there are, it is of none of them.
            is_told = is_aligned(config, len(self._image.layers))
            first = self._options.base_layers if is_told else 0
            emptied |= frozenset(range(first, told_layers(config)))
            added = [SQUASHED, *([] if is_told else [SQUASHED] * self._options.base_layers)]
        top: dict[str, Json] = {
            "rootfs": {"type": "layers", "diff_ids": [str(layer.diff_id) for layer in layers]},
        }
        if config.history:
            top["history"] = new_history(config, emptied, added, created)
        if created:
            top["created"] = created
        return config.edited(top=top)

    def _manifest(self, config: ImageConfig, layers: tuple[NewLayer, ...]) -> Manifest:
        old = self._image.manifest
        annotations = {**old.annotations, **_base_annotations(self._image)}
        config_type = media_types.DOCKER_CONFIG if self._keeps_docker() else media_types.OCI_CONFIG
        descriptor = Descriptor.of(config_type, config.raw)
        if self._keeps_docker() == media_types.is_docker(old.media_type):
            return old.edited(
                config=descriptor,
                layers=tuple(layer.descriptor for layer in layers),
                annotations=annotations,
            )
        return to_oci(
            Manifest.new(
                media_types.OCI_MANIFEST,
                descriptor,
                tuple(layer.descriptor for layer in layers),
                annotations,
            )
        )


def to_oci(manifest: Manifest) -> Manifest:
    """The same image described with OCI media types: layouts and OCI archives hold no others."""
    if not media_types.is_docker(manifest.media_type) and not any(
        media_types.is_docker(layer.media_type) for layer in manifest.layers
    ):
        return manifest
    config = Descriptor(media_types.OCI_CONFIG, manifest.config.digest, manifest.config.size)
    layers = tuple(
        Descriptor(_oci_layer_type(layer), layer.digest, layer.size, layer.annotations)
        for layer in manifest.layers
    )
    return Manifest.new(media_types.OCI_MANIFEST, config, layers, manifest.annotations)


def _oci_layer_type(layer: Descriptor) -> str:
    media_type = layer.media_type
    if not media_types.is_docker(media_type):
        return media_type
    stem = (
        media_types.OCI_LAYER_NONDISTRIBUTABLE
        if media_type in media_types.NONDISTRIBUTABLE_LAYERS
        else media_types.OCI_LAYER
    )
    _, _, suffix = media_type.rpartition(".tar")
    return stem + suffix.replace(".", "+")


def _base_annotations(image: Image) -> dict[str, str]:
    """What the output was made from (image-spec annotations.md)."""
    annotations = {ANNOTATION_BASE_NAME: image.location.name} if image.location.name else {}
    if image.digest is not None:
        annotations[ANNOTATION_BASE_DIGEST] = str(image.digest)
    return annotations


def _created(config: ImageConfig, epoch: int | None) -> str:
    """SOURCE_DATE_EPOCH, else what the image said: a rebuild has no time of its own."""
    if epoch is None:
        return config.created
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _watched(
    chunks: Iterable[bytes], task: str, total: int | None, progress: Progress
) -> Iterator[bytes]:
    done = 0
    for chunk in chunks:
        yield chunk
        done += len(chunk)
        progress(task, done, total)


def send(image: NewImage, source: Source, sink: Sink) -> Location:
    """Put blobs, config and manifest into the sink, which shows them only when all are there."""
    for layer in image.layers:
        _send_layer(layer, source, sink)
    config = image.manifest.config
    raw = image.config.raw
    if not sink.has(config):
        sink.put(config, lambda: BytesIO(raw))
    return sink.finish(image.manifest.descriptor, image.manifest.raw)


def _send_layer(layer: NewLayer, source: Source, sink: Sink) -> None:
    descriptor, blob = layer.descriptor, layer.blob
    if sink.has(descriptor):
        return
    if blob is not None:
        sink.put(descriptor, lambda: blob.path.open("rb"))
    elif not sink.mount(descriptor, source.location):
        sink.put(descriptor, lambda: source.open(descriptor))
