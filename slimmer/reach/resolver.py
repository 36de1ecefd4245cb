"""What a resolver is given and what it gives."""

from collections.abc import Iterator
from dataclasses import dataclass

from slimmer.filesystem.tree import Node
from slimmer.reach.edge import Confidence, Need, Role
from slimmer.reach.graph import Graph
from slimmer.reach.world import World


@dataclass(frozen=True, slots=True)
class Visit:
    """A file that is reached, each time it is reached anew: in a higher role, more surely, or with
    other arguments.

    `node` is no link; `called` is the path by which it was asked for, links and all, with a leading
    slash: busybox acts by that name. `argv` is empty unless the role is RUN. `language` is the one
    the file is read in as a program, empty for none that is known.
    """

    node: Node
    called: str
    role: Role
    confidence: Confidence
    argv: tuple[str, ...] = ()
    language: str = ""

    @property
    def is_code(self) -> bool:
        """Whether what it says happens: nothing is to be followed from data."""
        return self.role >= Role.CODE


class Resolver:
    """One kind of evidence. Made once for each image; may keep what it has learnt.

    A resolver never raises for anything an image holds: what it cannot read needs nothing.
    """

    def __init__(self, world: World) -> None:
        self.world = world

    def visit(self, visit: Visit) -> Iterator[Need]:
        """What the visited file needs. Said with the confidence of the evidence itself: the walk
        takes the lesser of it and of the visit."""
        return iter(())

    def settle(self, graph: Graph) -> Iterator[tuple[str, Need]]:
        """Pairs of a source (a path that is reached) and what it needs, that only the graph as a
        whole can tell. Asked whenever nothing is left to visit, until nobody adds anything."""
        return iter(())
