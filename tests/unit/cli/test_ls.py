"""`slim ls`: exact names, folders through links, single layers."""

from pathlib import Path

import pytest
from support.layers import File, Symlink

from slimmer.errors import EXIT_INPUT, EXIT_USAGE

from .conftest import Run
from .shop import LATIN_NAME, LAYERS, write_layout


def names(raw: bytes) -> list[str]:
    return raw.decode("utf-8", "surrogateescape").split("\0")[:-1]


def test_null_gives_the_names_as_they_are(run: Run) -> None:
    found = names(run("ls", "-0", "shop").raw)
    wanted = {path for layer in LAYERS for path in layer} - {"srv/.env", "srv/.wh..env"}
    assert wanted <= set(found)
    assert {path for path in found if path not in wanted} == {
        "etc", "srv", "usr", "usr/bin", "var", "var/lib", "var/lib/dpkg", "var/lib/dpkg/info",
    }  # fmt: skip
    assert found == sorted(found, key=lambda path: path.split("/"))


def test_one_layer_in_the_order_of_its_tar(run: Run) -> None:
    assert names(run("ls", "-0", "--layer", "1", "shop").raw) == list(LAYERS[1])


@pytest.mark.parametrize(
    ("path", "listed"),
    [
        ("/etc", ["etc/group", "etc/passwd"]),
        ("etc/", ["etc/group", "etc/passwd"]),
        ("/srv/../etc/./group", ["etc/group"]),
        ("/bin/tool", ["usr/bin/tool"]),
        ("/var/lib/dpkg/info", ["var/lib/dpkg/info/tool.list"]),
        (LATIN_NAME, []),
        ("srv/new\nline", []),
    ],
)
def test_path(path: str, listed: list[str], run: Run) -> None:
    result = run("ls", "-0", "shop", path)
    assert (result.code, names(result.raw)) == (0, listed)


def test_links_that_lead_nowhere_are_listed(run: Run, place: Path) -> None:
    write_layout(place / "links", [{"dead": Symlink("gone"), "loop": Symlink("loop")}], {})
    assert run("ls", "links", "/dead").out == "dead\n"
    assert run("ls", "links", "loop").out == "loop\n"


@pytest.mark.parametrize("path", ["/nothing", "/etc/passwd/x", "/srv/.env"])
def test_nothing_there(path: str, run: Run) -> None:
    result = run("ls", "shop", path)
    assert (result.code, result.out) == (EXIT_INPUT, "")
    assert result.err == f"slim: error: {path}: no such file in the image\n"


def test_path_in_a_layer(run: Run) -> None:
    assert run("ls", "--layer", "0", "shop", "/srv").out == "srv/.env\n"
    assert run("ls", "--layer", "0", "shop", "/sr").code == EXIT_INPUT


def test_long_shows_modes_and_numbers_without_names(run: Run, place: Path) -> None:
    layer = {
        "a": File(b"", mode=0o2755, uid=4294967294, gid=5),
        "b": File(b"12", mode=0o1644),
        "c/d": b"",
    }
    write_layout(place / "modes", [layer], {})
    assert run("ls", "-l", "modes").out == (
        "-rwxr-sr-x  4294967294:5  0  0  -  a\n"
        "-rw-r--r-T  0:0           2  0  -  b\n"
        "drwxr-xr-x  0:0           0  0  -  c\n"
        "-rw-r--r--  0:0           0  0  -  c/d\n"
    )


@pytest.mark.parametrize(
    "arguments", [["-0", "-l"], ["-0", "--format", "json"], ["--layer", "-1"], ["--layer", "x"]]
)
def test_usage(arguments: list[str], run: Run) -> None:
    result = run("ls", *arguments, "shop")
    assert result.code == EXIT_USAGE
    assert result.err.count("\n") == 1
