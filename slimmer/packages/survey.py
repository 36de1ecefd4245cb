"""What readers of package records look up in a filesystem, each thing looked up once."""

import re
from collections.abc import Callable, Container, Iterable
from functools import cached_property
from typing import NamedTuple, TypeVar

from slimmer.errors import FormatError
from slimmer.filesystem.tree import Filesystem, Hidden, Node
from slimmer.formats.os_release import OsRelease, parse_os_release
from slimmer.image.index import NO_FACTS

T = TypeVar("T")

# Paths that records may claim, all together: lists can name millions of files that do not exist,
# and many records that point at one large folder would multiply it.
MAX_CLAIMED = 4_000_000

# How `formats.read.text` spells a byte that is not UTF-8.
_ESCAPED_BYTE = re.compile(r"\\x([89a-f][0-9a-f])")


class Version(NamedTuple):
    """The content that a layer gave to a file."""

    layer: int
    content: bytes


class Survey:
    """One filesystem, seen by all ecosystems in turn."""

    def __init__(self, filesystem: Filesystem) -> None:
        self.filesystem = filesystem
        self._folders: dict[str, dict[str, Node] | None] = {}
        self._below: dict[tuple[str, str], tuple[str, ...]] = {}
        self._claimed = 0

    @cached_property
    def noted(self) -> tuple[Node, ...]:
        """Every file of which anything is known; those nearest to the root first, then by name.

        So the record of a package comes before those of packages vendored inside it.
        """
        found = [node for node in self.filesystem.files() if node.facts is not NO_FACTS]
        return tuple(sorted(found, key=lambda node: (node.path.count("/"), node.path)))

    @cached_property
    def os_release(self) -> OsRelease | None:
        """Which distribution this is; None where no file says so."""
        for path in ("etc/os-release", "usr/lib/os-release"):
            content = self.filesystem.content(path)
            if content:
                try:
                    return parse_os_release(content)
                except FormatError:
                    continue
        return None

    @cached_property
    def _hidden(self) -> dict[str, list[Hidden]]:
        hidden: dict[str, list[Hidden]] = {}
        for entry in self.filesystem.hidden:
            if entry.facts.content is not None:
                hidden.setdefault(entry.path, []).append(entry)
        return hidden

    def older(self, node: Node) -> list[Version]:
        """What lower layers had at the path of `node`, lowest first, where it was kept."""
        return [
            Version(entry.layer, entry.facts.content)
            for entry in self._hidden.get(node.path, ())
            if entry.facts.content is not None
        ]

    def first_layers(self, node: Node, list_of: Callable[[bytes], Iterable[T]]) -> dict[T, int]:
        """The lowest layer whose version of a database lists each thing.

        Things that only the final version lists are left out. Damaged older versions list nothing.
        """
        first: dict[T, int] = {}
        for layer, content in self.older(node):
            try:
                for item in list_of(content):
                    first.setdefault(item, layer)
            except FormatError:
                continue
        return first

    def find(self, path: str) -> Node | None:
        """The node that a record's `path` names; a link in the last place is not followed.

        `path` is as the parsers of `formats` give it: a byte that is not UTF-8 is `\\xNN` there and
        a lone surrogate in the filesystem.
        """
        node = self._find(path)
        if node is None and "\\x" in path:
            node = self._find(_ESCAPED_BYTE.sub(lambda byte: chr(0xDC00 + int(byte[1], 16)), path))
        return node

    def _find(self, path: str) -> Node | None:
        folder, _, name = path.rpartition("/")
        try:
            children = self._folders[folder]
        except KeyError:
            node = self.filesystem.resolve(folder)
            children = self._folders[folder] = node.children if node is not None else None
        return children.get(name) if children is not None else None

    def find_files(
        self, paths: Iterable[str], folders: Container[str] | None = None
    ) -> dict[str, str]:
        """The path in the filesystem for each of `paths` that is there and is no folder.

        A path that is one of `folders` (without them: that others of `paths` lie below) is a folder
        to packages, even where the image has a link: after the /usr merge every package that lists
        /lib would own the link.
        """
        listed = list(paths)
        if folders is None:
            folders = {path.rpartition("/")[0] for path in listed}
        found = {}
        for path in listed:
            node = self.find(path)
            if node is None or node.children is not None or (node.is_symlink and path in folders):
                continue
            found[path] = node.path
        return found

    def files_below(self, folder: Node, skip: str = "") -> tuple[str, ...]:
        """Everything below `folder` but folders, and but what is in a folder of the name `skip`.

        Raises `FormatError` once this has given out `MAX_CLAIMED` paths.
        """
        key = (folder.path, skip)
        if key not in self._below:
            self._below[key] = tuple(_files_below(folder, skip))
        self.claim(len(self._below[key]))
        return self._below[key]

    def claim(self, count: int) -> None:
        """Note that records list so many files more, whether those exist or not.

        Raises `FormatError` once that are more than `MAX_CLAIMED`.
        """
        self._claimed += count
        if self._claimed > MAX_CLAIMED:
            raise FormatError("records claim more files than packages can have")


def _files_below(folder: Node, skip: str) -> list[str]:
    found = []
    stack = [folder]
    while stack:
        node = stack.pop()
        if node.children is None:
            found.append(node.path)
            continue
        stack += (child for name, child in node.children.items() if not skip or name != skip)
    return sorted(found)
