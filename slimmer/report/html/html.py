"""Puts a page together: what is known in slim's words, the data, and the two files that show it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import zip_longest
from string import Template

from slimmer import __version__
from slimmer.build.build import Outcome
from slimmer.build.plan import RULE_HIDDEN
from slimmer.detect.inspection import Inspection
from slimmer.detect.interface import Finding, Severity, Subject
from slimmer.policy.audit import NO_AUDIT, Audit
from slimmer.policy.policy import Verdict
from slimmer.report.comparison import Comparison, compare_outcome
from slimmer.report.document import Document
from slimmer.report.escape import escape, one_line
from slimmer.report.html.audit import audit_tables, policy_fact
from slimmer.report.html.comparison import comparison_html
from slimmer.report.html.embed import content, data_block, source_hash
from slimmer.report.html.picture import picture
from slimmer.report.html.rows import (
    findings_table,
    kept_table,
    layers_table,
    ledger_table,
    packages_gone,
    packages_table,
    settle,
    settled_table,
)
from slimmer.report.html.tables import Table, Texts, counts_html, facts_html
from slimmer.report.html.tree import TREE_BUDGET, TreeData
from slimmer.report.inspect_text import packages_text, verdict
from slimmer.report.redact import Redactor
from slimmer.report.size import human_size
from slimmer.report.style import PLAIN
from slimmer.report.summary import Summary, summarise

_LONGEST_COMMAND = 1000
_MANY_WARNINGS = 200
_MANY_MARKS = 2000


@dataclass(frozen=True)
class Section:
    """One part of the page. `body` is HTML."""

    id: str
    title: str
    body: str
    count: int | None = None


@dataclass(frozen=True)
class Page:
    """`tone` is bad, fair or good; texts are escaped for people, not yet for HTML."""

    kind: str
    heading: str
    verdict: str
    tone: str
    counts: Mapping[str, int]
    facts: Sequence[tuple[str, str]]
    sections: Sequence[Section]
    tables: Sequence[Table]
    tree: Document = field(default_factory=dict)


def inspect_html(inspection: Inspection, redactor: Redactor, audit: Audit = NO_AUDIT) -> str:
    """The report of an inspection: one page, the same bytes for the same image."""
    subject, findings = inspection.subject, inspection.findings
    summary, tree = summarise(subject, findings), _tree(subject, findings)
    tables = {
        **{table.id: table for table in audit_tables(audit)},
        "findings": findings_table(subject, findings, redactor),
        "layers": layers_table(subject, summary, redactor),
        "packages": packages_table(subject),
    }
    sections = [
        Section("filesystem", "Filesystem", picture(tree)),
        *(
            Section(name, name.title(), table.html(), len(table.rows))
            for name, table in tables.items()
        ),
    ]
    return _render(
        Page(
            kind="Inspection",
            heading=escape(subject.image.location.reference),
            verdict=verdict(summary, PLAIN).partition(":")[0].rstrip("."),
            tone=_tone(summary),
            counts=_severities(summary),
            facts=[*policy_fact(audit.policy), *_image_facts(subject, summary, redactor)],
            sections=sections,
            tables=list(tables.values()),
            tree=tree,
        )
    )


def build_html(outcome: Outcome, redactor: Redactor, policy: Verdict | None = None) -> str:
    """The report of a build: both sides, what went and why, what is left to do."""
    before, plan, findings = outcome.before, outcome.plan, settle(outcome)
    fates = {rule: number for number, rule in enumerate(_rules(outcome), 1)}
    known = [item for item in findings if item.after != "new"]
    tree = _tree(
        before,
        [item.finding for item in known],
        {removal.path: fates[removal.rule] for removal in plan.removals if removal.rule in fates},
        [item.after == "settled" for item in known],
        TREE_BUDGET * 2 // 3,
    )
    comparison = compare_outcome(outcome)
    tables = {
        **{table.id: table for table in audit_tables(Audit(policy=policy))},
        "findings": settled_table(findings, redactor),
        "ledger": ledger_table(plan),
        "kept": kept_table(plan),
        "packages": packages_table(before, packages_gone(before, outcome.after)),
        "layers": layers_table(before, comparison.before, redactor),
    }
    titles = {"kept": "Kept though a rule names it", "layers": "Layers before"}
    sections = [
        Section("changes", "Before and after", comparison_html(comparison)),
        *_warnings(plan.warnings),
        Section("filesystem", "Filesystem", picture(tree)),
        *(
            Section(name, titles.get(name, name.title()), table.html(), len(table.rows))
            for name, table in tables.items()
            if table.rows or name != "kept"
        ),
    ]
    return _render(
        Page(
            kind="Build" if comparison.built else "Build, dry run",
            heading=escape(before.image.location.reference),
            verdict=comparison.verdict,
            tone=_build_tone(comparison),
            counts={},
            facts=[*policy_fact(policy), *_build_facts(outcome)],
            sections=sections,
            tables=list(tables.values()),
            tree={**tree, "fates": ["kept", *map(escape, fates)]},
        )
    )


def _rules(outcome: Outcome) -> list[str]:
    """The rules by which files in view go, in the order of their names."""
    return sorted({r.rule for r in outcome.plan.removals if r.rule != RULE_HIDDEN})


def _warnings(warnings: Sequence[str]) -> Iterable[Section]:
    if not warnings:
        return
    lines = "".join(f"<li>{content(escape(line))}</li>" for line in warnings[:_MANY_WARNINGS])
    if len(warnings) > _MANY_WARNINGS:
        lines += f"<li>and {len(warnings) - _MANY_WARNINGS:,} more</li>"
    yield Section("mind", "Mind", f'<ul class="warnings">{lines}</ul>', len(warnings))


def _tree(
    subject: Subject,
    findings: Sequence[Finding],
    fates: Mapping[str, int] | None = None,
    settled: Sequence[bool] = (),
    budget: int = TREE_BUDGET,
) -> Document:
    """The arrays, and for each finding in view `[node, severity, bytes, message, settled]`."""
    marks = [
        (finding, finding.path.lstrip("/"), done)
        for finding, done in zip_longest(findings[:_MANY_MARKS], settled[:_MANY_MARKS])
        if finding.path is not None and finding.in_final_filesystem
    ]
    wanted = [path for _, path, _ in marks]
    data = TreeData(subject.filesystem, subject.packages.owner, wanted, fates, budget)
    document = data.document()
    document["marks"] = [
        (
            data.numbers[path],
            int(finding.severity),
            finding.bytes,
            escape(finding.message)[:300],
            int(bool(done)),
        )
        for finding, path, done in marks
        if path in data.numbers
    ]
    document["layers"] = len(subject.image.layers)
    return document


def _tone(summary: Summary) -> str:
    match summary.worst:
        case Severity.CRITICAL | Severity.HIGH:
            return "bad"
        case Severity.MEDIUM:
            return "fair"
        case _:
            return "good"


def _build_tone(comparison: Comparison) -> str:
    if not comparison.built:
        return "fair"
    return "good" if comparison.after.size < comparison.before.size else "bad"


def _severities(summary: Summary) -> dict[str, int]:
    return {severity.label: summary.count(severity) for severity in reversed(Severity)}


def _image_facts(subject: Subject, summary: Summary, redactor: Redactor) -> list[tuple[str, str]]:
    image = subject.image
    command = redactor.command((*image.config.entrypoint, *image.config.cmd))
    wasted = f", {human_size(summary.wasted)} of it wasted" if summary.wasted else ""
    return [
        ("Download", human_size(summary.size)),
        ("Unpacked", human_size(summary.uncompressed_size) + wasted),
        ("Holds", f"{summary.files:,} files, {packages_text(summary)}"),
        ("Platform", escape(str(image.platform))),
        ("User", escape(image.config.user) or "root, as no USER is set"),
        ("Runs", one_line(" ".join(command))[:_LONGEST_COMMAND]),
        ("Digest", str(image.digest or "none of its own: a docker archive has no manifest")),
    ]


def _build_facts(outcome: Outcome) -> list[tuple[str, str]]:
    plan, image, location = outcome.plan, outcome.image, outcome.location
    user = plan.user
    return [
        ("Output", escape(location.reference) if location else "none, a dry run"),
        ("Profile", escape(plan.profile)),
        ("User", f"{escape(user.text) or 'root'} ({escape(user.reason)})"),
        ("Source digest", str(outcome.before.image.digest or "none: a docker archive has none")),
        ("Output digest", str(image.manifest.digest) if image else ""),
    ]


def _render(page: Page) -> str:
    texts = Texts()
    style, script = _static("style.css"), _static("treemap.js") + _static("script.js")
    document = {
        "tables": [table.document(texts) for table in page.tables],
        "tree": page.tree,
    }
    document["texts"] = texts.all
    return Template(_static("page.html")).substitute(
        style_hash=source_hash(style),
        script_hash=source_hash(script),
        style=style,
        script=script,
        title=content(f"{page.heading}: {page.kind.lower()} by slim"),
        kind=content(page.kind),
        heading=content(page.heading),
        verdict=content(page.verdict),
        tone=page.tone,
        counts=counts_html(page.counts),
        facts=facts_html(page.facts),
        links="".join(_link(section) for section in page.sections),
        sections="\n".join(_section(section) for section in page.sections),
        version=content(__version__),
        data=data_block(document),
    )


def _link(section: Section) -> str:
    return f'<a href="#{section.id}">{content(section.title)}</a>'


def _section(section: Section) -> str:
    count = "" if section.count is None else f' <span class="number">{section.count:,}</span>'
    title = f"{section.id}-title"
    return (
        f'<section id="{section.id}" aria-labelledby="{title}">'
        f'<h2 id="{title}">{content(section.title)}{count}</h2>\n{section.body}</section>'
    )


@cache
def _static(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")
