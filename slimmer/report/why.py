"""Why a path of an image is kept, or why it goes: what a plan and its graph say of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

from slimmer.build.decisions import Decision, Decisions
from slimmer.build.plan import RULE_TOOL, Kept, Plan
from slimmer.detect.interface import Subject
from slimmer.filesystem.tree import Hidden, Node
from slimmer.packages.interface import Package
from slimmer.reach.chain import find_chain
from slimmer.reach.edge import Edge, Role
from slimmer.reach.graph import Graph
from slimmer.report.why_folder import FolderAnswer, sum_up
from slimmer.report.why_near import near_names

SAME_FOLDER = "in the same folder"
_MOST_NEIGHBOURS = 2000


@dataclass(frozen=True)
class FileAnswer:
    """Anything but a folder that a container would see. `decision` is None for what is kept.

    `chain` leads from a root to it, the root's edge first; for what goes it ends in the hint that
    was not followed. `near` leads to something that stays, `near_why` says how that is a neighbour.
    `notes` are other reasons, where no chain tells. `hidden` are older copies in lower layers.
    """

    path: str
    node: Node
    package: Package | None
    decision: Decision | None
    chain: tuple[Edge, ...] = ()
    others: tuple[Edge, ...] = ()
    near: tuple[Edge, ...] = ()
    near_why: str = ""
    notes: tuple[str, ...] = ()
    hidden: tuple[Hidden, ...] = ()


@dataclass(frozen=True)
class HiddenAnswer:
    """A path that no container sees: its entries lie below a layer that removes them."""

    path: str
    hidden: tuple[Hidden, ...]


@dataclass(frozen=True)
class NoAnswer:
    """A path that the image does not have, as it was asked for, and names that are like it."""

    path: str
    near: tuple[str, ...]


Answer: TypeAlias = FileAnswer | FolderAnswer | HiddenAnswer


class Explainer:
    """Answers for one planned image. `graph` has the evidence, whether the plan is made by it or
    not; `profile` is named where nothing else is to be said."""

    def __init__(self, subject: Subject, plan: Plan, decisions: Decisions, graph: Graph) -> None:
        self.subject = subject
        self._filesystem = subject.filesystem
        self._plan = plan
        self._decisions = decisions
        self._graph = graph
        self._kept: dict[str, list[Kept]] = {}
        for kept in plan.kept:
            self._kept.setdefault(kept.path.lstrip("/"), []).append(kept)
        self._hidden: dict[str, list[Hidden]] = {}
        for hidden in self._filesystem.hidden:
            self._hidden.setdefault(hidden.path, []).append(hidden)

    def ask(self, path: str) -> list[Answer] | NoAnswer:
        """What there is to say of a path: for a link also of what it leads to."""
        nodes = self._nodes(path)
        if nodes:
            return [self._answer(node) for node in nodes]
        plain = "/".join(part for part in path.split("/") if part not in ("", "."))
        if plain in self._hidden:
            return [HiddenAnswer(plain, tuple(self._hidden[plain]))]
        return NoAnswer(path, near_names(self._filesystem, plain))

    def _nodes(self, path: str) -> list[Node]:
        """The name itself, and what it leads to where it is a link."""
        named = self._filesystem.resolve_parent(path.rstrip("/"))
        target = self._filesystem.resolve(path)
        return list(dict.fromkeys(node for node in (named, target) if node is not None))

    def _answer(self, node: Node) -> Answer:
        decision = self._decisions.by_path.get(node.path)
        if node.is_directory:
            return sum_up(self._filesystem, node, self._decisions, self._graph)
        package = self.subject.packages.owner(node.path)
        hidden = tuple(self._hidden.get(node.path, ()))
        if decision is None:
            chain = find_chain(self._filesystem, self._graph, node.path)
            others = tuple(self._others(node.path, chain))
            notes = tuple(self._notes(node, bool(chain)))
            return FileAnswer(
                node.path, node, package, None, chain, others, notes=notes, hidden=hidden
            )
        weak = self._graph.weak.get(node.path)
        chain = self._graph_chain(node.path) if weak is None else self._weak_chain(weak)
        near, near_why = ((), "") if chain else self._nearest(node, package)
        return FileAnswer(
            node.path, node, package, decision, chain, (), near, near_why, hidden=hidden
        )

    def _graph_chain(self, path: str) -> tuple[Edge, ...]:
        return find_chain(self._filesystem, self._graph, path)

    def _weak_chain(self, weak: Edge) -> tuple[Edge, ...]:
        if weak.source == weak.target or weak.source not in self._graph:
            return (weak,)
        return (*self._graph_chain(weak.source), weak)

    def _others(self, path: str, chain: tuple[Edge, ...]) -> Iterator[Edge]:
        """The other reasons that are known, each once, the surest first."""
        known = [
            *self._graph.reached.get(path, {}).values(),
            *self._graph.others.get(path, ()),
            *([self._graph.weak[path]] if path in self._graph.weak else ()),
        ]
        order = sorted(dict.fromkeys(known), key=lambda edge: (-edge.confidence, -edge.role))
        return (edge for edge in order if edge not in chain[-1:] and edge.source != path)

    def _notes(self, node: Node, has_chain: bool) -> Iterator[str]:
        for kept in dict.fromkeys(self._kept.get(node.path, ())):
            if kept.rule == RULE_TOOL and has_chain:  # it tells the chain
                continue
            yield f"the rule {kept.rule} names it: {kept.reason}"
        for item in self._plan.written:
            if item.path == node.path:
                yield f"written anew: {item.reason}"
        names = [other.path for other in node.inode.names if other.path != node.path]
        staying = sorted(path for path in names if path in self._graph)
        if staying and not has_chain:
            yield f"another name of /{staying[0]}, which is needed"
        elif not has_chain and node.path not in self._kept:
            yield f"no rule of the profile {self._plan.profile} takes it"

    def _nearest(self, node: Node, package: Package | None) -> tuple[tuple[Edge, ...], str]:
        """Something in use beside a path that nothing reaches."""
        if package is not None:
            for path in islice(package.files, _MOST_NEIGHBOURS):
                if self._is_used(path):
                    return self._graph_chain(path), f"of package {package.name}"
        children = (node.parent.children or {}) if node.parent is not None else {}
        for other in islice(children.values(), _MOST_NEIGHBOURS):
            if self._is_used(other.path):
                return self._graph_chain(other.path), SAME_FOLDER
        return (), ""

    def _is_used(self, path: str) -> bool:
        """Whether a path is started or loaded, and stays."""
        role = self._graph.role(path)
        return role is not None and role >= Role.CODE and path not in self._decisions
