"""The table of `config_files.toml`: which directives of whose configuration say what."""

import functools
import re
import tomllib
from collections.abc import Iterable
from importlib import resources
from typing import Literal, TypeAlias

import msgspec

_VERSION = re.compile(r"[-_]?\d+(?:\.\d+)*[a-z]?$")

Syntax: TypeAlias = Literal["lines", "block", "words", "crontab"]


class Family(msgspec.Struct, frozen=True, eq=False, forbid_unknown_fields=True):
    """What the configuration of some programs, or of whoever loads a library, can say.

    `include`, `load`, `exec`, `shell`, `piped` and `code` are directives: other configuration,
    modules, a command's words, a line for a shell, a command after `|`, a program of a language.
    `is_closed`: the library loads nothing that its configuration does not name.
    `files` are read whether or not anything names them; `code_files` are programs in the working
    folder; `environment` are files of variables beside the configuration.
    """

    readers: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    syntax: Syntax = "lines"
    files: tuple[str, ...] = ()
    code_files: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    include: frozenset[str] = frozenset()
    load: frozenset[str] = frozenset()
    not_load: frozenset[str] = frozenset()
    exec: frozenset[str] = frozenset()
    shell: frozenset[str] = frozenset()
    piped: frozenset[str] = frozenset()
    code: dict[str, str] = {}
    templates: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    is_closed: bool = False


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    generic: Family
    foreign: tuple[str, ...]
    family: tuple[Family, ...]


@functools.cache
def _table() -> _Table:
    text = (resources.files("slimmer.reach.config") / "config_files.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), _Table)


def foreign_patterns() -> tuple[str, ...]:
    """Globs of folders that belong to one package and are read by another's program."""
    return _table().foreign


@functools.cache
def _by_reader() -> dict[str, tuple[Family, ...]]:
    found: dict[str, tuple[Family, ...]] = {}
    for family in _table().family:
        for reader in family.readers:
            found[reader] = (*found.get(reader, ()), family)
    return found


@functools.cache
def _by_library() -> dict[str, Family]:
    return {name: family for family in _table().family for name in family.libraries}


def library_family(file_name: str) -> Family | None:
    """The family of who loads `libodbc.so.2`."""
    return _by_library().get(file_name.partition(".so")[0])


def families_of(readers: Iterable[str]) -> tuple[Family, ...]:
    """The families of programs of these names, each once."""
    by_reader = _by_reader()
    found = [family for name in sorted(readers) for family in by_reader.get(name, ())]
    return tuple({id(family): family for family in found}.values())


@functools.lru_cache(maxsize=256)
def combined(families: tuple[Family, ...]) -> Family:
    """One family of several and of what holds for every program."""
    every = (_table().generic, *families)
    not_load: frozenset[str] = frozenset().union(*(family.not_load for family in every))
    code = {name: language for family in every for name, language in family.code.items()}
    load = frozenset[str]().union(*(family.load for family in every))
    syntax: Syntax = next(
        (family.syntax for family in families if family.syntax != "lines"), "lines"
    )
    return Family(
        syntax=syntax,
        environment=tuple(name for family in every for name in family.environment),
        include=frozenset[str]().union(*(family.include for family in every)),
        load=load - not_load - code.keys(),
        exec=frozenset[str]().union(*(family.exec for family in every)),
        shell=frozenset[str]().union(*(family.shell for family in every)),
        piped=frozenset[str]().union(*(family.piped for family in every)),
        code=code,
        templates=tuple(item for family in reversed(every) for item in family.templates),
        search=tuple(item for family in reversed(every) for item in family.search),
    )


def without_version(name: str) -> str:
    """`php8.2` is `php`, `postgresql-15` is `postgresql`."""
    return _VERSION.sub("", name) or name
