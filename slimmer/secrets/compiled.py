"""A rule's patterns made ready, and the stretches of a file that they are tried on."""

import functools
import re
from collections.abc import Iterator

from slimmer.secrets.budget import Budget
from slimmer.secrets.candidate import Candidate, Verdict
from slimmer.secrets.rule import Rule
from slimmer.secrets.validators import VALIDATORS

# How far around a reported end the full pattern may reach.
BEFORE, AFTER = 2048, 8192
# How far around a word of `_CUES` a setting may begin and end.
CUE_BEFORE, CUE_AFTER = 400, 1500
# Accepted and tried candidates of one pattern in one stretch.
MAX_MATCHES = 200
MAX_TRIED = 2_000
_NEAR = 64 * 1024

_BOUNDS = {
    "none": ("", ""),
    "strict": (r"(?<![A-Za-z0-9_+/.-])", r"(?![A-Za-z0-9_+/=-])"),
    "soft": (
        r"(?:(?<![A-Za-z0-9_-])|(?<=\\[nrt])|(?<=%[0-9A-F]{2})|(?<=\\u[0-9a-f]{4}))",
        r"(?![A-Za-z0-9_])",
    ),
}
_CUES = re.compile(
    rb"(?i)pass|pwd|secret|token|key|auth|cred|salt|psk|login|mysql|mariadb|curl|wget|http|redis"
    rb"|identified"
)


class CompiledPattern:
    """One pattern of one rule. It is compiled for `re` when it is first needed: most never are."""

    def __init__(self, rule: Rule, full: str, source: str) -> None:
        self.rule = rule
        self.source = source
        self.caseless = rule.caseless
        self.keywords = tuple(word.encode() for word in rule.keywords)
        self._full = full

    @functools.cached_property
    def text(self) -> re.Pattern[bytes]:
        """The pattern with its bounds, for text."""
        left, right = _BOUNDS[self.rule.bounds]
        return self._compile(f"{left}(?:{self._full}){right}")

    @functools.cached_property
    def binary(self) -> re.Pattern[bytes]:
        """The pattern for binary content, where strings stand side by side."""
        return self._compile(self._full) if self.rule.bounds == "soft" else self.text

    def _compile(self, source: str) -> re.Pattern[bytes]:
        return re.compile(source.encode(), re.M | (re.I if self.rule.caseless else 0))


def patterns_of(rule: Rule) -> list[CompiledPattern]:
    """The rule's patterns, each with the form that the detector looks for."""
    return [
        CompiledPattern(rule, full, rule.detect if full == rule.pattern and rule.detect else full)
        for full in rule.all_patterns
    ]


def windows(ends: list[int], size: int) -> Iterator[tuple[int, int]]:
    """Stretches to search around sorted end offsets, joined where they overlap."""
    begin, stop = max(0, ends[0] - BEFORE), min(size, ends[0] + AFTER)
    for end in ends[1:]:
        if end - BEFORE > stop:
            yield begin, stop
            begin = end - BEFORE
        stop = min(size, end + AFTER)
    yield begin, stop


def cued(content: bytes) -> Iterator[tuple[int, int]]:
    """Stretches around the words without which no setting or command is about a credential."""
    begin = stop = -1
    for cue in _CUES.finditer(content):
        if cue.start() - CUE_BEFORE > stop:
            if stop > 0:
                yield begin, stop
            begin = max(0, cue.start() - CUE_BEFORE)
        stop = min(len(content), cue.end() + CUE_AFTER)
    if stop > 0:
        yield begin, stop


def find(
    pattern: CompiledPattern,
    path: str,
    data: bytes | memoryview,
    begin: int,
    stop: int,
    binary: bool,
    budget: Budget,
) -> Iterator[tuple[Rule, Verdict]]:
    """What the pattern finds and its validator accepts, as long as the budget lasts."""
    if not budget.is_left():
        return
    rule = pattern.rule
    compiled = pattern.binary if binary else pattern.text
    group: str | int = "secret" if "secret" in compiled.groupindex else 0
    validate = VALIDATORS[rule.validator]
    accepted = tried = 0
    near = rule.near.encode()
    for found in compiled.finditer(data, begin, stop):
        if not budget.take():
            return
        start, end = found.span(group)
        if start < 0 or (near and near not in bytes(data[max(0, start - _NEAR) : start])):
            continue
        tried += 1
        if tried > MAX_TRIED:
            return
        verdict = validate(Candidate(data, start, end, found, path, binary))
        if verdict is not None:
            yield rule, verdict
            accepted += 1
            if accepted >= MAX_MATCHES:
                return
