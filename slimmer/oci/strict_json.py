"""JSON as the image-spec wants it (considerations.md): UTF-8, no duplicate names, no NaN.

Python's own parser takes NaN, UTF-16, duplicate names and any depth; parsers that disagree
about one document are how one image is verified and another is run (CVE-2021-41190).
"""

import json
import math
import re
from typing import Any, NoReturn, TypeAlias

from slimmer.errors import FormatError, LimitError
from slimmer.limits import DEFAULT_LIMITS, Limits

Json: TypeAlias = Any

# Possessive, and content with a missing end, so that no document takes more than one pass.
_BRACKETS_AND_STRINGS = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def _reject_constant(name: str) -> NoReturn:
    raise FormatError(f"{name} is not JSON")


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    document = dict(pairs)
    if len(document) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise FormatError(f"the name {twice[:80]!r} appears twice in one object")
    return document


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise FormatError("number out of range")
    return value


def _check_shape(text: str, limits: Limits) -> None:
    """Bound what parsing can cost, before it costs it."""
    limits.check("json_values", sum(map(text.count, ",[{")))
    depth = 0
    for token in _BRACKETS_AND_STRINGS.finditer(text):
        match token.group()[0]:
            case "[" | "{":
                depth += 1
                limits.check("json_depth", depth)
            case "]" | "}":
                depth -= 1


def parse_json(data: bytes, where: str, limits: Limits = DEFAULT_LIMITS) -> Json:
    """Parse one strict JSON document; `where` names it in errors."""
    try:
        limits.check("document_size", len(data))
        text = data.decode("utf-8")
        _check_shape(text, limits)
        document = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_reject_constant,
            parse_float=_finite,
        )
        if _SURROGATE.search(text):
            # Half a surrogate pair is no character: Go reads another one than Python does.
            json.dumps(document, ensure_ascii=False).encode()
        return document
    except (FormatError, LimitError) as error:
        raise type(error)(error.what, where=where, hint=error.hint) from None
    except (ValueError, RecursionError) as error:
        reason = "not UTF-8" if isinstance(error, UnicodeError) else "not JSON"
        raise FormatError(reason, where=where) from None


def dump_json(document: Json) -> bytes:
    """Compact JSON with the order kept: the same document gives the same bytes."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode(
        "utf-8", "surrogatepass"
    )
