"""An image: one manifest, its config and its layers, out of one source."""

from dataclasses import dataclass

from slimmer.oci.config import HistoryEntry, ImageConfig
from slimmer.oci.descriptor import Descriptor
from slimmer.oci.digest import Digest
from slimmer.oci.manifest import Manifest
from slimmer.oci.platform import Platform
from slimmer.store.interface import Location, Source


@dataclass(frozen=True)
class Layer:
    """One layer of an image: `number` counts from 0 at the base."""

    number: int
    descriptor: Descriptor
    diff_id: Digest
    history: HistoryEntry | None

    @property
    def created_by(self) -> str:
        """The instruction that made the layer, as the history tells it; empty when it does not."""
        return self.history.created_by if self.history else ""


@dataclass(frozen=True)
class Image:
    """`digest` is None for an image out of a Docker archive, which has no manifest of its own."""

    location: Location
    manifest: Manifest
    config: ImageConfig
    layers: tuple[Layer, ...]
    digest: Digest | None

    @property
    def platform(self) -> Platform:
        return self.config.platform

    @property
    def size(self) -> int:
        """Bytes to download: the layers as stored."""
        return sum(layer.descriptor.size for layer in self.layers)


def image_of(source: Source, manifest: Manifest, config: ImageConfig) -> Image:
    """Put the documents together; `config.diff_ids` and the layers were checked to align."""
    history = config.layer_history(len(manifest.layers))
    layers = tuple(
        Layer(number, descriptor, diff_id, entry)
        for number, (descriptor, diff_id, entry) in enumerate(
            zip(manifest.layers, config.diff_ids, history, strict=True)
        )
    )
    digest = manifest.digest if source.has_manifest else None
    return Image(source.location, manifest, config, layers, digest)
