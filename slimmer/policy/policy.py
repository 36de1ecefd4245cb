"""A policy held against an image: which rules are broken, what was let through, and why."""

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from fnmatch import fnmatchcase

from slimmer.build.globs import compile_globs
from slimmer.detect.interface import Finding, Severity, Subject
from slimmer.detect.words import count, listed, shown, size
from slimmer.packages.interface import Package

_ROOT = frozenset(("user.root", "user.overflow"))


@dataclass(frozen=True)
class Allow:
    """Findings that are let through: those at `path` (a pattern), of `finding` (a category or an
    id with `*`), or both. `expires` is the last day it counts."""

    reason: str
    path: str | None = None
    finding: str | None = None
    expires: date | None = None

    def covers(self, finding: Finding) -> bool:
        if self.finding is not None and not _is_of(finding, self.finding):
            return False
        if self.path is None:
            return True
        return finding.path is not None and _matches(self.path, finding.path.strip("/"))

    def expired(self, today: date) -> bool:
        return self.expires is not None and today > self.expires


@dataclass(frozen=True)
class Policy:
    """What an image must keep to; None and empty: no such rule. Sizes are bytes.

    `max_severity` is the worst severity that is let through; 0 lets no finding through.
    """

    file: str
    deny: tuple[str, ...] = ()
    max_severity: int | None = None
    max_size: int | None = None
    max_unpacked_size: int | None = None
    max_packages: int | None = None
    min_efficiency: float | None = None
    required_labels: tuple[str, ...] = ()
    forbidden_packages: tuple[str, ...] = ()
    require_non_root: bool = False
    allow: tuple[Allow, ...] = ()


@dataclass(frozen=True)
class Sizes:
    """Bytes to download and unpacked; None while the image is not built."""

    download: int | None
    unpacked: int | None


@dataclass(frozen=True)
class Broken:
    """A rule that the image does not keep. `findings` are those that broke it."""

    rule: str
    message: str
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Exempted:
    """An `[[allow]]` and the findings it covers: let through, or not any more when expired."""

    allow: Allow
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Verdict:
    """`ignored` and `expired` are in the order of the file; `unchecked` are rules about what is
    not known."""

    file: str
    broken: tuple[Broken, ...]
    ignored: tuple[Exempted, ...]
    expired: tuple[Exempted, ...]
    unchecked: tuple[str, ...] = ()
    allowed: Mapping[Finding, str] = field(default_factory=dict)
    """The reason for each finding that was let through."""

    @property
    def passed(self) -> bool:
        return not self.broken


def judge(
    policy: Policy, subject: Subject, findings: Iterable[Finding], sizes: Sizes, today: date
) -> Verdict:
    """Hold the policy against the image."""
    known = tuple(findings)
    allowed: dict[Finding, str] = {}
    ignored: list[Exempted] = []
    expired: list[Exempted] = []
    for allow in policy.allow:
        covered = tuple(finding for finding in known if allow.covers(finding))
        if allow.expired(today):
            expired.append(Exempted(allow, covered))
            continue
        ignored.append(Exempted(allow, covered))
        for finding in covered:
            allowed.setdefault(finding, allow.reason)
    counted = tuple(finding for finding in known if finding not in allowed)
    broken = (
        *_denied(policy, counted),
        *_too_severe(policy, counted),
        *_user(policy, counted),
        *_sizes(policy, sizes),
        *_contents(policy, subject),
    )
    unchecked = tuple(_unchecked(policy, sizes))
    return Verdict(policy.file, broken, tuple(ignored), tuple(expired), unchecked, allowed)


def _denied(policy: Policy, findings: tuple[Finding, ...]) -> Iterator[Broken]:
    for pattern in policy.deny:
        found = tuple(finding for finding in findings if _is_of(finding, pattern))
        if found:
            message = f"{count(len(found), 'finding')} of {pattern}: {_places(found)}"
            yield Broken("deny", message, found)


