"""Whole tar entries made from those of the image: under another name, or with other content."""

import msgspec

from slimmer.build.layer_edit import Replace
from slimmer.build.plan import Written
from slimmer.filesystem.tree import Node
from slimmer.formats.read import ReadAt, reader_of
from slimmer.formats.tar import Kind, TarEntry
from slimmer.formats.tar_write import padding, rewritten_header
from slimmer.image.content import reader_of_entry
from slimmer.image.index import FileFacts


def whole_entry(read_at: ReadAt, entry: TarEntry, facts: FileFacts, path: str) -> Replace:
    """The entry under another path, with its content; the holes of a sparse file stay holes."""
    new = msgspec.structs.replace(entry, path=path)
    if entry.sparse is not None:
        return _sparse_entry(read_at, new, entry.sparse, facts)
    size = entry.size if entry.kind is Kind.FILE else 0
    header = rewritten_header(
        read_at, entry, path=path, kind=entry.kind, link=entry.link, size=size
    )
    return Replace(header, reader_of_entry(read_at, entry), size, new, facts)


def _sparse_entry(
    read_at: ReadAt, entry: TarEntry, segments: tuple[tuple[int, int], ...], facts: FileFacts
) -> Replace:
    """A sparse file of any format as one of PAX format 1.0, the map in front of the data."""
    lines = [str(len(segments)), *(str(number) for segment in segments for number in segment)]
    text = "".join(f"{line}\n" for line in lines).encode()
    front = text + padding(len(text))
    size = len(front) + sum(length for _, length in segments)
    records = {
        "GNU.sparse.major": "1",
        "GNU.sparse.minor": "0",
        "GNU.sparse.name": entry.path,
        "GNU.sparse.realsize": str(entry.size),
    }
    header = rewritten_header(
        read_at, entry, path=entry.path, kind=Kind.FILE, size=size, records=records
    )

    def read(offset: int, length: int) -> bytes:
        head = front[offset : offset + length]
        start = max(0, offset - len(front))
        rest = min(length - len(head), size - len(front) - start)
        return head + (read_at(entry.data_offset + start, rest) if rest > 0 else b"")

    return Replace(header, read, size, entry, facts)


def linked_entry(read_at: ReadAt, entry: TarEntry, path: str, target: str) -> Replace:
    """A hard link at `path` with the attributes of `entry`."""
    header = rewritten_header(read_at, entry, path=path, kind=Kind.HARDLINK, link=target)
    new = msgspec.structs.replace(
        entry, path=path, kind=Kind.HARDLINK, link=target, size=0, sparse=None
    )
    return Replace(header, reader_of(b""), 0, new)


def new_content(node: Node, item: Written, read_at: ReadAt) -> Replace:
    """The node's entry with other content; owner, mode and times stay."""
    old = node.inode.entry
    assert old is not None
    size = len(item.content)
    header = rewritten_header(read_at, old, path=node.path, kind=Kind.FILE, size=size)
    new = msgspec.structs.replace(old, path=node.path, kind=Kind.FILE, size=size, sparse=None)
    return Replace(header, reader_of(item.content), size, new, FileFacts(content=item.content))
