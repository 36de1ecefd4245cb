"""Perl: the closure of `use` and `require` from the scripts that an interpreter runs."""

import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any

from slimmer.filesystem.tree import Node
from slimmer.formats.perl_source import PerlSource, parse_perl_source
from slimmer.reach.edge import Confidence, Kind, Need, Role
from slimmer.reach.language_places import files_below, text_of
from slimmer.reach.language_resolver import LanguageResolver
from slimmer.reach.languages import PERL
from slimmer.reach.payload import is_payload
from slimmer.reach.perl.command import parse_perl_command
from slimmer.reach.perl.inc import Inc
from slimmer.reach.resolver import Visit
from slimmer.reach.world import World

_MAX_FAMILY = 400
_MAX_LISTED_FAMILY = 3000
_MAX_NAMES = 100
_MAX_CORE_NAMES = 20
_MAX_SOURCES = 2000
_SUFFIXES = (".pl", ".pm", ".psgi", ".cgi", ".al")
_NAMES_CHARACTERS = frozenset({"charnames", "_charnames", "Unicode::UCD"})
_SKIPPED = frozenset({"t", "xt", "node_modules", ".git"})


@cache
def _table() -> dict[str, Any]:
    text = (resources.files("slimmer.reach.perl") / "perl_families.toml").read_text("utf-8")
    return tomllib.loads(text)


