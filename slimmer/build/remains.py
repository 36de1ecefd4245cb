"""What is left of packages, for their databases to tell."""

import re
from dataclasses import dataclass

from slimmer.build.decisions import Decisions
from slimmer.build.links import is_structure
from slimmer.filesystem.tree import Filesystem
from slimmer.packages.interface import Package, Packages

# Losing these does not make a package partial.
_HARMLESS = frozenset({"documentation", "manual", "completion", "bytecode", "log"})
_RPM_LIBRARY = re.compile(r"(usr/)?lib(64)?/(.+/)?librpm\.so\.[0-9.]+")


@dataclass(frozen=True)
class Remains:
    """What is left of one package: how many files it had, has, and lost that are missed."""

    package: Package
    before: int
    left: int
    missed: int


def remains_of(filesystem: Filesystem, package: Package, decisions: Decisions) -> Remains:
    """Count the files of a package."""
    gone = [decisions.by_path[path] for path in package.files if path in decisions]
    missed = sum(1 for decision in gone if decision.rule not in _HARMLESS)
    left = [path for path in package.files if path not in decisions]
    if gone and all(is_structure(filesystem, path) for path in left):
        left = []
    return Remains(package, len(package.files), len(left), missed)


def stays(filesystem: Filesystem, decisions: Decisions, path: str) -> bool:
    """Whether something is still there where a record says so."""
    node = filesystem.resolve_parent(path)
    return node is not None and node.path not in decisions


def has_rpm(packages: Packages, decisions: Decisions) -> bool:
    """Whether rpm is still there to read its database."""
    return any(
        _RPM_LIBRARY.fullmatch(path) and path not in decisions
        for package in packages.all
        if package.type == "rpm"
        for path in package.files
    )
