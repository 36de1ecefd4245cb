"""Profile `safe`: rules say what goes, and everything that speaks against a removal is heard.

The order matters: packages, paths, secrets, the user's own patterns, then links, folders and
what lies hidden in lower layers.
"""

import re
from collections.abc import Iterable, Iterator
from functools import partial

from slimmer.build.decisions import (
    Decision,
    Decisions,
    spare_needed_folders,
)
from slimmer.build.globs import compile_globs
from slimmer.build.links import is_folder_link, is_structure
from slimmer.build.mentions import Evidence, find_evidence
from slimmer.build.options import BuildOptions
from slimmer.build.package_drop import PackageDrop, PackageSelection, programs
from slimmer.build.plan import RULE_SECRET, RULE_USER, Kept
from slimmer.build.rules import PathRule, Rules, load_rules
from slimmer.build.settle import drop_secrets, settle, spare_unwritable_records
from slimmer.build.source import read_node
from slimmer.build.startup import Startup, search_path
from slimmer.detect.inspection import Inspection
from slimmer.filesystem.tree import Filesystem, Node, ReadFile
from slimmer.packages.interface import Package, Packages

_PACKAGE_TYPES = ("deb", "apk")
_MAX_ROUNDS = 20


def select(inspection: Inspection, options: BuildOptions, startup: Startup) -> Decisions:
    """Decide for every path of the image."""
    return _Selection(inspection, options, startup).run()


class _Selection:
    def __init__(self, inspection: Inspection, options: BuildOptions, startup: Startup) -> None:
        self._inspection = inspection
        self._options = options
        self._filesystem: Filesystem = inspection.subject.filesystem
        self._packages: Packages = inspection.subject.packages
        self._rules: Rules = load_rules()
        self._read: ReadFile = partial(read_node, inspection)
        self._decisions = Decisions()
        self._spared: set[str] = set()
        self._startup = startup
        evidence = self._application_evidence()
        self._mentions = evidence.commands
        self._read_paths = _read_paths((*self._startup.paths, *evidence.paths))

    def run(self) -> Decisions:
        dropped = self._drop_packages()
        self._apply_path_rules(dropped)
        drop_secrets(self._inspection, self._decisions)
        self._spare_started()
        self._apply_user_patterns()
        settle(self._inspection, self._options, self._decisions)
        spare_unwritable_records(self._packages, self._decisions)
        spare_needed_folders(self._filesystem, self._decisions)
        return self._decisions

    def _application_evidence(self) -> Evidence:
        commands = {command for rule in self._rules.paths for command in rule.unless}
        for package in self._packages.all:
            if any(rule.covers(package.type, package.name) for rule in self._rules.packages):
                commands.update(programs(package))
        return find_evidence(self._filesystem, self._packages, commands, self._read)

    def _mention(self, command: str) -> str | None:
        return self._startup.mentions(command) or self._mentions.get(command)

    def _drop_packages(self) -> dict[str, PackageDrop]:
        dropped: dict[str, PackageDrop] = {}
        for package_type in _PACKAGE_TYPES:
            selection = PackageSelection(
                self._packages.all, package_type, self._rules, self._mention
            )
            if package_type == "deb":
                selection.drop_orphans(self._filesystem)
            self._decisions.kept += selection.kept
            self._spared |= selection.spared
            dropped.update(selection.dropped)
        going = {id(drop.package) for drop in dropped.values()}
        others = {
            path
            for package in self._packages.all
            if package.type in _PACKAGE_TYPES and id(package) not in going
            for path in package.files
        }
        for name, drop in sorted(dropped.items()):
            for path in drop.package.files:
                if path not in others and not is_structure(self._filesystem, path):
                    self._decisions.drop(path, Decision(drop.rule, drop.reason, name))
        return dropped

    def _apply_path_rules(self, dropped: dict[str, PackageDrop]) -> None:
        rules = [rule for rule in self._rules.paths if self._holds(rule, dropped)]
        combined = re.compile("|".join(f"(?:{rule.paths.pattern})" for rule in rules), re.DOTALL)
        for node in self._filesystem.walk():
            if node.is_directory or not combined.fullmatch(node.path):
                continue
            if is_folder_link(self._filesystem, node):
                continue
            owner = self._packages.owner(node.path)
            for rule in rules:
                if rule.covers(node.path) and self._meets(rule, node, owner):
                    decision = Decision(
                        rule.id, rule.reason, owner.name if owner else "", rule.empties_stay
                    )
                    self._decisions.drop(node.path, decision)
                    break

    def _holds(self, rule: PathRule, dropped: dict[str, PackageDrop]) -> bool:
        if rule.with_package and rule.with_package not in dropped:
            return False
        for reason in self._objections(rule):
            self._decisions.kept.append(Kept(rule.id, rule.id, reason))
            return False
        return True

    def _objections(self, rule: PathRule) -> Iterator[str]:
        for command in sorted(rule.unless | rule.unless_started):
            where = self._startup.mentions(command)
            if where is None and command in rule.unless:
                where = self._mention(command)
            if where is not None:
                yield f"{where} names {command}"
        for folder in search_path(self._inspection.subject.image.config):
            for name in sorted(rule.unless_stays):
                node = self._filesystem.resolve(f"{folder}/{name}")
                if node is not None and node.path not in self._decisions:
                    yield f"/{node.path} stays"
        for package in self._packages.all:
            if (package.type, package.name) in rule.unless_package:
                yield f"package {package.name} may use it"
            elif package.type == rule.dependency_type and package.name not in rule.dependencies:
                for name in sorted(rule.dependencies & {n for g in package.depends for n in g}):
                    yield f"package {package.name} depends on {name}"

    def _meets(self, rule: PathRule, node: Node, owner: Package | None) -> bool:
        if rule.not_of_spared and owner is not None and owner.name in self._spared:
            return False
        if any(node.path.startswith(prefix) for prefix in self._read_paths):
            return False
        return rule.holds_for(self._filesystem, node)

    def _spare_started(self) -> None:
        for path, where in self._startup.programs.items():
            decision = self._decisions.by_path.get(path)
            if decision is not None and decision.rule != RULE_SECRET:
                self._decisions.spare(path, f"{where} names it")

    def _apply_user_patterns(self) -> None:
        drop = compile_globs(self._options.drop)
        keep = compile_globs(self._options.keep)
        for node in self._filesystem.walk():
            if keep.fullmatch(node.path):
                self._decisions.spare(node.path, "--keep")
            elif drop.fullmatch(node.path):
                self._decisions.by_path[node.path] = Decision(RULE_USER, "asked for with --drop")


# What is only read is not removed where its path, or the start of it, is written down.
_READ_ROOTS = (
    "usr/share/doc/",
    "usr/share/info/",
    "usr/share/help/",
    "usr/share/man/",
    "usr/include/",
)


def _read_paths(paths: Iterable[str]) -> tuple[str, ...]:
    """Of all paths that scripts and sources name, those below folders that rules clear."""
    named = (path.lstrip("/") for path in paths)
    return tuple(
        sorted(
            path
            for path in named
            if any(path.startswith(root) and path != root for root in _READ_ROOTS)
        )
    )
