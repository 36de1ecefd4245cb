"""A report as GitHub-flavoured Markdown: short enough for the comment on a pull request.

Whatever an image says stands in code spans, where nothing is markup, link or @mention; only words
that can be neither stand as they are.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from slimmer.build.build import Outcome
from slimmer.build.writable import writable_lines
from slimmer.detect.inspection import Inspection
from slimmer.detect.interface import Finding, Subject
from slimmer.policy.audit import NO_AUDIT, Audit
from slimmer.policy.benchmarks import Result
from slimmer.policy.policy import Verdict
from slimmer.report.build_text import CHANGED, MOUNTS, changed_lines
from slimmer.report.comparison import Change, compare_outcome
from slimmer.report.document import container_path
from slimmer.report.escape import escape, escape_name
from slimmer.report.inspect_text import packages_text, short_instruction, verdict
from slimmer.report.policy_text import policy_rows
from slimmer.report.redact import Redactor
from slimmer.report.size import human_size
from slimmer.report.style import PLAIN
from slimmer.report.summary import Summary, summarise

# A comment on GitHub holds 65,536 characters; something may be put before or after ours.
MOST_CHARACTERS = 60_000
_SHOWN = 10
_LONGEST_CELL = 240
_CLOSING = 200

_PLAIN = re.compile(r"[\w ,.;:()'%+/-]*", re.ASCII)
# What is more than text to GitHub though all its characters are plain: emphasis, links,
# shortcodes, commits, and list marks.
_MARKS = re.compile(
    r"(?<![a-z0-9])_|_(?![a-z0-9])|www\.|://|:\w+:|\bGH-\d|\b[0-9a-f]{7,}\b|^[-+]|^\d+[.)]",
    re.IGNORECASE,
)
_BACKTICKS = re.compile("`+")

Lines = Iterator[str]


def words(text: str) -> str:
    """`text` for a cell or a line: as it is where it is plain, else as code."""
    shown = escape(text)
    if _PLAIN.fullmatch(shown) and not _MARKS.search(shown):
        return _cut(shown)
    return code(shown)


def code(text: str) -> str:
    """`text`, made visible already, as a code span that a table can hold.

    CommonMark 0.31 section 6.1: a longer run of backticks than any inside; GFM tables: `\\|`.
    """
    text = _cut(text)
    if not text.strip():
        return ""
    longest = max(map(len, _BACKTICKS.findall(text)), default=0)
    fence = "`" * (longest + 1)
    space = " " if text[0] in "` " or text[-1] in "` " else ""
    return f"{fence}{space}{text}{space}{fence}".replace("|", "\\|")


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_CELL else text[: _LONGEST_CELL - 3] + "..."


def inspect_markdown(inspection: Inspection, redactor: Redactor, audit: Audit = NO_AUDIT) -> str:
    """Verdict, facts, the worst findings, and the rest folded away."""
    subject = inspection.subject
    summary = summarise(subject, inspection.findings)
    text = _Text()
    text.add([f"### slim inspect: {verdict(summary, PLAIN)}", ""])
    text.add(_facts(subject, summary))
    text.add(_policy(audit.policy))
    text.fold("Benchmark", _BENCHMARK, map(_answer, audit.benchmark))
    _findings(text, inspection.findings)
    text.fold("Layers", _LAYERS, _layers(subject, summary, redactor))
    return text.done()


def build_markdown(outcome: Outcome, redactor: Redactor, policy: Verdict | None = None) -> str:
    """Before and after, what is left to do, and what went, folded away."""
    comparison = compare_outcome(outcome)
    text = _Text()
    text.add([f"### slim build: {comparison.verdict}", ""])
    text.add(["| | Before | After | Change |", "|---|---|---|---|"])
    text.add(_change(change) for change in (*comparison.sizes, *comparison.surface))
    text.add(_change(change) for change in (comparison.severities[0], *comparison.origin))
    text.add(_policy(policy))
    _list(text, "Mind", outcome.plan.warnings)
    _list(text, MOUNTS, list(writable_lines(outcome.plan.writable)))
    _list(text, CHANGED, changed_lines(outcome.plan))
    _findings(text, outcome.findings_after, "Findings that are left")
    text.fold(
        "Findings by severity and category",
        _CHANGES,
        map(_change, (*comparison.severities[1:], *comparison.categories)),
    )
    text.fold("Packages removed", _PACKAGES, _packages_gone(outcome))
    text.fold("Removed by rule", _RULES, _rules(outcome))
    return text.done()


def _list(text: "_Text", title: str, lines: Sequence[str]) -> None:
    if lines:
        text.add(["", f"**{title}**", ""])
        text.add(f"- {words(line)}" for line in lines[:_SHOWN])
    if len(lines) > _SHOWN:
        text.add([f"- and {len(lines) - _SHOWN:,} more"])


_BENCHMARK = ("Result", "Check", "Demand")
_FINDINGS = ("Severity", "Category", "Finding", "Where")
_LAYERS = ("Layer", "Stored", "Unpacked", "Wasted", "Created by")
_CHANGES = ("", "Before", "After", "Change")
_PACKAGES = ("Type", "Package", "Version")
_RULES = ("Rule", "Paths", "Bytes")


class _Text:
    """Collects lines as long as there is room for them and for what closes them."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._left = MOST_CHARACTERS - _CLOSING

    def add(self, lines: Iterable[str]) -> int:
        """How many of the lines found room."""
        added = 0
        for line in lines:
            if len(line) + 1 > self._left:
                break
            self._left -= len(line) + 1
            self._lines.append(line)
            added += 1
        return added

    def fold(self, title: str, head: Sequence[str], rows: Iterable[str]) -> None:
        """A table that is opened with a click."""
        rows = list(rows)
        if not rows or self._left < 2 * _CLOSING:
            return
        self._left -= _CLOSING
        self.add([f"\n<details><summary>{title} ({len(rows):,})</summary>\n", *_head(head)])
        added = self.add(rows)
        more = [f"\n{len(rows) - added:,} more do not fit here."] if added < len(rows) else []
        self._lines += [*more, "\n</details>"]

    def done(self) -> str:
        return "\n".join(self._lines) + "\n"


