"""What the history says of how an image was built: its instructions, and the commands of a RUN.

Two ways of writing are told apart. The classic builder wrote `/bin/sh -c #(nop) ADD file:... in /`
for what runs nothing and `|1 ARG=x /bin/sh -c COMMAND` for RUN; BuildKit, buildah and kaniko write
the instruction itself, often with `# buildkit` behind it. History is what a builder claims: it
names no fact that a check may rest on alone, and whatever cannot be read is passed over.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from slimmer.image.path import basename
from slimmer.oci.config import ImageConfig

# Real images have a few hundred lines at most, of a few kilobytes.
MAX_LINES = 1000
MAX_TEXT = 64 * 1024
MAX_TOTAL = 1024 * 1024
_MAX_COMMANDS = 1000

_KEYWORD = re.compile(r"([A-Z]{2,16})(?:\s+|$)")
_KEYWORDS = frozenset(
    (
        *("FROM", "RUN", "CMD", "LABEL", "MAINTAINER", "EXPOSE", "ENV", "ADD", "COPY", "ARG"),
        *("ENTRYPOINT", "VOLUME", "USER", "WORKDIR", "ONBUILD", "STOPSIGNAL", "HEALTHCHECK"),
        "SHELL",
    )
)
_NOP = re.compile(r"(?:/\S*/)?\w+ (?:-\S+ (?:pipefail )?)*?-\w*c #\(nop\)\s*")
# `|2 A=1 B=two words /bin/sh -c`: the values may hold anything, the shell ends them.
_ARGUMENTS = re.compile(r"\|\d+ (?:.*? )?(?=/\S+ (?:-\S+ (?:pipefail )?)*-\w*c )", re.DOTALL)
_SHELL = re.compile(r"/\S*/(?:ba|da|a|z|k)?sh (?:-\S+ (?:pipefail )?)*?-\w*c ")
_FLAG = re.compile(r"--[a-z][a-z-]*(?:=\S*)?\s+")


@dataclass(frozen=True)
class Command:
    """A simple command of a shell line. `piped` when the command before it writes into it."""

    words: tuple[str, ...]
    piped: bool = False

    @property
    def program(self) -> str:
        """The program's name without its folder."""
        return basename(self.words[0])


@dataclass(frozen=True)
class Instruction:
    """One line of the history. `line` counts from 1; `layer` is None where it made none.

    `keyword` is a Dockerfile's (`RUN`, `ADD`), empty for what is none; `flags` are those such as
    `--chown=1:1`; `text` is the rest, cut to `MAX_TEXT`.
    """

    line: int
    layer: int | None
    keyword: str
    flags: tuple[str, ...]
    text: str

    @cached_property
    def commands(self) -> tuple[Command, ...]:
        """The simple commands of a RUN, in their order; none of any other instruction."""
        return tuple(shell_commands(self.text)) if self.keyword == "RUN" else ()


def instructions(config: ImageConfig) -> list[Instruction]:
    """The history as instructions, oldest first, as far as the bounds above allow."""
    found: list[Instruction] = []
    layer = total = 0
    for line, entry in enumerate(config.history[:MAX_LINES], 1):
        total += min(len(entry.created_by), MAX_TEXT)
        if total > MAX_TOTAL:
            break
        keyword, flags, text = parse_instruction(entry.created_by)
        found.append(Instruction(line, None if entry.empty_layer else layer, keyword, flags, text))
        layer += not entry.empty_layer
    return found


def parse_instruction(created_by: str) -> tuple[str, tuple[str, ...], str]:
    """Keyword, flags and text of one `created_by`."""
    text = created_by[:MAX_TEXT].strip().removesuffix("# buildkit").rstrip()
    nop = _NOP.match(text)
    if nop is not None:
        return _split(text[nop.end() :])
    found = _KEYWORD.match(text)
    if found is not None and found[1] in _KEYWORDS:
        keyword, flags, rest = _split(text)
        return keyword, flags, _script(rest) if keyword == "RUN" else rest
    script = _script(text)
    return ("RUN", (), script) if script != text else ("", (), text)


def _split(text: str) -> tuple[str, tuple[str, ...], str]:
    found = _KEYWORD.match(text)
    if found is None or found[1] not in _KEYWORDS:
        return "", (), text
    place = found.end()
    flags: list[str] = []
    while (flag := _FLAG.match(text, place)) is not None:
        flags.append(flag[0].rstrip())
        place = flag.end()
    return found[1], tuple(flags), text[place:]


def _script(text: str) -> str:
    """What the shell of `[|N ARGS] /bin/sh -c SCRIPT` is given; the text itself without one."""
    arguments = _ARGUMENTS.match(text) if text.startswith("|") else None
    text = text[arguments.end() :] if arguments else text
    shell = _SHELL.match(text)
    return text[shell.end() :] if shell else text


# A quoted part, an escaped character, a comment, a redirection without its target, what ends a
# command, white space, anything else.
_TOKEN = re.compile(
    r"""'(?P<single>[^']*)'?"""
    r"""|"(?P<double>(?:[^"\\]|\\.)*)"?"""
    r"""|\\(?P<escaped>.?)"""
    r"""|(?P<comment>(?<!\S)\#[^\n]*)"""
    r"""|(?P<redirect>(?:(?<!\S)\d+)?(?:>>?|<{1,3})(?:&[\d-]+)?[ \t]*|&>>?[ \t]*)"""
    r"""|(?P<end>\|\||&&|\|&?|;+|\n|\$\(|[&()`])"""
    r"""|(?P<space>[ \t\r]+)"""
    r"""|(?P<plain>[^'"\\|&;\n()`$<> \t\r]+|\$)""",
    re.DOTALL,
)
_NOT_A_COMMAND = frozenset(
    ("if", "then", "elif", "else", "fi", "do", "done", "while", "until", "for", "case", "esac")
) | {"!", "{", "}", "time", "exec", "command", "builtin", "nohup", "eatmydata"}
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
# Stands before the target of a redirection, which is no word of the command.
_REDIRECTED = ">"
_DOUBLE_ESCAPE = re.compile(r"\\([\\\"$`])")


def shell_commands(script: str) -> Iterator[Command]:
    """The simple commands in a shell script, as far as words tell; nothing is expanded."""
    words: list[str] = []
    word: str | None = None
    piped = False
    count = 0
    for token in _TOKEN.finditer(script[:MAX_TEXT]):
        match token.lastgroup:
            case "end" | "space" | "comment":
                if word is not None:
                    words.append(word)
                    word = None
                if token.lastgroup != "end":
                    continue
                if command := _command(words, piped):
                    count += 1
                    yield command
                words, piped = [], token["end"] in ("|", "|&")
                if count >= _MAX_COMMANDS:
                    return
            case "redirect":
                if word is not None:
                    words.append(word)
                word = _REDIRECTED
            case "double":
                word = (word or "") + _DOUBLE_ESCAPE.sub(r"\1", token["double"])
            case "escaped" if token["escaped"] == "\n":
                continue
            case str(kind):
                word = (word or "") + token[kind]
    if word is not None:
        words.append(word)
    if command := _command(words, piped):
        yield command


def _command(words: list[str], piped: bool) -> Command | None:
    """Without what stands before a command: keywords, settings, and redirections anywhere."""
    kept = [word for word in words if not word.startswith(_REDIRECTED)]
    start = 0
    while start < len(kept) and (
        kept[start] in _NOT_A_COMMAND
        or _ASSIGNMENT.match(kept[start])
        or basename(kept[start]) == "env"
    ):
        start += 1
    return Command(tuple(kept[start:]), piped) if start < len(kept) else None
