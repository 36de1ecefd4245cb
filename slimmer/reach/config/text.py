"""What one configuration file says that its reader needs."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from slimmer.filesystem.tree import Node
from slimmer.reach.commands import start
from slimmer.reach.config.families import Family
from slimmer.reach.config.places import Folders, ancestors, is_glob, matches
from slimmer.reach.config.syntax import (
    Statement,
    command_words,
    crontab_commands,
    expanded,
    paths_in,
    statements,
)
from slimmer.reach.edge import UNKNOWN, Confidence, Kind, Need
from slimmer.reach.languages import language_of
from slimmer.reach.world import World

_MAX_PATHS = 3000
_MAX_SHOWN = 80
_PROGRAM_FOLDERS = ("bin/", "sbin/", "usr/bin/", "usr/sbin/", "usr/local/bin/", "usr/local/sbin/")


@dataclass(frozen=True)
class Configuration:
    """A file that programs read: `names` are theirs, without versions, `family` what holds for
    them; `variables` are what `${...}` in it stands for."""

    node: Node
    data: bytes
    names: frozenset[str]
    family: Family
    variables: Mapping[str, str]


class ConfigText:
    """Turns configuration files of an image into needs; `adopt` is told what each includes."""

    def __init__(
        self, world: World, folders: Folders, adopt: Callable[[Node, Configuration], None]
    ) -> None:
        self._adopt = adopt
        self._world = world
        self._folders = folders
        self._search: dict[tuple[str, frozenset[str]], list[str]] = {}

    def mentioned(self, data: bytes, *, own: bool, around: Collection[str] = ()) -> Iterator[Need]:
        """Paths that a text names and the image has; `own`: the text is a running program's
        configuration, so that what it names is meant. `around` are the folders it lies in: one
        that nobody is known to be configured by only says by them where it was put."""
        for path in paths_in(data)[:_MAX_PATHS]:
            if not own and path.rstrip("/") in around:
                continue
            if not is_glob(path):
                yield from self._named(path, own=own)
            elif own:
                for match in matches(self._world, path):
                    yield from self._named(match, own=own)

    def _named(self, path: str, *, own: bool) -> Iterator[Need]:
        node = self._world.get(path)
        if node is None:
            return
        detail = f"names {path}"
        if node.is_directory:
            if self._folders.is_specific(node):
                yield Need(path, Kind.DATA, f"{detail}/", Confidence.MEDIUM, tree=True)
        elif node.facts.elf is not None and own and ".so" in node.name and not is_program(node):
            yield Need(path, Kind.LOAD, detail, Confidence.MEDIUM)
        elif is_program(node) or node.facts.elf is not None:
            yield Need(path, Kind.DATA, detail, Confidence.LOW)
        elif node.is_file:
            yield Need(path, Kind.DATA, detail, Confidence.HIGH if own else Confidence.MEDIUM)

    def said(self, config: Configuration) -> Iterator[Need]:
        """What the directives of a running program's configuration name."""
        family = config.family
        if family.syntax == "crontab":
            yield from self._crontab(config)
            return
        if family.syntax == "words":
            yield from self._words(config)
            return
        for said in statements(config.data, blocks=family.syntax == "block"):
            value = expanded(said.value, config.variables) if "$" in said.value else said.value
            if value != said.value:
                said = Statement(said.name, value, said.section, said.line)
                yield from self.mentioned(value.encode("utf-8", "surrogateescape"), own=True)
            yield from self._directive(config, said)

    def _directive(self, config: Configuration, said: Statement) -> Iterator[Need]:
        family, name = config.family, said.name
        detail = f"line {said.line}: {name} {said.value[:_MAX_SHOWN]}"
        if name in family.include:
            yield from self._included(config, said, detail)
        elif name in family.code:
            yield from self._code(config, said, detail)
        elif name not in family.load:
            yield from self._relative(config, said, detail)
        if name in family.load:
            for word in said.words[:200]:
                yield from self._module(config, word, detail)
        if name in family.exec:
            yield from self._command(said.value, detail)
        if name in family.shell:
            yield from self._shell(said.value.strip("\"'"), detail)
        if name in family.piped and said.value.lstrip("\"'").startswith("|"):
            command = said.value.lstrip("\"'|$ ").partition('"')[0]
            yield from start(self._world, command_words(command), detail)

    def _included(self, config: Configuration, said: Statement, detail: str) -> Iterator[Need]:
        """Included files, found beside the file, in the folders above it, or in the program's."""
        for word in said.words[:100]:
            for path in self.places(config, word):
                node = self._world.get(path)
                if node is not None and (node.is_file or self._folders.is_specific(node)):
                    self._adopt(node, config)
                    yield Need(path, Kind.DATA, detail, tree=node.is_directory)

    def places(self, config: Configuration, word: str) -> list[str]:
        """What a word leads to, an absolute path or one seen from the first folder that has it."""
        if UNKNOWN in word or word.startswith("~"):
            return []
        if word.startswith("/"):
            return matches(self._world, word)
        above = ancestors(f"/{config.node.path}")
        for folder in (*above, *self._searched(config), self._world.working_dir.rstrip("/")):
            if found := matches(self._world, f"{folder}/{word}"):
                return found
        return []

    def _searched(self, config: Configuration) -> list[str]:
        """The folders that modules of these programs lie in."""
        found: dict[str, None] = {}
        for pattern in config.family.search:
            key = pattern, config.names if "{}" in pattern else frozenset[str]()
            known = self._search.get(key)
            if known is None:
                patterns = [pattern.replace("{}", name) for name in sorted(key[1])] or [pattern]
                known = self._search[key] = [
                    place
                    for each in patterns
                    if "{}" not in each
                    for place in matches(self._world, f"/{each}")
                ]
            found.update(dict.fromkeys(known))
        return list(found)

    def _relative(self, config: Configuration, said: Statement, detail: str) -> Iterator[Need]:
        """Files that a directive names from where the configuration lies."""
        for word in said.words[:20]:
            if word.startswith("/") or ("/" not in word and "." not in word) or is_glob(word):
                continue
            for folder in ancestors(f"/{config.node.path}")[:2]:
                node = self._world.get(f"{folder}/{word}")
                if node is not None and node.is_file and node.facts.elf is None:
                    yield Need(f"{folder}/{word}", Kind.DATA, detail, Confidence.MEDIUM)
                    break

    def _module(self, config: Configuration, word: str, detail: str) -> Iterator[Need]:
        """The shared object that a word of a load directive is, by path or by name."""
        if UNKNOWN in word or is_glob(word):
            return
        named = ".so" in word or "/" in word
        names = (word,) if named else tuple(t.replace("{}", word) for t in config.family.templates)
        if word.startswith("/"):
            places = [*names, f"{word}.so"]
        else:
            folders = (*ancestors(f"/{config.node.path}"), *self._searched(config))
            places = [f"{folder}/{name}" for folder in folders for name in names]
        for place in places:
            node = self._world.get(place)
            if node is not None and node.facts.elf is not None and not is_program(node):
                yield Need(place, Kind.LOAD, detail)
                return

    def _code(self, config: Configuration, said: Statement, detail: str) -> Iterator[Need]:
        """A program in a language: `wsgi-file = app.py`, `module = shop.app:create()`."""
        for word in said.words[:1]:
            name = word.partition(":")[0]
            spelt = (name, f"{name.replace('.', '/')}.py", f"{name.replace('.', '/')}/__init__.py")
            for place in (place for each in spelt for place in self.places(config, each)):
                node = self._world.get(place)
                if node is not None and node.is_file:
                    language = config.family.code[said.name]
                    yield Need(place, Kind.LOAD, detail, language=language)
                    return

    def _command(self, value: str, detail: str) -> Iterator[Need]:
        """The program of a command, its first word, else the first that is an absolute path."""
        words = command_words(expanded(value, {}).rstrip(";")) or tuple(value.split())
        if not words:
            return
        found = list(start(self._world, words, detail))
        if not found:
            rest = next((n for n, word in enumerate(words) if word.startswith("/")), None)
            found = [] if rest is None else list(start(self._world, words[rest:], detail))
        yield from found

    def _shell(self, line: str, detail: str) -> Iterator[Need]:
        if line:
            yield from start(self._world, ("/bin/sh", "-c", line), detail)

    def _crontab(self, config: Configuration) -> Iterator[Need]:
        path = config.node.path
        with_user = path == "etc/crontab" or path.startswith("etc/cron.d/")
        for number, command in crontab_commands(config.data, with_user=with_user):
            yield from self._shell(command, f"line {number}: {command[:_MAX_SHOWN]}")

    def _words(self, config: Configuration) -> Iterator[Need]:
        """Shared objects that stand anywhere in the text, and `@include`s."""
        for said in _every_line(config.data):
            detail = f"line {said.line}: {said.value[:_MAX_SHOWN]}"
            if said.name == "include":
                yield from self._included(config, said, detail)
            for word in said.words[:40]:
                if ".so" in word:
                    yield from self._module(config, word, detail)


def _every_line(data: bytes) -> Iterator[Statement]:
    for number, raw in enumerate(data.decode("utf-8", "surrogateescape").split("\n"), 1):
        line = raw.strip()
        if line and not line.startswith("#"):
            is_include = line.startswith("@include")
            value = line.removeprefix("@include")[:1000]
            yield Statement("include" if is_include else "", value, "", number)


def is_program(node: Node) -> bool:
    """Whether a file is something to start: a program's folder, or executable code elsewhere."""
    if node.path.startswith(_PROGRAM_FOLDERS):
        return True
    return (
        node.is_executable
        and (node.facts.elf is not None or node.facts.shebang is not None)
        and (".so" not in node.name)
    )


def script_language(node: Node) -> str:
    """The language of a file that a program is given as its argument; empty for data."""
    return "" if node.facts.elf is not None else language_of(node)