def _too_severe(policy: Policy, findings: tuple[Finding, ...]) -> Iterator[Broken]:
    limit = policy.max_severity
    if limit is None:
        return
    found = tuple(finding for finding in findings if finding.severity > limit)
    if found:
        than = f"worse than {Severity(limit).label}" if limit else "not allowed"
        verb = "is" if len(found) == 1 else "are"
        message = f"{count(len(found), 'finding')} {verb} {than}: {_places(found)}"
        yield Broken("max-severity", message, found)


def _user(policy: Policy, findings: tuple[Finding, ...]) -> Iterator[Broken]:
    found = tuple(finding for finding in findings if finding.id in _ROOT)
    if policy.require_non_root and found:
        yield Broken("require-non-root", found[0].message, found)


def _sizes(policy: Policy, sizes: Sizes) -> Iterator[Broken]:
    for rule, most, is_, what in (
        ("max-size", policy.max_size, sizes.download, "to download"),
        ("max-unpacked-size", policy.max_unpacked_size, sizes.unpacked, "unpacked"),
    ):
        if most is not None and is_ is not None and is_ > most:
            yield Broken(rule, f"{_exact(is_)} {what}, {_exact(most)} are allowed")


def _unchecked(policy: Policy, sizes: Sizes) -> Iterator[str]:
    if policy.max_size is not None and sizes.download is None:
        yield "max-size"
    if policy.max_unpacked_size is not None and sizes.unpacked is None:
        yield "max-unpacked-size"


def _contents(policy: Policy, subject: Subject) -> Iterator[Broken]:
    packages = subject.packages.all
    if policy.max_packages is not None and len(packages) > policy.max_packages:
        message = f"{count(len(packages), 'package')}, {policy.max_packages:,} are allowed"
        yield Broken("max-packages", message)
    score = subject.efficiency.score
    if policy.min_efficiency is not None and score < policy.min_efficiency:
        wasted = size(subject.efficiency.wasted)
        message = f"{percent(score)}, at least {percent(policy.min_efficiency)} are demanded"
        yield Broken("min-efficiency", f"{message}: {wasted} are wasted")
    labels = subject.image.config.labels
    for name in policy.required_labels:
        if not labels.get(name, "").strip():
            yield Broken("required-labels", f"the label {shown(name, 200)} is missing or empty")
    for pattern in policy.forbidden_packages:
        found = [package for package in packages if _is_package(package, pattern)]
        if found:
            names = sorted({f"{shown(p.name)} {shown(p.version)}".strip() for p in found})
            yield Broken("forbidden-packages", f"{shown(pattern, 200)}: {listed(names)}")


def percent(share: float) -> str:
    """`97.4%`, cut and not rounded: 100% is all of it."""
    return f"{int(share * 1000) / 10:.1f}".removesuffix(".0") + "%"


def _exact(number: int) -> str:
    """The size, to the byte where people's units could hide the difference."""
    return f"{size(number)} ({number:,})" if number >= 1000 else size(number)


def _places(findings: tuple[Finding, ...]) -> str:
    paths = (f"/{f.path.lstrip('/')}" if f.path else "the config" for f in findings)
    return listed([shown(path, 120) for path in dict.fromkeys(paths)], most=4)


def _is_of(finding: Finding, pattern: str) -> bool:
    return finding.category == pattern or fnmatchcase(finding.id, pattern)


def _is_package(package: Package, pattern: str) -> bool:
    """By name, or by purl with or without its version and qualifiers."""
    purl = package.purl.partition("?")[0]
    names = (package.name, package.purl, purl, purl.rpartition("@")[0])
    return any(name and fnmatchcase(name, pattern) for name in names)


@functools.cache
def _pattern(glob: str) -> re.Pattern[str]:
    return compile_globs([glob])


def _matches(glob: str, path: str) -> bool:
    return _pattern(glob).fullmatch(path) is not None
