"""Chains of reasons in words, for reports."""

from slimmer.filesystem.tree import Filesystem
from slimmer.reach.chain import find_chain, is_root_edge
from slimmer.reach.graph import Graph
from slimmer.reach.walk import ON_THE_WAY


def told(filesystem: Filesystem, graph: Graph, path: str) -> str:
    """Why a path stays, in one line, what is nearest first; links on the way are not told."""
    chain = find_chain(filesystem, graph, path)
    steps = [
        f"{edge.source if is_root_edge(filesystem, edge) else '/' + edge.source} ({edge.detail})"
        for edge in reversed(chain)
        if edge.detail != ON_THE_WAY
    ]
    return "needed by " + ", by ".join(steps) if steps else "needed"
