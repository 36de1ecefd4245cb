"""Names in layers: one normal form, never out of the image."""

import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slimmer.errors import FormatError
from slimmer.image.path import (
    MAX_PATH,
    is_aufs_metadata,
    is_opaque,
    is_whiteout,
    normalise,
    whiteout_target,
)


@pytest.mark.parametrize(
    "name", ["x", "./x", "/x", "x/", "//x", "./././x//", "y/../x", "a/b/../../x", "/./x/."]
)
def test_all_spellings_of_a_path_are_one(name: str) -> None:
    assert normalise(name) == "x"


@pytest.mark.parametrize("name", [".", "./", "/", "a/.."])
def test_the_root_is_the_empty_path(name: str) -> None:
    assert normalise(name) == ""


@pytest.mark.parametrize("name", ["", "..", "../x", "/../x", "a/../../x", "a\0b", "\0"])
def test_a_name_never_leads_out_of_the_image(name: str) -> None:
    with pytest.raises(FormatError):
        normalise(name)


def test_a_path_no_kernel_takes_is_refused() -> None:
    assert len(normalise("x/" * 2047 + "x")) == MAX_PATH
    with pytest.raises(FormatError, match="4096 characters"):
        normalise("y" * 4096)


@given(st.lists(st.sampled_from([".", "..", "", "a", ".b", "b.", "...", "é\udcff"]), min_size=1))
def test_agrees_with_posixpath_inside_and_refuses_outside(parts: list[str]) -> None:
    name = "/".join(parts)
    expected = posixpath.normpath(name.lstrip("/") or ".")
    try:
        found = normalise(name)
    except FormatError:
        assert not name or expected.split("/")[0] == ".."
        return
    assert found == ("" if expected == "." else expected)
    assert not found or normalise(found) == found


def test_whiteouts() -> None:
    assert is_whiteout("a/.wh.b")
    assert not is_whiteout("a.wh.b")
    assert not is_whiteout(".wh.a/b")
    assert whiteout_target("a/.wh.b") == "a/b"
    assert whiteout_target(".wh..wh.x") == ".wh.x"
    assert is_opaque("a/.wh..wh..opq")
    assert is_opaque(".wh..wh..opq")


@pytest.mark.parametrize("path", [".wh.", "a/.wh.", ".wh..", "a/.wh..."])
def test_a_whiteout_without_a_name_is_an_error(path: str) -> None:
    with pytest.raises(FormatError, match="whiteout"):
        whiteout_target(path)


def test_aufs_bookkeeping_is_never_content() -> None:
    assert is_aufs_metadata(".wh..wh.plnk")
    assert is_aufs_metadata(".wh..wh.plnk/97.23")
    assert is_aufs_metadata("a/.wh..wh.aufs")
    assert not is_aufs_metadata("a/.wh..wh..opq")
    assert not is_aufs_metadata("a/.wh.b")
