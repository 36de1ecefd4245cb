"""`slim diff`: content byte by byte, links counted once, folders on one line."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.layers import File, Folder, Hardlink, Layer, Symlink

from .conftest import Run
from .shop import write_layout

BEFORE: Layer = {
    "same": b"12345",
    "touched": b"12345",
    "mode": b"12345",
    "link": Symlink("same"),
    "kind": b"x",
    "gone/a": b"1" * 1000,
    "gone/b": Hardlink("gone/a"),
    "gone-not": b"",
}
AFTER: Layer = {
    "touched": b"12346",
    "same": b"12345",
    "mode": File(b"12345", mode=0o600, uid=7),
    "link": Symlink("touched"),
    "kind": Folder(),
    "gone-not": b"",
    "new/deep/er": b"1" * 2000,
}


@pytest.fixture(autouse=True)
def _images(place: Path) -> None:
    write_layout(place / "before", [BEFORE], {}, ["RUN one"])
    write_layout(place / "after", [AFTER], {}, ["RUN two"])


def files(run: Run, *references: str) -> dict[str, Any]:
    document = json.loads(run("diff", "--format", "json", *references).out)
    return {change["path"]: change for change in document["files"]}


def test_what_changed(run: Run) -> None:
    found = files(run, "before", "after")
    changed = {path: change["changed"] for path, change in found.items() if change["changed"]}
    assert changed == {
        "/kind": ["kind"],
        "/link": ["target"],
        "/mode": ["mode", "owner"],
        "/touched": ["content"],
    }
    assert [path for path, change in found.items() if change["after"] is None] == [
        "/gone",
        "/gone/a",
        "/gone/b",
    ]
    assert [path for path, change in found.items() if change["before"] is None] == [
        "/new",
        "/new/deep",
        "/new/deep/er",
    ]


def test_whole_folders_and_shared_bytes(run: Run) -> None:
    lines = [line.split(maxsplit=3) for line in run("diff", "before", "after").out.splitlines()]
    assert ["added", "+2.0", "kB", "/new/ and 2 more in it"] in lines
    assert ["removed", "-1.0", "kB", "/gone/ and 2 more in it"] in lines


def test_verbose_lists_each_name(run: Run) -> None:
    shown = run("diff", "--verbose", "before", "after").out
    assert "/new/deep/er" in shown
    assert "more in it" not in shown


def test_the_same_image_in_other_layers(run: Run, place: Path) -> None:
    parts: list[Layer] = [dict(list(BEFORE.items())[:4]), dict(list(BEFORE.items())[4:])]
    write_layout(place / "split", parts, {}, ["RUN one", "RUN more"])
    assert files(run, "before", "split") == {}
    assert "Containers of both see the same." in run("diff", "before", "split").out
