"""`--policy`: the file, the day, and what happens when a rule is broken."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import click

from slimmer.cli.console import Console
from slimmer.cli.options import Command
from slimmer.detect.interface import Finding, Subject
from slimmer.errors import EXIT_GATE
from slimmer.policy.policy import Policy, Sizes, Verdict, judge
from slimmer.policy.policy_file import MAX_FILE, parse_policy
from slimmer.report.policy_text import broken_lines, expired_lines


def policy_option(text: str) -> Callable[[Command], Command]:
    """`--policy FILE`."""
    kind = click.Path(exists=True, dir_okay=False, path_type=Path)
    return click.option("--policy", type=kind, help=text)


def today() -> date:
    """The day that exceptions expire by, the same everywhere: UTC's."""
    return datetime.now(UTC).date()


def read_policy(path: Path | None) -> Policy | None:
    """The policy in the file; None without one. Raises `UsageError`."""
    if path is None:
        return None
    with path.open("rb") as file:
        return parse_policy(file.read(MAX_FILE + 1), str(path))


def hold(
    policy: Policy | None, subject: Subject, findings: tuple[Finding, ...], sizes: Sizes
) -> Verdict | None:
    """The verdict of today."""
    return None if policy is None else judge(policy, subject, findings, sizes, today())


def tell(verdict: Verdict | None, console: Console) -> None:
    """Say on stderr what is broken and what has expired; exit with 1 when a rule is broken."""
    if verdict is None:
        return
    console.flush()
    for line in expired_lines(verdict):
        console.warn(line)
    for line in broken_lines(verdict):
        console.gate(line)
    if not verdict.passed:
        raise click.exceptions.Exit(EXIT_GATE)
