"""JSON that every parser reads alike, and no document that costs more than one pass."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slimmer.errors import FormatError, LimitError, SlimError
from slimmer.oci.strict_json import dump_json, parse_json

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_round_trip(value: object) -> None:
    assert parse_json(dump_json(value), "here") == value


@given(VALUES)
def test_agrees_with_the_standard_library_on_what_both_read(value: object) -> None:
    assert parse_json(json.dumps(value, indent=1).encode(), "here") == value


@given(st.binary() | st.text().map(str.encode))
def test_arbitrary_bytes_raise_only_slim_errors(data: bytes) -> None:
    with suppress(SlimError):
        parse_json(data, "here")


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":2}',
        b'{"x":[{"a":1,"\\u0061":2}]}',
        b"NaN",
        b"[Infinity]",
        b"[-Infinity]",
        b"1e999",
        b"\xef\xbb\xbf{}",
        '{"a":1}'.encode("utf-16"),
        b'{"a":"\xff"}',
        b'{"a":"\\ud800"}',
        b'{"\\udc00":1}',
        b"{} {}",
        b"{'a':1}",
        b"[1,]",
        b"//\n{}",
        b'"\x01"',
        b"",
        b"9" * 5000,
    ],
    ids=lambda data: repr(data[:24]),
)
def test_what_parsers_disagree_about_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError) as caught:
        parse_json(data, "here")
    assert caught.value.where == "here"


def test_a_whole_surrogate_pair_is_a_character() -> None:
    assert parse_json(b'"\\ud83d\\ude00"', "here") == "\U0001f600"


def test_nesting_is_bounded() -> None:
    deepest = b"[" * 100 + b"]" * 100
    assert parse_json(deepest, "here")
    with pytest.raises(LimitError, match="json_depth=100 "):
        parse_json(b"[" + deepest + b"]", "here")
    with pytest.raises(LimitError, match="json_depth=100 "):
        parse_json(b'{"a":' * 100_000, "here")


def test_brackets_in_strings_do_not_count() -> None:
    text = '[{"\\"' * 200
    assert parse_json(dump_json([text]), "here") == [text]


@pytest.mark.parametrize("item", [b"[],", b"{},", b"0,", b"[[[[]]]],"])
def test_the_number_of_values_is_bounded(item: bytes) -> None:
    with pytest.raises(LimitError, match="json_values"):
        parse_json(b"[" + item * 1_000_001 + b"0]", "here")


def test_an_unfinished_string_of_escapes_is_read_once() -> None:
    """A search that starts anew at each quote would take hours here."""
    with pytest.raises(FormatError):
        parse_json(b'["' + b'\\"' * 2_000_000, "here")


def test_too_large_a_document_is_not_parsed() -> None:
    with pytest.raises(LimitError, match="document_size"):
        parse_json(b" " * (16 * 1024 * 1024 + 1), "here")
