"""One layer's tar with some entries gone and some rewritten; everything else byte for byte."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from slimmer.formats.read import ReadAt
from slimmer.formats.tar import TarEntry
from slimmer.formats.tar_write import END, padding
from slimmer.image.index import NO_FACTS, FileFacts

_CHUNK = 1024 * 1024


@dataclass(frozen=True)
class Drop:
    """The entry goes, headers and content."""


@dataclass(frozen=True)
class Replace:
    """The entry has new headers and `size` bytes of content, read by `content`.

    `entry` and `facts` are what a scan will find there; its offsets are of no use.
    """

    header: bytes
    content: ReadAt
    size: int
    entry: TarEntry
    facts: FileFacts = NO_FACTS

    def pieces(self) -> Iterator[bytes]:
        """The whole entry, padded to whole blocks."""
        yield self.header
        yield from pieces(self.content, 0, self.size)
        yield padding(self.size)


Edit: TypeAlias = Drop | Replace


def edited_layer(
    read_at: ReadAt, entries: list[TarEntry], edits: Mapping[int, Edit]
) -> Iterator[bytes]:
    """The tar in pieces. Order, padding between entries and global headers stay as they were."""
    position = 0
    for number in sorted(edits):
        entry = entries[number]
        yield from pieces(read_at, position, entry.header_offset)
        edit = edits[number]
        if isinstance(edit, Replace):
            yield from edit.pieces()
        position = entry.end_offset
    if entries:
        yield from pieces(read_at, position, entries[-1].end_offset)
    yield END


def joined(layers: Iterable[Iterator[bytes]]) -> Iterator[bytes]:
    """Several edited layers as one tar: the end of an archive stands only at its end."""
    for layer in layers:
        for piece in layer:
            if piece is not END:
                yield piece
    yield END


def pieces(read_at: ReadAt, start: int, end: int) -> Iterator[bytes]:
    """The bytes from `start` to `end`, a mebibyte at a time."""
    while start < end:
        data = read_at(start, min(_CHUNK, end - start))
        if not data:
            # The last entry's padding may be cut off at the end of a layer.
            yield padding(start)
            return
        yield data
        start += len(data)
