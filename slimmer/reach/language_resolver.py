"""The base of resolvers of a language: nothing is followed until its interpreter is there."""

from collections.abc import Iterator

from slimmer.reach.edge import Need, Role
from slimmer.reach.graph import Graph
from slimmer.reach.languages import language_of_program
from slimmer.reach.resolver import Resolver, Visit
from slimmer.reach.world import World

_MAX_WAITING = 20_000


class LanguageResolver(Resolver):
    """Most scripts in an image belong to tools that nobody starts, and application files are code
    only where something reads them. `language` is the word of `languages`, `libraries` are how the
    names of the interpreter's shared libraries begin."""

    language: str = ""
    libraries: tuple[str, ...] = ()

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._is_there = False
        self._waiting: list[Visit] = []

    def visit(self, visit: Visit) -> Iterator[Need]:
        if not visit.is_code:
            return
        if visit.node.facts.elf is not None:
            is_run = visit.role is Role.RUN and self.language in (
                language_of_program(visit.node.name),
                language_of_program(visit.called),
            )
            if is_run or visit.node.name.startswith(self.libraries):
                is_first, self._is_there = not self._is_there, True
                yield from self.interpreter(visit, is_run=is_run, is_first=is_first)
        elif visit.language == self.language:
            if self._is_there:
                yield from self.source(visit)
            elif len(self._waiting) < _MAX_WAITING:
                self._waiting.append(visit)

    def settle(self, graph: Graph) -> Iterator[tuple[str, Need]]:
        if not self._is_there:
            return
        waiting, self._waiting = self._waiting, []
        for visit in waiting:
            for need in self.source(visit):
                yield visit.node.path, need

    def interpreter(self, visit: Visit, *, is_run: bool, is_first: bool) -> Iterator[Need]:
        """What the interpreter itself needs, and what its words name when it `is_run`."""
        return iter(())

    def source(self, visit: Visit) -> Iterator[Need]:
        """What a file in the language needs."""
        return iter(())
