"""Python: the runtime and its standard library, imports, whole distributions, the application."""

from collections.abc import Iterable, Iterator, Sequence

from slimmer.filesystem.tree import Node
from slimmer.formats.python_source import parse_python_source
from slimmer.reach.edge import Confidence, Kind, Need
from slimmer.reach.graph import Graph
from slimmer.reach.languages import PYTHON
from slimmer.reach.python.app import Application
from slimmer.reach.python.dists import Distributions, stand_in
from slimmer.reach.python.imports import Imports
from slimmer.reach.python.native import Libraries
from slimmer.reach.python.paths import SearchPath
from slimmer.reach.python.records import distributions_asked
from slimmer.reach.python.runtime import LIBRARY, PROGRAM, find_runtime, library_needs
from slimmer.reach.python.site import Startup
from slimmer.reach.python.units import (
    Unit,
    Units,
    folder_modules,
    is_tool,
    is_unused_part,
    unit_needs,
)
from slimmer.reach.python.words import python_start, references
from slimmer.reach.resolver import Resolver, Visit
from slimmer.reach.world import World

_MAX_CODE = 64 * 1024


class PythonResolver(Resolver):
    """Whatever Python code that is reached needs."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._units = Units(world)
        self._paths = SearchPath(world)
        self._dists = Distributions(world, self._units)
        self._imports = Imports(world, self._paths, self._units)
        self._site = Startup(world, self._paths, self._units, self._imports)
        self._libraries = Libraries(world)
        self._application = Application(world, self._paths, self._units, self._imports)
        self._given: dict[Unit, Confidence] = {}
        self._seen: dict[str, Visit] = {}
        self._waiting: list[Visit] = []
        self._sites: set[str] = set()

    def visit(self, visit: Visit) -> Iterator[Need]:
        if not visit.is_code:
            return
        node = visit.node
        if node.facts.elf is not None and (
            PROGRAM.fullmatch(node.name) or LIBRARY.fullmatch(node.name)
        ):
            yield from self._runtime(visit)
        elif visit.language == PYTHON:
            if self._paths.runtimes:
                yield from self._source(visit)
            else:
                self._waiting.append(visit)
        elif ".so" in node.name and self._is_new(visit):
            yield from self._unit_of(visit)

    def settle(self, graph: Graph) -> Iterator[tuple[str, Need]]:
        """Sources that were reached before their runtime, and plug-ins of what is reached."""
        if not self._paths.runtimes:
            return
        waiting, self._waiting = self._waiting, []
        for visit in waiting:
            for need in self._source(visit):
                yield visit.node.path, need
        for unit, host, group in self._dists.plugins(set(self._given)):
            source = next((path for path in host.files if path in graph), "")
            for need in stand_in(unit, f"plug-in for {group}", Confidence.MEDIUM):
                yield source, need

    def _runtime(self, visit: Visit) -> Iterator[Need]:
        runtime = find_runtime(self.world, visit.called, visit.node)
        if runtime is not None:
            if self._paths.add_runtime(runtime):
                yield from library_needs(self.world, runtime)
                # What was looked at may find more now.
                self._waiting += self._seen.values()
                self._seen = {}
            yield from self._startup()
        if visit.argv:
            yield from self._command(visit)

    def _startup(self) -> Iterator[Need]:
        """What the `site` module does at each start, and what is installed on purpose."""
        new = tuple(site for site in self._paths.sites if site not in self._sites)
        self._sites.update(new)
        for site in new:
            yield from self._site.of_site(site)
        yield from self._dists.on_purpose(new)
        if new:
            yield from self._application.of_folder(self.world.get(self.world.working_dir))
            config = self.world.config
            yield from self._arguments((*config.entrypoint, *config.cmd))
            words = (v for k, v in self.world.environment.items() if k != "PATH")
            yield from self._imports.words(references(words), "ENV")

    def _command(self, visit: Visit) -> Iterator[Need]:
        begin = python_start(visit.argv)
        if begin.script:
            path = self.world.absolute(begin.script)
            node = self.world.get(path)
            if node is not None and node.is_directory:
                self._paths.add_folder(node)
                path = f"{path}/__main__.py"
            yield Need(path, Kind.LOAD, f"python {begin.script}", language=PYTHON)
        elif begin.module:
            self._paths.add_folder(self.world.get(self.world.working_dir))
            yield from self._imports.module(begin.module, f"python -m {begin.module}")
        elif begin.code:
            self._paths.add_folder(self.world.get(self.world.working_dir))
            code = begin.code[:_MAX_CODE].encode("utf-8", "surrogateescape")
            yield from self._imports.of_command(code)
        yield from self._arguments(begin.rest)

    def _arguments(self, words: Sequence[str]) -> Iterator[Need]:
        yield from self._application.of_arguments(words)
        yield from self._imports.words(references(words), "argument")

    def _source(self, visit: Visit) -> Iterator[Need]:
        if visit.argv:
            yield from self._arguments(visit.argv[1:])
        if not self._is_new(visit):
            return
        node = visit.node
        if self._paths.in_library(node.path):
            yield from self._paths.optional_part(node)
            return
        text = self.world.text(node)
        source = parse_python_source(text)
        unit = self._units.of(node.path)
        yield from self._imports.of_source(node, source, text, unit)
        yield from self._libraries.needs(text)
        for name in distributions_asked(text):
            level = Confidence.LOW if is_tool(name) and unit is not None else Confidence.MEDIUM
            yield from self._dists.whole(name, f"asks for the distribution {name}", level)
        if unit is not None:
            yield from self._unit_of(visit)
        else:
            yield from self._application.of_module(node)

    def _unit_of(self, visit: Visit) -> Iterator[Need]:
        """The whole distribution of a module that is reached, and what it requires."""
        unit = self._units.of(visit.node.path)
        if unit is None:
            return
        if is_unused_part(unit, visit.node.path):
            yield from _tests(folder_modules(visit.node))
        if self._given.get(unit, Confidence.LOW) >= visit.confidence:
            return
        self._given[unit] = visit.confidence
        yield from unit_needs(unit, self._dists.requires(unit, "lazy-loader"))
        yield from self._dists.requirements(unit)

    def _is_new(self, visit: Visit) -> bool:
        """Whether it was not looked at before, or only less surely."""
        known = self._seen.get(visit.node.path)
        if known is not None and known.confidence >= visit.confidence:
            return False
        self._seen[visit.node.path] = visit
        return True


def _tests(modules: Iterable[Node]) -> Iterator[Need]:
    """Helpers beside tests; the tests themselves are for a runner of tests, which nobody starts."""
    for module in modules:
        if module.name.startswith("test_"):
            continue
        detail = "beside a module of tests that is imported"
        yield Need(f"/{module.path}", Kind.LOAD, detail, Confidence.MEDIUM)
