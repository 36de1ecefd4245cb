"""A layer's tar on disk while it is being inflated: read and hashed by others, read here by offset.

Two threads work while the caller reads: one takes compressed bytes, hashes and inflates them,
one hashes the tar and writes it to a temporary file. All three spend their time in C code that
releases the interpreter lock.
"""

import os
import queue
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, Self

from slimmer.errors import DigestError, FormatError, InputError
from slimmer.formats.compression import CHUNK, Compression, Inflating
from slimmer.limits import Limits
from slimmer.oci.digest import Digest

_QUEUED_CHUNKS = 8
_ZEROS = bytes(CHUNK)


class CompressedStream(Protocol):
    """A layer blob that fails at its last read unless it was the right one."""

    def read(self, size: int = ...) -> bytes: ...

    def close(self) -> None: ...


class Spool:
    """The uncompressed tar of one layer, in an unnamed temporary file.

    `read_at` waits for bytes that are still to come. `finish` waits for the end and raises what
    went wrong on the way: nothing read before may be used unless it returns.
    """

    def __init__(
        self, stream: CompressedStream, diff_id: Digest, work_dir: Path, limits: Limits
    ) -> None:
        self._stream = stream
        self._diff_id = diff_id
        self._inflating = Inflating(stream.read, limits)
        self._limits = limits
        self._where = str(work_dir)
        self._file = tempfile.TemporaryFile(dir=work_dir, buffering=0)  # noqa: SIM115
        self._handle = self._file.fileno()
        self._chunks: queue.Queue[bytes | None] = queue.Queue(_QUEUED_CHUNKS)
        self._available = 0
        self._changed = threading.Condition()
        self._ended = False
        self._abandoned = False
        self._error: BaseException | None = None
        self._hasher = diff_id.hasher()
        self._threads = [
            threading.Thread(target=self._inflate, daemon=True),
            threading.Thread(target=self._store, daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def read_at(self, offset: int, length: int) -> bytes:
        """Bytes of the tar; shorter than asked only at its end."""
        end = offset + length
        if self._available < end:
            with self._changed:
                self._changed.wait_for(lambda: self._ended or self._available >= end)
        return os.pread(self._handle, min(length, max(0, self._available - offset)), offset)

    def finish(self) -> int:
        """Wait for the whole layer; its size in bytes.

        Raises what went wrong, and `DigestError` when the tar is not the one of the diff_id.
        """
        for thread in self._threads:
            thread.join()
        self._stream.close()
        if self._error is not None:
            raise self._error
        found = Digest.from_hasher(self._hasher)
        if found != self._diff_id:
            raise DigestError(
                f"uncompressed content is {found}, but the config's diff_id is {self._diff_id}"
            )
        return self._available

    @property
    def compression(self) -> Compression:
        """What the blob was compressed with; known once bytes have been read."""
        return self._inflating.compression

    def close(self) -> None:
        """Stop the threads and drop the file."""
        self._abandoned = True
        for thread in self._threads:
            thread.join()
        self._stream.close()
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _inflate(self) -> None:
        try:
            for chunk in self._inflated():
                if self._abandoned:
                    return
                self._chunks.put(chunk)
        except BaseException as error:
            self._error = error
        finally:
            self._chunks.put(None)

    def _inflated(self) -> Iterator[bytes]:
        try:
            yield from self._inflating
            self._read_out()
        except FormatError as error:
            # A damaged blob should be called damaged, not badly compressed.
            self._read_out()
            raise error from None

    def _read_out(self) -> None:
        """Read the blob to its end, where its digest is checked."""
        while not self._abandoned and self._stream.read(CHUNK):
            pass

    def _store(self) -> None:
        while (chunk := self._chunks.get()) is not None:
            if self._abandoned or self._error is not None:
                continue
            try:
                self._write(chunk)
            except OSError as error:
                reason = error.strerror or str(error)
                self._give_up(InputError(f"no room for the layer: {reason}", where=self._where))
            except BaseException as error:
                self._give_up(error)
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _give_up(self, error: BaseException) -> None:
        # A layer over its limit or a full disk: inflating the rest would help nobody.
        self._error = error
        self._abandoned = True

    def _write(self, chunk: bytes) -> None:
        self._hasher.update(chunk)
        size = self._available + len(chunk)
        self._limits.check("layer_size", size)
        # Runs of zeros become holes: a sparse file of 10 GB costs no disk.
        if chunk == _ZEROS[: len(chunk)]:
            os.ftruncate(self._handle, size)
        else:
            written = 0
            while written < len(chunk):
                written += os.pwrite(
                    self._handle, memoryview(chunk)[written:], self._available + written
                )
        with self._changed:
            self._available = size
            self._changed.notify_all()
