"""Configuration: which files a program that runs reads as its own, and what they name.

Its own are the files its arguments name, those in /etc that are called like it, and those its
package put there. In these, directives count: includes, modules, commands. In any other text that
looks like configuration only paths count, and only as data.
"""

from collections.abc import Iterator

from slimmer.filesystem.tree import Node
from slimmer.packages.interface import Package
from slimmer.reach.config.families import (
    Family,
    combined,
    families_of,
    library_family,
)
from slimmer.reach.config.names import (
    ETC,
    MAX_SHARE,
    NAMED,
    SHARED,
    is_example,
    is_foreign,
    is_no_configuration,
    looks_like_configuration,
    program_names,
    shorter_names,
    spellings,
)
from slimmer.reach.config.places import Folders, ancestors, matches
from slimmer.reach.config.syntax import assignments
from slimmer.reach.config.text import ConfigText, Configuration, script_language
from slimmer.reach.edge import UNKNOWN, Confidence, Kind, Need, Role
from slimmer.reach.graph import Graph
from slimmer.reach.languages import language_of_program
from slimmer.reach.resolver import Resolver, Visit
from slimmer.reach.world import World

_MAX_CONFIG = 1024 * 1024
_MAX_WORDS = 200


class ConfigFileResolver(Resolver):
    """Follows what running programs read as their configuration, and what that names."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._folders = Folders(world)
        self._text = ConfigText(world, self._folders, self._adopt)
        self._names: dict[tuple[str, str], frozenset[str]] = {}
        self._programs: set[frozenset[str]] = set()
        self._packages: set[int] = set()
        self._libraries: set[str] = set()
        self._shared_by: dict[str, Family] = {}
        # By path of a file or folder: the names of whose own configuration it is.
        self._own: dict[str, set[str]] = {}
        self._included: set[str] = set()
        # What is known of the files that were read, when they were read.
        self._seen: dict[str, tuple[frozenset[str], bool]] = {}

    def visit(self, visit: Visit) -> Iterator[Need]:
        node = visit.node
        if visit.role is Role.RUN:
            yield from self._program(visit)
        if visit.is_code and node.facts.elf is not None:
            yield from self._library(node)
        if self._is_configuration(node, visit.called):
            yield from self._configuration(node, is_example=is_example(visit.called))

    def settle(self, graph: Graph) -> Iterator[tuple[str, Need]]:
        """Configuration that was read before it was known who reads it, or that it is included."""
        for path, (names, example) in list(self._seen.items()):
            is_included = example and path in self._included
            if not is_included and not self._owners(path) - names:
                continue
            node = self.world.filesystem.get(path)
            if node is not None and path in graph:
                for need in self._configuration(node, is_example=example):
                    yield path, need

    # --- what a program reads

    def _program(self, visit: Visit) -> Iterator[Need]:
        names = self._names_of(visit)
        yield from self._arguments(visit, names)
        if names not in self._programs:
            self._programs.add(names)
            yield from self._by_name(visit.node, names)
            for family in families_of(names):
                yield from self._family_files(family, names)
        package = self.world.owner(visit.node.path)
        if package is not None and id(package) not in self._packages:
            self._packages.add(id(package))
            yield from self._shipped(package, names)

    def _names_of(self, visit: Visit) -> frozenset[str]:
        """What a program is called: by whoever starts it, in its folder, by its package."""
        called = visit.called.rpartition("/")[2]
        key = visit.node.path, called
        known = self._names.get(key)
        if known is None:
            package = self.world.owner(visit.node.path)
            said = (called, visit.node.name, package.name if package is not None else "")
            known = self._names[key] = program_names(said)
        return known

    def _arguments(self, visit: Visit, names: frozenset[str]) -> Iterator[Need]:
        """Files and folders among the words a program is started with."""
        for word in dict.fromkeys(visit.argv[1 : _MAX_WORDS + 1]):
            if UNKNOWN in word or any(letter.isspace() for letter in word):
                continue
            for path in spellings(word):
                place = self.world.absolute(path)
                node = self.world.get(place)
                if node is None:
                    continue
                detail = f"argument {word}"
                if node.is_file:
                    self._own.setdefault(node.path, set()).update(names)
                    language = script_language(node)
                    kind = Kind.LOAD if language else Kind.DATA
                    yield Need(place, kind, detail, language=language)
                elif "/" in path and self._folders.is_specific(node):
                    self._own.setdefault(node.path, set()).update(names)
                    yield Need(place, Kind.DATA, detail, tree=True)
                break

    def _by_name(self, node: Node, names: frozenset[str]) -> Iterator[Need]:
        """What is called like the program, in the folders for configuration and data."""
        for name in sorted(names | shorter_names(names)):
            for pattern in NAMED:
                yield from self._owned(pattern.replace("{}", name), names, f"named like {name}")
            if name not in names or language_of_program(name):
                continue
            for pattern in SHARED:
                place = pattern.replace("{}", name)
                found = self.world.get(place)
                if found is None or not found.is_directory:
                    continue
                if self._folders.is_specific(found, MAX_SHARE):
                    detail = f"data of {name}"
                    yield Need(place, Kind.DATA, detail, Confidence.MEDIUM, tree=True)

    def _owned(
        self, place: str, names: frozenset[str], detail: str, level: Confidence = Confidence.MEDIUM
    ) -> Iterator[Need]:
        node = self.world.get(place)
        if node is not None and (node.is_file or self._folders.is_specific(node)):
            self._own.setdefault(node.path, set()).update(names)
            yield Need(place, Kind.DATA, detail, level, tree=node.is_directory)

    def _family_files(self, family: Family, names: frozenset[str]) -> Iterator[Need]:
        for pattern in family.files:
            for place in matches(self.world, f"/{pattern}"):
                yield from self._owned(place, names, "its configuration", Confidence.HIGH)
        for name in family.code_files:
            place = self.world.absolute(name)
            node = self.world.get(place)
            if node is not None and node.is_file:
                language = script_language(node)
                yield Need(place, Kind.LOAD, "its configuration", language=language)

    def _shipped(self, package: Package, names: frozenset[str]) -> Iterator[Need]:
        """What the program's own package has in /etc."""
        for path in package.files:
            if path.startswith(ETC) and not is_foreign(path):
                detail = f"configuration of package {package.name}"
                yield from self._owned(f"/{path}", names, detail)

    def _library(self, node: Node) -> Iterator[Need]:
        """Configuration that a library reads whoever has it loaded."""
        family = library_family(node.name)
        if family is None or node.name in self._libraries:
            return
        self._libraries.add(node.name)
        for pattern in family.files:
            for place in matches(self.world, f"/{pattern}"):
                found = self.world.get(place)
                if found is not None and found.is_file:
                    self._shared_by[found.path] = family
                    detail = f"read by {node.name}"
                    yield Need(place, Kind.DATA, detail, Confidence.MEDIUM)

    # --- what a file says

    def _is_configuration(self, node: Node, called: str) -> bool:
        if not node.is_file or not 0 < node.size <= _MAX_CONFIG or node.facts.elf is not None:
            return False
        if node.facts.shebang is not None:
            return False
        path = node.path
        if path in self._own or path in self._shared_by:
            return True
        if is_no_configuration(path):
            return False
        return looks_like_configuration(path, called) or bool(self._owners(path))

    def _owners(self, path: str) -> frozenset[str]:
        """The names of the programs whose own configuration this is."""
        found = set(self._own.get(path, ()))
        for folder in ancestors(f"/{path}"):
            found |= self._own.get(folder[1:], set())
        return frozenset(found)

    def _configuration(self, node: Node, *, is_example: bool) -> Iterator[Need]:
        data = self.world.text(node, _MAX_CONFIG)
        if b"\0" in data[:4096]:
            return
        names = self._owners(node.path)
        family = self._shared_by.get(node.path)
        is_example = is_example and node.path not in self._included
        is_own = bool(names or family) and not is_example
        self._seen[node.path] = names, is_example
        around = ancestors(f"/{node.path}")
        yield from self._text.mentioned(data, own=is_own, around=around)
        if is_own:
            families = families_of(names)
            family = combined((*families, family) if family is not None else families)
            variables = self._variables(node, family)
            config = Configuration(node, data, names, family, variables)
            yield from self._text.said(config)

    def _adopt(self, node: Node, config: Configuration) -> None:
        """An included file belongs to whoever has the one that includes it."""
        self._own.setdefault(node.path, set()).update(config.names)
        self._included.add(node.path)
        if config.node.path in self._shared_by and node.is_file:
            self._shared_by[node.path] = self._shared_by[config.node.path]

    def _variables(self, node: Node, family: Family) -> dict[str, str]:
        variables = dict(self.world.environment)
        for name in family.environment:
            for folder in ancestors(f"/{node.path}"):
                found = self.world.get(f"{folder}/{name}")
                if found is not None and found.is_file:
                    variables = assignments(self.world.text(found), variables)
                    break
        return variables
