"""Reads the layers of one image: each at most once, kept on disk only while it is needed."""

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event, local
from typing import Self

from slimmer.errors import FormatError
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

# Layers at work at once: one is scanned while the next arrives. Each has two threads of its own.
_SIDE_BY_SIDE = 2
_Key = tuple[Digest, Digest]


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
        self._indexes: dict[_Key, LayerIndex] = {}
        self._spools: dict[int, Spool] = {}
        self._stopped = Event()
        self._scanners = local()

    def indexes(self) -> list[LayerIndex]:
        """The index of every layer, base first. Layers are read side by side; where several are
        at fault, the lowest one's error is raised."""
        if len(self.image.layers) > 1:
            self._read_side_by_side()
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
        key = _key(layer)
        if key not in self._indexes:
            self._indexes[key] = self._cached(layer) or self._scan(layer)
        return self._indexes[key]

    def _read_side_by_side(self) -> None:
        waiting: dict[_Key, Future[LayerIndex]] = {}
        with ThreadPoolExecutor(_SIDE_BY_SIDE, "layer") as pool:
            try:
                for layer in self.image.layers:
                    if _key(layer) not in self._indexes and _key(layer) not in waiting:
                        waiting[_key(layer)] = pool.submit(self.index, layer.number)
                for future in waiting.values():
                    future.result()
            except BaseException:
                self._stopped.set()
                pool.shutdown(cancel_futures=True)
                self._stopped.clear()
                raise

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
        stamp = self._source.stamp(layer.descriptor) if self._cache is not None else None
        index, spool = scan_layer(
            self._stream(layer.descriptor),
            layer.descriptor,
            layer.diff_id,
            self._own_scanner(),
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

    def _own_scanner(self) -> Scanner:
        """This thread's: one scanner is not for two threads."""
        scanner: Scanner | None = getattr(self._scanners, "scanner", None)
        if scanner is None:
            if self._scanner is None:
                self._scanner = Scanner()
            scanner = self._scanners.scanner = self._scanner.clone()
        return scanner

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
        return _Counted(self._source.blob(descriptor), descriptor, self._progress, self._stopped)


def _key(layer: Layer) -> _Key:
    return layer.descriptor.digest, layer.diff_id


class _Counted:
    """Tells the progress of a stream to whoever watches; ends when it is no longer wanted."""

    def __init__(
        self,
        stream: CompressedStream,
        descriptor: Descriptor,
        progress: Progress,
        stopped: Event,
    ) -> None:
        self._stopped = stopped
        self._stream = stream
        self._task = f"layer {descriptor.digest.short}"
        self._total = descriptor.size
        self._progress = progress
        self._done = 0

    def read(self, size: int = 1024 * 1024) -> bytes:
        if self._stopped.is_set():
            raise FormatError("no longer wanted: another layer is at fault")
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
