"""What a script is found to need: the base of running it."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field

from slimmer.formats.shell_syntax import (
    Assignment,
    Block,
    Command,
    For,
    Literal,
    Redirected,
    Redirection,
    Substitution,
    Variable,
    Word,
)
from slimmer.reach.edge import Confidence, Kind, Need
from slimmer.reach.shell.expand import Alternatives, Expander
from slimmer.reach.shell.files import is_general, named_files, normal
from slimmer.reach.shell.start import start_program
from slimmer.reach.shell.state import MAX_FILES, MAX_VALUES, Fields, State, as_glob, is_known
from slimmer.reach.world import World

_SHOWN = 80
# Of an element of an array: `[key]=value`.
_KEY = re.compile(r"\A\[[^\[\]]*\]=")


@dataclass
class Notes(ABC):
    """`needs` are in the order they are found. `guarded` are programs that the script asks for
    before it starts them. `label` goes before what is said of each."""

    world: World
    label: str = ""
    has_lines: bool = True
    needs: dict[Need, None] = field(default_factory=dict)
    guarded: set[str] = field(default_factory=set)
    within: str = ""

    def __post_init__(self) -> None:
        self.expander = Expander(self.world, self.substituted)

    @abstractmethod
    def block(self, block: Block, state: State) -> Alternatives | None:
        """Run statements one after the other; what the last of them writes, where it is known."""

    def substituted(self, block: Block, state: State) -> Alternatives | None:
        return self.block(block, state.fork())

    def detail(self, statement: Command | For | Redirected) -> str:
        if self.within:
            return self.within
        line = f"line {statement.line}: " if self.has_lines else ""
        return f"{self.label}{line}{statement.text}"[: _SHOWN + len(self.label)]

    def start(self, fields: Fields, state: State, detail: str) -> None:
        """Note a program that is started."""
        sure = Confidence.MEDIUM if fields[0] in self.guarded else Confidence.HIGH
        self.add(start_program(self.world, fields, state, detail, sure))

    def add(self, needs: Iterable[Need]) -> None:
        for need in needs:
            self.needs.setdefault(need)

    def assign(self, assignment: Assignment, state: State) -> None:
        name = assignment.name
        if assignment.array is not None:
            fields = [
                tuple(_KEY.sub("", text) for text in alternative)
                for alternative in self.expander.command(assignment.array, state)
            ]
            old_fields = state.arrays.get(name, ((),)) if assignment.append else ((),)
            both = (a + b for a in old_fields for b in fields if len(a) < MAX_FILES)
            state.arrays[name] = tuple(dict.fromkeys(both))[:MAX_VALUES]
            return
        values = self.expander.texts(assignment.value, state)
        if assignment.append:
            old = state.values(name) or ("",)
            values = tuple(a + b for a in old[:MAX_VALUES] for b in values[:MAX_VALUES])
        state.assign(name, values)

    def redirect(
        self, redirections: Iterable[Redirection], state: State, detail: str, command: str
    ) -> str:
        """Note the files; what is read is the input. The text of a document, if there is one."""
        document = ""
        for redirection in redirections:
            output: Alternatives | None = None
            for part in redirection.target:
                if isinstance(part, Substitution) and part.is_file:
                    output = self.substituted(part.body, state)
            texts = self.expander.texts(redirection.target, state) if output is None else ()
            if output is not None:
                state.stdin = lines_of(output)
            elif redirection.operator in ("<<", "<<<"):
                document = texts[0] if texts else ""
                state.stdin = tuple(line for t in texts for line in t.splitlines())[:MAX_FILES]
            elif not redirection.operator.endswith("&"):
                for text in texts:
                    self._file(command, text, state, detail)
        return document

    def arguments(self, command: Command, state: State, detail: str, name: str) -> None:
        for word in command.words[1:]:
            self.read_folder(word, state, detail)
            for fields in self.expander.fields(word, state):
                for text in fields:
                    self._file(name, text, state, detail)

    def _file(self, command: str, text: str, state: State, detail: str) -> None:
        if is_known(text):
            for folder in state.folders:
                self.add(named_files(self.world, command, text, folder, detail))

    def read_folder(self, word: Word, state: State, detail: str) -> None:
        """A pattern reads its folder, which is to be there even when nothing is in it."""
        if all(isinstance(part, Literal | Variable) for part in word):
            return
        for text in self.expander.texts(word, state):
            before = text.rpartition("/")[0] if "/" in text else ""
            if before and is_known(before) and as_glob(before) == before:
                path = normal(self.world.absolute(before, state.folders[0]))
                if self.world.get(path) is not None and not is_general(path):
                    self.add([Need(path, Kind.DATA, detail)])


def lines_of(output: Alternatives | None) -> tuple[str, ...] | None:
    if output is None:
        return None
    return tuple(dict.fromkeys(line for fields in output for line in fields))[:MAX_FILES]
