"""The commands of a script: functions, builtins, programs, and what is sourced."""

import re
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from slimmer.formats.shell_builtins import BUILTINS, DECLARING
from slimmer.formats.shell_syntax import Command, Function, literal_text
from slimmer.formats.shell_words import UNKNOWN_SIGN
from slimmer.reach.edge import UNKNOWN, Kind, Need, Role
from slimmer.reach.languages import SHELL, language_of_program
from slimmer.reach.shell.builtins import builtin, output_of
from slimmer.reach.shell.expand import Alternatives
from slimmer.reach.shell.notes import Notes
from slimmer.reach.shell.state import MAX_FILES, MAX_VALUES, Fields, State, is_known

MAX_DEPTH = 48
_WORD = re.compile(r"[\w-]+", re.ASCII)
_LOOKS_UP = frozenset(("which", "type", "hash", "command"))


@dataclass
class Commands(Notes):
    """`sourced` are the files that were, `called` the functions."""

    sourced: set[str] = field(default_factory=set)
    called: set[str] = field(default_factory=set)
    _words: Counter[str] = field(default_factory=Counter)
    _steps: int = 0
    _unknown_names: set[str] = field(default_factory=set)
    _depth: int = 0
    _sourcing: list[str] = field(default_factory=list)

    def count_words(self, text: bytes) -> None:
        self._words.update(_WORD.findall(text.decode("ascii", "replace")))

    @abstractmethod
    def run_text(self, text: bytes, state: State) -> Alternatives | None:
        """Run a script; what it writes, where that is known."""

    def command(self, command: Command, state: State) -> Alternatives | None:
        detail = self.detail(command)
        commands = self.expander.command(command.words, state)
        self._steps += len(commands)
        declares = literal_text(command.words[0]) in DECLARING if command.words else True
        place = state if declares else state.fork()
        for assignment in command.assignments:
            self.assign(assignment, place)
            if command.words and literal_text(command.words[0]) == "export":
                state.exported.add(assignment.name)
        if not command.words:
            self.redirect(command.redirections, state, detail, "")
            return None
        names = {fields[0] for fields in commands if fields}
        first = next(iter(names), "")
        inner = place.fork()
        document = self.redirect(command.redirections, inner, detail, first)
        if names - BUILTINS - state.functions.keys() or names & {"[", "test", "exec", "command"}:
            self.arguments(command, place, detail, first)
        # What the command changes is the script's, whatever variables are only for itself.
        runs_in = state if not command.assignments or declares else place
        runs_in.stdin, before = inner.stdin, runs_in.stdin
        output = self._run(commands, runs_in, detail, document)
        runs_in.stdin = before
        if runs_in is not state:
            state.positional, state.folders = runs_in.positional, runs_in.folders
        return output

    def _run(
        self, commands: Alternatives, state: State, detail: str, document: str
    ) -> Alternatives | None:
        output: Alternatives | None = None
        by_name: dict[str, list[Fields]] = {}
        for fields in commands:
            if fields:
                by_name.setdefault(fields[0], []).append(fields)
        for name, calls in by_name.items():
            if not is_known(name) and len(self._unknown_names) < MAX_FILES:
                self._unknown_names.add(name)
            if name in state.functions:
                output = self._call(name, [call[1:] for call in calls], state)
            elif name in BUILTINS:
                output = builtin(self, name, calls, state, detail)
            else:
                for call in calls:
                    self.start(call, state, detail)
                    if document and language_of_program(name) == SHELL:
                        self.run_inner(document, state.fork(), detail)
                output = output_of(self.world, calls, state)
        return output

    def _call(self, name: str, args: list[Fields], state: State) -> Alternatives | None:
        function, label = state.functions[name]
        return self.call(function, label, tuple(args), state)

    def call(
        self, function: Function, label: str, args: Alternatives, state: State
    ) -> Alternatives | None:
        """Run the body of a function with these arguments."""
        self.called.add(function.name)
        before, self.label, own = state.positional, label, self.label
        state.positional = args[:MAX_VALUES]
        output = self.block(function.body, state)
        state.positional, self.label = before, own
        return output

    def run_words(
        self, fields: Fields, state: State, detail: str, *, program: bool
    ) -> Alternatives | None:
        """Run what `command`, `exec` and others are given; `exec` starts programs only."""
        if not program and fields[0] in BUILTINS:
            return builtin(self, fields[0], [fields], state, detail)
        if fields[0] == "":
            return None
        self.start(fields, state, detail)
        return output_of(self.world, [fields], state)

    def may_call(self, name: str) -> bool:
        """Whether a function's name is said anywhere but where it is defined, or made up."""
        for known in self._unknown_names:
            before, after = known[: known.find(UNKNOWN)], known[known.rfind(UNKNOWN) + 1 :]
            if name.startswith(before) and name.endswith(after):
                return True
        return not _WORD.fullmatch(name) or self._words[name] > 1

    def run_inner(self, text: str, state: State, detail: str) -> Alternatives | None:
        """Run text that a command was given: `eval`, `trap`, a document for a shell."""
        self._depth += 1
        output = None
        if self._depth <= MAX_DEPTH:
            text = text.replace(UNKNOWN, UNKNOWN_SIGN)
            within, self.within = self.within, self.within or detail
            output = self.run_text(text.encode("utf-8", "surrogateescape"), state)
            self.within = within
        self._depth -= 1
        return output

    def source(self, path: str, args: Fields, state: State, detail: str) -> None:
        """`. path`: what it sets and defines is the script's own from here on."""
        self.add([Need(path, Kind.LOAD, detail, role=Role.CODE, language=SHELL)])
        node = self.world.get(path)
        if node is None or not node.is_file or node.path in self._sourcing:
            return
        self._sourcing.append(node.path)
        self.sourced.add(node.path)
        own, self.label = self.label, f"{node.name} "
        before = state.positional
        if args:
            state.positional = (args,)
        self._depth += 1
        if self._depth <= MAX_DEPTH:
            self.run_text(self.world.text(node), state)
        self._depth -= 1
        state.positional = before if args else state.positional
        self.label = own
        self._sourcing.pop()


def looked_up(command: Command) -> Iterable[str]:
    """The names that a command only asks for: `command -v name`."""
    words = [literal_text(word) for word in command.words]
    if words and words[0] in _LOOKS_UP and (words[0] != "command" or "-v" in words):
        return [word for word in words[1:] if word and not word.startswith("-")]
    return ()
