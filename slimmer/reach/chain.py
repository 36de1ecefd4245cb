"""The chain of reasons for a path: the shortest of the surest, back to a root."""

from collections import deque
from collections.abc import Iterator

from slimmer.filesystem.tree import Filesystem
from slimmer.reach.edge import Edge, Kind, Role
from slimmer.reach.graph import Graph

# The least role a file must be reached in for such evidence in it to count.
_NEEDED_ROLE = {Kind.EXEC: Role.CODE, Kind.LOAD: Role.CODE, Kind.LINK: Role.KEEP}


def find_chain(filesystem: Filesystem, graph: Graph, path: str) -> tuple[Edge, ...]:
    """The shortest chain from a root to `path` among the surest; empty when nothing reaches it.

    It goes back only through reasons that can have led on: what is read as data starts nothing.
    """
    best = graph.best(path)
    if best is None:
        return ()
    came_from: dict[tuple[str, Role], tuple[Edge, tuple[str, Role]] | None]
    start = (path, Role.READ)
    came_from = {start: None}
    waiting = deque([start])
    while waiting:
        at = waiting.popleft()
        for edge in _reasons(graph, at[0]):
            if edge.confidence < best.confidence or edge.role < at[1] or edge.source == at[0]:
                continue
            if is_root_edge(filesystem, edge):
                return (edge, *_forward(came_from, at))
            before = edge.source, _role_before(filesystem, edge)
            if before not in came_from:
                came_from[before] = edge, at
                waiting.append(before)
    return tuple(graph.chain(path))


def _forward(
    came_from: dict[tuple[str, Role], tuple[Edge, tuple[str, Role]] | None], at: tuple[str, Role]
) -> Iterator[Edge]:
    while (step := came_from[at]) is not None:
        edge, at = step
        yield edge


def _reasons(graph: Graph, path: str) -> list[Edge]:
    """Why a path is reached, the highest role first."""
    found = [*graph.reached.get(path, {}).values(), *graph.others.get(path, ())]
    return sorted(found, key=lambda edge: (-edge.role, -edge.confidence))


def _role_before(filesystem: Filesystem, edge: Edge) -> Role:
    if is_link(filesystem, edge.source):
        return Role.READ
    return _NEEDED_ROLE.get(edge.kind, Role.READ)


def is_root_edge(filesystem: Filesystem, edge: Edge) -> bool:
    """Behind a link, the edge of a root goes on from the link."""
    return edge.kind is Kind.ROOT and not is_link(filesystem, edge.source)


def is_link(filesystem: Filesystem, path: str) -> bool:
    node = filesystem.get(path)
    return node is not None and node.is_symlink
