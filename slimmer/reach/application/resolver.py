"""What programs in other languages than the shell's start and open, by the words in their source.

An application's words are followed. A library names whatever it can work with on any machine: its
programs are followed unless they are a maker's tools, its shells are not. Standard libraries are
all hints.
"""

import re
import shlex
from collections.abc import Iterator
from enum import Enum
from itertools import islice

from slimmer.filesystem.tree import Node
from slimmer.reach.application.commands import Command, find_commands, table
from slimmer.reach.commands import start
from slimmer.reach.config.places import Folders
from slimmer.reach.edge import Confidence, Kind, Need, Role
from slimmer.reach.graph import Graph
from slimmer.reach.languages import SHELL, language_of, language_of_program
from slimmer.reach.payload import is_payload
from slimmer.reach.resolver import Resolver, Visit
from slimmer.reach.world import World

_MAX_SOURCE = 1024 * 1024
_MAX_SETTINGS = 256 * 1024
_MAX_FILES = 20_000
_MAX_TOTAL = 64 * 1024 * 1024
_MAX_PATHS = 2_000
_MAX_LIBRARY_FOLDER = 4 * 1024 * 1024

_LIBRARY = re.compile(
    r"(.*/)?(node_modules|site-packages|dist-packages|gems|vendor|vendor_perl|vendor_ruby|site_perl"
    r"|site_ruby|bower_components|rocks-\d[\d.]*|perl5)/.*"
)
_STANDARD = re.compile(
    r"(.*/)?(lib(64|exec)?(/[^/]+-linux-[^/]+)?|share)/(python|pypy|ruby|perl|php|node|lua|tcl|R)[\w.-]*/.*|.*/corepack/.*"
)
# How a language's runtime was built: what it names lay on the machine of its makers.
_BUILD_RECORD = re.compile(
    r"(.*/)?lib(64|exec)?/.*(/Config(_heavy|_git)?\.p[lm]|/rbconfig\.rb|/_sysconfigdata\w*\.py)"
)
# Where no application lies, whoever put something there.
_SYSTEM = re.compile(
    r"usr/(?!src/|local/(src|app)/|share/nginx/).*|(s?bin|lib\w*|etc|boot|proc|sys|dev|run|var)/?.*"
)
_VAR_APPLICATIONS = re.compile(r"var/(www|opt|task|app|lib/(?!dpkg|apt|rpm)[^/]+)(/.*)?")
_SHARED = re.compile(r"(|home|root|opt|srv|mnt|media|tmp|var/www|.*/s?bin)")
_SETTINGS = (
    *(".json", ".yaml", ".yml", ".toml", ".ini", ".conf", ".cfg", ".env", ".properties", ".xml"),
)
_NOT_SETTINGS = frozenset(("package.json", "package-lock.json", "composer.lock", "composer.json"))
# Between quotes; the one before is looked at apart, as a search for a slash is the fastest.
_LITERAL_PATH = re.compile(r"/[\w.@%+,=~-][\w./@%+,=~-]{1,250}(?=[\"'`])")
_QUOTES = frozenset("\"'`")
_SETTING_PATH = re.compile(r"(?<![\w/.:*?<-])(/[\w.@%+=~-][\w./@%+=~-]{1,250})")
_PROGRAM_FOLDER = re.compile(r"(usr/(local/)?)?s?bin/[^/]+")


class Standing(Enum):
    """Whose source it is."""

    APPLICATION = "application"
    LIBRARY = "library"
    STANDARD = "standard library"


