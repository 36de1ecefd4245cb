"""What a validator gets and gives."""

import re
from collections.abc import Callable

import msgspec

from slimmer.secrets.match import Confidence, Severity


class Candidate(msgspec.Struct, gc=False):
    """What a rule's pattern fits in `data`; the secret lies between `start` and `end`."""

    data: bytes | memoryview
    start: int
    end: int
    found: re.Match[bytes]
    path: str
    binary: bool

    @property
    def secret(self) -> bytes:
        """The bytes between `start` and `end`."""
        return bytes(self.data[self.start : self.end])

    def group(self, name: str) -> bytes:
        """A named group of the pattern, empty when the pattern has none or it took no part."""
        if name not in self.found.re.groupindex:
            return b""
        return self.found[name] or b""


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """The credential's exact span, and what differs from its rule.

    `label` is shown as it is. `strong` says that no manual would print such a value.
    """

    start: int
    end: int
    severity: Severity | None = None
    confidence: Confidence | None = None
    label: str = ""
    whole_file: bool | None = None
    strong: bool = False


Validator = Callable[[Candidate], Verdict | None]


def accept(
    candidate: Candidate, severity: Severity | None = None, confidence: Confidence | None = None
) -> Verdict:
    """The candidate as the pattern found it."""
    return Verdict(candidate.start, candidate.end, severity, confidence)
