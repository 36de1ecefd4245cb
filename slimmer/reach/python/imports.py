"""From what Python source says to the modules it imports, by statement or by name in quotes."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from slimmer.filesystem.tree import Node
from slimmer.formats.python_source import PythonImport, PythonSource, parse_python_source
from slimmer.reach.edge import Confidence, Kind, Need
from slimmer.reach.python.beginnings import Beginnings
from slimmer.reach.python.modules import Found, Modules, package_root
from slimmer.reach.python.native import READS, read_by
from slimmer.reach.python.paths import SearchPath
from slimmer.reach.python.units import Unit, Units, is_unused_part
from slimmer.reach.python.words import module_of
from slimmer.reach.world import World

_DYNAMIC = re.compile(
    rb"(?:import_module|__import__|import_string|find_spec)\(\s*[\"']([A-Za-z_][\w.]{0,199})[\"']"
)
_DYNAMIC_WORDS = (b"import_module", b"__import__", b"import_string", b"find_spec")
_CUSTOMIZE = ("sitecustomize", "usercustomize")
_HIGH, _MEDIUM, _LOW = Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW


@dataclass(frozen=True)
class Asker:
    """Who imports: a module, of a distribution or not; `seen` is what it was given already."""

    node: Node | None = None
    unit: Unit | None = None
    seen: set[str] = field(default_factory=set)


class Imports:
    """Resolves imports on one search path."""

    def __init__(self, world: World, paths: SearchPath, units: Units) -> None:
        self._world = world
        self._paths = paths
        self._units = units
        self._modules = Modules(world)
        self._beginnings = Beginnings(world, self._modules)

    def of_source(
        self, node: Node, source: PythonSource, text: bytes, unit: Unit | None
    ) -> Iterator[Need]:
        """What a module or script needs. `unit` is the distribution it is of, None for an
        application: an application's words count for more than a library's, which names all it
        might ever be used with."""
        asker = Asker(node, unit, set())
        folders = self._folders(node, source, unit)
        for statement in source.imports:
            if unit is not None and self._is_own(statement, unit):
                continue
            yield from self._reads(statement)
            for found, what in self._modules.imported(node, statement, folders):
                level = _MEDIUM if statement.is_lazy else _HIGH
                yield from self._needs(found, what, level, asker)
        if unit is None:
            yield from self._names(source.strings, folders, asker)
        else:
            yield from self._dotted(source.strings, folders, unit, asker)
        yield from self._dynamic(text, folders, asker)

    def of_command(self, text: bytes) -> Iterator[Need]:
        """What the code of `python -c`, or of a line of a path configuration file, imports."""
        asker = Asker()
        folders = self._paths.all
        for statement in parse_python_source(text).imports:
            yield from self._reads(statement)
            for found, what in self._modules.absolute(statement, folders):
                yield from self._needs(found, what, _HIGH, asker)
        yield from self._dynamic(text, folders, asker)

    def _dynamic(self, text: bytes, folders: tuple[Node, ...], asker: Asker) -> Iterator[Need]:
        """Calls that import the module of a literal name."""
        if not any(word in text for word in _DYNAMIC_WORDS):
            return
        for name in dict.fromkeys(_DYNAMIC.findall(text)):
            module = name.decode("ascii")
            found = self._modules.find(module, folders)
            yield from self._needs(found, f'import "{module}"', _MEDIUM, asker, is_said=True)

    def module(self, name: str, detail: str) -> Iterator[Need]:
        """A module that is run by its name: itself, or `__main__` of a package."""
        found = self._modules.find(name, self._paths.all)
        main = self._modules.find(f"{name}.__main__", self._paths.all)
        yield from self._needs(main if main.parts > found.parts else found, detail, _HIGH, Asker())

    def words(self, words: Iterable[tuple[str, bool]], detail: str) -> Iterator[Need]:
        """Words of commands and of the environment that name a module. A bare one is a module only
        where the application has it: too many words are names of something."""
        for name, is_dotted in words:
            folders = self._paths.all if is_dotted else self._paths.own
            found = self._modules.find(name, folders)
            if found.parts >= max(1, name.count(".")):
                yield from self._needs(found, f"{detail} {name}", _MEDIUM, Asker())

    def settings(self, words: Iterable[tuple[str, bool]], file: str) -> Iterator[Need]:
        """Dotted names in an application's settings that are installed modules."""
        for name, _ in words:
            found = self._modules.find(name, self._paths.installed)
            if found.parts >= max(1, name.count(".")):
                detail = f"{file} names {name}"
                yield from self._needs(found, detail, _MEDIUM, Asker(), is_said=True)

    def customizing(self, folder: Node) -> Iterator[Need]:
        """The modules that the `site` module imports at each start, where a folder has them."""
        for name in _CUSTOMIZE:
            found = self._modules.find(name, (folder,))
            yield from self._needs(found, name, _HIGH, Asker())

    def _folders(self, node: Node, source: PythonSource, unit: Unit | None) -> tuple[Node, ...]:
        """Where this source's absolute imports are looked for."""
        if unit is not None:
            return self._paths.all
        own = [package_root(node)]
        if "/" not in "".join(source.strings):
            return (*own, *self._paths.all)
        for string in source.strings:
            # What sys.path may get: `sys.path.insert(0, "/usr/share/app")`.
            if string.startswith("/") and len(own) < 16 and string.count("/") > 1:
                folder = self._world.get(string)
                if folder is not None and self._modules_in(folder):
                    own.append(folder)
        return (*own, *self._paths.all)

    def _modules_in(self, folder: Node) -> bool:
        return folder.is_directory and bool(
            self._modules.names(folder)
            or any(
                "__init__.py" in (child.children or {})
                for child in (folder.children or {}).values()
            )
        )

    def _is_own(self, statement: PythonImport, unit: Unit) -> bool:
        """Whether a library imports from itself, which is there anyway, and not its tests."""
        if any("test" in part for part in (statement.module, *statement.names)):
            return False
        if statement.level:
            return True
        top = statement.module.partition(".")[0]
        return top == unit.name or top in unit.tops

    def _reads(self, statement: PythonImport) -> Iterator[Need]:
        if statement.level:
            return
        module = statement.module
        for name in (module.partition(".")[0], module, f"{module}.{''.join(statement.names[:1])}"):
            if name in READS:
                yield from read_by(self._world, name)
                return

    def _names(
        self, strings: Iterable[str], folders: tuple[Node, ...], asker: Asker
    ) -> Iterator[Need]:
        """An application's strings: dotted names, and bare ones of installed distributions."""
        for string in strings:
            name, is_dotted = module_of(string)
            if not name:
                continue
            found = self._modules.find(name, folders if is_dotted else self._paths.installed)
            if found.parts >= max(1, name.count(".")):
                yield from self._needs(found, f'"{string}"', _MEDIUM, asker, is_said=True)

    def _dotted(
        self, strings: Iterable[str], folders: tuple[Node, ...], unit: Unit, asker: Asker
    ) -> Iterator[Need]:
        """A library's strings: only whole names of modules with dots in them."""
        for string in strings:
            if "." not in string:
                continue
            name, is_dotted = module_of(string)
            if not is_dotted or name.partition(".")[0] == unit.name:
                continue
            found = self._modules.find(name, folders)
            if found.parts > 1 and found.parts >= name.count("."):
                yield from self._needs(found, f'"{string}"', _MEDIUM, asker, is_said=True)

    def _needs(
        self, found: Found, what: str, level: Confidence, asker: Asker, *, is_said: bool = False
    ) -> Iterator[Need]:
        """Needs of modules, each once for a source; `is_said`: by a string, not a statement."""
        for file in found.files:
            if file.path in asker.seen:
                continue
            if self._paths.in_library(file.path):
                least = self._library_level(file, level, asker, is_said)
            else:
                least = self._level(file, level, asker, is_said)
            if least is not None:
                asker.seen.add(file.path)
                yield Need(f"/{file.path}", Kind.LOAD, what, least)

    def _library_level(
        self, file: Node, level: Confidence, asker: Asker, is_said: bool
    ) -> Confidence | None:
        """For the standard library: all but a little of it is there anyway."""
        if asker.unit is None and not is_said:
            return level
        if not self._paths.is_optional(file.path):
            return _MEDIUM if self._paths.has_extensions(file.path) and not is_said else None
        # Most that libraries import of those, they do where nobody comes: in windows, in tests.
        return level if self._is_loaded(asker, level) and not is_said else _LOW

    def _level(
        self, file: Node, level: Confidence, asker: Asker, is_said: bool
    ) -> Confidence | None:
        unit = self._units.of(file.path)
        if unit is None:
            return level
        if unit is asker.unit:
            return level if is_unused_part(unit, file.path) else None
        if asker.unit is None:
            self._beginnings.add(unit, file)
        if not unit.is_tool:
            return level
        is_sure = asker.unit is None or self._is_loaded(asker, level)
        return level if is_sure and not is_said else _LOW

    def _is_loaded(self, asker: Asker, level: Confidence) -> bool:
        """Whether a library does this import whenever it is loaded."""
        if asker.unit is None or asker.node is None or level < _HIGH:
            return False
        return self._beginnings.covers(asker.unit, asker.node)
