"""The loader's cache, against a builder written from its layout."""

from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slimmer.errors import FormatError
from slimmer.formats.ld_cache import MAGIC, OLD_MAGIC, parse_ld_cache


def cache_of(entries: list[tuple[str, str]], order: str = "<", *, old: int | None = None) -> bytes:
    """A cache of these (soname, path); `old` puts that many entries of the older format first."""
    strings = bytearray()
    table = bytearray()
    base = 48 + 24 * len(entries)
    for pair in entries:
        places = []
        for text in pair:
            places.append(base + len(strings))
            strings += text.encode() + b"\0"
        table += pack(order + "iIIIQ", 0x303, *places, 0, 0)
    mark = 2 if order == "<" else 3
    head = MAGIC + pack(order + "IIB3xI12x", len(entries), len(strings), mark, 0)
    new = head + bytes(table) + bytes(strings)
    if old is None:
        return new
    before = OLD_MAGIC + pack(order + "I", old) + bytes(12 * old)
    return before + bytes(-len(before) % 8) + new


_NAMES = st.text(st.characters(codec="ascii", exclude_characters="\0"), max_size=20)


@given(st.lists(st.tuples(_NAMES, _NAMES), max_size=5), st.sampled_from("<>"))
def test_what_was_written_is_read(entries: list[tuple[str, str]], order: str) -> None:
    expected: dict[str, list[str]] = {}
    for name, path in entries:
        expected.setdefault(name, []).append(path)
    assert parse_ld_cache(cache_of(entries, order)) == expected
    assert parse_ld_cache(cache_of(entries, order, old=3)) == expected


@given(st.binary(max_size=200), st.sampled_from([b"", MAGIC, OLD_MAGIC]))
def test_arbitrary_bytes_never_raise_anything_else(data: bytes, start: bytes) -> None:
    try:
        parse_ld_cache(start + data)
    except FormatError:
        return


@pytest.mark.parametrize("cut", [10, 47, 60, 75])
def test_a_cut_cache_is_refused(cut: int) -> None:
    with pytest.raises(FormatError):
        parse_ld_cache(cache_of([("liba.so", "/a/liba.so")])[:cut])