class PerlResolver(LanguageResolver):
    """An application gets Perl's own library whole; a system's script what it names."""

    language = PERL
    libraries = ("libperl.so",)

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._inc = Inc(world)
        self._has_core = False

    def interpreter(self, visit: Visit, *, is_run: bool, is_first: bool) -> Iterator[Need]:
        if is_first:
            for path in self._inc.links:
                yield Need(path, Kind.DATA, "a folder of modules")
            for node in self._inc.makers():
                detail = "headers, documents and tools of Perl's makers"
                yield Need(f"/{node.path}", Kind.DATA, detail, Confidence.LOW)
            runtime = _table()["runtime"]
            for name in runtime["modules"]:
                yield from self._module(name, "perl loads it by itself", Confidence.MEDIUM)
            for name in runtime["files"]:
                yield from self._file(name, "perl loads it by itself", Confidence.MEDIUM)
        if is_run:
            yield from self._command(visit)

    def _command(self, visit: Visit) -> Iterator[Need]:
        command = parse_perl_command(visit.argv[1:])
        for folder in command.folders:
            self._inc.add(self.world.absolute(folder))
        for code in command.code:
            yield from self._loads(parse_perl_source(code), None)
        if command.script:
            path = self.world.absolute(command.script)
            yield Need(path, Kind.LOAD, f"perl {command.script}", language=PERL)
            yield from self._given(command.arguments)

    def _given(self, words: tuple[str, ...]) -> Iterator[Need]:
        """Perl files among the words of a program in Perl: `starman app.psgi`."""
        for word in (*words, "app.psgi"):
            path = self.world.absolute(word.rpartition("=")[2])
            if path.endswith(_SUFFIXES) and (node := self.world.get(path)) and node.is_file:
                detail = f"is given {word}"
                yield Need(path, Kind.LOAD, detail, Confidence.MEDIUM, language=PERL)

    def source(self, visit: Visit) -> Iterator[Need]:
        node = visit.node
        if not self._inc.module_name(node) and is_payload(self.world, node):
            yield from self._application(node)
        if visit.role is Role.RUN:
            yield from self._given(visit.argv[1:])
        source = parse_perl_source(text_of(self.world, node))
        for literal in source.libraries:
            self._add_library(node, literal)
        yield from self._loads(source, node)

    def _application(self, script: Node) -> Iterator[Need]:
        """An application may load of Perl's own library what it likes, and its own modules."""
        if not self._has_core:
            self._has_core = True
            for node in self._inc.core():
                role = Role.CODE if node.path.endswith(".so") else Role.KEEP
                detail = "Perl's own library, for an application"
                yield Need(f"/{node.path}", Kind.LOAD, detail, Confidence.MEDIUM, role)
        folder = script.parent
        if folder is None or not folder.path:
            return
        for place in ("lib", "../lib", "local/lib/perl5"):
            self._inc.add(f"/{folder.path}/{place}")
            self._inc.add(self.world.absolute(place))
        if folder.name in ("bin", "sbin"):
            return
        for node in files_below(self.world, folder, _SKIPPED, _MAX_SOURCES):
            if node.path.endswith((".pm", ".pl", ".psgi")) and is_payload(self.world, node):
                detail = "a source file of the application"
                yield Need(f"/{node.path}", Kind.LOAD, detail, Confidence.MEDIUM, language=PERL)

    def _add_library(self, node: Node, literal: str) -> None:
        """A folder of `use lib`, seen from the script's folder or from the working directory."""
        tail = literal
        for variable in ("$FindBin::Bin", "$FindBin::RealBin", "$Bin", "$RealBin", "${Bin}"):
            tail = tail.removeprefix(variable)
        if "$" in tail:
            return
        if tail.startswith("/") and tail == literal:
            self._inc.add(tail)
        elif node.parent is not None:
            self._inc.add(f"/{node.parent.path}/{tail}")
            self._inc.add(self.world.absolute(tail.lstrip("/")))

    def _loads(self, source: PerlSource, node: Node | None) -> Iterator[Need]:
        """What the code needs; `node` is the file it is in, None for the command line."""
        for name in source.uses:
            yield from self._module(name, f"use {name}", Confidence.HIGH)
        for name in source.requires:
            yield from self._module(name, f"require {name}", Confidence.MEDIUM)
        for name in source.files:
            yield from self._file(name, f'require "{name}"', Confidence.MEDIUM, node)
        is_core = node is not None and self._inc.is_core(node)
        # Longer lists are tables of what there is, not of what is used.
        if len(source.names) <= (_MAX_CORE_NAMES if is_core else _MAX_NAMES):
            for name in source.names:
                yield from self._module(name, f"names the module {name}", Confidence.MEDIUM)
        for name in source.families:
            # A single word that is followed by a variable is most often an error's text.
            said = Confidence.LOW if is_core and "::" not in name else Confidence.MEDIUM
            yield from self._family(name, said, _MAX_FAMILY)
        own = self._inc.module_name(node) if node is not None else ""
        yield from self._parts(source, own)
        for name in _table()["families"].get(own, ()):
            yield from self._family(name, Confidence.MEDIUM, _MAX_LISTED_FAMILY)
        if source.is_autoloaded and own:
            for each in self._inc.autoloaded(own):
                yield Need(f"/{each.path}", Kind.LOAD, f"functions of {own}", language=PERL)
        if own and node is not None:
            for each in self._inc.library(own.replace("::", "/")):
                yield Need(f"/{each.path}", Kind.LOAD, f"the library of {own}")
        for name in source.shared:
            for folder in self._inc.shared(name):
                detail = f"files that {name} shares"
                yield Need(f"/{folder.path}", Kind.DATA, detail, Confidence.MEDIUM, tree=True)
        if source.has_unicode or own in _NAMES_CHARACTERS:
            yield from self._unicode(all_of_them=own in _NAMES_CHARACTERS)

    def _parts(self, source: PerlSource, own: str) -> Iterator[Need]:
        """Modules by the last part of their names: implementations, plug-ins, back ends."""
        for host, parts in ((own, source.parts), *source.parts_of) if own else source.parts_of:
            for place in (host, f"{host}::Plugin"):
                for name in self._inc.members(place, parts):
                    detail = f"names {name.removeprefix(f'{place}::')} of {place}"
                    yield from self._module(name, detail, Confidence.MEDIUM)
        if own and source.is_pluggable:
            yield from self._family(f"{own}::Plugin", Confidence.MEDIUM, _MAX_FAMILY)

    def _module(self, name: str, detail: str, confidence: Confidence) -> Iterator[Need]:
        for node in self._inc.module(name):
            language = PERL if node.path.endswith(".pm") else ""
            yield Need(f"/{node.path}", Kind.LOAD, detail, confidence, language=language)

    def _file(
        self, name: str, detail: str, confidence: Confidence, beside: Node | None = None
    ) -> Iterator[Need]:
        """A file as `require` and `do` look for it: absolute, in @INC, or beside the script."""
        found = self.world.get(name) if name.startswith("/") else self._inc.find(name)
        if found is None and beside is not None and beside.parent is not None:
            found = self.world.get(f"/{beside.parent.path}/{name}")
        if found is not None and found.is_file:
            yield Need(f"/{found.path}", Kind.LOAD, detail, confidence, language=PERL)

    def _family(self, name: str, confidence: Confidence, limit: int) -> Iterator[Need]:
        detail = f"may load any {name}::*"
        yield from self._module(name, detail, confidence)
        for node in self._inc.family(name, limit):
            is_code = node.path.endswith((".pm", ".so", ".al"))
            role = Role.CODE if is_code else Role.READ
            language = PERL if is_code and not node.path.endswith(".so") else ""
            yield Need(f"/{node.path}", Kind.LOAD, detail, confidence, role, language=language)

    def _unicode(self, *, all_of_them: bool) -> Iterator[Need]:
        """The tables behind `\\p{...}` and names of characters."""
        for folder in self._inc.tables(all_of_them=all_of_them):
            detail = "tables of Unicode"
            yield Need(f"/{folder.path}", Kind.DATA, detail, Confidence.MEDIUM, tree=True)
