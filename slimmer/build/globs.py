"""Path patterns as rules and users write them.

`*` and `?` stay inside one name, `**` crosses folders, `{a,b}` is a choice, `[a-z]` and `[!a-z]`
are one character, a leading `/` may be left out. A pattern that names a folder also covers
everything in it.
"""

import re
from collections.abc import Iterable

from slimmer.errors import UsageError

_MAX_PATTERN = 4096
_CLASS = re.compile(r"\[(!?)(\]?[^\]/]*)\]")


def compile_globs(patterns: Iterable[str]) -> re.Pattern[str]:
    """One expression that matches (`fullmatch`) the paths any of the patterns cover."""
    expressions = [_translate(pattern) for pattern in patterns]
    try:
        return re.compile("|".join(expressions) or r"(?!)", re.DOTALL)
    except re.error as error:
        raise UsageError(f"not a path pattern: {error.msg}") from None


def _translate(pattern: str) -> str:
    if not pattern.strip("/") or len(pattern) > _MAX_PATTERN:
        raise UsageError(f"not a path pattern: {pattern[:80]!r}", hint="for example '/opt/app/**'")
    text = pattern.strip("/")
    pieces: list[str] = []
    position, depth = 0, 0
    while position < len(text):
        taken, piece = _piece(text, position, depth)
        depth += (piece == "(?:") - (piece == ")")
        pieces.append(piece)
        position += taken
    if depth:
        raise UsageError(f"unbalanced braces in {pattern[:80]!r}")
    return "(?:" + "".join(pieces) + r")(?:/.*)?"


def _piece(text: str, position: int, depth: int) -> tuple[int, str]:
    """How many characters the next piece of the pattern takes, and its expression."""
    if text.startswith("**/", position):
        return 3, r"(?:.*/)?"
    if text.startswith("**", position):
        return 2, r".*"
    match text[position]:
        case "*":
            return 1, r"[^/]*"
        case "?":
            return 1, r"[^/]"
        case "[" if found := _CLASS.match(text, position):
            return len(found[0]), f"[{'^/' if found[1] else ''}{_escaped_class(found[2])}]"
        case "{":
            return 1, "(?:"
        case "}" if depth:
            return 1, ")"
        case "," if depth:
            return 1, "|"
        case other:
            return 1, re.escape(other)


def _escaped_class(text: str) -> str:
    """Only `-` between two characters means anything in a class."""
    return re.sub(r"[\\\[\]^&~|]", lambda found: "\\" + found[0], text)
