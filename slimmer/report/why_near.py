"""Names that are like one the image does not have."""

import difflib
from itertools import islice

from slimmer.filesystem.tree import Filesystem, Node

_MOST = 3
_MOST_NODES = 200_000
_MOST_COMPARED = 2_000
_LONGEST = 100


def near_names(filesystem: Filesystem, path: str) -> tuple[str, ...]:
    """At most three paths: of the same name elsewhere, else of a like name in the nearest folder,
    else of a like name anywhere. Takes a bounded time, however large the image."""
    name = path.rpartition("/")[2][:_LONGEST]
    if not name:
        return ()
    nodes = list(islice(filesystem.walk(), _MOST_NODES))
    same = [node.path for node in nodes if node.name == name]
    if same:
        return tuple(same[:_MOST])
    return _like(_siblings(filesystem, path), name) or _like(_similar(nodes, name), name)


def _siblings(filesystem: Filesystem, path: str) -> list[Node]:
    folder = filesystem.resolve(path.rpartition("/")[0])
    children = (folder.children or {}) if folder is not None else {}
    return list(islice(children.values(), _MOST_COMPARED))


def _similar(nodes: list[Node], name: str) -> list[Node]:
    """Those that a slip of the finger could lead to: about as long, with the same first letter."""
    return list(
        islice(
            (node for node in nodes if node.name[:1] == name[:1] and _about(node.name, name)),
            _MOST_COMPARED,
        )
    )


def _about(one: str, other: str) -> bool:
    return abs(len(one) - len(other)) <= 3


def _like(nodes: list[Node], name: str) -> tuple[str, ...]:
    by_name: dict[str, str] = {}
    for node in nodes:
        if len(node.name) <= _LONGEST:
            by_name.setdefault(node.name, node.path)
    close = difflib.get_close_matches(name, by_name, _MOST, cutoff=0.7)
    return tuple(by_name[found] for found in close)
