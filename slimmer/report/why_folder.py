"""A folder, summed up: how much of it stays and goes, and for which reasons most."""

from dataclasses import dataclass

from slimmer.build.decisions import Decision, Decisions
from slimmer.filesystem.tree import Filesystem, Node
from slimmer.reach.chain import is_root_edge
from slimmer.reach.graph import Graph
from slimmer.report.why_chain import source_of, verb_of


@dataclass
class Share:
    """Files and links (no folders) that have one reason; `bytes` of content, each file once."""

    reason: str
    files: int = 0
    bytes: int = 0


@dataclass(frozen=True)
class FolderAnswer:
    """`kept` and `gone` by reason, the most bytes first. `decision` is of the folder itself."""

    path: str
    decision: Decision | None
    kept: tuple[Share, ...]
    gone: tuple[Share, ...]


def sum_up(
    filesystem: Filesystem, folder: Node, decisions: Decisions, graph: Graph
) -> FolderAnswer:
    """Everything below a folder, by reason."""
    kept: dict[str, Share] = {}
    gone: dict[str, Share] = {}  # by rule: a link that goes names what it led to in its reason
    seen: set[int] = set()
    for node in filesystem.walk(folder):
        if node.is_directory:
            continue
        decision = decisions.by_path.get(node.path)
        if decision is None:
            reason = _kept_reason(filesystem, graph, node)
            share = kept.setdefault(reason, Share(reason))
        else:
            reason = f"{decision.rule}: {decision.reason}"
            share = gone.setdefault(decision.rule, Share(reason))
            if share.reason != reason:
                share.reason = f"{decision.rule}, for several reasons"
        share.files += 1
        if id(node.inode) not in seen:
            seen.add(id(node.inode))
            share.bytes += node.size
    decision = decisions.by_path.get(folder.path)
    return FolderAnswer(folder.path, decision, _ordered(kept), _ordered(gone))


def _kept_reason(filesystem: Filesystem, graph: Graph, node: Node) -> str:
    edge = graph.best(node.path)
    if edge is None:
        return "no rule takes it"
    if edge.detail.startswith("part of package "):
        return edge.detail
    source = source_of(filesystem, edge)
    return source if is_root_edge(filesystem, edge) else f"{source} {verb_of(filesystem, edge)} it"


def _ordered(shares: dict[str, Share]) -> tuple[Share, ...]:
    return tuple(sorted(shares.values(), key=lambda s: (-s.bytes, -s.files, s.reason)))
