"""Ruby: its own library, the gems of an application's lock file, and what is required besides."""

import posixpath
from collections.abc import Iterator, Sequence

from slimmer.filesystem.tree import Node
from slimmer.formats.ruby_source import parse_gemfile, parse_lock, parse_ruby_source
from slimmer.reach.commands import start
from slimmer.reach.edge import UNKNOWN, Confidence, Kind, Need, Role
from slimmer.reach.language_places import files_below, folders, text_of
from slimmer.reach.language_resolver import LanguageResolver
from slimmer.reach.languages import RUBY
from slimmer.reach.payload import is_payload
from slimmer.reach.resolver import Visit
from slimmer.reach.ruby.gems import Gems, gem_need, is_paper
from slimmer.reach.world import World

_LIBRARY = (
    *("usr/lib/ruby/[0-9]*", "usr/lib/*/ruby/[0-9]*", "usr/local/lib/ruby/[0-9]*"),
    *("usr/share/ruby", "usr/lib64/ruby", "opt/*/lib/ruby/[0-9]*", "opt/rubies/*/lib/ruby/[0-9]*"),
    *("usr/lib/ruby/vendor_ruby/rubygems*", "usr/share/rubygems", "usr/local/lib/*/ruby/[0-9]*"),
)
_SITES = (
    *("usr/local/lib/site_ruby", "usr/local/lib/site_ruby/*", "usr/local/lib/ruby/site_ruby/*"),
    *("usr/lib/ruby/vendor_ruby", "usr/lib/ruby/vendor_ruby/[0-9]*"),
    *("usr/lib/*/ruby/vendor_ruby/[0-9]*", "usr/local/lib/ruby/vendor_ruby/*"),
    *("usr/share/ruby/vendor_ruby", "usr/lib64/ruby/vendor_ruby"),
)
_DEFAULT_GEMS = (
    *(
        "usr/lib/ruby/gems/*/specifications/default",
        "usr/local/lib/ruby/gems/*/specifications/default",
    ),
    *("usr/share/gems/specifications/default", "opt/*/lib/ruby/gems/*/specifications/default"),
    "usr/lib64/gems/ruby/specifications/default",
)
_BUNDLED_BINS = (
    "usr/local/bundle/bin",
    "usr/local/bundle/ruby/*/bin",
    "usr/local/lib/ruby/gems/*/bin",
)
# What ruby starts with, and what its library loads; RPM systems have these as gems.
_LOADED = (
    *("rubygems", "monitor", "did_you_mean", "error_highlight", "syntax_suggest/core"),
    *("json", "psych", "bigdecimal", "io/console"),
)
_NO_PARTS = frozenset({"ri", "include"})
_SKIPPED = frozenset({"node_modules", ".git", "log", "tmp"})
_TESTS = ("spec/", "test/", "tests/", "features/")
_SUFFIXES = (".rb", ".ru", ".rake")
_NAMES = frozenset({"Rakefile", "Gemfile"})
_MAX_FILES = 20_000
_LOCKS = ("Gemfile.lock", "gems.locked")
_TAKES_WORD = frozenset({"-C", "-E", "-r", "-I", "-e", "-x", "--encoding"})


