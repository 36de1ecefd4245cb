"""A script, run on paper: every branch, all that variables may hold, and what it would start."""

from collections.abc import Iterable
from dataclasses import dataclass

from slimmer.formats.shell import parse_script
from slimmer.formats.shell_syntax import (
    Block,
    Case,
    Choice,
    Command,
    For,
    Function,
    Literal,
    Loop,
    Pipeline,
    Redirected,
    Statement,
    Subshell,
    Variable,
    Word,
    statements,
)
from slimmer.reach.edge import UNKNOWN
from slimmer.reach.shell.commands import MAX_DEPTH, Commands, looked_up
from slimmer.reach.shell.expand import Alternatives
from slimmer.reach.shell.notes import lines_of
from slimmer.reach.shell.state import MAX_FILES, State, as_glob, compiled, is_known

_MAX_STEPS = 20_000
_MAX_NEEDS = 20_000


@dataclass
class Runner(Commands):
    """Runs the statements of one script."""

    def run_text(self, text: bytes, state: State) -> Alternatives | None:
        """Run a script; what it writes, where that is known."""
        block = parse_script(text)
        self.count_words(text)
        for statement in statements(block):
            match statement:
                case Function(name):
                    state.functions.setdefault(name, (statement, self.label))
                case Command():
                    self.guarded.update(looked_up(statement))
        return self.block(block, state)

    def block(self, block: Block, state: State) -> Alternatives | None:
        """Run statements one after the other; what the last of them writes, where it is known."""
        self._depth += 1
        output: Alternatives | None = None
        if self._depth <= MAX_DEPTH:
            for statement in block:
                self._steps += 1
                if self._steps > _MAX_STEPS or len(self.needs) > _MAX_NEEDS:
                    break
                output = self._statement(statement, state)
        self._depth -= 1
        return output

    def _statement(self, statement: Statement, state: State) -> Alternatives | None:
        match statement:
            case Command():
                return self.command(statement, state)
            case Choice(arms):
                return self._choice(arms, state)
            case Subshell(body):
                return self.block(body, state.fork())
            case Function(name):
                state.functions[name] = (statement, self.label)
                return None
            case Pipeline(stages):
                return self._pipeline(stages, state)
            case Loop(body):
                self._loop(body, state)
                return None
            case For():
                self._for(statement, state)
                return None
            case Case(word, arms):
                self._case(word, arms, state)
                return None
            case Redirected(_, _, body, redirections):
                inner = state.fork()
                self.redirect(redirections, inner, self.detail(statement), "")
                output = self.block(body, inner)
                inner.stdin = state.stdin
                state.become([inner])
                return output

    def _choice(self, arms: Iterable[Block], state: State) -> Alternatives | None:
        ends, output = [], None
        for arm in arms:
            end = state.fork()
            output = self.block(arm, end) or output
            ends.append(end)
        state.become(ends)
        return output

    def _pipeline(self, stages: Iterable[Block], state: State) -> Alternatives | None:
        output: Alternatives | None = None
        inner = state.fork()
        for stage in stages:
            inner = state.fork() if output is None else inner
            inner.stdin = lines_of(output)
            output = self.block(stage, inner)
        return output

    def _loop(self, body: Block, state: State) -> None:
        """Twice is enough for what one turn leaves to the next."""
        for _ in range(2):
            turn = state.fork()
            self.block(body, turn)
            before = state.fork()
            state.become([before, turn])
            if state == before:
                break

    def _for(self, loop: For, state: State) -> None:
        values: dict[str, None] = {}
        if loop.words is None:
            values.update((value, None) for args in state.positional for value in args)
        for word in loop.words or ():
            self.read_folder(word, state, self.detail(loop))
            for fields in self.expander.fields(word, state):
                values.update(dict.fromkeys(fields))
        self._steps += len(values)
        turn = state.fork()
        turn.assign(loop.name, list(values)[:MAX_FILES] or [UNKNOWN])
        self._loop(loop.body, turn)
        state.become([state.fork(), turn])

    def _case(
        self, word: Word, arms: Iterable[tuple[tuple[Word, ...], Block]], state: State
    ) -> None:
        """Every arm may be taken: what the image starts is not all that a user may ask for.

        A variable that is told apart is, in an arm, only what the patterns of it allow.
        """
        self.expander.texts(word, state)
        name = _variable_name(word)
        values = state.values(name) if name else None
        ends = [state.fork()]
        for patterns, body in arms:
            end = state.fork()
            if name and values and name in state.variables:
                globs = [p for pattern in patterns for p in self.expander.texts(pattern, state)]
                fitting = [v for v in values if any(_fits(v, glob) for glob in globs)]
                end.assign(name, fitting or [UNKNOWN])
            self.block(body, end)
            if name and values and name in state.variables and end.values(name) != values:
                end.assign(name, values)
            ends.append(end)
        state.become(ends)


def _variable_name(word: Word) -> str:
    match word:
        case (Variable(name, operator=""),) | (Literal(""), Variable(name, operator="")):
            return name
    return ""


def _fits(value: str, pattern: str) -> bool:
    return is_known(value) and compiled(as_glob(pattern[:200])).match(value) is not None
