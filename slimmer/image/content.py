"""A file's bytes out of a layer's tar, sparse files with their holes filled."""

from bisect import bisect_left, bisect_right
from itertools import accumulate

from slimmer.formats.read import ReadAt
from slimmer.formats.tar import TarEntry


def reader_of_entry(read_at: ReadAt, entry: TarEntry) -> ReadAt:
    """A `ReadAt` over one regular file of the layer that `read_at` reads."""
    if entry.sparse is not None:
        return _sparse_reader(read_at, entry, entry.sparse)
    start, size = entry.data_offset, entry.size

    def read(offset: int, length: int) -> bytes:
        length = min(length, size - offset)
        return read_at(start + offset, length) if length > 0 else b""

    return read


def _sparse_reader(
    read_at: ReadAt, entry: TarEntry, segments: tuple[tuple[int, int], ...]
) -> ReadAt:
    starts = [start for start, _ in segments]
    stored = list(accumulate((size for _, size in segments), initial=entry.data_offset))

    def read(offset: int, length: int) -> bytes:
        end = offset + max(0, min(length, entry.size - offset))
        result = bytearray(end - offset)
        for number in range(max(0, bisect_right(starts, offset) - 1), bisect_left(starts, end)):
            start, size = segments[number]
            first, last = max(start, offset), min(start + size, end)
            if first < last:
                data = read_at(stored[number] + first - start, last - first)
                result[first - offset : last - offset] = data.ljust(last - first, b"\0")
        return bytes(result)

    return read
