"""What was asked of an image beyond finding: the answers, for every report."""

from dataclasses import dataclass

from slimmer.policy.benchmarks import Result
from slimmer.policy.policy import Verdict


@dataclass(frozen=True)
class Audit:
    """Empty and None where it was not asked for."""

    benchmark: tuple[Result, ...] = ()
    policy: Verdict | None = None


NO_AUDIT = Audit()
