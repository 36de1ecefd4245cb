"""Sizes, tables, instructions: the small parts of a text report."""

import pytest

from slimmer.detect.interface import Severity
from slimmer.report.escape import width
from slimmer.report.inspect_text import short_instruction
from slimmer.report.size import human_size
from slimmer.report.style import PLAIN, Style
from slimmer.report.table import table


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (77_812_000, "77.8 MB"),
        (99_600_000, "100 MB"),
        (388_900_000, "389 MB"),
        (999_499_999, "999 MB"),
        (999_500_000, "1.0 GB"),
        (-27_900, "-27.9 kB"),
        (1 << 62, "4.6 EB"),
        (10**24, "1000000 EB"),
    ],
)
def test_human_size(size: int, text: str) -> None:
    assert human_size(size) == text


def test_table_aligns_by_columns_on_the_screen() -> None:
    rows = [("日本", "1", "x"), ("abc", "20", "yy")]
    assert table(rows, "<><") == ["日本   1  x", "abc   20  yy"]


def test_table_cuts_its_last_column() -> None:
    lines = table([("a", "b" * 50), ("aaaa", "b")], "<<", columns=20)
    assert lines == ["a     " + "b" * 11 + "...", "aaaa  b"]
    assert all(width(line) <= 20 for line in lines)


def test_table_of_nothing() -> None:
    assert table([], "<<") == []


def test_colours_only_when_asked() -> None:
    assert PLAIN.bold("x") == PLAIN.severity(Severity.HIGH, "x") == "x"
    assert Style(colour=True).bold("x") == "\x1b[1mx\x1b[0m"
    assert Style(colour=True).dim("") == ""


@pytest.mark.parametrize(
    ("created_by", "shown"),
    [
        ('/bin/sh -c #(nop)  CMD ["sh"]', 'CMD ["sh"]'),
        ("/bin/sh -c apt-get update", "RUN apt-get update"),
        ("RUN /bin/sh -c make\n\tinstall # buildkit", "RUN make install"),
        ("COPY . /app # buildkit", "COPY . /app"),
        (f"/bin/sh -c #(nop) COPY dir:{'0f' * 32} in /app ", "COPY dir in /app"),
        ("", ""),
    ],
)
def test_short_instruction(created_by: str, shown: str) -> None:
    assert short_instruction(created_by) == shown
