"""JSON as slim writes it: the same input gives the same bytes, and a terminal can show them."""

import base64
import json
import re
from typing import Any, TypeAlias

Document: TypeAlias = dict[str, Any]

# Bytes that are not UTF-8 are held as these (PEP 383); JSON may also spell one out alone.
_SURROGATES = re.compile("[\ud800-\udfff]")


def dump(document: Document) -> str:
    """ASCII only, with an end of line: no terminal, log or locale makes anything else of it."""
    text = json.dumps(document, indent=2, ensure_ascii=True, allow_nan=False)
    return text.replace("\x7f", "\\u007f") + "\n"


def text_of(text: str) -> str:
    """`text` with U+FFFD for each byte that is not UTF-8: JSON has text only."""
    return text if text.isascii() else _SURROGATES.sub("\ufffd", text)


def path_fields(path: str | None) -> Document:
    """`path` and, when it is not UTF-8, `path_base64` with its bytes."""
    if path is None:
        return {"path": None}
    clean = text_of(path)
    if clean == path:
        return {"path": path}
    return {"path": clean, "path_base64": base64.b64encode(raw_name(path)).decode()}


def raw_name(name: str) -> bytes:
    """The bytes of a name out of a layer (PEP 383)."""
    return name.encode("utf-8", "surrogateescape")


def container_path(path: str) -> str:
    """A path as the container has it, from the root."""
    return f"/{path.lstrip('/')}"
