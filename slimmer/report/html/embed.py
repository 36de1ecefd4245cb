"""Texts and data on their way into a page: nothing from an image is ever read as markup.

A page has three kinds of places. Element content and quoted attributes take `content`, the data
block takes `data_block`, and a script or style of slim's own is allowed by its hash alone
(Content Security Policy level 3, section 2.3.1).
"""

import base64
import hashlib
import html
import json
import re
from typing import Any

_IN_SCRIPT = str.maketrans(
    {
        "<": "\\u003c",
        ">": "\\u003e",
        "&": "\\u0026",
        "\x7f": "\\u007f",
        "\u2028": "\\u2028",
        "\u2029": "\\u2029",
    }
)

_AS_IT_IS = re.compile(r"[\w ,.:;/+@%()='-]*", re.ASCII)


def content(text: str) -> str:
    """`text` for between tags or inside a quoted attribute."""
    return html.escape(text, quote=True)


def data_block(value: Any) -> str:
    """JSON for inside `<script type="application/json">`.

    The HTML parser looks for `</script` and `<!--` whatever the type is; without a `<` there is
    neither. What is escaped can stand in JSON only inside strings.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.translate(_IN_SCRIPT)


def json_size(text: str) -> int:
    """At most how many bytes `text` takes in a data block, its quotes and comma included."""
    if _AS_IT_IS.fullmatch(text):
        return len(text) + 3
    return len(json.dumps(text, ensure_ascii=False).translate(_IN_SCRIPT).encode()) + 1


def source_hash(text: str) -> str:
    """The CSP source that allows the inline script or style with exactly this text."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
