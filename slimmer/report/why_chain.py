"""The words for the edges of a chain."""

from slimmer.filesystem.tree import Filesystem
from slimmer.reach.chain import is_link, is_root_edge
from slimmer.reach.edge import Confidence, Edge, Kind, Role
from slimmer.reach.walk import ON_THE_WAY

_VERBS = {
    Kind.EXEC: "runs",
    Kind.LINK: "links",
    Kind.LOAD: "loads",
    Kind.DATA: "reads",
    Kind.POLICY: "counts on",
    Kind.TRACE: "opened",
}
_NAMING_ROOTS = frozenset({"WORKDIR", "VOLUME", "ENV"})


def source_of(filesystem: Filesystem, edge: Edge) -> str:
    """Who needs something: a path with its slash, or what a root is called."""
    if is_root_edge(filesystem, edge):
        said = edge.detail
        return said if said.startswith(edge.source) else f"{edge.source}: {said}"
    return f"/{edge.source}" if filesystem.get(edge.source) is not None else edge.source


def verb_of(filesystem: Filesystem, edge: Edge) -> str:
    """What the source does to the target."""
    if _is_step(filesystem, edge):
        return "is a link to"
    if edge.kind is not Kind.ROOT:
        return (
            "comes with"
            if edge.role is Role.KEEP and edge.kind is Kind.DATA
            else (_VERBS[edge.kind])
        )
    if edge.source in _NAMING_ROOTS:
        return "names"
    return "starts" if edge.role is Role.RUN and not edge.source.startswith("--") else "keeps"


def _is_step(filesystem: Filesystem, edge: Edge) -> bool:
    """Whether an edge is nothing but a link that leads on."""
    return edge.detail == ON_THE_WAY and is_link(filesystem, edge.source)


def detail_of(filesystem: Filesystem, edge: Edge) -> str:
    """The evidence, and how sure it is where that is not certain."""
    told = is_root_edge(filesystem, edge) or _is_step(filesystem, edge)
    detail = "" if told else edge.detail
    if edge.confidence is Confidence.HIGH:
        return detail
    return f"{detail} ({edge.confidence.label})" if detail else f"({edge.confidence.label})"
