"""Benchmarks: each check with its answer for one image, and what the answer rests on."""

import functools
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib import resources
from typing import Literal

import msgspec

from slimmer.detect.interface import Finding, Subject
from slimmer.policy.conditions import NEEDS, NOT_CHECKED, SAYS

Outcome = Literal["pass", "fail", "not-applicable", "not-checked"]
ALL = "all"

_NAMES = {"cis": "CIS Docker", "nist": "NIST SP 800-190"}


class Check(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One demand; see `benchmarks.toml` for what the fields mean."""

    id: str
    title: str
    reference: str = ""
    fails_on: tuple[str, ...] = ()
    needs: str = ""
    outcome: Outcome | None = None
    note: str = ""
    says: str = ""

    def is_broken_by(self, finding: Finding) -> bool:
        return any(fnmatchcase(finding.id, pattern) for pattern in self.fails_on)


class Benchmark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A published list of checks."""

    id: str
    title: str
    check: tuple[Check, ...]

    def reference(self, check: Check) -> str:
        """How others name the check: `CIS Docker 4.1`."""
        return check.reference or f"{_NAMES[self.id]} {check.id}"


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    benchmark: tuple[Benchmark, ...]


@dataclass(frozen=True)
class Result:
    """The answer to one check. `findings` made it fail; `notes` say why it is anything else.

    The notes may hold text out of the image.
    """

    benchmark: Benchmark
    check: Check
    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def reference(self) -> str:
        return self.benchmark.reference(self.check)


@functools.cache
def benchmarks() -> tuple[Benchmark, ...]:
    """The benchmarks of `benchmarks.toml`."""
    text = resources.files("slimmer.policy").joinpath("benchmarks.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), _Table).benchmark


def run_benchmark(name: str, subject: Subject, findings: Iterable[Finding]) -> tuple[Result, ...]:
    """The answers of the benchmark `cis`, `nist` or `practice`, or of `all`."""
    known = tuple(findings)
    return tuple(
        _answer(benchmark, check, subject, known)
        for benchmark in benchmarks()
        if name in (benchmark.id, ALL)
        for check in benchmark.check
    )


def _answer(
    benchmark: Benchmark, check: Check, subject: Subject, findings: tuple[Finding, ...]
) -> Result:
    """A finding decides; without one it is what the check says of itself, else a pass."""
    broken = tuple(finding for finding in findings if check.is_broken_by(finding))
    if broken:
        return Result(benchmark, check, "fail", broken)
    notes = tuple(_notes(check, subject))
    if check.outcome is not None:
        return Result(benchmark, check, check.outcome, notes=notes)
    missing = NEEDS[check.needs](subject) if check.needs else None
    if missing is None:
        return Result(benchmark, check, "pass", notes=notes)
    outcome: Outcome = "not-checked" if check.needs in NOT_CHECKED else "not-applicable"
    return Result(benchmark, check, outcome, notes=(missing,))


def _notes(check: Check, subject: Subject) -> Iterator[str]:
    if check.note:
        yield check.note
    if check.says:
        yield SAYS[check.says](subject)
