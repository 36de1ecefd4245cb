"""Lines of configuration files as directives with words, whatever program reads them.

`name value ...;` (nginx), `Name value` (apache, sshd), `name = value` and `[section]` (ini), `name:
value` (YAML), `!includedir path`, and lists in parentheses over several lines come out alike.
"""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from slimmer.reach.edge import UNKNOWN

MAX_STATEMENTS = 50_000
_MAX_LINE = 8192
_MAX_JOINED = 500

_DIRECTIVE = re.compile(
    r"""[-\s"'<]*([!@.$%]?[A-Za-z_][\w.-]*)(?:\[\])?["']?[ \t]*(?:[=:(]|\s|$)"""
)
_SECTION = re.compile(r"\[\[?([^\[\]]*)\]\]?")
_WORDS = re.compile(r"""[^\s"',;=(){}<>\[\]|&]+""")
# A quoted text whole, else up to what ends or opens a block; `${name}` is no block.
_BLOCK = re.compile(r"""\$\{\w*\}|"[^"\n]*"|'[^'\n]*'|#[^\n]*|[;{}\n]|[^\s;{}"'#$]+|[$"']""")
_VARIABLE = re.compile(r"\$\{(\w+)\}|\$(\w+)|%\((?:ENV_)?\w+\)s")
_EXPORT = re.compile(rb"^[ \t]*(?:export[ \t]+)?(\w+)=([^\n;#]*)", re.MULTILINE)
# Absolute paths, globs among them; not those of URLs, nor what follows a variable.
_PATH = re.compile(rb"(?<![\w.$}*~/\0-])/[\w.+@%*?-][\w.+@%*?/-]*")


@dataclass(frozen=True, slots=True)
class Statement:
    """One directive: its normal name, the text after it, the section it is in, the line from 1."""

    name: str
    value: str
    section: str
    line: int

    @property
    def words(self) -> list[str]:
        """The value as words, without quotes and punctuation."""
        return _WORDS.findall(self.value)


def normal_name(name: str) -> str:
    """`!includedir`, `LoadModule`, `plugin-load`: as the table has them."""
    return name.lower().lstrip("!@.$%").replace("-", "_")


def statements(data: bytes, *, blocks: bool = False) -> Iterator[Statement]:
    """The directives of a file; `blocks` are nginx's, with `;`, `{` and `}` between them."""
    text = data.decode("utf-8", "surrogateescape")
    lines = _block_lines(text) if blocks else _lines(text)
    section = ""
    for count, (number, line) in enumerate(lines):
        if count >= MAX_STATEMENTS:
            return
        header = _SECTION.match(line)
        if header is not None:
            section = header[1].strip().lower()
            continue
        found = _DIRECTIVE.match(line)
        if found is not None:
            value = line[found.end() :].strip().removeprefix("=").strip()
            yield Statement(normal_name(found[1]), value, section, number)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines without comments; joined where one ends in a backslash or leaves a list open."""
    begun, first, depth, joined = "", 0, 0, 0
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw[:_MAX_LINE].strip()
        if not line or line.startswith(("#", ";", "//")):
            continue
        first = first if begun else number
        continued = line.endswith("\\")
        begun = f"{begun} {line.removesuffix(chr(92))}" if begun else line.removesuffix("\\")
        depth += line.count("(") - line.count(")")
        joined += 1
        if (continued or depth > 0) and joined < _MAX_JOINED and len(begun) < _MAX_LINE:
            continue
        yield first, begun
        begun, depth, joined = "", 0, 0
    if begun:
        yield first, begun


def _block_lines(text: str) -> Iterator[tuple[int, str]]:
    words: list[str] = []
    number = first = 1
    for found in _BLOCK.finditer(text):
        piece = found[0]
        if piece == "\n":
            number += 1
        elif piece in ";{}":
            if words:
                yield first, " ".join(words)
            words = []
        elif not piece.startswith("#") and len(words) < _MAX_JOINED:
            first = first if words else number
            words.append(piece)


def paths_in(data: bytes) -> list[str]:
    """Absolute paths that are written in a text, in order, each once; globs as they are."""
    found = dict.fromkeys(_PATH.findall(data))
    paths = (path.decode("utf-8", "surrogateescape").rstrip("./") for path in found)
    return [path for path in paths if path]


def expanded(value: str, variables: Mapping[str, str]) -> str:
    """`value` with `${NAME}` and `$NAME` put in; what is not known becomes UNKNOWN."""
    return _VARIABLE.sub(lambda found: variables.get(found[1] or found[2] or "", UNKNOWN), value)


def assignments(data: bytes, known: Mapping[str, str]) -> dict[str, str]:
    """What a file of `export NAME=value` lines sets; an unset variable is empty, as in a shell."""
    variables = dict(known)
    for name, value in _EXPORT.findall(data):
        text = value.decode("utf-8", "surrogateescape").strip().strip("\"'")
        variables[name.decode()] = expanded(text, variables).replace(UNKNOWN, "")
    return variables


def command_words(value: str) -> tuple[str, ...]:
    """A command line as words, as a shell would split it; empty when it cannot be."""
    try:
        words = shlex.split(value, comments=False)
    except ValueError:
        return ()
    return tuple(words)


_WHEN = re.compile(r"[ \t]*(?:@\w+|(?:[\d*/,A-Za-z-]+[ \t]+){4}[\d*/,A-Za-z-]+)[ \t]+(.*)")


def crontab_commands(data: bytes, *, with_user: bool) -> Iterator[tuple[int, str]]:
    """Line numbers and the commands of a crontab, crontab(5); a system's names a user first."""
    for number, line in enumerate(data.decode("utf-8", "surrogateescape").split("\n"), 1):
        found = _WHEN.match(line[:_MAX_LINE])
        if found is None or number > MAX_STATEMENTS:
            continue
        command = found[1].strip()
        if with_user:
            command = command.partition(" ")[2].strip() or command
        yield number, command
