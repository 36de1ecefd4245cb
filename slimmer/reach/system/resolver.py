"""What libraries and the distribution count on, by convention and without a word in any file."""

import re
from collections.abc import Iterator

from slimmer.filesystem.tree import Node
from slimmer.formats.elf import ElfFacts
from slimmer.reach.edge import UNKNOWN, Confidence, Kind, Need, Role
from slimmer.reach.graph import Graph
from slimmer.reach.resolver import Resolver, Visit
from slimmer.reach.system.libc import (
    charsets,
    converts,
    environment_locales,
    has_small_locales,
    is_glibc,
    locales,
    name_services,
    script_locales,
    time_zones,
    translations,
)
from slimmer.reach.system.table import Library, libraries, matches, needs, system_table
from slimmer.reach.world import World

_TERMINAL = re.compile(r"lib(n?curses|tinfo|terminfo|tic)w?\.so")
_MAX_CONFIG = 64 * 1024
_MAX_CONFIGS = 200
_WORD = re.compile(r"[^\s=,;\"']+\.so")


class SystemResolver(Resolver):
    """Plugins and data of known libraries (`system.toml`), and what libc opens by itself."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._libc: Node | None = None
        self._said = environment_locales(world)
        # The first that converts charsets, by how widely.
        self._converters: dict[Confidence, str] = {}
        self._looked_at: set[str] = set()
        self._zones_of = ""
        self._picks_locales = not has_small_locales(world)

    def visit(self, visit: Visit) -> Iterator[Need]:
        if not visit.is_code:
            return
        elf = visit.node.facts.elf
        if elf is None:
            if visit.language and self._picks_locales:
                self._said |= script_locales(self.world, visit.node)
            return
        if not self._zones_of and visit.role is Role.RUN:
            self._zones_of = visit.node.path
        if is_glibc(visit.node):
            self._libc = visit.node
            yield from name_services(self.world, visit.node)
            return
        self._look_for_iconv(visit, elf)
        yield from self._conventions(visit.node, elf)

    def _look_for_iconv(self, visit: Visit, elf: ElfFacts) -> None:
        path = visit.node.path
        if path in self._looked_at or not elf.needed or "/gconv/" in path:
            return
        self._looked_at.add(path)
        if Confidence.MEDIUM in self._converters:
            return
        level = converts(self.world, visit.node)
        if level is not None:
            self._converters.setdefault(level, path)

    def _conventions(self, node: Node, elf: ElfFacts) -> Iterator[Need]:
        soname = elf.soname or node.name
        for library in libraries(soname):
            yield from self._library(library, node, soname)
        if _TERMINAL.match(soname):
            yield from self._terminals(soname)

    def _library(self, library: Library, node: Node, soname: str) -> Iterator[Need]:
        world = self.world
        named = self._named(library)
        for pattern in _placed(library.load, node):
            yield from needs(world, pattern, Kind.LOAD, f"{soname} loads it from its folder")
        for pattern in _placed(library.named, node):
            for path in matches(world, pattern):
                is_named = path.rpartition("/")[2] in named
                level = Confidence.MEDIUM if is_named else Confidence.LOW
                yield Need(path, Kind.LOAD, f"{soname} loads what its configuration names", level)
        for pattern in _placed(library.data, node):
            yield from needs(world, pattern, Kind.DATA, f"{soname} reads it")
        for pattern in _placed(library.exec, node):
            for path in matches(world, pattern):
                argv = (path, UNKNOWN)
                yield Need(path, Kind.EXEC, f"{soname} runs it", Confidence.MEDIUM, argv=argv)

    def _named(self, library: Library) -> set[str]:
        """The names of modules in the configuration that names them."""
        found: set[str] = set()
        for pattern in library.named_in:
            for path in list(matches(self.world, pattern))[:_MAX_CONFIGS]:
                node = self.world.get(path)
                if node is not None and node.is_file:
                    text = self.world.text(node, _MAX_CONFIG).decode("utf-8", "surrogateescape")
                    lines = (line.partition("#")[0] for line in text.splitlines())
                    words = (word for line in lines for word in _WORD.findall(line))
                    found |= {word.rpartition("/")[2] for word in words}
        return found

    def _terminals(self, soname: str) -> Iterator[Need]:
        table = system_table().terminfo
        for folder in table.folders:
            for entry in table.entries:
                pattern = f"{folder}/?/{entry}"
                yield from needs(self.world, pattern, Kind.DATA, f"{soname}: usual terminals")

    def settle(self, graph: Graph) -> Iterator[tuple[str, Need]]:
        if self._zones_of:
            yield from ((self._zones_of, need) for need in time_zones(self.world))
        if self._libc is None:
            return
        libc = self._libc.path
        yield from ((libc, need) for need in locales(self.world, self._said))
        yield from ((libc, need) for need in translations(self.world, self._said))
        if self._needs_charsets():
            is_wide = Confidence.MEDIUM in self._converters
            rest = Confidence.MEDIUM if is_wide else Confidence.LOW
            source = self._converters.get(rest, libc)
            yield from ((source, need) for need in charsets(self.world, self._libc, rest))

    def _needs_charsets(self) -> bool:
        charset_of = (name.partition(".")[2].partition("@")[0].lower() for name in self._said)
        other = any(charset not in ("", "utf-8", "utf8") for charset in charset_of)
        return other or bool(self._converters)


def _placed(patterns: tuple[str, ...], node: Node) -> Iterator[str]:
    """Patterns with `{lib}` filled in, also with the /usr that a link in the root may hide."""
    folder = "/" + node.path.rpartition("/")[0]
    for pattern in patterns:
        yield pattern.replace("{lib}", folder)
        if "{lib}" in pattern and folder.startswith("/lib"):
            yield pattern.replace("{lib}", f"/usr{folder}")
