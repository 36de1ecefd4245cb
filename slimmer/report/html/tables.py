"""Tables that are read without JavaScript and searched, sorted and turned over with it.

One description serves both: the first rows stand in the page as HTML, all of them in the data
block. Cells are plain values that have been escaped for people (`report.escape`); what they mean is
said by their column's kind, here and in `script.js` alike.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from slimmer.detect.interface import Severity
from slimmer.report.document import Document
from slimmer.report.html.embed import content, json_size
from slimmer.report.size import human_size

# Rows that are there without JavaScript.
STATIC_ROWS = 250

Kind = Literal["text", "code", "size", "count", "severity", "detail"]
"""`text` and `code` cells are strings, `size` bytes, `count` and `severity` whole numbers (None:
nothing to show), `detail` a string and pairs of a label and a text that unfold below it."""

Cell = str | int | None | tuple[str, tuple[tuple[str, str], ...]]
Row = Sequence[Cell]


@dataclass(frozen=True)
class Column:
    """`shared`: few different texts, which the data block has once. `facet`: a filter by value."""

    label: str
    kind: Kind = "text"
    shared: bool = False
    facet: bool = False


class Texts:
    """Texts that many cells have in common, each kept once."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        return self._numbers.setdefault(text, len(self._numbers))

    @property
    def all(self) -> list[str]:
        return list(self._numbers)


@dataclass(frozen=True)
class Table:
    """`budget` is how many bytes of the page the rows may take: what is over it is only counted.

    `sort` is the column that rows are in the order of, if any. `bars`: a column of sizes that
    shows them as bars, too.
    """

    id: str
    noun: tuple[str, str]
    columns: tuple[Column, ...]
    rows: Sequence[Row]
    budget: int = 600_000
    more: str = ""
    empty: str = "None."
    bars: int | None = None
    links: int | None = None
    _kept: list[Row] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_kept", self._within_budget())

    def _within_budget(self) -> list[Row]:
        kept, left, shared = [], self.budget, set[str]()
        for row in self.rows:
            left -= sum(self._cost(cell, shared) for cell in row)
            if left < 0:
                break
            kept.append(row)
        return kept

    def _cost(self, cell: Cell, shared: set[str]) -> int:
        match cell:
            case str():
                return json_size(cell)
            case (str() as text, pairs):
                new = {text for pair in pairs for text in pair} - shared
                shared |= new
                return json_size(text) + 12 * len(pairs) + sum(map(json_size, new))
            case _:
                return 8

    def document(self, texts: Texts) -> Document:
        """What `script.js` needs to take the table over."""
        return {
            "id": self.id,
            "noun": list(self.noun),
            "columns": [
                {"label": c.label, "kind": c.kind, "shared": c.shared, "facet": c.facet}
                for c in self.columns
            ],
            "bars": self.bars,
            "links": self.links,
            "rows": [self._row_document(row, texts) for row in self._kept],
        }

    def _row_document(self, row: Row, texts: Texts) -> list[object]:
        cells: list[object] = []
        for column, cell in zip(self.columns, row, strict=True):
            if column.shared and isinstance(cell, str):
                cells.append(texts.number(cell))
            elif isinstance(cell, tuple):
                pairs = [number for pair in cell[1] for number in map(texts.number, pair)]
                cells.append([cell[0], *pairs])
            else:
                cells.append(cell)
        return cells

    def html(self) -> str:
        """The section's body: a table with its first rows, and what is not among them."""
        if not self.rows:
            return f'<p class="empty">{content(self.empty)}</p>'
        head = "".join(
            f'<th scope="col" class="{column.kind}">{content(column.label)}</th>'
            for column in self.columns
        )
        body = "\n".join(self._row_html(row) for row in self._kept[:STATIC_ROWS])
        return (
            f'<div class="table" id="table-{self.id}">'
            f"<table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table>"
            f"{self._left_out()}</div>"
        )

    def _left_out(self) -> str:
        """Words on the rows that are not in the page, and on those that need JavaScript."""
        notes = ""
        if len(self._kept) > STATIC_ROWS:
            rest = f"{len(self._kept) - STATIC_ROWS:,} more {self.noun[1]} are shown by JavaScript."
            notes += f'<p class="note static">{content(rest)}</p>'
        if len(self._kept) < len(self.rows):
            rest = (
                f"{len(self._kept):,} of {len(self.rows):,} {self.noun[1]} are listed. {self.more}"
            )
            notes += f'<p class="note">{content(rest.strip())}</p>'
        return notes

    def _row_html(self, row: Row) -> str:
        return "<tr>" + "".join(map(self._cell_html, self.columns, row)) + "</tr>"

    def _cell_html(self, column: Column, cell: Cell) -> str:
        label = f' data-label="{content(column.label)}"'
        return f'<td class="{column.kind}"{label}>{_cell(column.kind, cell)}</td>'


def _cell(kind: Kind, cell: Cell) -> str:
    match kind, cell:
        case _, None:
            return '<span class="none">-</span>'
        case "severity", int() as number:
            label = Severity(number).label
            return f'<span class="severity {label}">{label}</span>'
        case "size", int() as number:
            return content(human_size(number))
        case "count", int() as number:
            return f"{number:,}"
        case _, (str() as text, pairs):
            lines = "".join(f"<dt>{content(k)}</dt><dd>{content(v)}</dd>" for k, v in pairs)
            return f"<details><summary>{content(text)}</summary><dl>{lines}</dl></details>"
        case _:
            return content(str(cell))


def facts_html(facts: Iterable[tuple[str, str]]) -> str:
    """Pairs of a name and a value, those without a value left out; digests get a line each."""
    return "".join(_fact(name, value) for name, value in facts if value)


def _fact(name: str, value: str) -> str:
    wide = ' class="wide"' if value.startswith(("sha256:", "sha512:")) else ""
    return f"<div{wide}><dt>{content(name)}</dt><dd>{content(value)}</dd></div>"


def counts_html(counts: Mapping[str, int]) -> str:
    """Figures with a word each, those of zero left out; the words are also class names."""
    return "".join(
        f'<li class="{content(name)}"><b>{number:,}</b> {content(name)}</li>'
        for name, number in counts.items()
        if number
    )
