"""Streams that check size and digest: what was asked for by digest is what is used."""

from types import TracebackType
from typing import BinaryIO, Self

from slimmer.errors import DigestError
from slimmer.oci.descriptor import Descriptor
from slimmer.oci.digest import Digest

CHUNK = 1024 * 1024


class VerifiedStream:
    """Reads a blob and raises `DigestError` instead of its last bytes when it is not the right one.

    The size is checked before the digest, and one byte too many ends it: a lying size costs
    nothing.
    """

    def __init__(self, stream: BinaryIO, descriptor: Descriptor) -> None:
        self._stream = stream
        self._descriptor = descriptor
        self._hasher = descriptor.digest.hasher()
        self._seen = 0
        self._done = False

    def read(self, size: int = CHUNK) -> bytes:
        """At most `size` bytes; empty at the verified end."""
        if self._done:
            return b""
        wanted = size if size > 0 else CHUNK
        data = self._stream.read(min(wanted, self._descriptor.size - self._seen) or 1)
        self._seen += len(data)
        self._check_size(at_end=not data)
        self._hasher.update(data)
        if self._seen == self._descriptor.size:
            self._check_end()
        return data

    def read_all(self) -> bytes:
        """Everything; for documents whose size was bounded before."""
        chunks = []
        while chunk := self.read():
            chunks.append(chunk)
        return b"".join(chunks)

    def _check_size(self, *, at_end: bool) -> None:
        wanted = self._descriptor.size
        if self._seen > wanted or (at_end and self._seen < wanted):
            raise DigestError(
                f"content is {'longer' if self._seen > wanted else 'shorter'} than the "
                f"{wanted} bytes it should have",
                where=str(self._descriptor.digest),
            )

    def _check_end(self) -> None:
        if self._stream.read(1):
            self._seen += 1
            self._check_size(at_end=False)
        found = Digest.from_hasher(self._hasher)
        if found != self._descriptor.digest:
            raise DigestError(
                f"content does not match its digest: it is {found}",
                where=str(self._descriptor.digest),
                hint="the copy is damaged or was tampered with",
            )
        self._done = True

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
