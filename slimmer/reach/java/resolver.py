"""Java: the runtime that is started, what its command names, what its application starts."""

import functools
import re
from collections.abc import Iterator

from slimmer.filesystem.tree import Node
from slimmer.formats.read import reader_of
from slimmer.reach.commands import start
from slimmer.reach.edge import UNKNOWN, Confidence, Kind, Need, Role
from slimmer.reach.graph import Graph
from slimmer.reach.java.archive import MAX_CLASS, MAX_CLASSES, ClassSurvey
from slimmer.reach.java.class_file import ClassStrings
from slimmer.reach.java.command import (
    beside,
    class_path,
    command_needs,
    environment_needs,
    split_words,
)
from slimmer.reach.java.home import desktop_needs, find_home, home_needs, tool_needs
from slimmer.reach.resolver import Resolver, Visit
from slimmer.reach.system.table import needs
from slimmer.reach.world import World

MAX_ARCHIVE = 256 << 20
_MAX_ELEMENTS = 2000
_ARCHIVES = (".jar", ".war", ".ear")
_LIBRARIES = ("libjvm.so", "libjli.so", "libj9vm29.so")
_LAUNCHERS = ("java", "jre", "javaw", "jsvc")
_WORD = re.compile(r"[a-z][a-z0-9_.+-]{1,30}")
_PATH = re.compile(r"/[\w.+@/-]{2,200}")
_MAX_STRINGS = 400
_MAX_LINES = 8
_MAX_SCRIPT = 256 * 1024
_FONTS = ("/etc/fonts/**", "/usr/share/fonts/**", "/usr/share/fontconfig/**")
_FONT_LIBRARIES = ("libfontconfig.so.1", "libfreetype.so.6")


