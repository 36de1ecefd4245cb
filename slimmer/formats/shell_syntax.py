"""What a shell script is made of, as far as it tells which programs and files it needs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Literal:
    """Text as it is after quotes are removed; it is never split and never a pattern."""

    text: str


@dataclass(frozen=True, slots=True)
class Glob:
    """An active pattern in a word: `*`, `?`, or a class in brackets."""

    text: str


@dataclass(frozen=True, slots=True)
class Variable:
    """`$name` or `${name operator operand}`. `name` may be a number or one of `@*#?$!-0`.

    `operator` is empty, one of `:- - := = :+ + :? ? # ## % %%`, `[]` for one element of an array,
    or `other` for those that nothing is known of. `is_array` is said of `${name[@]}` and
    `${name[*]}`.
    """

    name: str
    quoted: bool
    operator: str = ""
    operand: "Word" = ()
    is_array: bool = False


@dataclass(frozen=True, slots=True)
class Substitution:
    """`$(...)`, backquotes; `is_file` for `<(...)` and `>(...)`, which give a file's name."""

    body: "Block"
    quoted: bool
    is_file: bool = False


@dataclass(frozen=True, slots=True)
class Anything:
    """A part that only the run can tell: arithmetic, for one. `body` are the parts within it."""

    body: "Word" = ()


Part: TypeAlias = Literal | Glob | Variable | Substitution | Anything
Word: TypeAlias = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Assignment:
    """`name=value`; `array` are the words of `name=(...)` or the one of `name[key]=value`,
    None for a plain value."""

    name: str
    value: Word = ()
    array: tuple[Word, ...] | None = None
    append: bool = False


@dataclass(frozen=True, slots=True)
class Redirection:
    """`operator target`; of `<<` the target is the text of the document."""

    operator: str
    target: Word


@dataclass(frozen=True, slots=True)
class Command:
    """A simple command, a declaration or a test; `line` counts from 1, `text` is its source."""

    line: int
    text: str
    words: tuple[Word, ...]
    assignments: tuple[Assignment, ...] = ()
    redirections: tuple[Redirection, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """One of these runs, or none where one of them is empty."""

    arms: tuple["Block", ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """`while` and `until`: condition and body, again and again."""

    body: "Block"


@dataclass(frozen=True, slots=True)
class For:
    """`words` is None for a loop over the positional parameters."""

    line: int
    text: str
    name: str
    words: tuple[Word, ...] | None
    body: "Block"


@dataclass(frozen=True, slots=True)
class Case:
    word: Word
    arms: tuple[tuple[tuple[Word, ...], "Block"], ...]


@dataclass(frozen=True, slots=True)
class Function:
    name: str
    body: "Block"


@dataclass(frozen=True, slots=True)
class Pipeline:
    stages: tuple["Block", ...]


@dataclass(frozen=True, slots=True)
class Subshell:
    body: "Block"


@dataclass(frozen=True, slots=True)
class Redirected:
    """A compound command with redirections of its own."""

    line: int
    text: str
    body: "Block"
    redirections: tuple[Redirection, ...]


Statement: TypeAlias = (
    Command | Choice | Loop | For | Case | Function | Pipeline | Subshell | Redirected
)
Block: TypeAlias = tuple[Statement, ...]


def literal_text(word: Word) -> str | None:
    """The text of a word that no run can change; None for any other."""
    texts = [part.text for part in word if isinstance(part, Literal)]
    return "".join(texts) if word and len(texts) == len(word) else None


def blocks_of(statement: Statement) -> tuple[Block, ...]:
    """The blocks directly within a statement."""
    match statement:
        case Choice(arms) | Pipeline(arms):
            return arms
        case Loop(body) | Subshell(body):
            return (body,)
        case For() | Function() | Redirected():
            return (statement.body,)
        case Case(_, arms):
            return tuple(body for _, body in arms)
        case Command():
            return ()


def statements(block: Block) -> Iterator[Statement]:
    """Every statement of a block and of the blocks within it, substitutions not among them."""
    stack = list(reversed(block))
    while stack:
        statement = stack.pop()
        yield statement
        for inner in reversed(blocks_of(statement)):
            stack += reversed(inner)