class ApplicationResolver(Resolver):
    """Programs and paths in the source and the settings of applications and of libraries."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._folders = Folders(world)
        self._weak = frozenset(table().weak_in_libraries)
        self._read: set[str] = set()
        self._applications: dict[str, Node] = {}
        self._scanned: set[str] = set()
        self._left = _MAX_TOTAL
        keys = "|".join(map(re.escape, table().command_keys))
        value = r"(\[[^\]\n]{1,400}\]|[^\n]{1,400})"
        self._command = re.compile(
            rf"(?mi)^[ \t{{,-]*[\"']?(?:{keys})[\"']?[ \t]*[:=][ \t]*{value}"
        )

    def visit(self, visit: Visit) -> Iterator[Need]:
        node = visit.node
        if not visit.is_code or not visit.language or visit.language == SHELL:
            return
        standing = _standing(node.path, is_started=visit.role is Role.RUN)
        if standing is Standing.APPLICATION and is_payload(self.world, node):
            folder = node.parent
            if folder is not None and not _SHARED.fullmatch(folder.path) and _is_home(folder.path):
                self._applications.setdefault(folder.path, folder)
        if node.path not in self._read or standing is Standing.APPLICATION:
            self._read.add(node.path)
            yield from self._source(node, visit.language, standing)

    def settle(self, graph: Graph) -> Iterator[tuple[str, Need]]:
        """The other source and the settings of applications: templates, plug-ins, workers."""
        home = self.world.get(self.world.working_dir)
        if home is not None and home.is_directory and home.path and _is_home(home.path):
            self._applications.setdefault(home.path, home)
        for path in [path for path in self._applications if path not in self._scanned]:
            self._scanned.add(path)
            for node in self._own_files(self._applications[path]):
                if node.path in graph:
                    for need in self._own_needs(node):
                        yield node.path, need

    def _own_files(self, top: Node) -> Iterator[Node]:
        stack = [top]
        count = 0
        while stack and count < _MAX_FILES:
            for child in (stack.pop().children or {}).values():
                count += 1
                if child.is_directory and not child.name.startswith("."):
                    if child.path not in self._scanned and not _LIBRARY.match(f"{child.path}/"):
                        stack.append(child)
                elif child.is_file and child.size and is_payload(self.world, child):
                    yield child

    def _own_needs(self, node: Node) -> Iterator[Need]:
        if node.path in self._read:
            return
        is_settings = node.name.endswith(_SETTINGS) and node.name not in _NOT_SETTINGS
        language = "" if is_settings else language_of(node)
        limit = _MAX_SETTINGS if is_settings else _MAX_SOURCE
        wanted = is_settings or (language and language != SHELL)
        if not wanted or node.size > limit or self._left < node.size:
            return
        self._left -= node.size
        self._read.add(node.path)
        if is_settings:
            yield from self._settings(node)
        else:
            yield from self._source(node, language, Standing.APPLICATION)

    def _source(self, node: Node, language: str, standing: Standing) -> Iterator[Need]:
        text = self.world.text(node, _MAX_SOURCE).decode("utf-8", "surrogateescape")
        for command in dict.fromkeys(find_commands(language, text)):
            yield from self._started(command, standing)
        if standing is not Standing.STANDARD:
            for path in _literal_paths(text):
                yield from self._named(path, standing)

    def _settings(self, node: Node) -> Iterator[Need]:
        text = self.world.text(node, _MAX_SETTINGS).decode("utf-8", "surrogateescape")
        for path in list(dict.fromkeys(_SETTING_PATH.findall(text)))[:_MAX_PATHS]:
            place = self.world.get(path)
            if place is not None and not _is_program(place):
                yield from self._named(path, Standing.APPLICATION)
        for value in self._command.findall(text):
            words = _words(value)
            if words:
                detail = f"command {words[0]} in /{node.path}"
                yield from start(self.world, words, detail, Confidence.MEDIUM)

    def _started(self, command: Command, standing: Standing) -> Iterator[Need]:
        name = command.words[0].rpartition("/")[2]
        level = Confidence.MEDIUM
        is_weak = name in self._weak or bool(language_of_program(name))
        if standing is Standing.STANDARD or (standing is Standing.LIBRARY and is_weak):
            level = Confidence.LOW
        detail = f"runs {' '.join(command.words)}"[:120]
        yield from start(self.world, command.words, detail, level)
        if command.line:
            is_own = standing is Standing.APPLICATION
            shell = Confidence.MEDIUM if is_own else Confidence.LOW
            yield from start(self.world, ("/bin/sh", "-c", command.line), detail, shell)

    def _named(self, path: str, standing: Standing) -> Iterator[Need]:
        """A path in quotes, where it is there."""
        node = self.world.get(path)
        if node is None or not node.path or node.path.startswith(("proc/", "sys/", "dev/")):
            return
        is_own = standing is Standing.APPLICATION
        detail = f'names "{path}"'
        if node.is_directory:
            most = {} if is_own else {"most": _MAX_LIBRARY_FOLDER}
            if self._folders.is_specific(node, **most):
                yield Need(path, Kind.DATA, detail, Confidence.MEDIUM, tree=True)
        elif _is_program(node):
            level = Confidence.MEDIUM if is_own else Confidence.LOW
            yield from start(self.world, (path,), detail, level)
        else:
            is_weak = not is_own and _PROGRAM_FOLDER.fullmatch(node.path) is not None
            level = Confidence.LOW if is_weak else Confidence.MEDIUM
            yield Need(path, Kind.DATA, detail, level)


def _literal_paths(text: str) -> list[str]:
    """Absolute paths that stand in quotes, each once."""
    found = (m for m in _LITERAL_PATH.finditer(text) if text[m.start() - 1] in _QUOTES)
    return list(dict.fromkeys(m[0] for m in islice(found, _MAX_PATHS)))


def _standing(path: str, *, is_started: bool) -> Standing:
    if _BUILD_RECORD.fullmatch(path):
        return Standing.STANDARD
    if _LIBRARY.fullmatch(path):
        return Standing.LIBRARY
    if _STANDARD.fullmatch(path) and not is_started:
        return Standing.STANDARD
    return Standing.APPLICATION


def _is_home(path: str) -> bool:
    """Whether a folder may be an application's."""
    return _VAR_APPLICATIONS.fullmatch(path) is not None or not _SYSTEM.fullmatch(f"{path}/")


def _is_program(node: Node) -> bool:
    elf = node.facts.elf
    if not node.is_executable:
        return False
    return node.facts.shebang is not None or (elf is not None and elf.is_executable_program)


def _words(value: str) -> tuple[str, ...]:
    """The words of a command in settings: `a b`, `"a b"`, `["a", "b"]`."""
    value = value.strip().rstrip(",").strip()
    if value.startswith("["):
        return tuple(re.findall(r"[\"']([^\"']*)[\"']", value))
    if len(value) > 1 and value[0] in "\"'" and value[0] == value[-1]:
        value = value[1:-1]
    try:
        return tuple(shlex.split(value))
    except ValueError:
        return tuple(value.split())
