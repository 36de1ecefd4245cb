"""What was asked of an image beyond finding, as tables: benchmarks and a policy."""

from collections.abc import Iterator, Sequence

from slimmer.policy.audit import Audit
from slimmer.policy.benchmarks import Result
from slimmer.policy.policy import Verdict
from slimmer.report.benchmark_text import evidence
from slimmer.report.escape import escape
from slimmer.report.html.tables import Column, Row, Table
from slimmer.report.policy_text import policy_rows

_EVIDENCE_SHOWN = 40


def audit_tables(audit: Audit) -> Iterator[Table]:
    """A table for each thing that was asked."""
    if audit.policy is not None:
        yield policy_table(audit.policy)
    if audit.benchmark:
        yield benchmark_table(audit.benchmark)


def policy_table(verdict: Verdict) -> Table:
    """Broken rules first, then what was let through, what is no more, and what is not known."""
    rows = [(escape(rule), escape(text)) for rule, text in policy_rows(verdict)]
    columns = (Column("Rule", shared=True, facet=True), Column("What"))
    return Table("policy", ("line", "lines"), columns, rows, empty="Every rule is kept.")


def benchmark_table(results: Sequence[Result]) -> Table:
    """Every check, in the order of the benchmarks; each unfolds to what the answer rests on."""
    columns = (
        Column("Result", shared=True, facet=True),
        Column("Benchmark", shared=True, facet=True),
        Column("Check"),
        Column("Demand", "detail"),
    )
    return Table("benchmark", ("check", "checks"), columns, [_result(item) for item in results])


def _result(result: Result) -> Row:
    details = []
    if result.findings:
        lines = [evidence(finding) for finding in result.findings[:_EVIDENCE_SHOWN]]
        if len(lines) < len(result.findings):
            lines.append(f"and {len(result.findings) - len(lines):,} more")
        details.append(("Evidence", "\n".join(lines)))
    details += [("Note", escape(note)) for note in result.notes]
    details.append(("Reference", escape(result.reference)))
    return (
        result.outcome.replace("-", " "),
        escape(result.benchmark.title),
        escape(result.check.id),
        (escape(result.check.title), tuple(details)),
    )


def policy_fact(verdict: Verdict | None) -> list[tuple[str, str]]:
    """Whether the policy is kept, for the head of the page."""
    if verdict is None:
        return []
    number = len(verdict.broken)
    state = f"{number} {'rule' if number == 1 else 'rules'} broken" if number else "kept"
    return [("Policy", f"{state} ({escape(verdict.file)})")]
