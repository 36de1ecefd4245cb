"""What the tables of a report list: findings, layers, packages, and the ledger of a build."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from slimmer.build.build import Outcome
from slimmer.build.plan import Plan, Removal
from slimmer.detect.interface import Finding, Subject
from slimmer.packages.interface import Package
from slimmer.report.document import container_path
from slimmer.report.escape import escape, escape_name
from slimmer.report.html.tables import Column, Row, Table
from slimmer.report.inspect_text import short_instruction
from slimmer.report.redact import Redactor
from slimmer.report.summary import Summary

_LONGEST = 2000


_FINDING_COLUMNS = (
    Column("Severity", "severity", facet=True),
    Column("Category", shared=True, facet=True),
    Column("Finding", "detail"),
    Column("Where", "code"),
    Column("Layer", "count"),
)


def findings_table(subject: Subject, findings: Sequence[Finding], redactor: Redactor) -> Table:
    """The worst first, as they come; each unfolds to what to do and where it is from."""
    return Table(
        id="findings",
        noun=("finding", "findings"),
        columns=_FINDING_COLUMNS,
        rows=[_finding(finding, subject, redactor) for finding in findings],
        more="--format json has them all.",
        empty="Nothing found.",
        links=3,
    )


@dataclass(frozen=True)
class Settled:
    """A finding of either side of a build, `subject` being the side; `after` is `settled`,
    `stays` or `new`."""

    finding: Finding
    subject: Subject
    after: str


def settle(outcome: Outcome) -> list[Settled]:
    """The findings of both sides, worst first. One check at one path is one finding."""
    left = Counter((f.id, f.path) for f in outcome.findings_after)
    found: list[Settled] = []
    for finding in outcome.findings_before:
        stays = left[finding.id, finding.path] > 0
        left[finding.id, finding.path] -= stays
        found.append(Settled(finding, outcome.before, "stays" if stays else "settled"))
    for finding in outcome.findings_after:
        if left[finding.id, finding.path] > 0:
            left[finding.id, finding.path] -= 1
            found.append(Settled(finding, outcome.after, "new"))
    return sorted(found, key=lambda item: -item.finding.severity)


def settled_table(findings: Sequence[Settled], redactor: Redactor) -> Table:
    """The findings of both sides of a build, and which of them it settled."""
    return Table(
        id="findings",
        noun=("finding", "findings"),
        columns=(*_FINDING_COLUMNS, Column("After", shared=True, facet=True)),
        rows=[(*_finding(item.finding, item.subject, redactor), item.after) for item in findings],
        more="--format json has them all.",
        empty="Nothing found, before or after.",
        links=3,
    )


def _finding(finding: Finding, subject: Subject, redactor: Redactor) -> Row:
    details = [("What to do", escape(finding.advice))]
    if finding.layer is not None and finding.layer < len(subject.image.layers):
        made_by = short_instruction(redactor.history(subject.layer(finding.layer).created_by))
        if made_by:
            details.append(("Layer made by", made_by[:_LONGEST]))
    if not finding.in_final_filesystem:
        details.append(("Hidden", "A higher layer hides it; it is still in the image."))
    if finding.references:
        details.append(("References", escape(", ".join(finding.references))))
    details.append(("Check", f"{escape(finding.id)} (confidence {finding.confidence.label})"))
    where = "(config)" if finding.path is None else path_text(finding.path)
    return (
        int(finding.severity),
        escape(finding.category),
        (escape(finding.message), tuple(details)),
        where,
        finding.layer,
    )


def path_text(path: str) -> str:
    """A path as the container has it, safe to show."""
    return escape_name(container_path(path))


def layers_table(subject: Subject, summary: Summary, redactor: Redactor) -> Table:
    """Every layer, base first."""
    rows = [
        (
            layer.number,
            layer.descriptor.size,
            counted.uncompressed_size,
            counted.wasted or None,
            counted.files,
            short_instruction(redactor.history(layer.created_by))[:_LONGEST] or "(not told)",
        )
        for layer, counted in zip(subject.image.layers, summary.layers, strict=True)
    ]
    columns = (
        Column("Layer", "count"),
        Column("Stored", "size"),
        Column("Unpacked", "size"),
        Column("Wasted", "size"),
        Column("Files", "count"),
        Column("Created by", "code"),
    )
    return Table(
        "layers", ("layer", "layers"), columns, rows, empty="The image has no layers.", bars=2
    )


def packages_table(subject: Subject, gone: Iterable[Package] = ()) -> Table:
    """Every package by name. After a build those that are gone are marked."""
    missing = {_key(package) for package in gone}
    packages = sorted(subject.packages.all, key=_key)
    columns = (
        Column("Type", shared=True, facet=True),
        Column("Name"),
        Column("Version"),
        Column("Size", "size"),
        Column("Files", "count"),
        Column("Layer", "count"),
        *((Column("After the build", shared=True, facet=True),) if missing else ()),
    )
    sizes = _Sizes(subject)
    rows = [
        (
            *_package(package, sizes),
            *((("removed" if _key(package) in missing else "kept"),) if missing else ()),
        )
        for package in packages
    ]
    empty = "No package manager's records were found."
    return Table("packages", ("package", "packages"), columns, rows, empty=empty, bars=3)


def _key(package: Package) -> tuple[str, str, str, str, str]:
    return package.name, package.version, package.type, package.purl, package.database


def packages_gone(before: Subject, after: Subject) -> list[Package]:
    """Packages of the first that the second does not list."""
    left = {_key(package)[:3] for package in after.packages.all}
    return [package for package in before.packages.all if _key(package)[:3] not in left]


class _Sizes:
    """Bytes of the files that a package owns."""

    def __init__(self, subject: Subject) -> None:
        self._sizes = {
            node.path: node.size
            for node in (subject.filesystem.files() if subject.packages.all else ())
            if node.size and node.inode.names[0] is node
        }

    def of(self, package: Package) -> int:
        return sum(self._sizes.get(path, 0) for path in package.files)


def _package(package: Package, sizes: _Sizes) -> Row:
    return (
        escape(package.type),
        escape(package.name),
        escape(package.version),
        sizes.of(package),
        len(package.files),
        package.layer,
    )


def ledger_table(plan: Plan) -> Table:
    """Every removed path with the reason; the largest where they are too many for a page."""
    removals = _largest(plan.removals, 30_000)
    return Table(
        id="ledger",
        noun=("removed path", "removed paths"),
        columns=(
            Column("Path", "code"),
            Column("Size", "size"),
            Column("Rule", shared=True, facet=True),
            Column("Reason", shared=True),
            Column("Package", shared=True),
            Column("Layer", "count"),
        ),
        rows=[_removal(removal) for removal in removals],
        budget=1_500_000,
        more="--ledger FILE writes them all.",
        empty="Nothing was removed.",
    )


def _largest(removals: Sequence[Removal], count: int) -> Sequence[Removal]:
    """In the order of the ledger, those beyond `count` last."""
    if len(removals) <= count:
        return removals
    order = sorted(range(len(removals)), key=lambda place: (-removals[place].size, place))
    return [removals[place] for place in (*sorted(order[:count]), *order[count:])]


def _removal(removal: Removal) -> Row:
    return (
        path_text(removal.path),
        removal.size,
        escape(removal.rule),
        escape(removal.reason),
        escape(removal.package) or None,
        removal.layer,
    )


def kept_table(plan: Plan) -> Table:
    """What a rule names and what stays all the same, a line for each reason."""
    seen = dict.fromkeys((kept.path, kept.rule, kept.reason) for kept in plan.kept)
    return Table(
        id="kept",
        noun=("kept path", "kept paths"),
        columns=(
            Column("Kept", "code"),
            Column("Rule", shared=True, facet=True),
            Column("Why", shared=True),
        ),
        rows=[(escape_name(path), escape(rule), escape(why)) for path, rule, why in seen],
        budget=300_000,
        more="--plan FILE writes them all.",
    )
