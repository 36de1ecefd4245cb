"""Two images side by side, in figures."""

from collections.abc import Iterator

from slimmer.report.size import human_size
from slimmer.report.style import Style
from slimmer.report.summary import Summary
from slimmer.report.table import table


def before_after_lines(before: Summary, after: Summary, style: Style) -> list[str]:
    """A small table: sizes, files, packages, findings, and how much they changed."""
    head, *lines = table([("", "before", "after", "change"), *_rows(before, after)], "<>>>")
    return [style.dim(head), *lines]


def _rows(before: Summary, after: Summary) -> Iterator[tuple[str, str, str, str]]:
    yield _sizes("to download", before.size, after.size)
    yield _sizes("unpacked", before.uncompressed_size, after.uncompressed_size)
    yield _sizes("wasted", before.wasted, after.wasted)
    yield _counts("layers", len(before.layers), len(after.layers))
    yield _counts("files", before.files, after.files)
    yield _counts("packages", sum(before.packages.values()), sum(after.packages.values()))
    yield _counts("findings", len(before.findings), len(after.findings))


def _sizes(name: str, before: int, after: int) -> tuple[str, str, str, str]:
    if before == after:
        return name, human_size(before), human_size(after), "-"
    change = f"{'+' if after > before else ''}{human_size(after - before)}"
    percent = round((after - before) / before * 100) if before else 0
    # A tiny share says nothing, and a huge one is hard to read.
    if percent and percent < 1000:
        change = f"{change} ({percent:+}%)"
    return name, human_size(before), human_size(after), change


def _counts(name: str, before: int, after: int) -> tuple[str, str, str, str]:
    change = f"{after - before:+,}" if after != before else "-"
    return name, f"{before:,}", f"{after:,}", change
