"""What `slim ls` lists: names of the merged filesystem, or the entries of one layer."""

import stat
from collections.abc import Iterator
from dataclasses import dataclass

from slimmer.errors import NotFoundError
from slimmer.filesystem.tree import Filesystem, Node
from slimmer.formats.tar import Kind, TarEntry
from slimmer.image.index import LayerIndex
from slimmer.image.path import is_aufs_metadata, is_opaque, is_whiteout, normalise

_TYPES = {
    Kind.FILE: stat.S_IFREG,
    Kind.HARDLINK: stat.S_IFREG,
    Kind.DIRECTORY: stat.S_IFDIR,
    Kind.SYMLINK: stat.S_IFLNK,
    Kind.CHARACTER: stat.S_IFCHR,
    Kind.BLOCK_DEVICE: stat.S_IFBLK,
    Kind.FIFO: stat.S_IFIFO,
}


@dataclass(frozen=True, slots=True)
class Item:
    """One line. `path` has no leading slash; `kind` is the tar entry's, `whiteout` or `opaque`.

    `entry` is None for a folder that no layer names. In the merged view hard links are files
    like all others, as the container sees them; `path` in a layer is as the tar has it.
    """

    path: str
    kind: str
    mode: int
    layer: int
    entry: TarEntry | None

    @property
    def mode_text(self) -> str:
        """As `ls -l` shows it: `-rwsr-xr-x`."""
        if self.kind in ("whiteout", "opaque"):
            return self.kind
        return stat.filemode(_TYPES[Kind(self.kind)] | self.mode)

    @property
    def uid(self) -> int:
        return self.entry.uid if self.entry else 0

    @property
    def gid(self) -> int:
        return self.entry.gid if self.entry else 0

    @property
    def size(self) -> int:
        """Bytes; zero for anything but a regular file."""
        return self.entry.size if self.entry and self.entry.kind is Kind.FILE else 0

    @property
    def link(self) -> str:
        return self.entry.link if self.entry else ""


def list_filesystem(filesystem: Filesystem, path: str = "") -> Iterator[Item]:
    """Everything below the folder that `path` leads to, else the one thing it names.

    Raises `NotFoundError` when there is nothing of that name.
    """
    node = filesystem.resolve(path)
    if node is None:
        node = filesystem.resolve_parent(path.rstrip("/"))  # a link that leads nowhere
    if node is None:
        raise NotFoundError("no such file in the image", where=path)
    if not node.is_directory:
        return iter((_item(node),))
    return (_item(below) for below in filesystem.walk(node) if below is not node)


def _item(node: Node) -> Item:
    inode = node.inode
    return Item(node.path, inode.kind, inode.mode, inode.layer, inode.entry)


def list_layer(index: LayerIndex, number: int, path: str = "") -> Iterator[Item]:
    """The entries of one layer in tar order, whiteouts among them, at and below `path`.

    Raises `NotFoundError` when the layer has none there.
    """
    wanted = normalise(path) if path else ""
    items = [
        _entry_item(entry, number) for entry in index.entries if _is_within(entry.path, wanted)
    ]
    if wanted and not items:
        raise NotFoundError(f"no such file in layer {number}", where=path)
    return iter(items)


def _is_within(path: str, folder: str) -> bool:
    return bool(path) and (not folder or path == folder or path.startswith(folder + "/"))


def _entry_item(entry: TarEntry, number: int) -> Item:
    kind = str(entry.kind)
    if is_opaque(entry.path):
        kind = "opaque"
    elif is_whiteout(entry.path) and not is_aufs_metadata(entry.path):
        kind = "whiteout"
    return Item(entry.path, kind, entry.mode, number, entry)
