from collections.abc import Iterator
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slimmer.errors import FormatError
from slimmer.formats.rpm import parse_rpm_database
from slimmer.formats.rpm_bdb import bdb_headers, is_bdb_hash

from .rpm_builder import package
from .rpm_databases import bdb, bdb_meta, page

ORDERS = ["<", ">"]


@given(
    st.lists(st.integers(0, 2500), max_size=20),
    st.sampled_from(ORDERS),
    st.sampled_from([512, 4096, 32768]),
    st.integers(0, 60),
)
def test_what_was_written_is_read(lengths: list[int], order: str, size: int, inline: int) -> None:
    rows = [(row, bytes([row]) * length) for row, length in enumerate(lengths, 1)]
    data = bdb(rows, order=order, size=size, inline=inline, per_page=2)
    assert list(bdb_headers(data)) == rows


def test_packages() -> None:
    blobs = [package(name, files=[("/usr/", "x" * 50)] * 40) for name in ("a", "b", "c")]
    found = parse_rpm_database(bdb([(3, blobs[2]), (1, blobs[0]), (2, blobs[1])]))
    assert [(one.name, one.hnum) for one in found] == [("a", 1), ("b", 2), ("c", 3)]
    assert len(found[0].files) == 40


def test_recognised_in_either_byte_order() -> None:
    assert is_bdb_hash(bytes(12) + b"\x61\x15\x06\x00")
    assert is_bdb_hash(bytes(12) + b"\x00\x06\x15\x61")
    assert not is_bdb_hash(bytes(12) + b"\x62\x31\x05\x00")  # a btree
    assert not is_bdb_hash(b"")


def item_page(*items: bytes, starts: list[int] | None = None) -> bytes:
    """A hash page of 512 bytes with these items."""
    ends, at = [], 512
    for item in items:
        at -= len(item)
        ends.append(at)
    starts = ends if starts is None else starts
    content = pack(f"<{len(starts)}H", *starts)
    body = content.ljust(512 - 26 - sum(map(len, items)), b"\0") + b"".join(reversed(items))
    return page("<", 512, 1, 0, len(starts), 0, 13, body)


def overflow(number: int, following: int, length: int = 100, kind: int = 7) -> bytes:
    return page("<", 512, number, following, 1, length, kind, b"x" * 100)


KEY = b"\1" + pack("<I", 1)


def offpage(number: int, length: int) -> bytes:
    return b"\3\0\0\0" + pack("<II", number, length)


def file_of(*pages: bytes) -> bytes:
    return bdb_meta(size=512, last=len(pages)) + b"".join(pages)


def test_the_pages_above_are_right() -> None:
    data = file_of(item_page(KEY, offpage(2, 200)), overflow(2, 3), overflow(3, 0))
    assert list(bdb_headers(data)) == [(1, b"x" * 200)]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bdb_meta(size=512)[:20],
        bdb_meta(size=512, version=6),
        bdb_meta(size=1000),
        bdb_meta(size=512, kind=9),
        bdb_meta(size=512, encryption=1),
        bdb_meta(size=512, flags=1),
        bdb_meta(size=512, magic=0x053162),
        file_of(item_page(KEY, offpage(2, 200)), overflow(2, 2), overflow(3, 0)),
        file_of(item_page(KEY, offpage(2, 200)), overflow(2, 3), overflow(3, 2)),
        file_of(item_page(KEY, offpage(9, 200))),
        file_of(item_page(KEY, offpage(0xFFFFFFFF, 200))),
        file_of(item_page(KEY, offpage(0, 200))),
        file_of(item_page(KEY, offpage(1, 200))),
        file_of(item_page(KEY, offpage(2, 0xFFFFFFFF)), overflow(2, 0)),
        file_of(item_page(KEY, offpage(2, 100)), overflow(2, 0, length=60000)),
        file_of(item_page(KEY, offpage(2, 100)), overflow(2, 0, kind=13)),
        file_of(item_page(KEY, offpage(2, 100), KEY, offpage(2, 100)), overflow(2, 0)),
        file_of(item_page(KEY, b"\2xx")),
        file_of(item_page(KEY, b"\3xx")),
        file_of(item_page(b"\1abc", b"\1x")),
        file_of(item_page(b"\3" + bytes(4), b"\1x")),
        file_of(item_page(KEY)),
        file_of(item_page(KEY, b"\1x", starts=[600, 500])),
        file_of(item_page(KEY, b"\1x", starts=[500, 505])),
        file_of(item_page(KEY, b"\1x", starts=[500, 10])),
        file_of(page("<", 512, 1, 0, 0xFFFE, 0, 13)),
    ],
)
def test_malformed(data: bytes) -> None:
    with pytest.raises(FormatError):
        list(bdb_headers(data))


GOOD = bdb([(1, package("a")), (2, package("b") * 9)], size=512, inline=40)


def damaged(data: bytes) -> st.SearchStrategy[bytes]:
    """The data with a few bytes changed, perhaps cut short."""

    def change(edits: list[tuple[int, int]], end: int) -> bytes:
        new = bytearray(data)
        for position, value in edits:
            new[position] = value
        return bytes(new[:end])

    edit = st.tuples(st.integers(0, len(data) - 1), st.integers(0, 255))
    edits = st.lists(edit, max_size=8)
    return st.builds(change, edits, st.one_of(st.just(len(data)), st.integers(0, len(data))))


@given(st.one_of(st.binary(max_size=2000), damaged(GOOD)))
def test_damage_is_a_format_error(data: bytes) -> None:
    found: Iterator[tuple[int, bytes]] = bdb_headers(data)
    try:
        total = sum(len(blob) for _, blob in found)
    except FormatError:
        return
    assert total <= len(data)
