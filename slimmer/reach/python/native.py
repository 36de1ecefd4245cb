"""What Python source needs beside modules: shared libraries by name, time zones, MIME types."""

import re
from collections.abc import Iterable, Iterator

from slimmer.filesystem.tree import Node
from slimmer.reach.commands import start
from slimmer.reach.edge import Confidence, Kind, Need
from slimmer.reach.world import World

_LOADERS = (b"ctypes", b"dlopen", b"LoadLibrary", b"find_library", b"CDLL")
_FIND = re.compile(rb"find_library\(\s*[bu]?[\"']([\w.+-]{1,80})[\"']")
_OPEN = re.compile(rb"(?:CDLL|dlopen|LoadLibrary)\(\s*[bu]?[\"']([\w./+-]{1,200})[\"']")
_FOLDERS = ("lib", "usr/lib", "lib64", "usr/lib64", "usr/local/lib", "usr/local/lib64")
_ARCHITECTURE = re.compile(r"\w+-linux-\w+")
_SHARED = re.compile(r"(lib[^/]+?)\.so((?:\.\d+)*)")

# Modules of time zones look in the system's folder first or when they have no data of their own.
_ZONES = ("/usr/share/zoneinfo", "/etc/localtime", "/etc/timezone")
READS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("zoneinfo", "dateutil", "pytz", "tzlocal", "pendulum", "babel"), _ZONES),
    **dict.fromkeys(("arrow", "backports.zoneinfo", "croniter", "apscheduler", "whenever"), _ZONES),
    "mimetypes": ("/etc/mime.types",),
    "magic": ("/etc/magic", "/usr/share/misc/magic.mgc", "/usr/lib/file/magic.mgc"),
}


class Libraries:
    """The shared libraries in the folders that the dynamic loader searches, by name."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._by_stem: dict[str, list[tuple[str, Node]]] | None = None

    def needs(self, source: bytes) -> Iterator[Need]:
        """The libraries that Python source opens by literal names, where the image has them."""
        if not any(word in source for word in _LOADERS):
            return
        for name in dict.fromkeys(_FIND.findall(source)):
            yield from self._found(name.decode("ascii"))
        for name in dict.fromkeys(_OPEN.findall(source)):
            yield from self._opened(name.decode("ascii"))

    def _found(self, name: str) -> Iterator[Need]:
        detail = f'find_library("{name}")'
        places = list(self._runtime_names(f"lib{name}"))
        for node in places:
            yield Need(f"/{node.path}", Kind.LOAD, detail, Confidence.MEDIUM)
        if places:
            # ctypes.util asks ldconfig for the name of the library.
            yield from start(self._world, ("/sbin/ldconfig", "-p"), detail, Confidence.MEDIUM)

    def _opened(self, name: str) -> Iterator[Need]:
        detail = f'opens the library "{name}"'
        if name.startswith("/"):
            if self._world.get(name) is not None:
                yield Need(name, Kind.LOAD, detail, Confidence.MEDIUM)
            return
        for _, node in self._stems().get(name.partition(".so")[0], ()):
            if node.name == name:
                yield Need(f"/{node.path}", Kind.LOAD, detail, Confidence.MEDIUM)

    def _runtime_names(self, stem: str) -> Iterable[Node]:
        """Those with a version, which is what programs use; without one only where that is all."""
        every = self._stems().get(stem, ())
        versioned = [node for version, node in every if version]
        return versioned or [node for _, node in every]

    def _stems(self) -> dict[str, list[tuple[str, Node]]]:
        if self._by_stem is None:
            self._by_stem = {}
            for folder in self._folders():
                for name, node in (folder.children or {}).items():
                    found = _SHARED.fullmatch(name)
                    if found is not None and not node.is_directory:
                        self._by_stem.setdefault(found[1], []).append((found[2], node))
        return self._by_stem

    def _folders(self) -> list[Node]:
        paths = list(_FOLDERS)
        paths += self._world.environment.get("LD_LIBRARY_PATH", "").split(":")
        found: dict[str, Node] = {}
        for path in paths:
            folder = self._world.get(f"/{path}") if path.strip("/") else None
            if folder is None or folder.children is None:
                continue
            found[folder.path] = folder
            for name, child in folder.children.items():
                if child.is_directory and _ARCHITECTURE.fullmatch(name):
                    found[child.path] = child
        return list(found.values())


def read_by(world: World, module: str) -> Iterator[Need]:
    """Files of the system that the module `module` reads for whoever imports it."""
    for path in READS.get(module, ()):
        node = world.get(path)
        if node is not None:
            detail = f"{module} reads {path}"
            yield Need(path, Kind.DATA, detail, Confidence.MEDIUM, tree=node.is_directory)
