"""gzip and zstd, inflated in bounded pieces; what a stream is, is told by its first bytes."""

from collections.abc import Callable, Iterator
from enum import StrEnum

import zstandard
from isal import igzip_lib, isal_zlib

from slimmer.errors import FormatError, LimitError
from slimmer.formats.zstd_frames import FrameFollower
from slimmer.limits import DEFAULT_LIMITS, Limits

CHUNK = 1024 * 1024
_READ = 256 * 1024
# More the library does not take (ZSTD_WINDOWLOG_MAX on 64 bits).
_LARGEST_WINDOW = 1 << 31

Read = Callable[[int], bytes]
"""`(size) -> bytes`, at most `size`, empty at the end."""


class Compression(StrEnum):
    NONE = "none"
    GZIP = "gzip"
    ZSTD = "zstd"


_REFUSED = {
    b"\xfd7zXZ\0": "xz",
    # Three letters would also be how the name of a tar's first file starts.
    b"BZh91AY&SY": "bzip2",
    b"\x04\x22\x4d\x18": "lz4",
}
_LONGEST_MAGIC = 10


def detect(head: bytes) -> Compression:
    """The compression that `head`, the first bytes of a stream, shows.

    Raises `FormatError` for compressions that neither OCI nor Docker layers may have.
    """
    if head[:2] == b"\x1f\x8b":
        return Compression.GZIP
    if head[:4] == b"\x28\xb5\x2f\xfd" or (head[1:4] == b"\x2a\x4d\x18" and head[0] >> 4 == 5):
        return Compression.ZSTD
    for magic, name in _REFUSED.items():
        if head.startswith(magic):
            raise FormatError(
                f"compressed with {name}, which image layers may not be", hint="use gzip or zstd"
            )
    return Compression.NONE


class Inflating:
    """The inflated bytes of a gzip, zstd or plain stream, in pieces of at most 1 MiB.

    Iterating raises `FormatError` when the stream is damaged or ends early. `compression` is
    known once the first piece was asked for.
    """

    def __init__(self, read: Read, limits: Limits = DEFAULT_LIMITS) -> None:
        self._read = read
        self._limits = limits
        self.compression = Compression.NONE

    def __iter__(self) -> Iterator[bytes]:
        head = self._head()
        self.compression = detect(head)
        rest = _Rewound(head, self._read)
        match self.compression:
            case Compression.GZIP:
                yield from _inflate_gzip(rest.read)
            case Compression.ZSTD:
                yield from _inflate_zstd(rest, self._limits)
            case Compression.NONE:
                while chunk := rest.read(CHUNK):
                    yield chunk

    def _head(self) -> bytes:
        # A stream may give a byte at a time; the kind is told by the first ten.
        head = b""
        while len(head) < _LONGEST_MAGIC and (more := self._read(_READ)):
            head += more
        return head


def inflate(read: Read, limits: Limits = DEFAULT_LIMITS) -> Iterator[bytes]:
    """The same without the name of the compression."""
    return iter(Inflating(read, limits))


class _Rewound:
    """A stream whose first bytes were read already."""

    def __init__(self, head: bytes, read: Read) -> None:
        self._head = head
        self._read = read

    def read(self, size: int = -1) -> bytes:
        if self._head:
            head, self._head = self._head[:size], self._head[size:]
            return head
        return self._read(size if size > 0 else _READ)


def _inflate_gzip(read: Read) -> Iterator[bytes]:
    """Members one after the other (RFC 1952 2.2); only zeros may follow the last."""
    data = read(_READ)
    while data:
        member = isal_zlib.decompressobj(wbits=31)
        while not member.eof:
            data = member.unconsumed_tail or data or read(_READ)
            if not data:
                raise FormatError("gzip stream is cut short")
            try:
                chunk = member.decompress(data, CHUNK)
            except igzip_lib.IsalError:  # type: ignore[misc]  # missing in the stubs
                raise FormatError("gzip stream is damaged") from None
            data = b""
            if chunk:
                yield chunk
        data = member.unused_data or read(_READ)
        while data and not data.strip(b"\0"):
            data = read(_READ)
        if data and not data.startswith(b"\x1f"):
            raise FormatError("gzip stream is followed by something else")


def _inflate_zstd(source: _Rewound, limits: Limits) -> Iterator[bytes]:
    followed = _Followed(source)
    # RFC 8878 3.1.1.1.2 recommends 8 MiB for a frame from anywhere; tools in use go to 128 MiB.
    window = min(limits.zstd_window, _LARGEST_WINDOW)
    reader = zstandard.ZstdDecompressor(max_window_size=window).stream_reader(
        followed,  # type: ignore[arg-type]  # only read() is called
        read_size=_READ,
        read_across_frames=True,
    )
    while True:
        try:
            chunk = reader.read(CHUNK)
        except zstandard.ZstdError as error:
            reason = str(error).rpartition(": ")[2]
            if "too much memory" in reason:
                raise LimitError(
                    f"a zstd frame is over the limit zstd_window={window}", limit="zstd_window"
                ) from None
            raise FormatError(f"zstd stream cannot be inflated: {reason}") from None
        if not chunk:
            break
        yield chunk
    if not followed.frames.complete:
        raise FormatError("zstd stream is cut short")


class _Followed:
    """A zstd stream whose frames are counted as they are read."""

    def __init__(self, source: _Rewound) -> None:
        self._source = source
        self.frames = FrameFollower()

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self.frames.feed(data)
        return data
