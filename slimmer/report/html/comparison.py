"""Before and after, side by side."""

from collections.abc import Sequence

from slimmer.report.comparison import Change, Comparison
from slimmer.report.html.embed import content

_WORDS = {True: "better", False: "worse", None: "same"}


def comparison_html(comparison: Comparison) -> str:
    """Two bars for the sizes that everybody asks for first, then every figure by group."""
    left = (("Size", comparison.sizes), ("What an intruder finds", comparison.surface))
    right = (
        ("Findings by severity", comparison.severities),
        ("Findings by category", comparison.categories),
    )
    columns = "".join(
        f"<div>{''.join(_group(title, rows) for title, rows in groups if rows)}</div>"
        for groups in (left, right)
    )
    return f'{_bars(comparison)}<div class="columns">{columns}</div>'


def _bars(comparison: Comparison) -> str:
    before, after = comparison.before.size, comparison.after.size
    if not comparison.built or not before:
        return ""
    largest = max(before, after)
    rows = ((comparison.sizes[0].before, before, "old"), (comparison.sizes[0].after, after, "new"))
    bars = "".join(
        f'<g transform="translate(0 {number * 34})">'
        f'<rect class="track" width="1000" height="26" rx="3"/>'
        f'<rect class="{kind}" width="{max(2, size * 1000 / largest):.1f}" height="26" rx="3"/></g>'
        for number, (_, size, kind) in enumerate(rows)
    )
    labels = "".join(f"<dd>{content(text)}</dd>" for text, _, _ in rows)
    return (
        '<div class="sizes"><dl><dt>Before</dt><dt>After</dt>' + labels + "</dl>"
        '<svg viewBox="0 0 1000 60" preserveAspectRatio="none" aria-hidden="true">'
        f"{bars}</svg></div>"
    )


def _group(title: str, rows: Sequence[Change]) -> str:
    body = "".join(map(_row, rows))
    return (
        f'<div class="table compare"><table><caption>{content(title)}</caption><thead><tr>'
        '<th scope="col"></th><th scope="col">Before</th><th scope="col">After</th>'
        f'<th scope="col">Change</th></tr></thead><tbody>{body}</tbody></table></div>'
    )


def _row(row: Change) -> str:
    kind = "code" if row.identifier else "value"
    way = _WORDS[row.better]
    return (
        f'<tr><th scope="row">{content(row.name)}</th>'
        f'<td class="{kind}" data-label="Before">{content(row.before)}</td>'
        f'<td class="{kind}" data-label="After">{content(row.after)}</td>'
        f'<td class="change {way}" data-label="Change">{content(row.change)}</td></tr>'
    )
