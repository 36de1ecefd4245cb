"""The rest of a package that is in use: profile `package` keeps it, whatever evidence says."""

import re
from collections.abc import Iterator

from slimmer.filesystem.tree import Node
from slimmer.packages.interface import Package
from slimmer.reach.edge import Confidence, Kind, Need, Role
from slimmer.reach.graph import Graph
from slimmer.reach.payload import SYSTEM_TYPES, library_owner, system_owner
from slimmer.reach.resolver import Resolver, Visit
from slimmer.reach.world import World

# Where programs lie that people and scripts call by name.
PROGRAM_FOLDERS = re.compile(r"(.*/)?s?bin|usr/games|usr/local/games")

_MODULES = (".pm", ".py", ".js", ".mjs", ".cjs", ".rb", ".php", ".jar", ".lua", ".tcl")


def is_program(node: Node | None) -> bool:
    """Whether a node is a program in a folder of programs, or a link in one."""
    if node is None or node.is_directory or node.parent is None:
        return False
    return PROGRAM_FOLDERS.fullmatch(node.parent.path) is not None


def is_code(node: Node | None) -> bool:
    """Whether a node is a program or a library, wherever it lies."""
    if node is None or not node.is_file:
        return False
    facts = node.facts
    return facts.elf is not None or (facts.shebang is not None and node.is_executable)


class PackageFiles(Resolver):
    """When code of a package runs or is loaded, all its files stay but the programs that nothing
    reaches; when only data of it is read, so does a package that is nothing but data.

    Of a package of the system a part that another resolver knows to be of little use, such as a
    conversion table or a debugging library, stays out as well. Distributions of a language stay
    whole: their parts are loaded by names made up at run time.
    """

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._seen: dict[int, Confidence] = {}
        self._waiting: list[tuple[str, Package]] = []

    def visit(self, visit: Visit) -> Iterator[Need]:
        path = visit.node.path
        package = system_owner(self.world, path) or library_owner(self.world, path)
        if package is None or self._seen.get(id(package), 0) >= visit.confidence:
            return
        if visit.role is Role.KEEP and visit.node.facts.elf is None:
            return
        if visit.role is Role.READ and not is_data_only(self.world, package):
            return
        self._seen[id(package)] = visit.confidence
        self._waiting.append((path, package))
        yield from ()

    def settle(self, graph: Graph) -> Iterator[tuple[str, Need]]:
        waiting, self._waiting = self._waiting, []
        for path, package in waiting:
            detail = f"part of package {package.name}"
            is_system = package.type in SYSTEM_TYPES
            for other in package.files:
                if other == path or is_program(self.world.filesystem.get(other)):
                    continue
                if not (is_system and _is_optional(graph, other)):
                    yield path, Need(other, Kind.DATA, detail, Confidence.MEDIUM, Role.KEEP)


def _is_optional(graph: Graph, path: str) -> bool:
    weak = graph.weak.get(path)
    return weak is not None and weak.kind in (Kind.DATA, Kind.LOAD)


def is_data_only(world: World, package: Package) -> bool:
    """Whether a package has neither programs nor libraries, and no modules of a language, whose
    resolver knows which of them are needed."""
    if any(path.endswith(_MODULES) for path in package.files):
        return False
    nodes = [world.filesystem.get(path) for path in package.files]
    return not any(is_program(node) or is_code(node) for node in nodes)
