"""The table at the end of a run: one row for each image and profile, then what stays and why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import geometric_mean

_HEAD = ("image", "profile", "before", "after", "times", "user", "seconds", "copy", "probes")


@dataclass(frozen=True)
class Row:
    """One build: bytes before and after, seconds of slim and of `skopeo copy`, probes passed.

    `stays` are lines on what the output still holds.
    """

    image: str
    profile: str
    before: int
    after: int
    user: str
    seconds: float
    copy_seconds: float
    passed: int
    probes: int
    stays: tuple[str, ...]

    @property
    def times(self) -> float:
        return self.before / self.after

    @property
    def works(self) -> bool:
        """Whether the output does all that the original does."""
        return self.passed == self.probes


def mean(rows: Iterable[Row]) -> float:
    """How many times smaller the images become: the geometric mean."""
    return geometric_mean(row.times for row in rows)


def working(rows: Iterable[Row], profile: str) -> list[Row]:
    """The builds of one profile whose output works: no other's size counts for anything."""
    return [row for row in rows if row.profile == profile and row.works]


def lines(rows: Sequence[Row]) -> list[str]:
    """The whole table, with the means of each profile, then what stays in each image."""
    rows = sorted(rows, key=lambda row: (row.image, row.profile))
    cells = [_HEAD, *map(_cells, rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(_HEAD))]
    text = [
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in cells
    ]
    for profile in sorted({row.profile for row in rows}):
        total = sum(row.profile == profile for row in rows)
        good = working(rows, profile)
        times = f"{mean(good):.2f} times smaller in the geometric mean" if good else "nothing works"
        text.append(f"{profile}: {len(good)} of {total} images work; of those, {times}")
    for row in rows:
        text += [f"{row.image} {row.profile}", *(f"    {line}" for line in row.stays)]
    return text


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.image,
        row.profile,
        f"{row.before / 1e6:.1f}",
        f"{row.after / 1e6:.1f}",
        f"{row.times:.2f}",
        row.user or "root",
        f"{row.seconds:.1f}",
        f"{row.copy_seconds:.1f}",
        f"{row.passed}/{row.probes}",
    )
