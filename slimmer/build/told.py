"""Chains of reasons in words, for reports."""

from slimmer.filesystem.tree import Filesystem
from slimmer.reach.chain import find_chain, is_root_edge
from slimmer.reach.edge import Edge
from slimmer.reach.graph import Graph
from slimmer.reach.walk import ON_THE_WAY


def told(filesystem: Filesystem, graph: Graph, path: str) -> str:
    """Why a path stays, in one line, what is nearest first; links on the way are not told."""
    chain = find_chain(filesystem, graph, path)
    steps = [_step(filesystem, edge) for edge in reversed(chain) if edge.detail != ON_THE_WAY]
    return "needed by " + ", by ".join(steps) if steps else "needed"


def _step(filesystem: Filesystem, edge: Edge) -> str:
    source = edge.source if is_root_edge(filesystem, edge) else f"/{edge.source}"
    return source if edge.detail == edge.source else f"{source} ({edge.detail})"
