"""The programs that source in one of several languages starts, by its literal words."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Literal, NamedTuple

import msgspec


class Language(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """A `[language.NAME]` of application.toml, which says what the fields mean."""

    mentions: tuple[str, ...]
    direct: tuple[str, ...]
    line: tuple[str, ...]
    shell: Literal["always", "metacharacters"]
    bare: bool = False
    backticks: bool = False
    shell_option: str = ""


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """All of application.toml."""

    weak_in_libraries: tuple[str, ...]
    command_keys: tuple[str, ...]
    language: dict[str, Language]


class Command(NamedTuple):
    """`words` begin with a program. `line` is what a shell is given; empty where none is."""

    words: tuple[str, ...]
    line: str


_MAX_COMMANDS = 500
_OPTION_WITHIN = 200
_WORD = re.compile(r"[A-Za-z0-9_./+-][A-Za-z0-9_.+/-]*")
_METACHARACTERS = re.compile(r"[*?{}\[\]<>()~&|\\$;'`\"\n#=%]")
_STRING = r"(?:\"([^\"\n]{1,400})\"|'([^'\n]{1,400})'|`([^`\n]{1,400})`)"
# Bounded, as several of them may stand side by side.
_BLANK = r"\s{0,80}"
_LIST = rf"(?:\[|\(|%w\[|qw\(|array\()?{_BLANK}"
_PREFIX = r"[bBrRfFuU]{0,2}"


@cache
def table() -> Table:
    """The data that comes with slim."""
    text = (
        resources.files("slimmer.reach.application").joinpath("application.toml").read_text("utf-8")
    )
    return msgspec.convert(tomllib.loads(text), Table)


@cache
def _calls(name: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """The patterns of one language: calls of a program, and of a line for a shell."""
    language = table().language[name]
    opening = rf"{_BLANK}\({_BLANK}"
    if language.bare:
        opening = rf"(?:{opening}|[ \t]{{1,80}})"
    before = r"(?<![\w.$>:\\])"

    def pattern(names: tuple[str, ...], rest: str) -> re.Pattern[str]:
        return re.compile(f"{before}(?:{'|'.join(names) or '(?!)'}){rest}")

    # What may stand before the program: a mode, a file handle, a file handle and how to open it.
    comma = rf"{_BLANK},{_BLANK}"
    how = rf"\w{{1,80}}{comma}[\"'][-|+<>&rw]{{1,4}}[\"']{comma}"
    first = rf"(?:os\.P_\w{{1,20}}{comma}|{how}|:\w{{1,80}}{comma})?"
    direct = pattern(language.direct, f"{opening}{first}(\\[)?{_LIST}{_PREFIX}{_STRING}")
    quoted = r"\s{0,80}[({\[!/|]([^)}\]!/|\n]{1,400})[)}\]!/|]"
    line = pattern(language.line, f"(?:{opening}{_PREFIX}{_STRING}|{quoted})")
    return direct, line


_BACKTICKS = re.compile(r"`([^`\n]{2,400})`")


def find_commands(name: str, text: str) -> Iterator[Command]:
    """Commands in source of the language `name`; nothing for one that the table does not have."""
    language = table().language.get(name)
    if language is None or not any(word in text for word in language.mentions):
        return
    direct, line = _calls(name)
    for found in list(_first(direct, text)):
        is_list, *strings = found.groups()
        string = next((s for s in strings if s), "")
        if is_list:
            yield from _command([string], "")
            continue
        option = language.shell_option
        rest = text[found.end() : found.end() + _OPTION_WITHIN]
        is_line = bool(option and re.search(option, rest))
        is_line = is_line or (not option and _METACHARACTERS.search(string) is not None)
        yield from _command(string.split(), string if is_line else "")
    lines = [next((s for s in found.groups() if s), "") for found in _first(line, text)]
    if language.backticks:
        lines += [found[1] for found in _first(_BACKTICKS, text)]
    for string in lines:
        needs_shell = language.shell == "always" or _METACHARACTERS.search(string)
        yield from _command(string.split(), string if needs_shell else "")


def _first(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    for number, found in enumerate(pattern.finditer(text)):
        if number >= _MAX_COMMANDS:
            return
        yield found


def _command(words: list[str], line: str) -> Iterator[Command]:
    """Only what begins with a word that can be a program's name."""
    if words and _WORD.fullmatch(words[0]):
        yield Command(tuple(words), line)
