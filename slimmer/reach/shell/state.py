"""What the variables of a shell may hold at one place of a script.

A value is text in which UNKNOWN stands for what only the run can tell and ANY_* for the active
pattern characters. Several values are alternatives; all of them may be.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import translate
from functools import lru_cache
from typing import TypeVar

from slimmer.formats.shell_syntax import Function
from slimmer.reach.edge import UNKNOWN

# Alternatives kept of one variable, or of the words of one command.
MAX_VALUES = 16
# Files that a loop may run over.
MAX_FILES = 256
MAX_TEXT = 8192

# Active `*`, `?`, `[` and `]` within a value; a script's own bytes cannot be these.
STAR, ANY_ONE, CLASS, END = "\1", "\2", "\3", "\4"
_TO_GLOB = str.maketrans({STAR: "*", ANY_ONE: "?", CLASS: "[", END: "]"})
_QUOTED = str.maketrans({"*": "[*]", "?": "[?]", "[": "[[]"})

_T = TypeVar("_T")
Fields = tuple[str, ...]
"""The words that something becomes: none, one, or several."""


@dataclass
class State:
    """`variables` by name; a name that is not in it is unset as far as the script can tell.

    `arrays` are alternatives of fields. `positional` are alternatives of `$1`, `$2`, ...
    `folders` are where it may be; `stdin` are the lines it may read, None for not known.
    """

    name: str
    variables: dict[str, tuple[str, ...]]
    positional: tuple[Fields, ...] = ()
    folders: tuple[str, ...] = ("/",)
    arrays: dict[str, tuple[Fields, ...]] = field(default_factory=dict)
    functions: dict[str, tuple[Function, str]] = field(default_factory=dict)
    exported: set[str] = field(default_factory=set)
    stdin: tuple[str, ...] | None = None

    def fork(self) -> "State":
        """A copy that may go its own way; functions and exports are shared."""
        return replace(self, variables=dict(self.variables), arrays=dict(self.arrays))

    def become(self, states: Iterable["State"]) -> None:
        """Whatever one of these states may be."""
        every = list(states)
        first = every[0]
        if len(every) == 1:
            merged = first
        else:
            merged = first.fork()
            for other in every[1:]:
                merged._join(other)
        self.variables, self.arrays = merged.variables, merged.arrays
        self.positional, self.folders, self.stdin = merged.positional, merged.folders, merged.stdin

    def _join(self, other: "State") -> None:
        for name in self.variables.keys() | other.variables.keys():
            mine, its = self.variables.get(name), other.variables.get(name)
            if mine != its:
                unset = ("", UNKNOWN)
                self.variables[name] = _union(mine or unset, its or unset)
        for name in self.arrays.keys() | other.arrays.keys():
            both = _union(self.arrays.get(name, ()), other.arrays.get(name, ()))
            self.arrays[name] = both
        self.positional = _union(self.positional, other.positional)
        self.folders = _union(self.folders, other.folders)
        self.stdin = self.stdin if self.stdin is not None else other.stdin

    def values(self, name: str) -> tuple[str, ...] | None:
        """What `$name` may be; None for a name that is not set, which the run may have set."""
        if name == "0" or name == "BASH_SOURCE":
            return (self.name,)
        if name == "PWD":
            return self.folders
        if name.isdigit():
            at = int(name) - 1
            found = (args[at] if at < len(args) else UNKNOWN for args in self.positional)
            return tuple(dict.fromkeys(found)) or (UNKNOWN,)
        return self.variables.get(name)

    def assign(self, name: str, values: Iterable[str]) -> None:
        kept = dict.fromkeys(value[:MAX_TEXT] for value in values)
        self.variables[name] = tuple(list(kept)[:MAX_FILES])
        self.arrays.pop(name, None)


def _union(left: tuple[_T, ...], right: tuple[_T, ...]) -> tuple[_T, ...]:
    both = tuple(dict.fromkeys((*left, *right)))
    return both[: max(MAX_VALUES, len(left))]


def is_known(text: str) -> bool:
    return UNKNOWN not in text


def is_pattern(text: str) -> bool:
    return STAR in text or ANY_ONE in text or CLASS in text


def as_glob(text: str) -> str:
    """The pattern as `fnmatch` reads it, its other characters as they are."""
    return text.translate(_QUOTED).translate(_TO_GLOB)


def plain(text: str) -> str:
    """A pattern that matched nothing: the shell leaves it as it is written."""
    return text.translate(_TO_GLOB)


@lru_cache(maxsize=512)
def compiled(glob: str) -> re.Pattern[str]:
    return re.compile(translate(glob.replace("[^", "[!")))


def without(value: str, pattern: str, operator: str) -> str:
    """`${value#pattern}` and its kind."""
    expression = compiled(as_glob(pattern[:200]))
    value = value[:1024]
    ends = range(len(value) + 1)
    if operator in ("##", "%"):
        ends = range(len(value), -1, -1)
    for at in ends:
        part = value[:at] if operator[0] == "#" else value[at:]
        if expression.match(part):
            return value[at:] if operator[0] == "#" else value[:at]
    return value


def environment(values: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {name: (value,) for name, value in values.items()}
