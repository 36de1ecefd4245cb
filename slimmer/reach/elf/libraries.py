"""Where the dynamic loader finds a library: ld.so(8) of glibc, and musl's."""

import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from slimmer.errors import FormatError
from slimmer.filesystem.tree import Node
from slimmer.formats.elf import ElfFacts
from slimmer.formats.ld_cache import parse_ld_cache
from slimmer.reach.edge import Confidence
from slimmer.reach.world import World

_MAX_CACHE = 8 << 20
_MAX_CONFIG_FILES = 500
_MAX_FOLDERS = 500
# Folders that loaders are built with, beside the `lib/TRIPLET` folders that are there.
_GLIBC_FOLDERS = ("/lib64", "/usr/lib64", "/lib", "/usr/lib", "/lib32", "/usr/lib32")
_MUSL_FOLDERS = ("/lib", "/usr/local/lib", "/usr/lib")
_LIBRARY_PARENTS = ("/lib", "/usr/lib", "/usr/local/lib")
_TRIPLET = re.compile(r"[a-z0-9_]+-(?:[a-z0-9_]+-)?(?:linux|kfreebsd|gnu)[a-z0-9-]*")
_TOKEN = re.compile(r"\$(?:(ORIGIN|LIB|PLATFORM)(?![A-Za-z0-9_])|\{(ORIGIN|LIB|PLATFORM)\})")
_HWCAPS = "glibc-hwcaps"


@dataclass(frozen=True, slots=True)
class Found:
    """A place where the loader finds a library; `MEDIUM` where the processor decides."""

    path: str
    node: Node
    confidence: Confidence


