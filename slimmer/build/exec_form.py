"""Commands that are written for a shell and need none."""

import re
import shlex

from slimmer.formats.shell import parse_script
from slimmer.formats.shell_builtins import BUILTINS
from slimmer.formats.shell_syntax import Command, literal_text

_SHELLS = frozenset(("sh", "bash", "dash", "ash"))
# A check that fails, fails with any number but 0; Docker's own examples end like this.
_OR_FAIL = re.compile(r"\s*\|\|\s*(exit\s+1|false)\s*;?\s*\Z")
_MAX_LINE = 4096
_OPERATORS = frozenset("();<>|&")


def to_exec_form(argv: tuple[str, ...], *, is_check: bool = False) -> tuple[str, ...] | None:
    """The words of the one program that `sh -c LINE` starts, None where the line needs a shell.

    It needs one for anything but a simple command of literal words: variables, patterns, `~`,
    redirections, operators, assignments, builtins. `is_check` is said of a HEALTHCHECK, whose
    `|| exit 1` at the end says nothing. Quotes are resolved as sh(1) does.
    """
    match argv:
        case (shell, "-c", line) if shell.rpartition("/")[2] in _SHELLS:
            return _words(_OR_FAIL.sub("", line) if is_check else line)
    return None


def _words(line: str) -> tuple[str, ...] | None:
    if len(line) > _MAX_LINE or "~" in line or not line.isprintable():
        return None
    block = parse_script(line.encode())
    match block:
        case (Command(words=words, assignments=(), redirections=()),):
            texts = [literal_text(word) for word in words]
        case _:
            return None
    # Another reader of the same rules: where the two differ, the line is not as simple as it looks.
    if texts != _as_shlex_reads(line):
        return None
    found = tuple(text for text in texts if text is not None)
    if found[:1] == ("exec",):
        found = found[1:]
    if not found or not found[0] or found[0] in BUILTINS or found[0].startswith("-"):
        return None
    return found


def _as_shlex_reads(line: str) -> list[str] | None:
    try:
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        lexer.commenters = ""
        words = list(lexer)
    except ValueError:
        return None
    # A quoted operator is refused as well: the two cannot be told apart here.
    return None if any(word and set(word) <= _OPERATORS for word in words) else words
