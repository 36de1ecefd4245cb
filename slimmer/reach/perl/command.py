"""Command lines of `perl` (perlrun)."""

from collections.abc import Sequence
from dataclasses import dataclass

from slimmer.reach.edge import UNKNOWN

# Switches that take what follows in the same word; -e, -E, -I, -M, -m may take the next word.
_REST_OF_WORD = "0CDFidlVx"
_MAX_WORDS = 1000


@dataclass(frozen=True)
class PerlCommand:
    """`script` is empty when there is none; `code` is Perl, and so are `uses` (`use Foo;`)."""

    script: str = ""
    code: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()


def parse_perl_command(words: Sequence[str]) -> PerlCommand:
    """The words after `perl`."""
    code: list[str] = []
    folders: list[str] = []
    has_code = False
    rest = list(words[:_MAX_WORDS])
    while rest and rest[0].startswith("-") and len(rest[0]) > 1:
        word = rest.pop(0)
        if word == "--":
            break
        letters = word[1:]
        while letters:
            letter, letters = letters[0], letters[1:]
            if letter in "eEMmI":
                value = letters if letters and letter not in "eE" else (rest.pop(0) if rest else "")
                has_code = has_code or letter in "eE"
                _take(letter, value, code, folders)
                break
            if letter in _REST_OF_WORD and letter not in "dl0":
                break
    script = "" if has_code or not rest else rest.pop(0)
    if UNKNOWN in script or script == "-":
        script = ""
    return PerlCommand(script, tuple(code), tuple(folders), tuple(rest))


def _take(letter: str, value: str, code: list[str], folders: list[str]) -> None:
    if not value or UNKNOWN in value:
        return
    if letter == "I":
        folders.append(value)
    elif letter in "Mm":
        name, _, names = value.removeprefix("-").partition("=")
        code.append(f"use {name} qw({names});\n" if names else f"use {name};\n")
    else:
        code.append(f"{value}\n")