class JavaResolver(Resolver):
    """A runtime is whole or not there at all; an application is its class path.

    What the classes themselves start (ProcessBuilder, Runtime.exec) and whether they draw is told
    by their constants, once a runtime is reached.
    """

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._homes: dict[str, Node] = {}
        self._waiting: dict[str, Node] = {}
        self._seen: set[str] = set()
        self._survey = ClassSurvey()
        self._drawing = ""

    def visit(self, visit: Visit) -> Iterator[Need]:
        node = visit.node
        if visit.role >= Role.KEEP and _is_classes(node):
            self._note(node)
        if not visit.is_code:
            return
        if node.facts.elf is not None:
            yield from self._program(visit)
        elif node.facts.jar is not None:
            yield from self._archive(visit)
        elif visit.language and self._launcher:
            yield from self._script(visit)

    def _note(self, node: Node) -> None:
        if node.path in self._seen:
            return
        if len(self._seen) >= MAX_CLASSES:
            self._survey.is_whole = False
            return
        self._seen.add(node.path)
        self._waiting[node.path] = node

    def _program(self, visit: Visit) -> Iterator[Need]:
        name = visit.node.name
        is_started = visit.role is Role.RUN and visit.node.path.rpartition("/")[0].endswith("bin")
        if not is_started and name not in _LIBRARIES:
            return
        home = find_home(self.world, visit.node)
        if home is not None:
            self._homes.setdefault(home.path, home)
            yield from home_needs(self.world, home)
            if is_started:
                yield from tool_needs(self.world, home, name)
        if home is not None or name in _LAUNCHERS:
            yield from environment_needs(self.world)
        if visit.argv and (name in _LAUNCHERS):
            yield from command_needs(self.world, visit.argv[1:])

    def _is_in_home(self, node: Node) -> bool:
        return any(node.path.startswith(f"{home}/") for home in self._homes)

    def _archive(self, visit: Visit) -> Iterator[Need]:
        yield from self._manifest(visit)
        if not self._is_in_home(visit.node):
            for jar in dict.fromkeys((visit.called, f"/{visit.node.path}")):
                yield from beside(self.world, jar)

    def _manifest(self, visit: Visit) -> Iterator[Need]:
        """Class-Path: relative to the archive, by the name it was asked for."""
        jar = visit.node.facts.jar
        value = jar.attribute("Class-Path") if jar is not None else ""
        folders = dict.fromkeys(
            path.rpartition("/")[0] for path in (visit.called, f"/{visit.node.path}")
        )
        for element in value.split()[:_MAX_ELEMENTS]:
            path = element.removeprefix("file:").replace("%20", " ")
            for folder in folders:
                place = self.world.absolute(path, folder)
                if self.world.get(place) is not None:
                    yield from class_path(self.world, place, f"Class-Path: {element}")
                    break

    @functools.cached_property
    def _launcher(self) -> str:
        """Where a script that uses JAVA_HOME finds `java`; empty where there is none."""
        said = self.world.environment.get("JAVA_HOME", "")
        places = [f"{said}/bin/java", f"{said}/jre/bin/java"] if said.startswith("/") else []
        places += [*self.world.programs("java"), *_installed(self.world)]
        return next((place for place in places if self.world.get(place) is not None), "")

    def _script(self, visit: Visit) -> Iterator[Need]:
        """Scripts that start $JAVA_HOME/bin/java, or look for it in the usual places."""
        if b"JAVA_HOME" in self.world.text(visit.node, _MAX_SCRIPT):
            argv = (self._launcher, UNKNOWN)
            yield from start(self.world, argv, "uses JAVA_HOME", Confidence.MEDIUM)

    def settle(self, graph: Graph) -> Iterator[tuple[str, Need]]:
        if not self._homes:
            return
        waiting, self._waiting = self._waiting, {}
        for path, node in waiting.items():
            if not self._is_in_home(node):
                before = len(self._survey.starters)
                self._look_into(node)
                for name, found in self._survey.starters[before:]:
                    yield from ((path, need) for need in self._started(name, found))
        if self._drawing:
            yield from ((self._drawing, need) for need in self._drawn())

    def _look_into(self, node: Node) -> None:
        survey = self._survey
        if not survey.is_full():
            if node.name.endswith(".class"):
                survey.add_class(node.name, self.world.read(node, MAX_CLASS))
            elif node.size <= MAX_ARCHIVE:
                data = self.world.read(node, MAX_ARCHIVE)
                survey.add_archive(reader_of(data), len(data))
            else:
                survey.is_whole = False
        if not self._drawing and (survey.draws or not survey.is_whole):
            self._drawing = node.path

    def _drawn(self) -> Iterator[Need]:
        """Text needs fonts, and whoever was not looked at to the end may draw some."""
        why = self._survey.draws or "more classes than were looked at"
        for pattern in _FONTS:
            yield from needs(self.world, pattern, Kind.DATA, f"fonts for {why}")
        for home in list(self._homes.values()):
            yield from desktop_needs(self.world, home, why)
        for folder in ("/usr/lib", "/usr/lib/*-linux-*", "/usr/lib64"):
            for name in _FONT_LIBRARIES:
                yield from needs(self.world, f"{folder}/{name}", Kind.LOAD, f"draws text: {why}")

    def _started(self, name: str, found: ClassStrings) -> Iterator[Need]:
        """Literals of a class that starts programs which are programs, or whole commands."""
        shell = next((s for s in found.strings if s.rpartition("/")[2] in ("sh", "bash")), "")
        lines = 0
        for text in found.strings[:_MAX_STRINGS]:
            detail = f'{name} has "{text[:60]}"'
            if _PATH.fullmatch(text):
                yield from self._named(text, detail)
            elif _WORD.fullmatch(text):
                yield from start(self.world, (text, UNKNOWN), detail, Confidence.MEDIUM)
            elif " " in text and len(text) < 4096 and lines < _MAX_LINES:
                words = split_words(text)
                if not words or not self._is_command(words):
                    continue
                lines += 1
                argv = (shell, "-c", text) if shell and "-c" in found.strings else tuple(words)
                yield from start(self.world, argv, detail, Confidence.MEDIUM)

    def _is_command(self, words: list[str]) -> bool:
        """Whether words look like a command and not like a sentence."""
        first, second = words[0], words[1] if len(words) > 1 else ""
        if not first.startswith("/") and (_WORD.fullmatch(first) is None or not second):
            return False
        has_form = first.startswith("/") or second.startswith(("-", "/", "$"))
        return has_form and bool(self.world.programs(first))

    def _named(self, path: str, detail: str) -> Iterator[Need]:
        node = self.world.get(path)
        if node is not None and node.is_executable:
            yield Need(path, Kind.EXEC, detail, Confidence.MEDIUM, argv=(path, UNKNOWN))
        elif node is not None and node.is_file:
            yield Need(path, Kind.DATA, detail, Confidence.MEDIUM)


def _is_classes(node: Node) -> bool:
    return node.is_file and node.name.endswith((*_ARCHIVES, ".class"))


def _installed(world: World) -> list[str]:
    """The runtimes of the usual folders, that of `default-java` first."""
    folder = world.get("/usr/lib/jvm")
    names = sorted((folder.children if folder else None) or (), key=lambda n: n != "default-java")
    places = (f"/usr/lib/jvm/{name}/bin/java" for name in names)
    return [place for place in places if world.get(place) is not None]