class Libraries:
    """The loader's search in one image. What it reads is read once."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._found: dict[tuple[object, ...], list[Found]] = {}

    def find(
        self, name: str, elf: ElfFacts, folder: str, inherited: Sequence[str] = ()
    ) -> list[Found]:
        """What is opened for `name` when an ELF file in `folder` (absolute) needs it.

        `inherited` are the RPATH folders of what has loaded that file. Builds for processors with
        more abilities come before the one that any can use. Empty: not found.
        """
        if "/" in name:
            path = self._world.absolute(next(self._expanded((name,), elf, folder), name))
            node = self._fitting(path, elf)
            return [Found(path, node, Confidence.HIGH)] if node is not None else []
        key: tuple[object, ...] = (
            name,
            elf.elf_class,
            elf.machine,
            elf.rpath,
            elf.runpath,
            tuple(inherited),
        )
        if elf.rpath or elf.runpath:
            key = (*key, folder)
        if key not in self._found:
            self._found[key] = list(self._search(name, elf, folder, inherited))
        return self._found[key]

    def anywhere(self, name: str, elf: ElfFacts) -> list[Found]:
        """Libraries of a name wherever they lie: some process has set LD_LIBRARY_PATH by then, or
        has loaded it by its path."""
        nodes = (self._fitting(f"/{path}", elf) for path in self._by_name.get(name, ()))
        return [
            Found(f"/{node.path}", node, Confidence.MEDIUM) for node in nodes if node is not None
        ]

    @functools.cached_property
    def _by_name(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for node in self._world.filesystem.walk():
            if ".so" in node.path and not node.is_directory:
                found.setdefault(node.name, []).append(node.path)
        return found

    def rpath(self, elf: ElfFacts, folder: str) -> tuple[str, ...]:
        """The folders of `elf` that count for all that is loaded by it too.

        Those of RPATH where there is no RUNPATH; musl makes no difference between the two.
        """
        if self._is_musl:
            return tuple(self._expanded(elf.runpath or elf.rpath, elf, folder))
        return () if elf.runpath else tuple(self._expanded(elf.rpath, elf, folder))

    @functools.cached_property
    def _is_musl(self) -> bool:
        return bool(self._musl_folders())

    def _search(
        self, name: str, elf: ElfFacts, folder: str, inherited: Sequence[str]
    ) -> Iterator[Found]:
        yielded = False
        for place in self._folders(elf, folder, inherited):
            yield from self._better(place, name, elf)
            path = f"{place}/{name}"
            if (node := self._fitting(path, elf)) is not None:
                yield Found(path, node, Confidence.HIGH)
                yielded = True
                break
        if not yielded:
            for path in self._cache.get(name, ()):
                if _HWCAPS not in path and (node := self._fitting(path, elf)) is not None:
                    yield Found(path, node, Confidence.HIGH)
                    break

    def _folders(self, elf: ElfFacts, folder: str, inherited: Sequence[str]) -> Iterator[str]:
        """Every folder in the order of the search."""
        if not elf.runpath:
            yield from self._expanded(elf.rpath, elf, folder)
        if not elf.runpath or self._is_musl:
            yield from inherited
        yield from self._expanded(self._library_path, elf, folder)
        yield from self._expanded(elf.runpath, elf, folder)
        yield from self.system_folders

    def _better(self, place: str, name: str, elf: ElfFacts) -> Iterator[Found]:
        """The builds of a library for newer processors, in folders beside it."""
        top = self._world.get(f"{place}/{_HWCAPS}")
        for level in sorted(top.children or ()) if top is not None else ():
            path = f"{place}/{_HWCAPS}/{level}/{name}"
            if (node := self._fitting(path, elf)) is not None:
                yield Found(path, node, Confidence.MEDIUM)

    def _fitting(self, path: str, elf: ElfFacts) -> Node | None:
        """The library at `path`, if a process of this class and machine can load it."""
        node = self._world.get(path)
        other = node.facts.elf if node is not None and node.is_file else None
        if other is None or other.kind not in ("shared", "executable"):
            return None
        fits = (other.elf_class, other.machine) == (elf.elf_class, elf.machine)
        return node if fits and other.little_endian == elf.little_endian else None

    @functools.cached_property
    def _library_path(self) -> tuple[str, ...]:
        value = self._world.environment.get("LD_LIBRARY_PATH", "")
        return tuple(re.split("[:;]", value)) if value else ()

    @functools.cached_property
    def system_folders(self) -> tuple[str, ...]:
        """Folders of every process: of the loader's configuration and built into it."""
        folders: dict[str, None] = {}
        if musl := self._musl_folders():
            folders.update(dict.fromkeys(musl))
        folders.update(dict.fromkeys(self._configured()))
        for parent in _LIBRARY_PARENTS[:2]:
            node = self._world.get(parent)
            names = node.children or () if node is not None else ()
            triplets = (name for name in sorted(names) if _TRIPLET.fullmatch(name))
            folders.update((f"{parent}/{name}", None) for name in triplets)
        folders.update(dict.fromkeys(_GLIBC_FOLDERS))
        return tuple(folders)[:_MAX_FOLDERS]

    @functools.cached_property
    def _general(self) -> frozenset[int]:
        nodes = (self._world.get(folder) for folder in (*self.system_folders, *_LIBRARY_PARENTS))
        return frozenset(id(node) for node in nodes if node is not None)

    def is_general(self, folder: Node) -> bool:
        """Whether libraries of everybody lie in a folder."""
        return id(folder) in self._general

    def _musl_folders(self) -> tuple[str, ...]:
        library = self._world.get("/lib")
        for name in sorted(library.children or ()) if library is not None else ():
            if not name.startswith("ld-musl-"):
                continue
            machine = name.removeprefix("ld-musl-").partition(".")[0]
            said = self._lines(f"/etc/ld-musl-{machine}.path")
            folders = [part for line in said for part in line.split(":") if part.startswith("/")]
            return tuple(folders) or _MUSL_FOLDERS
        return ()

    def _configured(self) -> Iterator[str]:
        """The folders of ld.so.conf and of what it includes, as ldconfig(8) reads it."""
        seen: set[str] = set()
        waiting = ["include /etc/ld.so.conf"]
        while waiting:
            word, _, rest = waiting.pop().partition("#")[0].strip().partition(" ")
            if word.startswith("/"):
                # `FOLDER=TYPE` is an older form.
                yield word.partition("=")[0].rstrip("/")
            for pattern in reversed(rest.split()) if word == "include" else ():
                for path in reversed(self._matching(self._world.absolute(pattern, "/etc"))):
                    if path not in seen and len(seen) < _MAX_CONFIG_FILES:
                        seen.add(path)
                        waiting += reversed(self._lines(path))

    def _matching(self, pattern: str) -> list[str]:
        folder, _, last = pattern.rpartition("/")
        node = self._world.get(folder)
        names = sorted(node.children or ()) if node is not None else ()
        return [f"{folder}/{name}" for name in names if fnmatchcase(name, last)]

    def _lines(self, path: str) -> list[str]:
        node = self._world.get(path)
        if node is None or not node.is_file:
            return []
        return self._world.text(node).decode("utf-8", "surrogateescape").splitlines()

    @functools.cached_property
    def _cache(self) -> dict[str, list[str]]:
        node = self._world.get("/etc/ld.so.cache")
        if node is None or not node.is_file:
            return {}
        try:
            return parse_ld_cache(self._world.read(node, _MAX_CACHE))
        except FormatError:
            return {}

    def _expanded(self, folders: Iterable[str], elf: ElfFacts, folder: str) -> Iterator[str]:
        """Folders with $ORIGIN, $LIB and $PLATFORM replaced; an empty one is the working folder."""
        for said in folders:
            path = said or self._world.working_dir
            libraries = (f"lib/{elf.machine}-linux-gnu", "lib64", "lib") if "LIB" in path else ("",)
            for library in libraries:
                values = {"ORIGIN": folder, "LIB": library, "PLATFORM": elf.machine}
                full = _filled(path, values)
                yield self._world.absolute(full).rstrip("/") or "/"


def _filled(path: str, values: dict[str, str]) -> str:
    return _TOKEN.sub(lambda match: values[match[1] or match[2]], path)
