"""From the name of a Python module to its files, the way the import system finds them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from slimmer.filesystem.tree import Node
from slimmer.formats.python_source import PythonImport
from slimmer.reach.world import World

# As FileFinder prefers them: extensions, source, bytecode without source.
_SUFFIXES = (".so", ".py", ".pyc")
_MAX_PARTS = 16


class Found(NamedTuple):
    """`files` are the modules on the way, the outermost first; `parts` how many parts of the name
    they are for. `folders` is where a submodule of the last would be looked for."""

    files: tuple[Node, ...]
    parts: int
    folders: tuple[Node, ...]


NOTHING = Found((), 0, ())


class Modules:
    """Looks up modules in folders; remembers what is in each folder."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._names: dict[str, dict[str, Node]] = {}
        self._found: dict[tuple[str, tuple[str, ...]], Found] = {}

    def find(self, name: str, folders: Sequence[Node]) -> Found:
        """As much of the dotted `name` as there is in `folders`, searched in order."""
        key = name, tuple(folder.path for folder in folders)
        known = self._found.get(key)
        if known is None:
            known = self._found[key] = self._find(name.split(".")[:_MAX_PARTS], folders)
        return known

    def _find(self, parts: Iterable[str], folders: Sequence[Node]) -> Found:
        files: list[Node] = []
        count = 0
        here = tuple(folders)
        for part in parts:
            module, below = self._step(part, here)
            if module is None and not below:
                break
            count += 1
            here = below
            if module is not None:
                files.append(module)
        return Found(tuple(files), count, here) if files else NOTHING

    def imported(
        self, node: Node, statement: PythonImport, folders: Sequence[Node]
    ) -> Iterator[tuple[Found, str]]:
        """What a statement in the module `node` imports, each with the words for it."""
        if not statement.level:
            yield from self.absolute(statement, folders)
            return
        here = node.parent
        for _ in range(statement.level - 1):
            here = here.parent if here is not None else None
        if here is not None and here.path:
            yield from self.absolute(statement, (here,))

    def absolute(
        self, statement: PythonImport, folders: Sequence[Node]
    ) -> Iterator[tuple[Found, str]]:
        """The same, the name looked for in `folders` whatever dots stand before it."""
        module = statement.module
        below = tuple(folders)
        if module:
            found = self.find(module, folders)
            yield found, f"import {module}"
            if found.parts <= module.count("."):
                # A namespace package has no file of its own, and its names may have.
                yield from self._namespaced(statement, folders)
                return
            below = found.folders
        for name in statement.names:
            if below and name != "*":
                yield self.find(name, below), f"from {module or '.'} import {name}"

    def _namespaced(
        self, statement: PythonImport, folders: Sequence[Node]
    ) -> Iterator[tuple[Found, str]]:
        for name in statement.names:
            full = f"{statement.module}.{name}"
            found = self.find(full, folders)
            yield found, f"import {full}"

    def _step(self, part: str, folders: Iterable[Node]) -> tuple[Node | None, tuple[Node, ...]]:
        """The module `part` and the folders of its submodules; a namespace package is all the
        folders of its name, and no file (PEP 420)."""
        portions = []
        for folder in folders:
            child = self._folder(folder, part)
            if child is not None:
                init = self.names(child).get("__init__")
                if init is not None:
                    return init, (child,)
            module = self.names(folder).get(part)
            if module is not None:
                return module, ()
            if child is not None:
                portions.append(child)
        return None, tuple(portions)

    def _folder(self, folder: Node, name: str) -> Node | None:
        child = (folder.children or {}).get(name)
        if child is not None and child.is_symlink:
            child = self._world.get(f"/{child.path}")
        return child if child is not None and child.is_directory else None

    def names(self, folder: Node) -> dict[str, Node]:
        """The modules that are files in a folder, by name."""
        known = self._names.get(folder.path)
        if known is None:
            best: dict[str, tuple[int, Node]] = {}
            for name, child in (folder.children or {}).items():
                rank = next((n for n, end in enumerate(_SUFFIXES) if name.endswith(end)), None)
                if rank is None or child.is_directory:
                    continue
                stem = name.partition(".")[0]
                if stem not in best or rank < best[stem][0]:
                    best[stem] = rank, child
            known = self._names[folder.path] = {stem: child for stem, (_, child) in best.items()}
        return known


def package_root(node: Node) -> Node:
    """The folder that a module's absolute name begins in: the first above that is no package."""
    folder = node.parent
    for _ in range(_MAX_PARTS):
        if folder is None or folder.parent is None or "__init__.py" not in (folder.children or {}):
            break
        folder = folder.parent
    return folder if folder is not None else node
