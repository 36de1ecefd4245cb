"""Applies layers one on the other (image-spec layer.md, "Applying Changesets").

Names in a layer go through the links that lower layers made, as they do when a runtime unpacks
into one root; they never leave it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from slimmer.errors import FormatError, LimitError
from slimmer.filesystem.tree import Filesystem, Hidden, Inode, Node, reversed_parts
from slimmer.formats.tar import Kind, TarEntry
from slimmer.image.index import NO_FACTS, LayerIndex
from slimmer.image.path import (
    MAX_PATH,
    is_aufs_metadata,
    is_opaque,
    is_whiteout,
    normalise,
    parent,
    whiteout_target,
)
from slimmer.limits import DEFAULT_LIMITS, Limits


def merge(indexes: Iterable[LayerIndex], limits: Limits = DEFAULT_LIMITS) -> Filesystem:
    """The filesystem of these layers, base first.

    Raises `FormatError` for what no runtime unpacks, `LimitError` for layers whose names or links
    are made to take all memory or all day.
    """
    filesystem = Filesystem()
    spent = _Spent(limits)
    for number, index in enumerate(indexes):
        try:
            _Applying(filesystem, number, index, spent).apply()
        except (FormatError, LimitError) as error:
            where = error.where or f"layer {index.digest}"
            raise type(error)(error.what, where=where, hint=error.hint) from None
    filesystem.seal()
    return filesystem


@dataclass
class _Spent:
    """What the tree takes so far. Folders that no entry names count: a short entry can ask for
    thousands of them."""

    limits: Limits
    entries: int = 0
    names: int = 0

    def add(self, path: str) -> None:
        if len(path) > MAX_PATH:
            raise FormatError(f"path of {len(path)} characters: {path[:80]!r}")
        self.entries += 1
        self.names += len(path)
        self.limits.check("entries", self.entries)
        self.limits.check("names", self.names)


class _Applying:
    """One layer going onto the filesystem of those below it."""

    def __init__(
        self, filesystem: Filesystem, layer: int, index: LayerIndex, spent: _Spent
    ) -> None:
        self._filesystem = filesystem
        self._spent = spent
        self._layer = layer
        self._index = index
        # Entries come folder by folder: the last one looked up serves most of the next.
        self._last: tuple[str, Node] | None = None

    def apply(self) -> None:
        # Whiteouts speak of lower layers only, wherever they stand in the tar.
        for entry in self._index.entries:
            if is_whiteout(entry.path):
                self._white_out(entry.path)
                self._check_lookups()
        for number, entry in enumerate(self._index.entries):
            if not (is_whiteout(entry.path) or is_aufs_metadata(entry.path)):
                self._add(number, entry)
                self._check_lookups()

    def _check_lookups(self) -> None:
        self._spent.limits.check("lookups", self._filesystem.lookups)

    def _white_out(self, path: str) -> None:
        if is_aufs_metadata(path):
            return
        if is_opaque(path):
            folder = self._lookup(parent(path))
            for child in list((folder.children or {}).values()) if folder else ():
                self._remove(child)
            return
        target = whiteout_target(path)
        folder = self._lookup(parent(target))
        node = (folder.children or {}).get(target.rpartition("/")[2]) if folder else None
        if node is not None:
            self._remove(node)

    def _lookup(self, path: str) -> Node | None:
        return self._filesystem.follow(self._filesystem.root, path, self._spent.limits.links)

    def _add(self, number: int, entry: TarEntry) -> None:
        if not entry.path:
            self._filesystem.root.inode = self._inode(number, entry)
            return
        if entry.kind is Kind.SYMLINK and not 0 < len(entry.link) <= MAX_PATH:
            raise FormatError(f"symbolic link {entry.path[:200]!r} to nothing a kernel takes")
        folder_path, _, name = entry.path.rpartition("/")
        if self._last is not None and self._last[0] == folder_path:
            folder = self._last[1]
        else:
            folder = self._folder(folder_path)
            self._last = (folder_path, folder)
        assert folder.children is not None
        existing = folder.children.get(name)
        if entry.kind is Kind.HARDLINK:
            inode = self._link_target(entry, existing)
        else:
            inode = self._inode(number, entry)
        if existing is not None and existing.is_directory and entry.kind is Kind.DIRECTORY:
            self._rename_inode(existing, inode, number)
            return
        if existing is not None:
            self._remove(existing)
        self._attach(folder, name, inode, number)

    def _inode(self, number: int, entry: TarEntry) -> Inode:
        return Inode(self._layer, number, entry, self._index.facts.get(number, NO_FACTS))

    def _attach(self, folder: Node, name: str, inode: Inode, number: int) -> Node:
        assert folder.children is not None
        path = f"{folder.path}/{name}" if folder.path else name
        if inode.entry is not None and inode.entry.path == path:
            path = inode.entry.path  # most are: one string in memory instead of two
        self._spent.add(path)
        children: dict[str, Node] | None = {} if inode.kind is Kind.DIRECTORY else None
        node = Node(path, inode, folder, children, self._layer, number)
        inode.add_name(node)
        folder.children[name] = node
        return node

    def _rename_inode(self, node: Node, inode: Inode, number: int) -> None:
        """Give a folder new attributes; what is in it stays."""
        if node.number >= 0:
            node.earlier = node.earlier or []
            node.earlier.append(node.inode)
        inode.add_name(node)
        node.inode, node.layer, node.number = inode, self._layer, number

    def _link_target(self, entry: TarEntry, existing: Node | None) -> Inode:
        target = normalise(entry.link)
        folder = self._lookup(parent(target))
        node = (folder.children or {}).get(target.rpartition("/")[2]) if folder else None
        if node is None or node is existing:
            raise FormatError(
                f"hard link {entry.path[:200]!r} to {entry.link[:200]!r}, which is not there"
            )
        if node.is_directory:
            raise FormatError(f"hard link {entry.path[:200]!r} to a folder")
        return node.inode

    def _folder(self, path: str) -> Node:
        """The folder at `path`, through links, made with its parents where it is missing."""
        node = self._filesystem.root
        parts = reversed_parts(path)
        # More than the kernel's 40: unpackers resolve links themselves and allow 255.
        budget = self._spent.limits.links
        while parts:
            part = parts.pop()
            self._filesystem.lookups += 1
            if part == "..":
                node = node.parent or node
                continue
            assert node.children is not None
            child = node.children.get(part)
            if child is None:
                node = self._attach(node, part, Inode(self._layer, -1, None, NO_FACTS), -1)
            elif child.is_symlink:
                budget -= 1
                if budget < 0:
                    raise FormatError(
                        f"too many links on the way to {path[:200]!r}",
                        hint="--limit links=VALUE allows more, but not a circle",
                    )
                if child.inode.link.startswith("/"):
                    node = self._filesystem.root
                parts += reversed_parts(child.inode.link)
            elif child.is_directory:
                node = child
            else:
                raise FormatError(f"{child.path[:200]!r} is no folder, but {path[:200]!r} is in it")
        return node

    def _remove(self, node: Node) -> None:
        """Take a name and all below it out of the view, and remember what lies hidden."""
        self._last = None
        stack = [node]
        while stack:
            gone = stack.pop()
            self._note_hidden(gone)
            gone.inode.drop_name(gone)
            stack += (gone.children or {}).values()
        assert node.parent is not None
        assert node.parent.children is not None
        del node.parent.children[node.name]

    def _note_hidden(self, node: Node) -> None:
        """Record the entry behind a name that goes, and those of folders it was merged from."""
        if node.inode.entry is not None and node.number >= 0:
            self._hide(node.path, node.layer, node.number, node.inode)
        for inode in node.earlier or ():
            self._hide(node.path, inode.layer, inode.number, inode)

    def _hide(self, path: str, layer: int, number: int, inode: Inode) -> None:
        if inode.entry is not None:
            hidden = Hidden(path, layer, number, inode.entry, inode.facts, self._layer)
            self._filesystem.hidden.append(hidden)
