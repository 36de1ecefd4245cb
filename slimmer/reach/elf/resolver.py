"""What an ELF file needs: its loader, libraries, plugins, and what its constants name."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from slimmer.errors import FormatError
from slimmer.filesystem.tree import Node
from slimmer.formats.elf import ElfFacts
from slimmer.formats.elf_constants import ElfConstants, read_constants
from slimmer.formats.read import reader_of
from slimmer.reach.edge import Confidence, Kind, Need, Role
from slimmer.reach.elf.code import Code
from slimmer.reach.elf.commands import Commands
from slimmer.reach.elf.libraries import Found, Libraries
from slimmer.reach.elf.names import Names
from slimmer.reach.elf.places import Places
from slimmer.reach.elf.plugins import Plugins
from slimmer.reach.elf.scripts import Scripts
from slimmer.reach.graph import Graph
from slimmer.reach.resolver import Resolver, Visit
from slimmer.reach.world import World

_MAX_READ = 128 << 20
# RPATH folders of different loaders that are remembered for one library.
_MAX_CHAINS = 8
_NO_CONSTANTS = ElfConstants(b"", imports_dlopen=False, imports_exec=False, imports_shell=False)

# What the loader reads itself, by how sure that is.
_LOADER_FILES = (
    ("/etc/ld.so.cache", Confidence.HIGH),
    ("/etc/ld.so.preload", Confidence.HIGH),
    ("/etc/ld.so.conf", Confidence.MEDIUM),
    ("/etc/ld.so.conf.d", Confidence.MEDIUM),
)

Chain = tuple[str, ...]
"""RPATH folders, the nearest loader's first."""


class ElfResolver(Resolver):
    """Evidence in ELF files. What lies there (KEEP) needs what it links; what is loaded or started
    also needs what it opens and names."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._libraries = Libraries(world)
        places = Places(world, self._libraries)
        self._scripts = Scripts(world)
        self._names = Names(world, places, self._scripts)
        self._plugins = Plugins(world, self._libraries, places)
        self._commands = Commands(world, self._scripts)
        self._chains: dict[str, set[Chain]] = {}
        self._said: dict[tuple[str, bool], list[Need]] = {}

    def visit(self, visit: Visit) -> Iterator[Need]:
        elf = visit.node.facts.elf
        if elf is None or visit.role < Role.KEEP:
            return
        role = None if visit.is_code else Role.KEEP
        yield from self._loader(elf, role)
        yield from self._linked(visit.node, elf, role)
        if visit.is_code:
            yield from self._evidence(visit.node, elf, is_started=visit.role is Role.RUN)
            yield from self._scripts.asked_for(visit)

    def settle(self, graph: Graph) -> Iterator[tuple[str, Need]]:
        yield from self._scripts.settle(graph)

    def _loader(self, elf: ElfFacts, role: Role | None) -> Iterator[Need]:
        """The interpreter, the files it reads, and what is loaded before anything else."""
        if elf.interpreter is None:
            return
        interpreter = elf.interpreter
        detail = f"interpreter {interpreter}"
        yield Need(interpreter, Kind.LINK, detail, Confidence.HIGH, role=role)
        machine = PurePosixPath(interpreter).name.removeprefix("ld-musl-").partition(".")[0]
        for path, confidence in (
            *_LOADER_FILES,
            (f"/etc/ld-musl-{machine}.path", Confidence.HIGH),
        ):
            node = self.world.get(path)
            if node is not None:
                tree = node.is_directory
                yield Need(path, Kind.DATA, "read by the loader", confidence, tree=tree)
        for name, source in self._preloaded():
            for found in self._libraries.find(name, elf, "/"):
                yield Need(found.path, Kind.LOAD, f"{source} {name}", found.confidence, role=role)

    def _preloaded(self) -> Iterator[tuple[str, str]]:
        value = self.world.environment.get("LD_PRELOAD", "")
        for name in value.replace(":", " ").split():
            yield name, "LD_PRELOAD"
        node = self.world.get("/etc/ld.so.preload")
        if node is not None and node.is_file:
            for name in self.world.text(node).decode("utf-8", "surrogateescape").split():
                yield name.replace(":", ""), "/etc/ld.so.preload"

    def _linked(self, node: Node, elf: ElfFacts, role: Role | None) -> Iterator[Need]:
        """NEEDED, by the folders of the file and by those of each that has loaded it.

        A library that was looked at before one of its loaders was known is looked at again.
        """
        waiting: list[tuple[Node, Chain]] = [
            (node, chain) for chain in sorted(self._chains.setdefault(node.path, {()}))
        ]
        while waiting:
            loader, chain = waiting.pop()
            if (facts := loader.facts.elf) is None:
                continue
            folder = "/" + loader.path.rpartition("/")[0]
            passed_on = tuple(dict.fromkeys((*self._libraries.rpath(facts, folder), *chain)))
            for name in facts.needed:
                detail = f"NEEDED {name}"
                all_found = self._libraries.find(
                    name, facts, folder, chain
                ) or self._libraries.anywhere(name, facts)
                if not all_found:
                    yield Need(name, Kind.LINK, detail, Confidence.HIGH, role=role)
                for found in all_found:
                    yield Need(found.path, Kind.LINK, detail, found.confidence, role=role)
                    if passed_on:
                        waiting += self._pass_on(found, passed_on)

    def _pass_on(self, found: Found, chain: Chain) -> list[tuple[Node, Chain]]:
        known = self._chains.setdefault(found.node.path, {()})
        if chain in known or len(known) >= _MAX_CHAINS:
            return []
        known.add(chain)
        return [(found.node, chain)]

    def _evidence(self, node: Node, elf: ElfFacts, *, is_started: bool) -> Iterator[Need]:
        key = node.path, is_started
        if key not in self._said:
            code = Code(node, elf, self._constants(node), is_started)
            self._said[key] = list(self._opened(code))
        yield from self._said[key]

    def _opened(self, code: Code) -> Iterator[Need]:
        yield from self._plugins.announced(code)
        yield from self._plugins.named(code)
        yield from self._names.paths(code)
        if code.is_started:
            yield from self._names.relative(code)
        yield from self._commands.needs(code)

    def _constants(self, node: Node) -> ElfConstants:
        data = self.world.read(node, min(node.size, _MAX_READ))
        try:
            return read_constants(reader_of(data), len(data))
        except FormatError:
            return _NO_CONSTANTS
