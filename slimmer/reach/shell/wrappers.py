"""Programs that start what they are given, or what lies in their folders: gosu, env, xargs, cron.

Which they are, and how their arguments are read, is in wrappers.toml.
"""

import shlex
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import resources
from itertools import pairwise

import msgspec

from slimmer.formats.passwd import parse_passwd
from slimmer.reach.commands import start
from slimmer.reach.edge import UNKNOWN, Confidence, Kind, Need, Role
from slimmer.reach.resolver import Resolver, Visit
from slimmer.reach.shell.busybox import applet
from slimmer.reach.shell.files import matches, normal
from slimmer.reach.shell.state import STAR

Words = tuple[str, ...]
_SHELL = "/bin/sh"
_MAX_WORDS = 4096
_MAX_FILES = 256
_SHOWN = 80


class Wrapper(msgspec.Struct, frozen=True, rename="kebab", forbid_unknown_fields=True):
    """How one kind of program is given a command; see wrappers.toml for each."""

    names: tuple[str, ...]
    values: frozenset[str] = frozenset()
    words: int = 0
    words_without: frozenset[str] = frozenset()
    assignments: bool = False
    split: frozenset[str] = frozenset()
    line: frozenset[str] = frozenset()
    line_words: bool = False
    clauses: frozenset[str] = frozenset()
    after: frozenset[str] = frozenset()
    user_shell: bool = False


