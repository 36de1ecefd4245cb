"""What the layers store, and how much of it a container sees."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import nlargest

from slimmer.filesystem.tree import Filesystem
from slimmer.formats.tar import Kind
from slimmer.image.index import LayerIndex

# Lists are for people: longer ones are cut, and their totals count everything.
MOST_LISTED = 50


@dataclass(frozen=True)
class StoredFile:
    """A regular file as one layer stores it. `in_view` is False when a higher layer hides it."""

    path: str
    layer: int
    size: int
    in_view: bool


@dataclass(frozen=True)
class Duplicate:
    """One content that several layers store: same size, same CRC-32. `size` is of one copy."""

    size: int
    files: tuple[StoredFile, ...]

    @property
    def wasted(self) -> int:
        """Bytes of all copies but one."""
        return self.size * (len(self.files) - 1)


@dataclass(frozen=True)
class LayerUse:
    """Bytes of the regular files in one layer, and of those that are in view."""

    stored: int
    seen: int

    @property
    def wasted(self) -> int:
        return self.stored - self.seen


@dataclass(frozen=True)
class Efficiency:
    """Sizes are bytes of content, a file with several hard links counted once.

    `biggest` and `duplicates` come largest first, at most `MOST_LISTED` of each;
    `duplicate_bytes` is what all duplicates waste, listed or not. Duplicates that are in view
    twice do not lower the score: a container sees both.
    """

    layers: tuple[LayerUse, ...]
    biggest: tuple[StoredFile, ...]
    duplicates: tuple[Duplicate, ...]
    duplicate_bytes: int

    @property
    def stored(self) -> int:
        return sum(layer.stored for layer in self.layers)

    @property
    def seen(self) -> int:
        return sum(layer.seen for layer in self.layers)

    @property
    def wasted(self) -> int:
        return self.stored - self.seen

    @property
    def score(self) -> float:
        """The share of the stored bytes that a container sees: 1.0 when nothing is wasted."""
        return self.seen / self.stored if self.stored else 1.0


def measure(filesystem: Filesystem, indexes: Sequence[LayerIndex]) -> Efficiency:
    """Weigh every regular file of every layer.

    Entries are told by their place, not by identity: a blob that is two layers has one index.
    """
    seen = {(node.inode.layer, node.inode.number) for node in filesystem.files()}
    duplicates = sorted(_duplicates(indexes, seen), key=_order)
    return Efficiency(
        layers=tuple(_use(number, index, seen) for number, index in enumerate(indexes)),
        biggest=tuple(_biggest(indexes, seen)),
        duplicates=tuple(duplicates[:MOST_LISTED]),
        duplicate_bytes=sum(duplicate.wasted for duplicate in duplicates),
    )


_Seen = set[tuple[int, int]]


def _use(layer: int, index: LayerIndex, seen: _Seen) -> LayerUse:
    stored = in_view = 0
    for number, entry in enumerate(index.entries):
        if entry.kind is Kind.FILE:
            stored += entry.size
            in_view += entry.size if (layer, number) in seen else 0
    return LayerUse(stored, in_view)


def _biggest(indexes: Sequence[LayerIndex], seen: _Seen) -> Iterator[StoredFile]:
    sizes = (
        (entry.size, -layer, -number)
        for layer, index in enumerate(indexes)
        for number, entry in enumerate(index.entries)
        if entry.kind is Kind.FILE and entry.size
    )
    for _, layer, number in nlargest(MOST_LISTED, sizes):
        yield _stored_file(indexes, -layer, -number, seen)


def _duplicates(indexes: Sequence[LayerIndex], seen: _Seen) -> Iterator[Duplicate]:
    """Contents that more than one layer stores. Copies within one layer are one RUN's choice."""
    groups: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for layer, index in enumerate(indexes):
        for number, facts in index.facts.items():
            if facts.crc32 is not None:
                key = index.entries[number].size, facts.crc32
                groups.setdefault(key, []).append((layer, number))
    for (size, _), places in groups.items():
        if places[0][0] != places[-1][0]:
            files = (_stored_file(indexes, layer, number, seen) for layer, number in places)
            yield Duplicate(size, tuple(files))


def _stored_file(indexes: Sequence[LayerIndex], layer: int, number: int, seen: _Seen) -> StoredFile:
    entry = indexes[layer].entries[number]
    return StoredFile(entry.path, layer, entry.size, (layer, number) in seen)


def _order(duplicate: Duplicate) -> tuple[int, str]:
    return -duplicate.wasted, duplicate.files[0].path
