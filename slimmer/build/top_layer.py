"""Layers that are made anew: the small one on top for what no other takes, and the squashed one."""

from collections.abc import Iterable, Iterator, Mapping

from slimmer.build.decisions import Decisions
from slimmer.build.entries import linked_entry, new_content, whole_entry
from slimmer.build.grants import NO_CHANGES, Attributes, with_attributes
from slimmer.build.layer_edit import pieces
from slimmer.build.plan import Folder, Written
from slimmer.filesystem.tree import Filesystem, Node
from slimmer.formats.tar import Kind
from slimmer.formats.tar_write import END, new_header, padding, rewritten_header
from slimmer.image.reader import LayerReader


def top_layer(
    filesystem: Filesystem,
    written: Iterable[Written],
    folders: Iterable[Folder],
    reader: LayerReader,
    mtime: int,
    changes: Mapping[str, Attributes] = NO_CHANGES,
) -> Iterator[bytes]:
    """A layer with these files and folders, and with their parents as they are below."""
    files = {item.path: item for item in written}
    made = {folder.path: folder for folder in folders}
    for path in _with_parents([*files, *made]):
        node = filesystem.get(path)
        if path in files:
            yield from _file(node, files[path], reader, mtime)
        elif path in made:
            yield _folder(made[path], mtime)
        else:
            yield _parent(path, node, reader, mtime, changes)
    yield END


def _with_parents(paths: list[str]) -> list[str]:
    wanted: set[str] = set(paths)
    for path in paths:
        while path := path.rpartition("/")[0]:
            wanted.add(path)
    return sorted(wanted)


def _file(node: Node | None, item: Written, reader: LayerReader, mtime: int) -> Iterator[bytes]:
    if node is not None and node.inode.entry is not None:
        yield new_content(node, item, reader.read_at(node.inode.layer)).header
    else:
        yield new_header(
            item.path,
            Kind.FILE,
            mode=item.mode,
            uid=item.uid,
            gid=item.gid,
            size=len(item.content),
            mtime=mtime,
        )
    yield item.content + padding(len(item.content))


def _folder(folder: Folder, mtime: int) -> bytes:
    return new_header(
        folder.path,
        Kind.DIRECTORY,
        mode=folder.mode,
        uid=folder.uid,
        gid=folder.gid,
        mtime=mtime,
    )


def _parent(
    path: str,
    node: Node | None,
    reader: LayerReader,
    mtime: int,
    changes: Mapping[str, Attributes],
) -> bytes:
    # A runtime that unpacks layers apart takes a folder's attributes from the top one.
    if node is not None and node.inode.entry is not None and node.is_directory:
        read_at = reader.read_at(node.inode.layer)
        if path in changes:
            entry = node.inode.entry
            return with_attributes(read_at, entry, node.facts, path, changes[path]).header
        return rewritten_header(read_at, node.inode.entry, path=path, kind=Kind.DIRECTORY)
    return new_header(path, Kind.DIRECTORY, mode=0o755, uid=0, gid=0, mtime=mtime)


def squashed_layer(
    filesystem: Filesystem,
    decisions: Decisions,
    written: Iterable[Written],
    folders: Iterable[Folder],
    reader: LayerReader,
    mtime: int,
    changes: Mapping[str, Attributes] = NO_CHANGES,
) -> Iterator[bytes]:
    """The whole filesystem as one layer, in the order of the paths."""
    files = {item.path: item for item in written}
    made = {folder.path: folder for folder in folders if filesystem.get(folder.path) is None}
    first_names: dict[int, str] = {}
    if filesystem.root.inode.entry is not None:
        yield from _whole(filesystem.root, reader, mtime)
    for path, node in _merged(filesystem, decisions, files, made):
        if path in files:
            yield from _file(node, files[path], reader, mtime)
        elif node is None:
            yield _folder(made[path], mtime)
        elif not node.is_directory and id(node.inode) in first_names:
            yield _link(node, first_names[id(node.inode)], reader)
        else:
            first_names[id(node.inode)] = path
            new = [changes[name.path] for name in node.inode.names if name.path in changes]
            yield from _whole(node, reader, mtime, new[0] if new else None)
    yield END


def _merged(
    filesystem: Filesystem,
    decisions: Decisions,
    files: Mapping[str, Written],
    made: Mapping[str, Folder],
) -> list[tuple[str, Node | None]]:
    nodes: dict[str, Node | None] = {
        node.path: node for node in filesystem.walk() if node.path not in decisions
    }
    for path in (*files, *made):
        nodes.setdefault(path, None)
    return sorted(nodes.items(), key=lambda item: item[0].split("/"))


def _link(node: Node, target: str, reader: LayerReader) -> bytes:
    assert node.inode.entry is not None
    read_at = reader.read_at(node.inode.layer)
    entry = node.inode.entry
    return linked_entry(read_at, entry, node.path, target).header


def _whole(
    node: Node, reader: LayerReader, mtime: int, new: Attributes | None = None
) -> Iterator[bytes]:
    entry = node.inode.entry
    if entry is None:
        yield new_header(node.path, Kind.DIRECTORY, mode=0o755, uid=0, gid=0, mtime=mtime)
        return
    read_at = reader.read_at(node.inode.layer)
    if new is not None:
        yield from with_attributes(read_at, entry, node.facts, node.path, new).pieces()
    elif entry.path == node.path:
        yield from pieces(read_at, entry.header_offset, entry.end_offset)
    else:
        yield from whole_entry(read_at, entry, node.facts, node.path).pieces()
