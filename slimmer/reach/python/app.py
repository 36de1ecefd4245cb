"""The application around a module that is reached: its other modules, what its settings name."""

import re
from collections.abc import Iterable, Iterator

from slimmer.filesystem.tree import Node
from slimmer.reach.edge import Confidence, Kind, Need
from slimmer.reach.languages import PYTHON
from slimmer.reach.payload import is_payload
from slimmer.reach.python.imports import Imports
from slimmer.reach.python.modules import package_root
from slimmer.reach.python.paths import SearchPath
from slimmer.reach.python.runtime import SITE_NAMES
from slimmer.reach.python.units import Units
from slimmer.reach.python.words import references
from slimmer.reach.world import World

# Folders where more than one program lies: what is below is not one application.
_SHARED = re.compile(
    r"(usr(/local)?/)?(s?bin|lib(64|exec)?|share|games|include)|usr(/local)?|etc|var(/(lib|www))?"
    r"|root|home|opt|srv|mnt|media|tmp|run|proc|sys|dev|boot|.*/s?bin"
)
_SKIPPED = frozenset((*SITE_NAMES, "node_modules", "__pycache__", "tests", "test"))
_SETTINGS = (".ini", ".toml", ".yaml", ".yml", ".cfg", ".conf", ".json", ".env")
_MAX_FILES = 20_000
_MAX_SETTINGS = 64 * 1024
_MAX_WORD = 256
_DOTTED = re.compile(rb"(?<![\w./@-])[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+(?![\w/@-])")


class Application:
    """Brings the modules of an application together: any may be imported late, by a name that is
    put together as it runs."""

    def __init__(self, world: World, paths: SearchPath, units: Units, imports: Imports) -> None:
        self._world = world
        self._paths = paths
        self._units = units
        self._imports = imports
        self._done: set[str] = set()

    def of_module(self, node: Node) -> Iterator[Need]:
        """What belongs to the application that a module, which no distribution has, is of."""
        if not is_payload(self._world, node):
            return
        yield from self.of_folder(package_root(node))

    def of_folder(self, folder: Node | None) -> Iterator[Need]:
        """What lies in a folder that modules of an application are imported from."""
        if folder is not None and folder.is_directory and self._is_applications(folder):
            self._paths.add_folder(folder)
            yield from self._below(folder)

    def of_arguments(self, words: Iterable[str]) -> Iterator[Need]:
        """Scripts and folders that words of a command name: `-c conf.py`, `--chdir=/srv/app`."""
        for word in words:
            value = word.rpartition("=")[2]
            path = self._world.absolute(value)
            node = self._world.get(path) if 0 < len(value) < _MAX_WORD else None
            if node is None:
                continue
            if node.is_directory:
                yield from self.of_folder(node)
            elif node.name.endswith(".py"):
                detail = f"argument {word}"
                yield Need(path, Kind.LOAD, detail, Confidence.MEDIUM, language=PYTHON)

    def _is_applications(self, folder: Node) -> bool:
        if not folder.path or folder.path in self._done:
            return False
        is_said = f"/{folder.path}" == self._world.working_dir.rstrip("/")
        return is_said or not _SHARED.fullmatch(folder.path)

    def _below(self, top: Node) -> Iterator[Need]:
        self._done.add(top.path)
        detail = f"module of the application in /{top.path}"
        for node in _files(top):
            if not node.name.endswith((".py", *_SETTINGS)) or not is_payload(self._world, node):
                continue
            if self._units.of(node.path) is not None:
                continue
            if node.name.endswith(".py"):
                yield Need(f"/{node.path}", Kind.LOAD, detail, Confidence.MEDIUM, language=PYTHON)
            elif node.size <= _MAX_SETTINGS:
                text = self._world.text(node, _MAX_SETTINGS)
                names = dict.fromkeys(_DOTTED.findall(text))
                words = references(name.decode("ascii") for name in list(names)[:2000])
                yield from self._imports.settings(words, f"/{node.path}")


def _files(top: Node) -> Iterator[Node]:
    """Files below, without those of libraries, hidden folders and environments."""
    stack = [top]
    count = 0
    while stack and count < _MAX_FILES:
        for name, child in (stack.pop().children or {}).items():
            count += 1
            if child.is_file:
                yield child
            elif child.is_directory and name not in _SKIPPED and not name.startswith("."):
                stack.append(child)
