"""Squarified treemaps (Bruls, Huizing and van Wijk, 2000): rectangles by weight, nearly square.

`treemap.js` does the same in the page, where the window's shape is known; a test holds the two
together.
"""

from collections.abc import Sequence
from typing import NamedTuple


class Rect(NamedTuple):
    """`x` and `y` are of the top left corner."""

    x: float
    y: float
    width: float
    height: float


def squarify(weights: Sequence[float], within: Rect) -> list[Rect]:
    """A rectangle for each of `weights`, all of them together filling `within`.

    Areas are in the proportion of the weights. These must be above zero; the largest first gives
    the best shapes.
    """
    total = sum(weights)
    if not total:
        return []
    scale = within.width * within.height / total
    areas = [weight * scale for weight in weights]
    placed: list[Rect] = []
    start, free = 0, within
    while start < len(areas):
        end = _row_end(areas, start, min(free.width, free.height))
        placed += _place(areas[start:end], free)
        free = _rest(free, sum(areas[start:end]))
        start = end
    return placed


def _row_end(areas: Sequence[float], start: int, side: float) -> int:
    """Where the row along `side` ends: the next rectangle would make the worst one worse."""
    row = worst = 0.0
    largest, smallest = 0.0, float("inf")
    for end in range(start, len(areas)):
        row += areas[end]
        largest, smallest = max(largest, areas[end]), min(smallest, areas[end])
        # The longer edge by the shorter one, of the flattest rectangle either way.
        ratio = _ratio(side, row, largest, smallest)
        if end > start and ratio > worst:
            return end
        worst = ratio
    return len(areas)


def _ratio(side: float, row: float, largest: float, smallest: float) -> float:
    across, along = side * side, row * row
    if not (across and along and smallest):
        return float("inf")
    return max(across * largest / along, along / (across * smallest))


def _place(areas: Sequence[float], free: Rect) -> list[Rect]:
    """One row along the shorter edge of `free`, at its left or its top."""
    row = sum(areas)
    upright = free.width >= free.height
    side = free.height if upright else free.width
    # Rounding leaves the last row a sliver that is thinner than its area asks for.
    depth = min(row / side, free.width if upright else free.height) if side else 0.0
    placed, offset = [], 0.0
    for area in areas:
        length = side * area / row if row else 0.0
        if upright:
            placed.append(Rect(free.x, free.y + offset, depth, length))
        else:
            placed.append(Rect(free.x + offset, free.y, length, depth))
        offset += length
    return placed


def _rest(free: Rect, row: float) -> Rect:
    if free.width >= free.height:
        depth = row / free.height if free.height else 0.0
        return Rect(free.x + depth, free.y, max(0.0, free.width - depth), free.height)
    depth = row / free.width
    return Rect(free.x, free.y + depth, free.width, max(0.0, free.height - depth))
