"""Squarified treemaps: whatever the weights, rectangles in proportion that share no point."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slimmer.report.html.treemap import Rect, squarify

WEIGHTS = st.lists(st.integers(1, 10**12), min_size=1, max_size=40)
SIDES = st.floats(1, 4000, allow_nan=False)


def _area(rect: Rect) -> float:
    return rect.width * rect.height


@given(WEIGHTS, SIDES, SIDES)
def test_areas_are_in_proportion(weights: list[int], width: float, height: float) -> None:
    weights.sort(reverse=True)
    rects = squarify(weights, Rect(0, 0, width, height))
    unit = width * height / sum(weights)
    assert len(rects) == len(weights)
    for weight, rect in zip(weights, rects, strict=True):
        # What rounding leaves of a side may be nothing where the weights are 10**12 apart.
        assert _area(rect) == pytest.approx(weight * unit, rel=1e-6, abs=width * height * 1e-9)


@given(WEIGHTS, SIDES, SIDES, st.floats(-100, 100), st.floats(-100, 100))
def test_all_lie_within_and_none_on_another(
    weights: list[int], width: float, height: float, x: float, y: float
) -> None:
    rects = squarify(sorted(weights, reverse=True), Rect(x, y, width, height))
    little = 1e-7 * (width + height)
    for rect in rects:
        assert rect.width >= 0
        assert rect.height >= 0
        assert x - little <= rect.x
        assert rect.x + rect.width <= x + width + little
        assert y - little <= rect.y
        assert rect.y + rect.height <= y + height + little
    for one, other in combinations(rects, 2):
        across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
        down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
        assert across <= little or down <= little


@given(st.integers(1, 30), SIDES)
def test_equal_weights_make_no_slivers(count: int, side: float) -> None:
    for rect in squarify([1.0] * count, Rect(0, 0, side, side)):
        assert max(rect.width, rect.height) <= 3.001 * min(rect.width, rect.height)


def test_the_example_of_the_paper() -> None:
    """Bruls, Huizing and van Wijk, figure 4: 6 6 4 3 2 2 1 in six by four."""
    rects = squarify([6, 6, 4, 3, 2, 2, 1], Rect(0, 0, 6, 4))
    assert rects[0] == (0, 0, 3, 2)
    assert rects[1] == (0, 2, 3, 2)
    assert [round(value, 3) for value in rects[2]] == [3, 0, 1.714, 2.333]
    assert [round(value, 3) for value in rects[3]] == [4.714, 0, 1.286, 2.333]


def test_nothing_and_no_room() -> None:
    assert squarify([], Rect(0, 0, 10, 10)) == []
    assert [rect[2:] for rect in squarify([1, 1], Rect(0, 0, 0, 0))] == [(0, 0), (0, 0)]
