"""Where the reached Python runtimes look for modules (sys.path), and which part of it is whose."""

from collections.abc import Iterator

from slimmer.filesystem.tree import Node
from slimmer.reach.edge import Confidence, Kind, Need
from slimmer.reach.python.runtime import Runtime, is_optional
from slimmer.reach.world import World

_MAX_FOLDERS = 64
# Modules of the standard library whose extensions are optional: how the names of those begin.
_EXTENSIONS = {
    **dict.fromkeys(("tkinter", "turtle.py", "idlelib", "turtledemo"), ("_tkinter", "tkinter")),
    **dict.fromkeys(("dbm", "shelve.py"), ("_dbm", "_gdbm")),
}


class SearchPath:
    """One search path for all runtimes of an image: what any of them would find is found."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.runtimes: list[Runtime] = []
        self._own: dict[str, Node] = {}
        self._library: dict[str, Node] = {}
        self._sites: dict[str, Node] = {}
        self._all: tuple[Node, ...] | None = None
        for path in world.environment.get("PYTHONPATH", "").split(":"):
            if path:
                self.add_folder(world.get(world.absolute(path)))

    @property
    def sites(self) -> tuple[str, ...]:
        """Folders for distributions, and those of the application that hold distributions."""
        own = (path for path, node in self._own.items() if _has_distributions(node))
        return tuple(dict.fromkeys((*own, *self._sites)))

    @property
    def own(self) -> tuple[Node, ...]:
        """The application's own folders: of scripts, PYTHONPATH, the working directory."""
        return tuple(self._own.values())

    @property
    def all(self) -> tuple[Node, ...]:
        """Every folder, in the order of sys.path."""
        if self._all is None:
            found = {**self._own, **self._library, **self._sites}
            self._all = tuple(found.values())
        return self._all

    @property
    def installed(self) -> tuple[Node, ...]:
        """The folders for distributions."""
        return tuple(self._sites.values())

    def add_folder(self, folder: Node | None) -> None:
        if folder is None or not folder.is_directory or not folder.path:
            return
        if folder.path not in self._own and len(self._own) < _MAX_FOLDERS:
            self._own[folder.path] = folder
            self._all = None

    def add_runtime(self, runtime: Runtime) -> bool:
        """Whether it was not known."""
        if runtime in self.runtimes:
            return False
        self.runtimes.append(runtime)
        self.add_folder(self._world.get(self._world.working_dir))
        for path in runtime.stdlib:
            self._add(self._library, path)
            self._add(self._library, f"{path}/lib-dynload")
        for path in runtime.sites:
            self._add(self._sites, path)
        self._all = None
        return True

    def _add(self, folders: dict[str, Node], path: str) -> None:
        node = self._world.filesystem.get(path)
        if node is not None and node.is_directory:
            folders[path] = node

    def in_library(self, path: str) -> bool:
        """Whether a file is the standard library's."""
        if path.startswith(tuple(f"{site}/" for site in self._sites)):
            return False
        return path.startswith(tuple(f"{folder}/" for folder in self._library))

    def is_optional(self, path: str) -> bool:
        """Whether a file of the standard library is one that only its own importers need."""
        return any(is_optional(runtime, path) for runtime in self.runtimes)

    def has_extensions(self, path: str) -> bool:
        """Whether a module of the standard library has extensions that are optional."""
        return self._part(path)[1] in _EXTENSIONS

    def optional_part(self, node: Node) -> Iterator[Need]:
        """What comes with a module of the standard library that is optional and imported."""
        folder, part = self._part(node.path)
        detail = f"part of {part}"
        if self.is_optional(node.path):
            top = None if part == "test" else self._world.filesystem.get(f"{folder}/{part}")
            for child in self._world.below(top) if top is not None and top.is_directory else ():
                if not child.is_directory and "/__pycache__/" not in child.path:
                    yield Need(f"/{child.path}", Kind.LOAD, detail, Confidence.MEDIUM)
        names = _EXTENSIONS.get(part, ())
        for library in self._library.values() if names else ():
            for name, child in (library.children or {}).items():
                if name.partition(".")[0] in names:
                    yield Need(f"/{child.path}", Kind.LOAD, detail, Confidence.MEDIUM, tree=True)

    def _part(self, path: str) -> tuple[str, str]:
        """The folder of the standard library that a file is in, and the outermost part it is of."""
        folder = next((each for each in self._library if path.startswith(f"{each}/")), "")
        return folder, path[len(folder) + 1 :].partition("/")[0]


def _has_distributions(folder: Node) -> bool:
    return any(name.endswith(".dist-info") for name in folder.children or ())