class Supervisor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What lies where for a program that runs all of it."""

    names: tuple[str, ...]
    run: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    language: str = ""


class _Tables(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    wrapper: tuple[Wrapper, ...]
    supervisor: tuple[Supervisor, ...]


@cache
def _tables() -> tuple[dict[str, Wrapper], dict[str, Supervisor]]:
    text = (resources.files("slimmer.reach.shell") / "wrappers.toml").read_text("utf-8")
    tables = msgspec.convert(tomllib.loads(text), _Tables)
    return (
        {name: item for item in tables.wrapper for name in item.names},
        {name: item for item in tables.supervisor for name in item.names},
    )


def is_wrapper(name: str) -> bool:
    """Whether the program `name` (a path or a base name) starts the command in its arguments."""
    return _base(name) in _tables()[0]


def wrapped(argv: Words) -> Words:
    """The command that `argv` starts in turn, empty for none: `gosu www app -x` is `app -x`."""
    return next(iter(wrapped_commands(argv)), ())


def wrapped_commands(argv: Words) -> list[Words]:
    """Every command that `argv` starts in turn; `find` may start several."""
    table = _tables()[0].get(_base(argv[0])) if argv else None
    if table is None:
        return []
    rest = argv[1:_MAX_WORDS]
    if table.clauses:
        return _clauses(table, rest)
    if table.after:
        return _after(table, rest)
    return _plain(table, rest)


def _plain(table: Wrapper, words: Words) -> list[Words]:
    rest = list(words)
    seen: set[str] = set()
    line = shell = ""
    skip = table.words
    while rest:
        word = rest[0]
        if word == "--":
            del rest[0]
            break
        if word == UNKNOWN and not skip:
            # Options that only the run can tell.
            rest = rest[rest.index("--") :] if "--" in rest else rest[1:]
            continue
        if not word.startswith("-") or word == UNKNOWN:
            if not (table.line and skip):
                break
            # su and its like take options behind the account.
            del rest[0]
            skip -= skip > 0 and not (seen & table.words_without)
            continue
        del rest[0]
        option, value = _option(table, word, rest)
        seen.add(option)
        if option in table.line:
            line = value
        elif option in ("-s", "--shell"):
            shell = value
        elif option in table.split:
            rest = [*_split(value), *rest]
    if line:
        return [(shell or _SHELL, "-c", line)]
    if not seen & table.words_without:
        del rest[:skip]
    while rest and table.assignments and "=" in rest[0]:
        del rest[0]
    if not rest or rest[0] == UNKNOWN:
        return []
    return [(_SHELL, "-c", " ".join(rest))] if table.line_words else [tuple(rest)]


def _option(table: Wrapper, word: str, rest: list[str]) -> tuple[str, str]:
    """The option in a word, and its value, which is taken from `rest` where it is the next."""
    takes_value = table.values | table.line | table.split
    name, equals, value = word.partition("=")
    if word in takes_value:
        return word, rest.pop(0) if rest else ""
    if equals and word.startswith("--"):
        return name, value
    if word.startswith("--"):
        return word, ""
    for at in range(1, min(len(word), 16)):
        letter = f"-{word[at]}"
        if letter in takes_value:
            glued = word[at + 1 :]
            return letter, glued or (rest.pop(0) if rest else "")
    return word, ""


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _clauses(table: Wrapper, words: Words) -> list[Words]:
    found: list[Words] = []
    command: list[str] | None = None
    for word in words:
        if command is None:
            command = [] if word in table.clauses else None
        elif word in (";", "\\;", "+"):
            found += [tuple(command)] if command else []
            command = None
        else:
            command.append(word if word != "{}" else UNKNOWN)
    return found + ([tuple(command)] if command else [])


def _after(table: Wrapper, words: Words) -> list[Words]:
    args = words[words.index("--") + 1 :] if "--" in words else ()
    found: list[str] = []
    for word, value in pairwise((*words, "")):
        name, equals, glued = word.partition("=")
        if name in table.after and (glued if equals else value):
            found.append(glued if equals else value)
    return [(program, *args) for program in dict.fromkeys(found)]


class WrapperResolver(Resolver):
    """Goes on with the command that a wrapper starts, and with the folders of supervisors."""

    def visit(self, visit: Visit) -> Iterator[Need]:
        if visit.role is not Role.RUN or not visit.argv:
            return
        words = applet(visit.called, visit.argv)
        name = _base(words[0])
        wrappers, supervisors = _tables()
        if name in wrappers:
            # A name may be another program's: it starts what it is given or nothing.
            for command in wrapped_commands(words):
                yield from start(self.world, command, _shown(words))
            if wrappers[name].user_shell:
                yield from self._user_shell(words)
        if name in supervisors:
            yield from self._supervised(supervisors[name], words)

    def _user_shell(self, words: Words) -> Iterator[Need]:
        """`su - user`: the shell in the account; the line of -c is read by it, too."""
        content = self.world.filesystem.content("etc/passwd")
        users = parse_passwd(content) if content else ()
        names = set(words[1:]) or {"root"}
        line = next((w[2] for w in wrapped_commands(words) if w[1:2] == ("-c",)), "")
        for user in users:
            if user.name in names and user.shell:
                argv = (user.shell, "-c", line) if line else (user.shell,)
                yield from start(self.world, argv, _shown(words), Confidence.MEDIUM)

    def _supervised(self, table: Supervisor, words: Words) -> Iterator[Need]:
        for path in self._paths(table.run, words):
            node = self.world.get(path)
            if node is not None and node.is_file:
                argv = (path, *(words[2:] if "init.d" in path else ()))
                yield Need(path, Kind.EXEC, _shown(words), argv=argv)
        for path in self._paths(table.read, words):
            node = self.world.get(path)
            if node is not None and node.is_file:
                yield Need(path, Kind.LOAD, _shown(words), language=table.language)

    def _paths(self, patterns: Words, words: Words) -> Iterator[str]:
        args = [w for w in words[1:] if not w.startswith("-") and w not in ("", UNKNOWN)][:16]
        for pattern in patterns:
            if "{first}" in pattern:
                every = [pattern.replace("{first}", arg) for arg in args[:1]]
            else:
                has_arg = "{arg}" in pattern
                every = [pattern.replace("{arg}", a) for a in args] if has_arg else [pattern]
            for text in every:
                path = normal(self.world.absolute(text))
                yield from matches(self.world, path.replace("*", STAR), "/")[:_MAX_FILES]


def _base(name: str) -> str:
    return name.rpartition("/")[2]


def _shown(words: Words) -> str:
    return " ".join((_base(words[0]), *words[1:])).replace(UNKNOWN, "?").replace("\n", " ")[:_SHOWN]
