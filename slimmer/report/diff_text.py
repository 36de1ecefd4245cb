"""A difference for people: figures, then what changed, whole folders on one line."""

from collections.abc import Iterable, Iterator, Sequence

from slimmer.detect.inspection import Inspection
from slimmer.detect.interface import Finding
from slimmer.report.before_after import before_after_lines
from slimmer.report.diff import ConfigChange, Difference, PackageChange
from slimmer.report.diff_folders import Collapsed, collapse
from slimmer.report.document import container_path
from slimmer.report.escape import escape, escape_name, one_line, shorten_path
from slimmer.report.size import human_size
from slimmer.report.style import Style
from slimmer.report.table import table

# Lines of one section that are shown unless all are asked for.
_SHOWN = 20


def diff_text(
    before: Inspection, after: Inspection, difference: Difference, style: Style
) -> Iterator[str]:
    """The report, line by line."""
    for name, inspection in (("before", before), ("after", after)):
        image = inspection.subject.image
        digest = f"  {image.digest}" if image.digest else ""
        yield f"{style.dim(name.ljust(6))}  {style.bold(escape(image.location.reference))}{digest}"
    yield ""
    yield from (
        f"  {line}" for line in before_after_lines(difference.before, difference.after, style)
    )
    if difference.is_empty:
        yield ""
        yield "Containers of both see the same."
        return
    yield from _section("Findings fixed", map(_finding, difference.fixed_findings), "<<<", style)
    yield from _section("New findings", map(_finding, difference.new_findings), "<<<", style)
    yield from _section("Config", map(_config, difference.config), "<<<<", style)
    packages = sorted(map(_package, difference.packages), key=lambda row: row[0], reverse=True)
    yield from _section("Packages", packages, "<<<", style)
    files = collapse(difference.files, folders=not style.verbose)
    yield from _section("Files", map(_file, files), "<><<", style)


def _section(title: str, rows: Iterable[Sequence[str]], align: str, style: Style) -> Iterator[str]:
    rows = list(rows)
    if not rows:
        return
    shown = rows if style.verbose or len(rows) <= _SHOWN + 1 else rows[:_SHOWN]
    yield ""
    yield style.bold(f"{title} ({len(rows)})")
    for line in table(shown, align, columns=None if style.verbose else style.width - 2):
        yield f"  {line}"
    if len(shown) < len(rows):
        yield style.dim(f"  and {len(rows) - len(shown)} more (--verbose shows all)")


def _finding(finding: Finding) -> tuple[str, str, str]:
    path = escape_name(container_path(finding.path)) if finding.path else "(config)"
    return finding.severity.label, shorten_path(path, 40), escape(finding.message)


def _config(change: ConfigChange) -> tuple[str, str, str, str]:
    return escape(change.field), _value(change.before), "->", _value(change.after)


def _value(value: object) -> str:
    match value:
        case None | "" | []:
            return "(none)"
        case list():
            return one_line(" ".join(map(str, value)))
        case _:
            return one_line(str(value))


def _package(change: PackageChange) -> tuple[str, str, str]:
    name = f"{escape(change.type)} {escape(change.name)}"
    before, after = escape(", ".join(change.before)), escape(", ".join(change.after))
    if not change.after:
        return "removed", name, before
    if not change.before:
        return "added", name, after
    return "changed", name, f"{before} -> {after}"


def _file(item: Collapsed) -> tuple[str, str, str, str]:
    change = item.change
    name = escape_name(container_path(change.path))
    if item.names:
        name += f"/ and {item.names:,} more in it"
    sign = "+" if item.bytes > 0 else ""
    size = f"{sign}{human_size(item.bytes)}" if item.bytes else "-"
    if change.after is None:
        return "removed", size, name, ""
    if change.before is None:
        return "added", size, name, ""
    return "changed", size, name, ", ".join(change.what)
