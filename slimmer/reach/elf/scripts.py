"""Shell scripts among the private programs of an ELF file that would bring in another language."""

from collections.abc import Iterator
from dataclasses import replace

from slimmer.filesystem.tree import Node
from slimmer.reach.edge import Confidence, Kind, Need, Role
from slimmer.reach.graph import Graph
from slimmer.reach.languages import SHELL, language_of, language_of_program
from slimmer.reach.resolver import Visit
from slimmer.reach.shell.resolver import ShellResolver
from slimmer.reach.world import World

_HINTS = (b"perl", b"python", b"ruby", b"node", b"php", b"java", b"lua", b"tclsh", b"Rscript")
_MAX_WAITING = 1_000
# How many words after a program's name are looked at for what it is asked to do: `git -C x log`.
_MAX_WORDS = 8


class Scripts:
    """A program that names only the folder of its helpers, or a table of all of them, does not say
    that each is used. A script among them that needs Perl or Python is needed where somebody asks
    for it (`git filter-branch`), or where the language is there for other reasons."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._interpreters: dict[str, frozenset[str]] = {}
        self._waiting: list[tuple[str, Need, frozenset[str]]] = []
        self._folders: dict[str, list[str]] = {}

    def weighed(self, source: Node, need: Need) -> Need:
        """A need of a program, of little weight where it is such a script."""
        node = self._world.get(need.path)
        if node is None or need.confidence < Confidence.MEDIUM or language_of(node) != SHELL:
            return need
        interpreters = self._interpreters_of(node)
        if not interpreters:
            return need
        if len(self._waiting) < _MAX_WAITING:
            self._waiting.append((source.path, need, interpreters))
        return replace(need, confidence=Confidence.LOW)

    def add_folder(self, source: Node, path: str) -> None:
        """Note a folder of programs that `source` names."""
        self._folders.setdefault(source.path, []).append(path)

    def asked_for(self, visit: Visit) -> Iterator[Need]:
        """The helper that a command asks for: `git filter-branch` starts `git-filter-branch`."""
        folders = self._folders.get(visit.node.path, ())
        for number, word in enumerate(visit.argv[1 : _MAX_WORDS + 1] if folders else (), 1):
            if not word or "/" in word or "\0" in word:
                continue
            for folder in dict.fromkeys(folders):
                path = f"{folder}/{visit.node.name}-{word}"
                node = self._world.get(path)
                if node is not None and node.is_file and node.is_executable:
                    argv = (path, *visit.argv[number + 1 :])
                    detail = f"is asked for {word}"
                    yield Need(path, Kind.EXEC, detail, Confidence.MEDIUM, argv=argv)

    def settle(self, graph: Graph) -> Iterator[tuple[str, Need]]:
        """The scripts whose languages are all there."""
        waiting, self._waiting = self._waiting, []
        for source, need, interpreters in waiting:
            if any(graph.started(path) is None for path in interpreters):
                self._waiting.append((source, need, interpreters))
            else:
                yield source, need

    def _interpreters_of(self, script: Node) -> frozenset[str]:
        """The interpreters of other languages that a script starts."""
        known = self._interpreters.get(script.path)
        if known is None:
            known = self._interpreters[script.path] = frozenset(self._started_by(script))
        return known

    def _started_by(self, script: Node) -> Iterator[str]:
        text = self._world.text(script)
        if not any(hint in text for hint in _HINTS):
            return
        place = f"/{script.path}"
        visit = Visit(script, place, Role.RUN, Confidence.MEDIUM, (place,), SHELL)
        for need in ShellResolver(self._world).visit(visit):
            if need.kind is not Kind.EXEC or need.confidence < Confidence.MEDIUM:
                continue
            if language_of_program(need.path) in ("", SHELL):
                continue
            node = self._world.get(need.path)
            if node is not None:
                yield node.path
