"""The merged filesystem as compact arrays for the treemap, however many files there are.

Nodes are in breadth-first order, so that the children of one folder follow each other: `kids` says
how many each node has, and that is all the structure there is. What would make the page too heavy
is counted together per folder, the smallest first; whatever a finding names is always there.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from slimmer.filesystem.tree import Filesystem, Node
from slimmer.packages.interface import Package
from slimmer.report.document import Document
from slimmer.report.escape import escape, escape_name
from slimmer.report.html.embed import json_size

# Bytes of the page that the tree may take, about; and what a node takes beside its name.
TREE_BUDGET = 2_400_000
_NODE_COST = 24
_NAME_LENGTH = 160
MIXED = -1


@dataclass(slots=True)
class _Rest:
    """The files of one folder that are shown as one."""

    size: int = 0
    files: int = 0
    layers: set[int] = field(default_factory=set)
    packages: set[int] = field(default_factory=set)


@dataclass(frozen=True)
class _Item:
    """One node of the output: a name, or the rest of a folder."""

    number: int
    fate: int = 0
    rest: _Rest | None = None


class TreeData:
    """Lays the arrays out. `numbers` gives the place in them of each path that is there."""

    def __init__(
        self,
        filesystem: Filesystem,
        owner: Callable[[str], Package | None],
        wanted: Iterable[str] = (),
        fates: Mapping[str, int] | None = None,
        budget: int = TREE_BUDGET,
    ) -> None:
        """`wanted` are paths that must be there; `fates` a number above 0 for each that goes."""
        self._nodes = [filesystem.root, *filesystem.walk()]
        self._place = {id(node): place for place, node in enumerate(self._nodes)}
        self._owner = owner
        self._fates = fates or {}
        self._names = [_shown(node.name) for node in self._nodes]
        self._weights = [_weight(node) for node in self._nodes]
        self._totals = self._sum_up()
        self._packages: dict[Package, int] = {}
        self._kept = self._choose({filesystem.get(path) for path in wanted}, budget)
        self._items = self._order()
        self.numbers = {
            self._nodes[item.number].path: number
            for number, item in enumerate(self._items)
            if item.rest is None
        }

    def _parent(self, place: int) -> int:
        parent = self._nodes[place].parent
        return self._place[id(parent)]

    def _sum_up(self) -> list[int]:
        """The bytes of each node and all below it. A folder stands before what is in it."""
        totals = list(self._weights)
        for place in range(len(totals) - 1, 0, -1):
            totals[self._parent(place)] += totals[place]
        return totals

    def _choose(self, wanted: set[Node | None], budget: int) -> set[int]:
        """Nodes to show: those that are wanted, then the largest, always with their folders.

        A folder weighs at least as much as anything in it and stands before it, so any beginning
        of the order is a tree.
        """
        first = {0}
        for node in wanted:
            while node is not None:
                first.add(self._place[id(node)])
                node = node.parent
        order = sorted(
            range(len(self._nodes)), key=lambda place: (place not in first, -self._totals[place])
        )
        kept: set[int] = set()
        for place in order:
            budget -= _NODE_COST + json_size(self._names[place])
            if budget < 0 or not (self._totals[place] or place in first):
                break
            kept.add(place)
        return kept | {0}

    def _order(self) -> list[_Item]:
        below = self._children()
        items = [_Item(0)]
        for item in items:
            if item.rest is None:
                items += below.get(item.number, ())
        self._below = below
        return items

    def _children(self) -> dict[int, list[_Item]]:
        """What is shown in each folder: names, largest first, then the rest."""
        below: dict[int, list[_Item]] = {}
        for place in sorted(self._kept - {0}, key=lambda place: (-self._totals[place], place)):
            below.setdefault(self._parent(place), []).append(_Item(place, self._fate(place)))
        for (folder, fate), rest in sorted(self._rests().items()):
            below.setdefault(folder, []).append(_Item(folder, fate, rest))
        return below

    def _rests(self) -> dict[tuple[int, int], _Rest]:
        """Files that are not shown, by the folder they are counted in and by fate."""
        rests: dict[tuple[int, int], _Rest] = {}
        anchors = list(range(len(self._nodes)))
        for place, node in enumerate(self._nodes):
            if place in self._kept:
                continue
            anchors[place] = anchors[self._parent(place)]
            if node.is_file:
                rest = rests.setdefault((anchors[place], self._fate(place)), _Rest())
                rest.size += self._weights[place]
                rest.files += 1
                rest.layers.add(node.inode.layer)
                rest.packages.add(self._package(node))
        return rests

    def _fate(self, place: int) -> int:
        return self._fates.get(self._nodes[place].path, 0)

    def _package(self, node: Node) -> int:
        """The number of the package that owns the node, 0 for none."""
        package = self._owner(node.path)
        if package is None:
            return 0
        return self._packages.setdefault(package, len(self._packages) + 1)

    def document(self) -> Document:
        """The arrays. `name` and `package` count from 1 in their lists; `rest` are numbers of files
        by node; -1 stands for more than one layer or package."""
        names = Counter(self._names[item.number] for item in self._items if item.rest is None)
        numbers = {name: number for number, (name, _) in enumerate(names.most_common(), 1)}
        document: Document = {"names": list(numbers)}
        document["name"] = [
            0 if item.rest else numbers[self._names[item.number]] for item in self._items
        ]
        document["kids"] = [
            0 if item.rest else len(self._below.get(item.number, ())) for item in self._items
        ]
        document["size"] = [self._size(item) for item in self._items]
        document["layer"] = [self._layer(item) for item in self._items]
        document["package"] = [self._package_of(item) for item in self._items]
        document["packages"] = [
            escape(f"{package.name} {package.version}".strip()[:_NAME_LENGTH])
            for package in self._packages
        ]
        document["rest"] = [
            (number, item.rest.files) for number, item in enumerate(self._items) if item.rest
        ]
        if self._fates:
            document["fate"] = [item.fate for item in self._items]
        return document

    def _size(self, item: _Item) -> int:
        return item.rest.size if item.rest else self._weights[item.number]

    def _layer(self, item: _Item) -> int:
        if item.rest:
            return next(iter(item.rest.layers)) if len(item.rest.layers) == 1 else MIXED
        return self._nodes[item.number].inode.layer

    def _package_of(self, item: _Item) -> int:
        if item.rest:
            return next(iter(item.rest.packages)) if len(item.rest.packages) == 1 else MIXED
        node = self._nodes[item.number]
        return 0 if node.is_directory else self._package(node)


def _shown(name: str) -> str:
    shown = escape_name(name[: _NAME_LENGTH + 1])
    return shown if len(shown) <= _NAME_LENGTH else shown[: _NAME_LENGTH - 3] + "..."


def _weight(node: Node) -> int:
    """Bytes; what hard links share counts for the first of them."""
    names = node.inode.names
    return node.size if len(names) < 2 or names[0] is node else 0