def _head(names: Sequence[str]) -> list[str]:
    return [f"| {' | '.join(names)} |", "|" + "---|" * len(names)]


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _facts(subject: Subject, summary: Summary) -> Lines:
    image = subject.image
    wasted = f", {human_size(summary.wasted)} wasted" if summary.wasted else ""
    yield from ("| | |", "|---|---|")
    yield _row("Image", code(escape(image.location.reference)))
    if image.digest:
        yield _row("Digest", code(str(image.digest)))
    yield _row("Platform", words(str(image.platform)))
    unpacked = human_size(summary.uncompressed_size)
    yield _row("Size", f"{human_size(summary.size)} to download, {unpacked} unpacked{wasted}")
    yield _row("Holds", words(f"{summary.files:,} files, {packages_text(summary)}"))
    yield _row("User", words(image.config.user or "root, as no USER is set"))


def _policy(verdict: Verdict | None) -> Lines:
    if verdict is None:
        return
    yield ""
    yield f"**Policy** {code(escape(verdict.file))}: {'kept' if verdict.passed else 'broken'}"
    yield ""
    yield from (f"- {words(rule)}: {words(text)}" for rule, text in policy_rows(verdict))


def _answer(result: Result) -> str:
    return _row(words(result.outcome), words(result.reference), words(result.check.title))


def _findings(text: _Text, findings: Sequence[Finding], title: str = "Findings") -> None:
    if not findings:
        return
    text.add(["", f"**{title}**", "", *_head(_FINDINGS)])
    text.add(map(_finding, findings[:_SHOWN]))
    text.fold("More findings", _FINDINGS, map(_finding, findings[_SHOWN:]))


def _finding(finding: Finding) -> str:
    where = "config"
    if finding.path is not None:
        where = code(escape_name(container_path(finding.path)))
    if finding.layer is not None:
        where += f" in layer {finding.layer}"
    return _row(finding.severity.label, words(finding.category), words(finding.message), where)


def _layers(subject: Subject, summary: Summary, redactor: Redactor) -> Lines:
    for layer, counted in zip(subject.image.layers, summary.layers, strict=True):
        yield _row(
            str(layer.number),
            human_size(layer.descriptor.size),
            human_size(counted.uncompressed_size),
            human_size(counted.wasted) if counted.wasted else "-",
            code(short_instruction(redactor.history(layer.created_by))),
        )


def _change(change: Change) -> str:
    show = code if change.identifier else words
    return _row(words(change.name), show(change.before), show(change.after), words(change.change))


def _packages_gone(outcome: Outcome) -> Lines:
    left = {(p.type, p.name, p.version) for p in outcome.after.packages.all}
    gone = {(p.type, p.name, p.version) for p in outcome.before.packages.all} - left
    return (
        _row(words(kind), code(escape(name)), code(escape(version)))
        for kind, name, version in sorted(gone)
    )


def _rules(outcome: Outcome) -> Lines:
    sums: dict[str, tuple[int, int]] = {}
    for removal in outcome.plan.removals:
        paths, size = sums.get(removal.rule, (0, 0))
        sums[removal.rule] = paths + 1, size + removal.size
    for rule, (paths, size) in sorted(sums.items(), key=lambda item: (-item[1][1], item[0])):
        yield _row(words(rule), f"{paths:,}", human_size(size))
