"""Aligned columns."""

from collections.abc import Sequence

from slimmer.report.escape import shorten, width

Row = Sequence[str]


def table(
    rows: Sequence[Row], align: str, *, columns: int | None = None, gap: int = 2
) -> list[str]:
    """Lines with the cells of `rows` under each other; the cells are escaped already.

    `align` has a `<` or a `>` for each column. With `columns`, the last one is cut to fit.
    """
    widths = [max(width(row[place]) for row in rows) for place in range(len(align))] if rows else []
    if columns is not None and widths:
        taken = sum(widths[:-1]) + gap * (len(widths) - 1)
        widths[-1] = max(8, min(widths[-1], columns - taken))
    return [_line(row, align, widths, gap) for row in rows]


def _line(row: Row, align: str, widths: Sequence[int], gap: int) -> str:
    *cells, last = row
    cells.append(shorten(last, widths[-1]))
    padded = (_pad(*cell) for cell in zip(cells, align, widths, strict=True))
    return (" " * gap).join(padded).rstrip()


def _pad(cell: str, side: str, columns: int) -> str:
    space = " " * (columns - width(cell))
    return space + cell if side == ">" else cell + space
