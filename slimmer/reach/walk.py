"""The worklist: from roots along needs, the surest first, until nothing new is reached."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace

from slimmer.filesystem.tree import Node
from slimmer.reach.edge import Confidence, Edge, Kind, Need, Role
from slimmer.reach.folders import is_general
from slimmer.reach.graph import Graph, Missing
from slimmer.reach.languages import language_of
from slimmer.reach.resolver import Resolver, Visit
from slimmer.reach.world import World

# One program with many different arguments is looked at this often.
_MAX_CALLS = 64
_MAX_ROUNDS = 50
ON_THE_WAY = "a link on the way"


def walk(
    world: World,
    roots: Iterable[tuple[str, Need]],
    resolvers: Sequence[Resolver],
    least: Confidence,
) -> Graph:
    """The graph of all that the roots need, by these resolvers; edges below `least` are noted and
    not followed. The same image gives the same graph."""
    walker = _Walker(world, resolvers, least)
    for name, need in roots:
        walker.need(name, need, Confidence.HIGH, is_root=True)
    walker.run()
    return walker.graph


class _Walker:
    def __init__(self, world: World, resolvers: Sequence[Resolver], least: Confidence) -> None:
        self._world = world
        self._resolvers = resolvers
        self.graph = Graph(least)
        self._waiting: dict[Confidence, deque[Visit]] = {
            level: deque() for level in sorted(Confidence, reverse=True)
        }
        self._calls: dict[str, set[tuple[str, ...]]] = {}
        self._trees: set[tuple[str, Role, Confidence]] = set()

    def run(self) -> None:
        for _ in range(_MAX_ROUNDS):
            while (visit := self._next()) is not None:
                self._visit(visit)
            if not self._settle():
                break

    def _next(self) -> Visit | None:
        for queue in self._waiting.values():
            if queue:
                return queue.popleft()
        return None

    def _visit(self, visit: Visit) -> None:
        for resolver in self._resolvers:
            for need in resolver.visit(visit):
                self.need(visit.node.path, need, visit.confidence)

    def _settle(self) -> bool:
        """Whether anything is to be visited after it."""
        for resolver in self._resolvers:
            for source, need in list(resolver.settle(self.graph)):
                edge = self.graph.best(source)
                self.need(source, need, edge.confidence if edge else Confidence.HIGH)
        return any(self._waiting.values())

    def need(
        self, source: str, need: Need, confidence: Confidence, *, is_root: bool = False
    ) -> None:
        """Note what `source` needs, and queue what is reached anew by it."""
        kind = Kind.ROOT if is_root else need.kind
        level = min(need.confidence, confidence)
        links, node = self._world.trail(need.path)
        # A folder's link is on the way of many paths: it is kept, and is nobody's reason.
        before, why, detail = source, kind, need.detail
        for link in links:
            self.graph.add(Edge(before, link.path, why, detail, level, Role.READ))
            if node is not None and self._world.get(f"/{link.path}") is node:
                before, why, detail = link.path, need.kind, ON_THE_WAY
        if node is None:
            # A link may lead to what only a running container has: /proc, a volume.
            self.graph.add_missing(Missing(source, need.path, kind, need.detail))
            return
        edge = Edge(before, node.path, why, detail, level, need.effective_role)
        self._reach(edge, node, need)
        if need.tree and node.children is not None:
            self._reach_tree(edge, node, need)

    def _reach_tree(self, top: Edge, folder: Node, need: Need) -> None:
        """Everything below, and what links in there lead to; each folder once."""
        key = folder.path, top.role, top.confidence
        if key in self._trees or top.confidence < self.graph.least or is_general(folder.path):
            return
        self._trees.add(key)
        for node in self._world.below(folder):
            if node.is_symlink:
                part = replace(need, path=f"/{node.path}", confidence=top.confidence)
                self.need(top.source, part, top.confidence)
            else:
                edge = Edge(top.source, node.path, top.kind, need.detail, top.confidence, top.role)
                self._reach(edge, node, replace(need, path=f"/{node.path}", argv=()))

    def _reach(self, edge: Edge, node: Node, need: Need) -> None:
        is_new = self.graph.add(edge)
        if edge.confidence < self.graph.least or node.is_directory:
            return
        is_run = edge.role is Role.RUN
        if is_run and need.argv:
            calls = self._calls.setdefault(node.path, set())
            if need.argv not in calls and len(calls) < _MAX_CALLS:
                calls.add(need.argv)
                is_new = True
        if is_new:
            called = need.path if need.path.startswith("/") else f"/{need.path}"
            language = language_of(node, need.language) if edge.role >= Role.CODE else ""
            argv = need.argv if is_run else ()
            visit = Visit(node, called, edge.role, edge.confidence, argv, language)
            self._waiting[edge.confidence].append(visit)
