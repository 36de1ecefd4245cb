"""Benchmarks as a table: each check, its answer, and under it what the answer rests on."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from slimmer.detect.interface import Finding
from slimmer.policy.benchmarks import Result
from slimmer.report.document import container_path
from slimmer.report.escape import escape, escape_name, shorten
from slimmer.report.style import Style

_WORDS = {
    "pass": "pass",
    "fail": "FAIL",
    "not-applicable": "n/a",
    "not-checked": "not checked",
}
_COLUMN = max(map(len, _WORDS.values()))
_SHOWN = 3
_NO_END = 10**6


def benchmark_lines(results: Sequence[Result], style: Style) -> Iterator[str]:
    """A block for each benchmark, with its count at the end."""
    for benchmark, group in groupby(results, key=lambda result: result.benchmark):
        answers = list(group)
        wide = max(len(result.check.id) for result in answers)
        yield style.bold(escape(benchmark.title))
        for result in answers:
            yield from _check(result, wide, style)
        yield f"  {_count(answers)}"
        yield ""


def _check(result: Result, wide: int, style: Style) -> Iterator[str]:
    word = _WORDS[result.outcome].ljust(_COLUMN)
    paint = {"pass": style.good, "fail": style.bad}.get(result.outcome, style.dim)
    yield f"  {paint(word)}  {result.check.id.ljust(wide)}  {escape(result.check.title)}"
    margin = " " * (_COLUMN + wide + 6)
    room = style.width - len(margin)
    shown = result.findings if style.verbose else result.findings[:_SHOWN]
    for finding in shown:
        yield margin + shorten(evidence(finding), _NO_END if style.verbose else room)
    if len(shown) < len(result.findings):
        more = f"and {len(result.findings) - len(shown)} more (--verbose shows all)"
        yield margin + style.dim(more)
    for note in result.notes:
        yield margin + style.dim(shorten(escape(note), _NO_END if style.verbose else room))


def evidence(finding: Finding) -> str:
    """Where and what, on one line, escaped."""
    if finding.path is None:
        return escape(finding.message)
    return f"{escape_name(container_path(finding.path))}: {escape(finding.message)}"


def _count(results: Sequence[Result]) -> str:
    counted = Counter(result.outcome for result in results)
    words = (
        (counted["pass"], "passed"),
        (counted["fail"], "failed"),
        (counted["not-applicable"], "not applicable"),
        (counted["not-checked"], "not checked"),
    )
    return ", ".join(f"{number} {word}" for number, word in words if number)