class RubyResolver(LanguageResolver):
    """Gems are kept whole, Ruby's library too; `require` says what else is code."""

    language = RUBY
    libraries = ("libruby.so", "libruby-")

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._gems = Gems(world)
        library, sites = folders(world, _LIBRARY), folders(world, _SITES)
        self._library = {**library}
        found = {**sites, **library}
        for path, node in list(found.items()):
            machines = (each for each in (node.children or {}).values() if "-linux" in each.name)
            found.update((f"{path}/{each.name}", each) for each in machines if each.is_directory)
        said = world.environment.get("RUBYLIB", "").split(":")
        self._load_path = [*(path for path in said if path.startswith("/")), *found]

    def interpreter(self, visit: Visit, *, is_run: bool, is_first: bool) -> Iterator[Need]:
        if is_first:
            yield from self._own_library()
        if not is_run:
            return
        for words in (self.world.environment.get("RUBYOPT", "").split(), visit.argv[1:]):
            yield from self._command(words)

    def _own_library(self) -> Iterator[Need]:
        detail = "Ruby's own library"
        for path in (*self._library, *self._load_path):
            yield Need(path, Kind.DATA, "a folder of Ruby's library")
        for folder in self._library.values():
            for node in files_below(self.world, folder, _NO_PARTS, _MAX_FILES):
                role = Role.CODE if node.path.endswith(".so") else Role.KEEP
                level = Confidence.LOW if is_paper(node.path) else Confidence.HIGH
                yield Need(f"/{node.path}", Kind.LOAD, detail, level, role)
        for path in folders(self.world, _DEFAULT_GEMS):
            yield Need(path, Kind.LOAD, "gems of Ruby's own", role=Role.KEEP, tree=True)
        for name in _LOADED:
            yield from self._required(name, "ruby loads it by itself", Confidence.MEDIUM)

    def _command(self, words: Sequence[str]) -> Iterator[Need]:
        """The words after `ruby`."""
        rest = [word for word in words if UNKNOWN not in word]
        has_code = False
        while rest and rest[0].startswith("-") and rest[0] != "--":
            word = rest.pop(0)
            option, value = word[:2], word[2:]
            if option in _TAKES_WORD and not value and rest:
                value = rest.pop(0)
            if option == "-r":
                yield from self._required(value, f"ruby -r {value}", Confidence.HIGH)
            elif option == "-I":
                self._load_path[:0] = [self.world.absolute(each) for each in value.split(":")]
            elif option == "-e":
                has_code = True
                yield from self._source_text(value, None)
        script = next((word for word in rest if word != "--"), "")
        if script and not has_code:
            detail = f"ruby {script}"
            yield Need(self.world.absolute(script), Kind.LOAD, detail, language=RUBY)
            if node := self.world.get(self.world.absolute(script)):
                yield from self._application(node)
            yield from self._given(rest[1:])

    def _given(self, words: Sequence[str]) -> Iterator[Need]:
        """Ruby files among the words of a program, and those that servers look for."""
        for word in (*words, "config.ru", "config/puma.rb", "Rakefile"):
            path = self.world.absolute(word.rpartition("=")[2])
            node = self.world.get(path) if UNKNOWN not in word else None
            if node is not None and node.is_file and (path.endswith(_SUFFIXES) or word in _NAMES):
                detail = f"is given {word}"
                yield Need(path, Kind.LOAD, detail, Confidence.MEDIUM, language=RUBY)

    def source(self, visit: Visit) -> Iterator[Need]:
        node = visit.node
        if node.name in _LOCKS:
            yield from self._locked(node)
        elif (gem := self._gems.of_record(node.path)) is not None:
            yield from self._gems.files(gem)
            for name in (name for names in gem.depends for name in names):
                for each in self._gems.named(name):
                    yield gem_need(each, f"dependency {name}")
        else:
            if visit.role is Role.RUN:
                yield from self._application(node)
                yield from self._given(visit.argv[1:])
                yield from self._bundled(visit.argv)
            yield from self._source_text(text_of(self.world, node), node)

    def _bundled(self, words: Sequence[str]) -> Iterator[Need]:
        """`bundle exec puma`: a program of a gem."""
        if words[1:2] == ("exec",) and words[0].rpartition("/")[2].startswith("bundle"):
            bins = folders(self.world, (*_BUNDLED_BINS, f"{self._here()}/vendor/bundle/ruby/*/bin"))
            path = ":".join([self.world.environment["PATH"], *bins])
            yield from start(self.world, words[2:], " ".join(words)[:200], path=path)
            for package in self._gems.named(words[2]) if len(words) > 2 else ():
                yield gem_need(package, f"bundle exec {words[2]}")

    def _here(self) -> str:
        node = self.world.get(self.world.working_dir)
        return node.path if node is not None else ""

    def _application(self, script: Node) -> Iterator[Need]:
        """The nearest lock file above the script or the working directory, and sources."""
        if not is_payload(self.world, script):
            said = self.world.get(self.world.working_dir)
            places = [said]
        else:
            places = [script.parent, self.world.get(self.world.working_dir)]
        gemfile = self.world.environment.get("BUNDLE_GEMFILE", "")
        if gemfile.startswith("/") and (node := self.world.get(gemfile)) is not None:
            places.insert(0, node.parent)
        for place in places:
            folder = place
            while folder is not None and folder.path:
                lock = next((n for n in _LOCKS if n in (folder.children or {})), "")
                if lock or "Gemfile" in (folder.children or {}) or folder is place:
                    yield from self._sources(folder, lock)
                if lock:
                    break
                folder = folder.parent

    def _sources(self, folder: Node, lock: str) -> Iterator[Need]:
        if lock:
            detail = "the application's gems"
            yield Need(f"/{folder.path}/{lock}", Kind.LOAD, detail, language=RUBY)
        if f"/{folder.path}/lib" not in self._load_path:
            self._load_path += [f"/{folder.path}/lib", f"/{folder.path}"]
        for node in files_below(self.world, folder, _SKIPPED, _MAX_FILES):
            if not (node.path.endswith(_SUFFIXES) or node.name in _NAMES) or not node.is_file:
                continue
            if self.world.owner(node.path) is not None or not is_payload(self.world, node):
                continue
            is_test = node.path[len(folder.path) + 1 :].startswith(_TESTS)
            level = Confidence.LOW if is_test else Confidence.MEDIUM
            detail = "a source file of the application"
            yield Need(f"/{node.path}", Kind.LOAD, detail, level, language=RUBY)

    def _locked(self, node: Node) -> Iterator[Need]:
        """Gems of the lock file, but for those only in groups for development and tests."""
        lock = parse_lock(text_of(self.world, node))
        name = "Gemfile" if node.name == "Gemfile.lock" else "gems.rb"
        gemfile = ((node.parent.children if node.parent else None) or {}).get(name)
        without = (
            parse_gemfile(text_of(self.world, gemfile)) if gemfile is not None else frozenset()
        )
        for gem in (*lock.closure(frozenset(without)), "bundler"):
            for package in self._gems.named(gem, lock.versions.get(gem, ())):
                yield gem_need(package, f"gem {gem} in {node.name}")

    def _source_text(self, text: str, node: Node | None) -> Iterator[Need]:
        source = parse_ruby_source(text)
        # An application's Gemfile asks for more than is there to be used.
        is_gemfile = node is not None and node.name == "Gemfile"
        for name in source.gems if not is_gemfile else ():
            for package in self._gems.named(name):
                yield gem_need(package, f"gem {name}")
        for name in source.requires:
            yield from self._required(name, f"require {name}", Confidence.HIGH)
        for name in source.lazy:
            yield from self._required(name, f"require {name}", Confidence.MEDIUM)
        if node is not None and node.parent is not None:
            for name in source.relative:
                path = posixpath.normpath(f"/{node.parent.path}/{name}")
                yield from self._file(path, f"require_relative {name}", Confidence.HIGH)

    def _file(self, path: str, detail: str, confidence: Confidence) -> Iterator[Need]:
        for suffix in ("", ".rb", ".so"):
            found = self.world.get(path + suffix)
            if found is not None and found.is_file:
                language = "" if path.endswith(".so") or suffix == ".so" else RUBY
                yield Need(path + suffix, Kind.LOAD, detail, confidence, language=language)
                return

    def _required(self, feature: str, detail: str, confidence: Confidence) -> Iterator[Need]:
        if feature.startswith("/"):
            yield from self._file(feature, detail, confidence)
            return
        for folder in self._load_path:
            needs = list(self._file(f"{folder}/{feature}", detail, confidence))
            yield from needs
            if needs:
                break
        provided = self._gems.providing(feature.removesuffix(".rb").removesuffix(".so"))
        if provided is not None:
            package, path = provided
            yield gem_need(package, detail, confidence)
            yield from self._file(f"/{path}", detail, confidence)
