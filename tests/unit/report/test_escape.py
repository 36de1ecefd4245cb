"""No name or text gets through to a terminal as anything but visible characters."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slimmer.report.escape import (
    escape,
    escape_name,
    one_line,
    shorten,
    shorten_message,
    shorten_path,
    width,
)

# Everything str can hold, and more of what does harm.
NASTY = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("\\xu{}\x1b\n\r\t\x7f\x9b\u202e\u2066\u200b\ufeff\udc80\udcff\ud800äß日"),
    ),
    max_size=40,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain name.txt", "plain name.txt"),
        ("größe/日本語/имя", "größe/日本語/имя"),
        ("\x1b[2J", "\\x1b[2J"),
        ("a\nb\rc\td", "a\\x0ab\\x0dc\\x09d"),
        ("\x7f", "\\x7f"),
        ("\x9b31m", "\\u{9b}31m"),
        ("\u202egpj", "\\u{202e}gpj"),
        ("\u2028", "\\u{2028}"),
        (b"caf\xe9".decode("utf-8", "surrogateescape"), "caf\\xe9"),
        ("\ud800", "\\u{d800}"),
        ("\U000e0041", "\\u{e0041}"),
        ("back\\slash", "back\\slash"),
    ],
)
def test_shows(text: str, shown: str) -> None:
    assert escape(text) == shown


@given(NASTY)
def test_nothing_a_terminal_obeys_is_left(text: str) -> None:
    for shown in (escape(text), escape_name(text), one_line(text)):
        assert all(unicodedata.category(char)[0] != "C" for char in shown)
        assert not re.search("[\n\r\u2028\u2029\x85]", shown)


def unescape(shown: str) -> str:
    """The inverse of `escape_name`, from its description alone."""

    def char(match: re.Match[str]) -> str:
        byte, code = match["byte"], match["code"]
        if byte:
            return chr(int(byte, 16) + (0xDC00 if int(byte, 16) > 127 else 0))
        return chr(int(code, 16)) if code else "\\"

    return re.sub(r"\\(?:\\|x(?P<byte>..)|u\{(?P<code>[^}]*)\})", char, shown)


@given(NASTY)
def test_no_two_names_look_the_same(name: str) -> None:
    assert unescape(escape_name(name)) == name


def test_one_line_keeps_words_apart() -> None:
    assert one_line("RUN set -eux;\n\tapt-get\x1b update ") == "RUN set -eux; apt-get\\x1b update"


def test_width_counts_columns() -> None:
    assert width("abc") == 3
    assert width("日本") == 4
    assert width("e\u0301") == 1


@given(NASTY, st.integers(8, 30))
def test_cut_text_fits(text: str, columns: int) -> None:
    shown = escape_name(text)
    for cut in (shorten, shorten_path, shorten_message):
        assert width(cut(shown, columns)) <= columns
        assert cut(shown, width(shown)) == shown


def test_a_cut_path_keeps_its_end() -> None:
    assert shorten("a long sentence", 10) == "a long ..."
    assert shorten_path("/usr/share/doc/python3/readme", 20) == "/usr/...thon3/readme"
    assert shorten_message("Runs as root (mode 4755)", 15) == "Runs a... 4755)"
