"""The `#!` line of a script, as the Linux kernel and then `env` read it."""

import shlex
from collections.abc import Sequence

from slimmer.formats.facts import Facts
from slimmer.formats.read import text

# The kernel looks at no more than this (BINPRM_BUF_SIZE since Linux 5.1).
MAX_LINE = 256
_ENV_TAKES_VALUE = frozenset(("-u", "--unset", "-C", "--chdir"))


class Shebang(Facts, frozen=True):
    """`argument` is all that follows the interpreter, which the kernel passes as one word.

    Where the interpreter is `env`, `program` is what it starts, found by PATH, and
    `program_arguments` what it is given; else None and nothing.
    """

    interpreter: str
    argument: str | None = None
    program: str | None = None
    program_arguments: tuple[str, ...] = ()


def parse_shebang(head: bytes) -> Shebang | None:
    """Read the first line of a file that begins with `head`; None where it names no interpreter."""
    if head[:2] != b"#!":
        return None
    line = head[2:MAX_LINE].split(b"\n", 1)[0].strip(b" \t\r")
    interpreter, _, rest = line.replace(b"\t", b" ").partition(b" ")
    if not interpreter or b"\0" in interpreter:
        return None
    argument = text(rest.split(b"\0", 1)[0].strip(b" ")) or None
    name = text(interpreter)
    if argument is None or name.rpartition("/")[2] != "env":
        return Shebang(name, argument)
    command = wrapped_by_env(_env_words(argument))
    if not command:
        return Shebang(name, argument)
    return Shebang(name, argument, command[0], tuple(command[1:]))


def _env_words(argument: str) -> list[str]:
    """Split as `env -S` does. Without -S the kernel's one word would be the name of the program,
    blanks and all; such a script cannot start, and its first word is the best that can be said.
    """
    try:
        return shlex.split(argument)
    except ValueError:
        return argument.split()


def wrapped_by_env(words: Sequence[str]) -> Sequence[str]:
    """The command in the arguments of `env`: what follows its options and its assignments.

    -S and --split-string are taken to be split already, so that their string is the next words.
    """
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word in _ENV_TAKES_VALUE:
            del rest[:1]
        elif word.startswith("--split-string="):
            rest.insert(0, word.removeprefix("--split-string="))
        elif word.startswith("-") and not word.startswith("--"):
            # -S ends its cluster: what is glued to it is the first word of the string.
            if glued := word.partition("S")[2]:
                rest.insert(0, glued)
        elif not word.startswith("--") and "=" not in word:
            return [word, *rest]
    return ()
