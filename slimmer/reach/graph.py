"""What is reached, in which role, and why."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from slimmer.reach.edge import Confidence, Edge, Kind, Role

# Reasons kept for one path beside the best of each role.
_MAX_OTHERS = 8
_MAX_MISSING = 10_000


@dataclass(frozen=True, slots=True)
class Missing:
    """Something `source` names that the image does not have."""

    source: str
    path: str
    kind: Kind
    detail: str


@dataclass
class Graph:
    """Edges by target. `reached` has the strongest edge for each role a path was reached in.

    `least` is the confidence from which on edges were followed: what only weaker edges lead to is
    in `weak`, with the strongest of them, and nothing beyond it was looked at.
    """

    least: Confidence
    reached: dict[str, dict[Role, Edge]] = field(default_factory=dict)
    weak: dict[str, Edge] = field(default_factory=dict)
    others: dict[str, list[Edge]] = field(default_factory=dict)
    missing: list[Missing] = field(default_factory=list)

    def __contains__(self, path: str) -> bool:
        return path in self.reached

    def best(self, path: str) -> Edge | None:
        """The strongest reason for a path; of equals the one for its highest role."""
        found = self.reached.get(path)
        if not found:
            return None
        return max(found.values(), key=lambda edge: (edge.confidence, edge.role))

    def role(self, path: str) -> Role | None:
        """The highest role a path was reached in."""
        found = self.reached.get(path)
        return max(found) if found else None

    def started(self, path: str) -> Edge | None:
        """Why a path is started as a program, None where nothing starts it."""
        return self.reached.get(path, {}).get(Role.RUN)

    def chain(self, path: str, role: Role | None = None) -> list[Edge]:
        """The edges from a root to `path`, the root's first; empty when it is not reached.

        `role` asks for the reason it is reached in just that role.
        """
        found = self.reached.get(path, {})
        edge = self.best(path) if role is None else found.get(role)
        edges: list[Edge] = []
        seen: set[str] = set()
        while edge is not None and edge.target not in seen:
            edges.append(edge)
            seen.add(edge.target)
            edge = None if edge.kind is Kind.ROOT else self.best(edge.source)
        return list(reversed(edges))

    def edges(self) -> Iterator[Edge]:
        """Every edge that is kept, in the order of the targets."""
        for path in sorted(self.reached):
            yield from self.reached[path].values()
            yield from self.others.get(path, ())

    def add(self, edge: Edge) -> bool:
        """Note an edge; whether it reaches its target anew: in a new role, or more surely."""
        if edge.confidence < self.least:
            known = self.weak.get(edge.target)
            if known is None or known.confidence < edge.confidence:
                self.weak[edge.target] = edge
            return False
        roles = self.reached.setdefault(edge.target, {})
        known = roles.get(edge.role)
        if known is not None and known.confidence >= edge.confidence:
            self._add_other(edge)
            return False
        covered = any(
            role > edge.role and other.confidence >= edge.confidence
            for role, other in roles.items()
        )
        roles[edge.role] = edge
        return not covered

    def add_missing(self, missing: Missing) -> None:
        if len(self.missing) < _MAX_MISSING:
            self.missing.append(missing)

    def _add_other(self, edge: Edge) -> None:
        others = self.others.setdefault(edge.target, [])
        if len(others) < _MAX_OTHERS and edge not in others:
            others.append(edge)
