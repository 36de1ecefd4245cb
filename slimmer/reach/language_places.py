"""Folders and files of language runtimes, found by patterns of what distributions use."""

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from slimmer.filesystem.tree import Node
from slimmer.reach.world import World

_MAX_FOUND = 1000
_WILD = re.compile(r"[*?\[]")


def glob(world: World, pattern: str) -> list[str]:
    """The paths that a shell's pattern names, as absolute paths that may lead through links.

    `*` does not cross a slash; names that begin with a dot must be said. At most 1000 are found.
    """
    found = [""]
    for part in pattern.strip("/").split("/"):
        if _WILD.search(part):
            found = [f"{path}/{name}" for path in found for name in _matching(world, path, part)]
        else:
            found = [f"{path}/{part}" for path in found]
        found = found[:_MAX_FOUND]
    return [path for path in found if world.get(path) is not None]


def folders(world: World, patterns: Iterable[str]) -> dict[str, Node]:
    """The folders that the patterns name, by the paths they are found at, in their order."""
    found: dict[str, Node] = {}
    for pattern in patterns:
        for path in glob(world, pattern):
            node = world.get(path)
            if node is not None and node.is_directory:
                found.setdefault(path, node)
    return found


def files_below(world: World, folder: Node, skip: frozenset[str], limit: int) -> Iterator[Node]:
    """Files and links below a folder but for folders of the names in `skip`; at most `limit`."""
    stack, count = [folder], 0
    while stack and count < limit:
        children = stack.pop().children or {}
        for name in sorted(children):
            node = children[name]
            if not node.is_directory:
                count += 1
                yield node
            elif name not in skip:
                stack.append(node)


def text_of(world: World, node: Node) -> str:
    """The start of a source file; bytes that are not UTF-8 stay what they are in a name."""
    return world.text(node).decode("utf-8", "surrogateescape")


def _matching(world: World, path: str, pattern: str) -> Iterator[str]:
    folder = world.get(path)
    for name in sorted((folder.children if folder is not None else None) or {}):
        if fnmatchcase(name, pattern) and (pattern.startswith(".") or not name.startswith(".")):
            yield name
