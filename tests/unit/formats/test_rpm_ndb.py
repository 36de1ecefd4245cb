from struct import pack, pack_into

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slimmer.errors import FormatError
from slimmer.formats.rpm import parse_rpm_database
from slimmer.formats.rpm_ndb import is_ndb, ndb_headers

from .rpm_builder import package
from .rpm_databases import ndb
from .test_rpm_bdb import damaged


@given(st.lists(st.integers(0, 300), max_size=20), st.integers(1, 3), st.integers(0, 4))
def test_what_was_written_is_read(lengths: list[int], pages: int, gap: int) -> None:
    rows = [(row, bytes([row]) * length) for row, length in enumerate(lengths, 1)]
    assert list(ndb_headers(ndb(rows, pages=pages, gap=gap))) == rows


def test_packages() -> None:
    found = parse_rpm_database(ndb([(2, package("b")), (1, package("a"))]))
    assert [(one.name, one.hnum) for one in found] == [("a", 1), ("b", 2)]


def test_recognised() -> None:
    assert is_ndb(b"RpmP" + bytes(28))
    assert not is_ndb(b"RpmI")


def changed(offset: int, *values: int) -> bytes:
    """Three packages, and 32-bit numbers at `offset` replaced."""
    data = bytearray(ndb([(1, b"a" * 50), (2, b"b" * 50), (3, b"c" * 50)]))
    pack_into(f"<{len(values)}I", data, offset, *values)
    return bytes(data)


FIRST_SLOT, FIRST_BLOB = 32, 4096


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"RpmP",
        changed(4, 1),
        changed(12, 0),
        changed(12, 2),
        changed(12, 0xFFFFFFFF),
        changed(FIRST_SLOT, 7),
        changed(FIRST_SLOT + 4, 2),
        changed(FIRST_SLOT + 8, 1),
        changed(FIRST_SLOT + 8, 0xFFFFFFFF),
        changed(FIRST_SLOT + 12, 0),
        changed(FIRST_SLOT + 12, 0xFFFFFFFF),
        changed(FIRST_BLOB, 7),
        changed(FIRST_BLOB + 4, 2),
        changed(FIRST_BLOB + 12, 51),
        changed(FIRST_BLOB + 12, 0xFFFFFFFF),
        changed(FIRST_BLOB + 20, 7),
        ndb([(1, b"a" * 50)])[:-16],
    ],
)
def test_malformed(data: bytes) -> None:
    with pytest.raises(FormatError):
        list(ndb_headers(data))


def test_many_slots_of_one_blob_are_not_multiplied() -> None:
    data = bytearray(ndb([(1, b"a" * 5000)]))
    slot = bytes(data[FIRST_SLOT : FIRST_SLOT + 16])
    data[FIRST_SLOT:4096] = slot * ((4096 - FIRST_SLOT) // 16)
    with pytest.raises(FormatError, match="overlap"):
        list(ndb_headers(bytes(data)))


GOOD = ndb([(1, package("a")), (2, package("b"))])


@given(
    st.one_of(
        st.binary(max_size=200).map(lambda b: b"RpmP" + pack("<III", 0, 1, 1) + b), damaged(GOOD)
    )
)
def test_damage_is_a_format_error(data: bytes) -> None:
    try:
        total = sum(len(blob) for _, blob in ndb_headers(data))
    except FormatError:
        return
    assert total <= len(data)
