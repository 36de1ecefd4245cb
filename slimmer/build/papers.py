"""Licences of what is not there: they do not keep a package listed that has nothing else left."""

import re
from collections import deque
from collections.abc import Container, Iterator

from slimmer.build.decisions import Decision, Decisions
from slimmer.build.links import is_structure, target_of
from slimmer.build.plan import RULE_UNREACHED
from slimmer.filesystem.tree import Filesystem
from slimmer.packages.interface import Package, Packages
from slimmer.reach.edge import Kind, Role
from slimmer.reach.graph import Graph
from slimmer.reach.payload import SYSTEM_TYPES

_PAPERS = re.compile(r"usr/share/(doc|licenses)/.+")


def drop_lonely_papers(
    filesystem: Filesystem, packages: Packages, graph: Graph, decisions: Decisions
) -> None:
    """Drop the papers of each package of which nothing else stays.

    They stay where somebody reads them, where the user keeps them, and where they are what a link
    leads to that stays: packages of one source share one folder of documentation.
    """
    _Papers(filesystem, packages, graph, decisions).drop()


class _Papers:
    def __init__(
        self, filesystem: Filesystem, packages: Packages, graph: Graph, decisions: Decisions
    ) -> None:
        self._filesystem = filesystem
        self._graph = graph
        self._decisions = decisions
        self._left: dict[Package, list[str]] = {}
        self._holders: dict[str, list[Package]] = {}
        for package in packages.all:
            if package.type in SYSTEM_TYPES:
                self._add(package)

    def _add(self, package: Package) -> None:
        left = [path for path in package.files if path not in self._decisions]
        self._left[package] = [path for path in left if not is_structure(self._filesystem, path)]
        for path in left:
            self._holders.setdefault(path, []).append(package)

    def drop(self) -> None:
        lonely = {
            package: paths
            for package, paths in self._left.items()
            if paths and all(self._is_idle_paper(path) for path in paths)
        }
        if not lonely:
            return
        self._spare_linked(lonely)
        for package, paths in lonely.items():
            reason = f"papers of package {package.name}, of which nothing else stays"
            for path in paths:
                if all(holder in lonely for holder in self._holders[path]):
                    decision = Decision(RULE_UNREACHED, reason, package.name)
                    self._decisions.drop(path, decision)

    def _is_idle_paper(self, path: str) -> bool:
        if not _PAPERS.fullmatch(path):
            return False
        edges = (*self._graph.reached.get(path, {}).values(), *self._graph.others.get(path, ()))
        return all(
            edge.kind is Kind.POLICY or (edge.role is Role.KEEP and edge.kind is not Kind.ROOT)
            for edge in edges
        )

    def _spare_linked(self, lonely: dict[Package, list[str]]) -> None:
        """Take out what links of others lead to, and then what the links among that lead to."""
        places = _places(lonely)
        targets = dict(self._links_to(places))
        waiting = deque(
            path
            for path in targets
            if any(holder not in lonely for holder in self._holders.get(path, (None,)))
        )
        while waiting:
            for package in places.pop(targets[waiting.popleft()], ()):
                waiting.extend(path for path in lonely.pop(package, ()) if path in targets)

    def _links_to(self, places: Container[str]) -> Iterator[tuple[str, str]]:
        """Each link that stays, and which of the places it leads to at its first step."""
        for node in self._filesystem.walk():
            if node.is_symlink and node.path not in self._decisions:
                target = target_of(self._filesystem, node)
                if target is not None and target.path in places:
                    yield node.path, target.path


def _places(lonely: dict[Package, list[str]]) -> dict[str, list[Package]]:
    """Whose papers lie at each path, and below each folder of documentation."""
    places: dict[str, list[Package]] = {}
    for package, paths in lonely.items():
        for path in paths:
            while _PAPERS.fullmatch(path):
                places.setdefault(path, []).append(package)
                path = path.rpartition("/")[0]
    return places
