"""The largest things that stay, and why: where the bytes of the output are."""

from collections import defaultdict
from dataclasses import dataclass

from slimmer.build.build import Outcome
from slimmer.build.told import told
from slimmer.filesystem.tree import Filesystem, Node
from slimmer.packages.interface import Package
from slimmer.reach.edge import Edge, Role
from slimmer.reach.graph import Graph
from slimmer.reach.payload import is_record

SHOWN = 6
RECORDS = "package databases"


@dataclass(frozen=True)
class Thing:
    """A package with its kept files, or one file that none owns. `path` is its largest file;
    `size` is in bytes, unpacked; `reason` says why the file that is needed most is needed."""

    name: str
    path: str
    files: int
    size: int
    reason: str


def largest_kept(outcome: Outcome, count: int = SHOWN) -> list[Thing]:
    """The largest packages and files of the output; nothing where no reasons are known."""
    if outcome.graph is None:
        return []
    groups: dict[str, list[Node]] = defaultdict(list)
    seen: set[int] = set()
    for node in outcome.after.filesystem.files():
        if id(node.inode) not in seen:
            seen.add(id(node.inode))
            groups[_name(outcome.before.packages.owner(node.path), node)].append(node)
    sizes = {name: sum(node.size for node in nodes) for name, nodes in groups.items()}
    names = sorted(groups, key=lambda name: (-sizes[name], name))[:count]
    view, graph = outcome.before.filesystem, outcome.graph
    return [_thing(name, groups[name], sizes[name], view, graph) for name in names]


def _name(owner: Package | None, node: Node) -> str:
    if is_record(node.path):
        return RECORDS
    if owner is None:
        return f"/{node.path}"
    return f"{owner.name} {owner.version}".strip()


def _thing(name: str, nodes: list[Node], size: int, filesystem: Filesystem, graph: Graph) -> Thing:
    largest = max(nodes, key=lambda node: (node.size, node.path))
    needed = max(nodes, key=lambda node: (*_weight(graph, node.path), node.size, node.path))
    reason = "say what is installed" if name == RECORDS else told(filesystem, graph, needed.path)
    return Thing(name, largest.path, len(nodes), size, reason)


def _weight(graph: Graph, path: str) -> tuple[int, int]:
    """A file that is run explains its package better than one that only lies beside it."""
    edges: list[Edge] = list(graph.reached.get(path, {}).values())
    best = max(edges, key=lambda edge: edge.role, default=None)
    return (best.role, best.confidence) if best is not None else (Role.READ, 0)
