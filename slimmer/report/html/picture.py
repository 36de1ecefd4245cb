"""The two upper levels of the filesystem as a picture, for who has no JavaScript."""

from collections.abc import Iterator

from slimmer.report.document import Document
from slimmer.report.html.embed import content
from slimmer.report.html.treemap import Rect, squarify
from slimmer.report.size import human_size

_WIDTH, _HEIGHT = 1000.0, 480.0
_HEAD, _GAP = 18.0, 2.0
# Pixels of a letter of the labels, about.
_LETTER = 7.0
_MOST = 40


def picture(tree: Document) -> str:
    """An SVG of the largest folders and files of a `TreeData`; empty where nothing has a size."""
    boxes = "".join(_Picture(tree).boxes())
    if not boxes:
        return ""
    return (
        f'<svg class="picture" viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" role="img" '
        f'aria-label="The largest folders by size">{boxes}</svg>'
    )


class _Picture:
    def __init__(self, tree: Document) -> None:
        self._names, self._name = tree["names"], tree["name"]
        self._rest = dict(tree["rest"])
        self._children = _children(tree["kids"])
        self._totals = list(tree["size"])
        for node in reversed(range(len(self._totals))):
            self._totals[node] += sum(self._totals[child] for child in self._children[node])

    def boxes(self) -> Iterator[str]:
        for node, rect in self._laid_out(0, Rect(0, 0, _WIDTH, _HEIGHT)):
            yield self._box(node, rect)
            within = Rect(
                rect.x + _GAP, rect.y + _HEAD, rect.width - 2 * _GAP, rect.height - _HEAD - _GAP
            )
            if within.width > 2 * _HEAD and within.height > _HEAD:
                for child, inner in self._laid_out(node, within):
                    yield self._box(child, inner)

    def _laid_out(self, folder: int, within: Rect) -> list[tuple[int, Rect]]:
        shown = [child for child in self._children[folder] if self._totals[child]][:_MOST]
        rects = squarify([self._totals[child] for child in shown], within)
        return list(zip(shown, rects, strict=True))

    def _box(self, node: int, rect: Rect) -> str:
        x, y = rect.x + _GAP / 2, rect.y + _GAP / 2
        width, height = rect.width - _GAP, rect.height - _GAP
        if width < 1 or height < 1:
            return ""
        name, size = self._label(node), human_size(self._totals[node])
        box = (
            f'<g><title>{content(name)}, {size}</title><rect x="{x:.1f}" y="{y:.1f}" '
            f'width="{width:.1f}" height="{height:.1f}" rx="2"/>'
        )
        room = int((width - 8) / _LETTER)
        if room >= 3 and height >= 14:
            label = name if len(name) <= room else f"{name[: room - 1]}…"
            label = f"{label} {size}" if len(label) + len(size) < room else label
            box += f'<text x="{x + 5:.1f}" y="{y + 12.5:.1f}">{content(label)}</text>'
        return box + "</g>"

    def _label(self, node: int) -> str:
        if self._name[node]:
            return str(self._names[self._name[node] - 1])
        return f"{self._rest.get(node, 0):,} smaller files"


def _children(kids: list[int]) -> list[range]:
    """The nodes in each node, which follow each other in breadth-first order."""
    children, start = [], 1
    for count in kids:
        children.append(range(start, start + count))
        start += count
    return children
