"""The comparison of a build's two sides for people and for programs, beyond the plain sizes."""

from collections.abc import Iterator
from textwrap import wrap

from slimmer.build.build import Outcome
from slimmer.report.comparison import Change, compare_outcome
from slimmer.report.document import Document, text_of
from slimmer.report.escape import shorten
from slimmer.report.style import Style
from slimmer.report.table import table


def comparison_lines(outcome: Outcome, style: Style) -> Iterator[str]:
    """What an intruder would find, before and after; findings by category; the source's digest."""
    comparison = compare_outcome(outcome)
    room = max(12, (style.width - 40) // 2)
    rows = [("", "before", "after", "change")]
    for change in comparison.surface:
        sides = (shorten(change.before, room), shorten(change.after, room))
        rows.append((change.name.lower(), *sides, change.change or "-"))
    head, *lines = table(rows, "<<<<", columns=style.width)
    yield style.dim(head)
    yield from lines
    found = ", ".join(map(_short, comparison.categories)) or "nothing before, nothing after"
    yield from _paragraph("findings", found, style)
    digest = outcome.before.image.digest or "none: a docker archive has no manifest"
    yield from _paragraph("source", str(digest), style)


def _short(change: Change) -> str:
    """`secret 13 -> 3`."""
    sides = change.before if change.before == change.after else f"{change.before} -> {change.after}"
    return f"{change.name} {sides}"


def _paragraph(name: str, text: str, style: Style) -> Iterator[str]:
    margin = " " * 10
    first, *rest = wrap(text, style.width - len(margin)) or [""]
    yield f"{style.dim(name.ljust(len(margin)))}{first}"
    yield from (margin + line for line in rest)


def comparison_json(outcome: Outcome) -> Document:
    """Texts for people, under the names of the lines; figures stand in `before` and `after`."""
    comparison = compare_outcome(outcome)
    return {
        "surface": [_change(change) for change in comparison.surface],
        "findings_by_category": [_change(change) for change in comparison.categories],
        "source_digest": outcome.before.image.digest,
    }


def _change(change: Change) -> Document:
    return {
        "name": text_of(change.name),
        "before": text_of(change.before),
        "after": text_of(change.after),
        "better": change.better,
    }
