"""Which packages can go whole: those a rule names that nothing staying depends on."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from slimmer.build.plan import RULE_ORPHAN, Kept
from slimmer.build.rules import PackageRule, Rules
from slimmer.filesystem.tree import Filesystem
from slimmer.formats.apt import parse_extended_states
from slimmer.packages.interface import Package

Mention = Callable[[str], str | None]
"""`(command) -> where it is named`, None when nowhere."""


@dataclass(frozen=True)
class PackageDrop:
    """A package that goes, by which rule, and why."""

    package: Package
    rule: str
    reason: str


class PackageSelection:
    """Decides per package type. `dropped` is by package name, `kept` says what was spared."""

    def __init__(
        self, packages: Iterable[Package], package_type: str, rules: Rules, mention: Mention
    ) -> None:
        packages = tuple(packages)
        self._installed = {p.name: p for p in packages if p.type == package_type}
        self._present = {(p.type, p.name): p for p in packages}
        self._type = package_type
        self._rules = rules
        self.dropped: dict[str, PackageDrop] = {}
        self.kept: list[Kept] = []
        self.spared: set[str] = set()
        self._providers = _providers(self._installed.values())
        self._propose(mention)
        while self._spare_needed():
            pass

    def _propose(self, mention: Mention) -> None:
        for package in self._installed.values():
            rule = self._rule(package)
            if rule is None:
                continue
            user = next(
                (n for t, n in sorted(rule.unless_package) if (t, n) in self._present), None
            )
            if user is not None:
                self._spare(package, rule.id, f"package {user} may use it")
                continue
            said = next(_mentioned(package, mention), None)
            if said is not None:
                command, where = said
                self._spare(package, rule.id, f"{where} names {command}")
            else:
                self.dropped[package.name] = PackageDrop(package, rule.id, rule.reason)

    def _rule(self, package: Package) -> PackageRule | None:
        return next(
            (rule for rule in self._rules.packages if rule.covers(self._type, package.name)), None
        )

    def _spare(self, package: Package, rule: str, reason: str) -> None:
        self.spared.add(package.name)
        self.kept.append(Kept(f"package {package.name}", rule, reason))

    def _spare_needed(self) -> bool:
        """Spare what a staying package depends on; True when that changed something."""
        for package in self._installed.values():
            if package.name in self.dropped:
                continue
            for alternatives in package.depends:
                needed = self._only_dropped(alternatives)
                if needed is not None:
                    drop = self.dropped.pop(needed)
                    self._spare(drop.package, drop.rule, f"package {package.name} depends on it")
                    return True
        return False

    def _only_dropped(self, alternatives: tuple[str, ...]) -> str | None:
        """The dropped package that alone could meet this dependency at run time."""
        candidates = [name for want in alternatives for name in self._providers.get(want, ())]
        if any(name not in self.dropped for name in candidates):
            return None
        return next(
            (name for name in candidates if not self._rules.only_to_install(self._type, name)),
            None,
        )

    def drop_orphans(self, filesystem: Filesystem) -> None:
        """Also drop libraries that were installed only for what goes now.

        Only those that apt itself marked as automatically installed, that are in a library
        section, that no staying package depends on, and that no staying program links.
        """
        automatic = parse_extended_states(filesystem.content("var/lib/apt/extended_states") or b"")
        linked = _linked_names(filesystem, self._gone_files())
        changed = bool(automatic)
        while changed:
            changed = False
            needed = self._needed_names()
            for package in self._installed.values():
                if package.name in self.dropped or package.name not in automatic:
                    continue
                if package.section.rpartition("/")[2] not in ("libs", "libdevel", "oldlibs"):
                    continue
                if package.name in needed or not self._was_for_dropped(package):
                    continue
                if any(path.rpartition("/")[2] in linked for path in package.files):
                    continue
                reason = "a library that only removed packages needed"
                self.dropped[package.name] = PackageDrop(package, RULE_ORPHAN, reason)
                changed = True

    def _needed_names(self) -> set[str]:
        return {
            provider
            for package in self._installed.values()
            if package.name not in self.dropped
            for alternatives in package.depends
            for want in alternatives
            for provider in self._providers.get(want, ())
        }

    def _was_for_dropped(self, package: Package) -> bool:
        return any(
            package.name in self._providers.get(want, ())
            for drop in self.dropped.values()
            for alternatives in drop.package.depends
            for want in alternatives
        )

    def _gone_files(self) -> set[str]:
        return {path for drop in self.dropped.values() for path in drop.package.files}


def _providers(packages: Iterable[Package]) -> Mapping[str, list[str]]:
    providers: dict[str, list[str]] = {}
    for package in packages:
        for name in (package.name, *package.provides):
            providers.setdefault(name, []).append(package.name)
    return providers


_PROGRAM_FOLDERS = ("bin/", "sbin/", "usr/bin/", "usr/sbin/", "usr/local/bin/")


def _mentioned(package: Package, mention: Mention) -> Iterator[tuple[str, str]]:
    for path in package.files:
        if path.startswith(_PROGRAM_FOLDERS):
            command = path.rpartition("/")[2]
            where = mention(command)
            if where is not None:
                yield command, where


def programs(package: Package) -> list[str]:
    """The commands a package brings."""
    return [p.rpartition("/")[2] for p in package.files if p.startswith(_PROGRAM_FOLDERS)]


def _linked_names(filesystem: Filesystem, gone: set[str]) -> set[str]:
    """Every library name that a staying ELF file asks the loader for."""
    return {
        name
        for node in filesystem.files()
        if node.facts.elf is not None and node.path not in gone
        for name in node.facts.elf.needed
    }
