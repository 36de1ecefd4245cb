"""The harness's own sums and mounts: what the table says, and which mounts an output gets."""

from pathlib import Path

import pytest
from harness import summary
from harness.runtime import Bundle, Options
from harness.trial import with_mounts

BUNDLE = Bundle(Path("/nowhere"), {"Volumes": {"/data": {}}})


def row(image: str, profile: str, before: int, after: int, passed: int = 2) -> summary.Row:
    return summary.Row(image, profile, before, after, "65532", 1, 1, passed, 2, ("1 MB /it",))


def test_the_mean_is_geometric_and_leaves_out_what_does_not_work() -> None:
    rows = [row("a", "file", 80, 10), row("b", "file", 20, 10), row("c", "file", 900, 1, passed=1)]
    good = summary.working([*rows, row("a", "package", 30, 10)], "file")
    assert [entry.image for entry in good] == ["a", "b"]
    assert summary.mean(good) == pytest.approx(4)


def test_the_table_has_a_line_for_each_row_and_profile() -> None:
    text = summary.lines([row("b", "file", 20, 10), row("a", "package", 30, 10, passed=0)])
    assert [line.split()[:2] for line in text[1:3]] == [["a", "package"], ["b", "file"]]
    assert "file: 1 of 1 images work; of those, 2.00 times smaller in the geometric mean" in text
    assert "package: 0 of 1 images work; of those, nothing works" in text
    assert text[-2:] == ["b file", "    1 MB /it"]


def test_an_output_gets_the_mounts_that_slim_lists() -> None:
    given = Options(tmpfs=("/tmp", "/run"))
    writable = [
        {"path": "/tmp", "kind": "tmpfs", "reason": ""},
        {"path": "/var/lib/shop", "kind": "volume", "reason": ""},
        {"path": "/data", "kind": "volume", "reason": "declared: mounted anyway"},
        {"path": "/app/uploads", "kind": "data", "reason": ""},
    ]
    made = with_mounts(given, {"writable": writable}, BUNDLE)
    assert (made.tmpfs, made.volumes) == (("/tmp",), ("/var/lib/shop",))
    assert with_mounts(given, {}, BUNDLE) == given
