"""Caches, logs, documentation, headers and the like: what is known by where it lies."""

from collections.abc import Iterator

from slimmer.detect.heap import Heap, top_folder
from slimmer.detect.interface import Detector, Finding, Subject
from slimmer.detect.place_table import Place, place_table
from slimmer.detect.policy import check
from slimmer.detect.words import sentence
from slimmer.filesystem.tree import Node


class PlaceDetector(Detector):
    """One finding for each place, layer and part of the tree.

    What lies in a place inside another place is counted in the inner one only.
    """

    categories = ("compiler", "cache", "log", "documentation")

    def detect(self, subject: Subject) -> Iterator[Finding]:
        found = _found(subject)
        claimed = {id(node) for node, _ in found}
        heaps: dict[tuple[int, int, str], tuple[Place, Heap]] = {}
        for top, place in found:
            for file in _files(top, claimed):
                if file.size and file.name not in place.without:
                    key = (id(place), file.inode.layer, top_folder(top.path))
                    heaps.setdefault(key, (place, Heap()))[1].add(file.inode, top.path)
        for (_, layer, _), (place, heap) in heaps.items():
            if heap.bytes >= place.least:
                yield check(place.check).finding(
                    f"{sentence(place.what)}: {heap.describe()}",
                    path=heap.path,
                    layer=layer,
                    size=heap.bytes,
                )


def _found(subject: Subject) -> list[tuple[Node, Place]]:
    table = place_table()
    found: list[tuple[Node, Place]] = []
    for node in subject.survey.directories:
        children = node.children or {}
        place = table.folder(node.path)
        if place is not None and not place.each and _holds(children, place.holding):
            found.append((node, place))
        for name in table.file_names:
            child = children.get(name)
            place = table.file(child.path) if child is not None and child.is_file else None
            if child is not None and place is not None and _holds(children, place.beside):
                found.append((child, place))
    return found


def _holds(children: dict[str, Node], names: tuple[str, ...]) -> bool:
    return not names or any(name in children for name in names)


def _files(top: Node, claimed: set[int]) -> Iterator[Node]:
    """The files below `top`, those left out that lie in a place of their own."""
    stack = [top]
    while stack:
        node = stack.pop()
        if node.is_file:
            yield node
        elif node.children:
            stack += (child for child in node.children.values() if id(child) not in claimed)
