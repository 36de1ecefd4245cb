"""The rules of `rules.toml`, checked and compiled once."""

import fnmatch
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources

from slimmer.build.conditions import CONDITIONS
from slimmer.build.globs import compile_globs
from slimmer.filesystem.tree import Filesystem, Node


@dataclass(frozen=True)
class PathRule:
    """Files at `paths` go, for `reason`; see the comments in rules.toml for the rest."""

    id: str
    reason: str
    paths: re.Pattern[str]
    exceptions: re.Pattern[str]
    needs: str = ""
    unless: frozenset[str] = frozenset()
    unless_started: frozenset[str] = frozenset()
    unless_stays: frozenset[str] = frozenset()
    unless_package: frozenset[tuple[str, str]] = frozenset()
    dependencies: frozenset[str] = frozenset()
    dependency_type: str = ""
    not_of_spared: bool = False
    with_package: str = ""
    empties_stay: bool = False

    def covers(self, path: str) -> bool:
        return bool(self.paths.fullmatch(path)) and not self.exceptions.fullmatch(path)

    def holds_for(self, filesystem: Filesystem, node: Node) -> bool:
        """Whether the file meets the condition the rule names."""
        return CONDITIONS[self.needs](filesystem, node)


@dataclass(frozen=True)
class PackageRule:
    """Packages of a type go whole when one of the names matches."""

    id: str
    reason: str
    type: str
    names: tuple[str, ...]
    unless_package: frozenset[tuple[str, str]] = frozenset()

    def covers(self, package_type: str, name: str) -> bool:
        return package_type == self.type and _any_match(name, self.names)


@dataclass(frozen=True)
class Rules:
    paths: tuple[PathRule, ...]
    packages: tuple[PackageRule, ...]
    install_time: dict[str, tuple[str, ...]]

    def only_to_install(self, package_type: str, name: str) -> bool:
        """Whether a dependency on this package ends once the dependent is installed."""
        return _any_match(name, self.install_time.get(package_type, ()))


def _any_match(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _typed(names: Iterable[str]) -> frozenset[tuple[str, str]]:
    """`TYPE/NAME` as pairs."""
    parts = (name.partition("/") for name in names)
    return frozenset((kind, name) for kind, _, name in parts)


@cache
def load_rules() -> Rules:
    """The rules that come with slim."""
    text = resources.files("slimmer.build").joinpath("rules.toml").read_text("utf-8")
    document = tomllib.loads(text)
    return Rules(
        paths=tuple(
            PathRule(
                id=rule["id"],
                reason=rule["reason"],
                paths=compile_globs(rule["paths"]),
                exceptions=compile_globs(rule.get("except", ())),
                needs=rule.get("needs", ""),
                unless=frozenset(rule.get("unless", ())),
                unless_started=frozenset(rule.get("unless-started", ())),
                unless_stays=frozenset(rule.get("unless-stays", ())),
                unless_package=_typed(rule.get("unless-package", ())),
                dependencies=frozenset(rule.get("dependencies", ())),
                dependency_type=rule.get("dependency-type", ""),
                not_of_spared=rule.get("of-spared") == "stay",
                with_package=rule.get("with-package", ""),
                empties_stay=rule.get("emptied") == "stay",
            )
            for rule in document["path"]
        ),
        packages=tuple(
            PackageRule(
                rule["id"],
                rule["reason"],
                rule["type"],
                tuple(rule["names"]),
                _typed(rule.get("unless-package", ())),
            )
            for rule in document["package"]
        ),
        install_time={kind: tuple(names) for kind, names in document["install-time"].items()},
    )
