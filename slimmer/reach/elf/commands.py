"""Which programs an ELF file may start without saying where they lie."""

import functools
import os
from collections.abc import Iterator

from slimmer.filesystem.tree import Node
from slimmer.reach.edge import UNKNOWN, Confidence, Kind, Need
from slimmer.reach.elf.code import Code
from slimmer.reach.elf.places import is_program
from slimmer.reach.elf.scripts import Scripts
from slimmer.reach.elf.strings import words_in
from slimmer.reach.payload import system_owner
from slimmer.reach.world import World

_SHELL = "/bin/sh"
_MAX_WORDS = 100
# Who names more programs beside it than this has a table of what there is.
_MAX_USED = 8
# What archivers and their like put before a pipe, found by PATH: `tar -z`, `file -z`.
_FILTERS = ("gzip", "bzip2", "xz", "zstd", "lzma", "lzip", "lzop", "lz4", "brotli", "compress")
# Where programs of everybody lie: a word there says little.
_COMMON_FOLDERS = ("bin", "sbin", "usr/bin", "usr/sbin")


class Commands:
    """Needs by bare words, and the shell that a command line needs."""

    def __init__(self, world: World, scripts: Scripts) -> None:
        self._world = world
        self._scripts = scripts

    def needs(self, code: Code) -> Iterator[Need]:
        """Programs beside it that it names, words that are commands, and the shell."""
        constants = code.constants
        if constants.imports_shell:
            can = code.is_started and not code.language
            level = Confidence.MEDIUM if can else Confidence.LOW
            argv = (_SHELL, "-c", UNKNOWN)
            yield Need(_SHELL, Kind.EXEC, "system() or popen()", level, argv=argv)
        if not constants.imports_exec:
            return
        beside = self._beside(code)
        names = self._encoded_names | {os.fsencode(name) for name in beside}
        words = words_in(constants.data, names)
        is_table = len(words.keys() & beside.keys()) > _MAX_USED
        for word, is_whole in list(words.items())[:_MAX_WORDS]:
            if word == code.node.name:
                continue
            detail = f"can start {word}"
            if word in beside and is_whole:
                path = beside[word]
                said = f"{detail} beside it"
                need = Need(path, Kind.EXEC, said, Confidence.MEDIUM, argv=(path,))
                yield self._scripts.weighed(code.node, need) if is_table else need
            elif word in self._names:
                for path in self._world.programs(word)[:1]:
                    yield Need(path, Kind.EXEC, detail, Confidence.LOW, argv=(word,))
        if code.is_started and not code.language:
            yield from self._filters(constants.data)

    def _filters(self, data: bytes) -> Iterator[Need]:
        """Linkers let a text share the end of a longer one: `gzip` that of `ungzip`."""
        for word in _FILTERS:
            if os.fsencode(word) + b"\0" in data:
                for path in self._world.programs(word)[:1]:
                    detail = f"can start {word}"
                    yield Need(path, Kind.EXEC, detail, Confidence.MEDIUM, argv=(word,))

    @functools.cached_property
    def _names(self) -> frozenset[str]:
        """Every program of PATH."""
        folders = (self._world.get(folder) for folder in self._world.search_path)
        return frozenset(
            name for node in folders if node is not None for name in node.children or ()
        )

    @functools.cached_property
    def _encoded_names(self) -> frozenset[bytes]:
        return frozenset(os.fsencode(name) for name in self._names)

    def _beside(self, code: Code) -> dict[str, str]:
        """Paths by name of the programs in the same folder that came with the file."""
        parent = code.node.parent
        if code.language or parent is None:
            return {}
        is_common = parent.path in _COMMON_FOLDERS
        owner = system_owner(self._world, code.node.path)
        found: dict[str, str] = {}
        for name, node in (parent.children or {}).items():
            if self._came_with(node, code) and (
                not is_common
                or (owner is not None and system_owner(self._world, node.path) is owner)
            ):
                found[name] = f"/{node.path}"
        return found

    def _came_with(self, node: Node, code: Code) -> bool:
        target = self._world.get(f"/{node.path}") if node.is_symlink else node
        if target is None or not is_program(target):
            return False
        # A copy of itself under another name: it looks at what it is called, and starts nothing.
        is_copy = target.size == code.node.size and target.facts.crc32 == code.node.facts.crc32
        return target.inode is not code.node.inode and not (is_copy and target.facts.crc32)
