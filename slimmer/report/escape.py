"""Text out of an image, made safe to show.

A file name may clear the screen, forge a line of a log or turn the text around (CWE-150, Unicode
technical report 36). Whatever does not print as itself is written out: `\\x1b` for a control
character or a byte that is not UTF-8, `\\u{202e}` for any other character. Ordinary names in any
script stay as they are.
"""

import re
import unicodedata

_ASCII_CONTROLS = re.compile("[\x00-\x1f\x7f]")


def escape(text: str) -> str:
    """`text` on one line, with nothing in it that a terminal obeys. For sentences."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _visible(char) for char in text)


def escape_name(text: str) -> str:
    """Like `escape`, with backslashes doubled, so that no two names look the same."""
    return escape(text.replace("\\", "\\\\"))


def one_line(text: str) -> str:
    """Like `escape`, after every run of white space became one space. For commands."""
    return escape(" ".join(text.split()))


def _visible(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8 (PEP 383)
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if _ASCII_CONTROLS.match(char) else f"\\u{{{code:x}}}"


def width(text: str) -> int:
    """Columns that `text`, already escaped, takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(map(_columns, text))


def _columns(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def shorten(text: str, columns: int) -> str:
    """`text`, already escaped, cut at its end to fit into `columns`."""
    if width(text) <= columns:
        return text
    return _head(text, columns - 3) + "..."


def shorten_path(text: str, columns: int) -> str:
    """Like `shorten`, but cut before the middle: a path says most at its end."""
    return _without_middle(text, columns, (columns - 3) // 3)


def shorten_message(text: str, columns: int) -> str:
    """Like `shorten`, but cut in the middle: a message says what first and where last."""
    return _without_middle(text, columns, (columns - 3) // 2)


def _without_middle(text: str, columns: int, head: int) -> str:
    if width(text) <= columns:
        return text
    tail = _head(text[::-1], columns - 3 - head)[::-1]
    return _head(text, columns - 3 - width(tail)) + "..." + tail


def _head(text: str, columns: int) -> str:
    """The longest beginning of `text` that fits."""
    taken = 0
    for number, char in enumerate(text):
        taken += _columns(char)
        if taken > columns:
            return text[:number]
    return text
