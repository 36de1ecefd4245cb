"""What an ELF file needs by the names in its constants."""

import re
from collections.abc import Iterator
from itertools import islice

from slimmer.filesystem.tree import Node
from slimmer.reach.config.families import library_family
from slimmer.reach.edge import Confidence, Kind, Need
from slimmer.reach.elf.code import Code
from slimmer.reach.elf.places import Places, is_library, is_program
from slimmer.reach.elf.scripts import Scripts
from slimmer.reach.elf.strings import (
    NamedPath,
    packed_paths_in,
    paths_in,
    relative_in,
)
from slimmer.reach.languages import SHELL, language_of, language_of_program
from slimmer.reach.world import World

# Of one file: more is a table of places to try, or an attack.
_MAX_NEEDS = 10_000
_NOT_WORD = re.compile(r"[^\w.-]")


class Names:
    """Needs by absolute and relative paths."""

    def __init__(self, world: World, places: Places, scripts: Scripts) -> None:
        self._world = world
        self._places = places
        self._scripts = scripts

    def paths(self, code: Code) -> Iterator[Need]:
        """Files, programs and folders that the file names by an absolute path."""
        needs = (need for name in paths_in(code.constants.data) for need in self._named(code, name))
        yield from islice(needs, _MAX_NEEDS)
        if code.is_packed:
            yield from self._packed(code)

    def _named(self, code: Code, name: NamedPath) -> Iterator[Need]:
        path = name.path
        if "%" in path or "$" in path:
            # A template: what stands before the first thing that is filled in.
            path = re.split(r"[%$]", path, maxsplit=1)[0].rpartition("/")[0]
        path = path.rstrip(",.")
        node = self._world.get(path) if path else None
        if node is None or node.inode is code.node.inode:
            return
        if node.is_directory and name.before != "=":
            yield from self._folder(code, path, node)
        elif node.is_file:
            yield from self._file(code, path, node, starts=not name.before)

    def _folder(self, code: Code, path: str, node: Node) -> Iterator[Need]:
        if code.is_libc or not self._places.is_specific(node):
            return
        # A runtime names where modules lie; which of them are used its programs say, or, of some
        # libraries, the configuration.
        is_client = not code.is_started and self._places.is_of_init(node.path)
        family = library_family(code.node.name)
        is_told = family is not None and family.is_closed
        is_weak = code.language or is_client or is_told
        confidence = Confidence.LOW if is_weak else Confidence.MEDIUM
        yield from self._places.folder(path, node, confidence)
        if code.constants.imports_exec:
            yield from self._programs(code, path, node, confidence)

    def _programs(
        self, code: Code, path: str, folder: Node, confidence: Confidence
    ) -> Iterator[Need]:
        """The programs that lie in a folder which is named by who starts programs.

        One in a language that is a large thing of its own, as Perl, is needed when it is named. In
        /etc, a folder with other files is one of settings: scripts in it are an init system's.
        """
        detail = f"names the folder {path} of programs"
        self._scripts.add_folder(code.node, path)
        nodes = list((folder.children or {}).values())
        if folder.path.startswith("etc/") and any(n.is_file and not is_program(n) for n in nodes):
            confidence = Confidence.LOW
        for node in nodes:
            place = f"/{node.path}"
            target = self._world.get(place) if node.is_symlink else node
            if target is None or not is_program(target) or target.inode is code.node.inode:
                continue
            level = confidence
            if language_of(target) not in ("", SHELL) and not code.names(node.name):
                level = Confidence.LOW
            need = Need(place, Kind.EXEC, detail, level, argv=(place,))
            yield self._scripts.weighed(code.node, need)

    def _file(self, code: Code, path: str, node: Node, *, starts: bool = True) -> Iterator[Need]:
        confidence = Confidence.MEDIUM
        if self._places.is_volatile(node.path):
            return
        if self._places.is_optional(node.path):
            confidence = Confidence.LOW
        if is_program(node):
            yield self._program(code, path, starts)
        elif is_library(node):
            yield Need(path, Kind.LOAD, f"names {path}", confidence)
        else:
            is_elsewhere = code.is_libc and not node.path.startswith("etc/")
            yield Need(
                path, Kind.DATA, f"names {path}", Confidence.LOW if is_elsewhere else confidence
            )

    def _program(self, code: Code, path: str, starts: bool) -> Need:
        can_start = code.constants.imports_exec or code.elf.is_static
        if not starts or not can_start or code.is_libc:
            return Need(path, Kind.DATA, f"names {path}", Confidence.LOW)
        # Most libraries that name a shell have a function for whoever wants one.
        is_weak = language_of_program(path) == SHELL and (code.language or not code.is_started)
        confidence = Confidence.LOW if is_weak else Confidence.MEDIUM
        return Need(path, Kind.EXEC, f"can start {path}", confidence, argv=(path,))

    def _packed(self, code: Code) -> Iterator[Need]:
        seen: set[str] = set()
        for text in packed_paths_in(
            code.constants.data, self._world.filesystem.root.children or ()
        ):
            path, is_sure = self._longest(text)
            node = self._world.get(path) if path and path not in seen else None
            if node is None or node.inode is code.node.inode or len(seen) >= _MAX_NEEDS:
                continue
            seen.add(path)
            if node.is_file and is_sure:
                yield from self._file(code, path, node)
            elif node.is_file:
                yield Need(path, Kind.DATA, f"may name {path}", Confidence.LOW)
            elif node.is_directory and is_sure:
                yield from self._folder(code, path, node)

    def _longest(self, text: str) -> tuple[str, bool]:
        """The longest path that is there and begins a text; whether it ends where a name does."""
        path = ""
        rest = text
        while rest.startswith("/"):
            part, _, _ = rest[1:].partition("/")
            node = self._world.get(path or "/")
            if node is None or node.children is None or not part:
                break
            if part in node.children:
                path, rest = f"{path}/{part}", rest[1 + len(part) :]
                continue
            name = _longest_start(part, node.children)
            if not name:
                break
            return f"{path}/{name}", _NOT_WORD.match(part[len(name)]) is not None
        return path, True

    def relative(self, code: Code) -> Iterator[Need]:
        """What a program has below the prefix it is installed in: `PREFIX/share/NAME`."""
        prefix, _, last = code.folder.rpartition("/")
        if last not in ("bin", "sbin"):
            return
        own = [f"{folder}/{code.node.name}" for folder in ("share", "lib", "libexec")]
        named = relative_in(code.constants.data)
        for text in dict.fromkeys((*own, *named)):
            while text.startswith("../"):
                text = text[3:]
            path = f"{prefix}/{text}".rstrip("/")
            node = self._world.get(path)
            if node is not None and node.is_directory:
                yield from self._folder(code, path, node)
            elif node is not None and node.is_file and not is_program(node):
                yield from self._file(code, path, node)


def _longest_start(part: str, names: dict[str, Node]) -> str:
    """The longest of the names that `part` begins with."""
    return next((part[:n] for n in range(len(part) - 1, 1, -1) if part[:n] in names), "")
