"""Reads the layers of one image: each at most once, kept on disk only while it is needed."""

from pathlib import Path
from typing import Self

from slimmer.formats.read import ReadAt
from slimmer.formats.tar import TarEntry
from slimmer.image.cache import IndexCache
from slimmer.image.content import reader_of_entry
from slimmer.image.image import Image, Layer
from slimmer.image.index import LayerIndex
from slimmer.image.scan import scan_layer
from slimmer.image.spool import CompressedStream, Spool
from slimmer.limits import DEFAULT_LIMITS, Limits
from slimmer.oci.descriptor import Descriptor
from slimmer.oci.digest import Digest
from slimmer.secrets.engine import Scanner
from slimmer.store.interface import Progress, Source, no_progress


class LayerReader:
    """Gives the index of each layer, and the bytes of those whose bytes are asked for.

    `keep_bytes` keeps each scanned layer's tar in a temporary file until `close`: a rebuild
    reads it again, an inspection does not.
    """

    def __init__(
        self,
        image: Image,
        source: Source,
        work_dir: Path,
        *,
        cache: IndexCache | None = None,
        scanner: Scanner | None = None,
        keep_bytes: bool = False,
        limits: Limits = DEFAULT_LIMITS,
        progress: Progress = no_progress,
    ) -> None:
        self.image = image
        self._source = source
        self._work_dir = work_dir
        self._cache = cache
        self._scanner = scanner
        self._keep_bytes = keep_bytes
        self.limits = limits
        self._progress = progress
        self._indexes: dict[tuple[Digest, Digest], LayerIndex] = {}
        self._spools: dict[int, Spool] = {}

    def indexes(self) -> list[LayerIndex]:
        """The index of every layer, base first."""
        indexes = []
        entries = 0
        for layer in self.image.layers:
            indexes.append(self.index(layer.number))
            entries += len(indexes[-1].entries)
            self.limits.check("entries", entries, self.image.location.reference)
        return indexes

    def index(self, number: int) -> LayerIndex:
        """The index of one layer; a blob that is several layers is read once."""
        layer = self.image.layers[number]
        key = layer.descriptor.digest, layer.diff_id
        if key not in self._indexes:
            self._indexes[key] = self._cached(layer) or self._scan(layer)
        return self._indexes[key]

    def read_at(self, number: int) -> ReadAt:
        """The uncompressed tar of a layer, by offset."""
        if number not in self._spools:
            self._spool(number)
        return self._spools[number].read_at

    def read(self, number: int, entry: TarEntry, limit: int) -> bytes:
        """At most `limit` bytes of one regular file of a layer."""
        return reader_of_entry(self.read_at(number), entry)(0, min(limit, entry.size))

    def close(self) -> None:
        for spool in self._spools.values():
            spool.close()
        self._spools.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _cached(self, layer: Layer) -> LayerIndex | None:
        if self._cache is None:
            return None
        index = self._cache.get(layer.descriptor.digest)
        if index is None or index.diff_id != layer.diff_id:
            return None
        if self._source.is_local:
            self._verify(layer.descriptor, self._cache)
        return index

    def _verify(self, descriptor: Descriptor, cache: IndexCache) -> None:
        """What is known of a digest says nothing of the file that claims it: hash that again,
        unless it is the very file that was hashed before."""
        stamp = self._source.stamp(descriptor)
        if stamp is not None and cache.is_seen(descriptor.digest, stamp):
            return
        with self._stream(descriptor) as stream:
            while stream.read():
                pass
        self._mark_seen(descriptor, stamp)

    def _mark_seen(self, descriptor: Descriptor, stamp: str | None) -> None:
        """Only when the file did not change while it was read."""
        if self._cache is None or stamp is None or stamp != self._source.stamp(descriptor):
            return
        self._cache.mark_seen(descriptor.digest, stamp)

    def _scan(self, layer: Layer) -> LayerIndex:
        if self._scanner is None:
            self._scanner = Scanner()
        stamp = self._source.stamp(layer.descriptor) if self._cache is not None else None
        index, spool = scan_layer(
            self._stream(layer.descriptor),
            layer.descriptor,
            layer.diff_id,
            self._scanner,
            self._work_dir,
            self.limits,
        )
        if self._keep_bytes:
            self._spools[layer.number] = spool
        else:
            spool.close()
        if self._cache is not None:
            self._cache.put(index)
            self._mark_seen(layer.descriptor, stamp)
        return index

    def _spool(self, number: int) -> None:
        layer = self.image.layers[number]
        stream = self._stream(layer.descriptor)
        spool = Spool(stream, layer.diff_id, self._work_dir, self.limits)
        try:
            spool.finish()
        except BaseException:
            spool.close()
            raise
        self._spools[number] = spool

    def _stream(self, descriptor: Descriptor) -> "_Counted":
        return _Counted(self._source.blob(descriptor), descriptor, self._progress)


class _Counted:
    """Tells the progress of a stream to whoever watches."""

    def __init__(
        self, stream: CompressedStream, descriptor: Descriptor, progress: Progress
    ) -> None:
        self._stream = stream
        self._task = f"layer {descriptor.digest.short}"
        self._total = descriptor.size
        self._progress = progress
        self._done = 0

    def read(self, size: int = 1024 * 1024) -> bytes:
        data = self._stream.read(size)
        self._done += len(data)
        self._progress(self._task, self._done, self._total)
        return data

    def close(self) -> None:
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
