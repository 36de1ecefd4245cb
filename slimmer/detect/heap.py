"""Files that are one finding together: those of one kind, one layer and one part of the tree."""

import posixpath
from dataclasses import dataclass, field

from slimmer.detect.words import count, size
from slimmer.filesystem.tree import Inode


@dataclass(slots=True)
class Heap:
    """Counts each inode once. `folders` are where its files were found, in order."""

    inodes: dict[int, Inode] = field(default_factory=dict)
    folders: list[str] = field(default_factory=list)

    def add(self, inode: Inode, folder: str) -> None:
        """Take in one file that was found in or below `folder`."""
        self.inodes[id(inode)] = inode
        if self.folders[-1:] != [folder]:
            self.folders.append(folder)

    @property
    def bytes(self) -> int:
        return sum(inode.size for inode in self.inodes.values())

    @property
    def path(self) -> str:
        """The deepest folder that holds all of it."""
        return posixpath.commonpath(self.folders)

    def describe(self) -> str:
        """`4 files, 49.1 kB`."""
        return f"{count(len(self.inodes), 'file')}, {size(self.bytes)}"


def top_folder(path: str) -> str:
    """The first two names of a path: `usr/share` is a part of the tree, `usr` is too much of it."""
    return "/".join(path.split("/", 2)[:2])
