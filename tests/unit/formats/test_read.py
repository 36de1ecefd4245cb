import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slimmer.errors import FormatError
from slimmer.formats.read import inflate, reader_of, text, window_of


@given(st.binary())
def test_text_can_always_be_encoded(data: bytes) -> None:
    value = text(data)
    value.encode()
    try:
        assert value == data.decode()
    except UnicodeDecodeError:
        assert "\\x" in value


@given(st.binary(), st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_a_window_is_a_slice(data: bytes, start: int, size: int, offset: int, length: int) -> None:
    window = window_of(reader_of(data), start, size)
    assert window(offset, length) == data[start : start + size][offset : offset + length]


@given(st.binary(max_size=300), st.booleans())
def test_inflate(data: bytes, raw: bool) -> None:
    packed = zlib.compress(data, wbits=-15 if raw else 15)
    assert inflate(packed, len(data), "x", raw=raw) == data
    if data:
        with pytest.raises(FormatError, match="larger"):
            inflate(packed, len(data) - 1, "x", raw=raw)
    with pytest.raises(FormatError):
        inflate(packed[:-1], 1000, "x", raw=raw)
