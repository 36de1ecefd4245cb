"""Reads a policy: a TOML file of the keys in `_KEYS`, and `[[allow]]` tables.

Every error names the file, the key and what to write instead. A key that is not known is an error:
a rule that is misspelt would never fire.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from slimmer.build.globs import compile_globs
from slimmer.detect.catalogue import CATEGORIES
from slimmer.detect.interface import Severity
from slimmer.errors import UsageError
from slimmer.policy.policy import Allow, Policy

MAX_FILE = 1024 * 1024

_SIZE = re.compile(r"\s*([0-9]{1,15}(?:\.[0-9]{1,6})?)\s*(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)?\s*")
_UNITS = dict(zip(("B", "kB", "MB", "GB", "TB"), (1000**n for n in range(5)), strict=True))
_UNITS |= dict(zip(("KiB", "MiB", "GiB", "TiB"), (1024**n for n in range(1, 5)), strict=True))
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?)\s*%")
_SEVERITIES = {"none": 0, **{severity.label: severity.value for severity in Severity}}


class _WrongValueError(Exception):
    """A value cannot be used; `hint` says what could be."""

    def __init__(self, hint: str) -> None:
        super().__init__(hint)
        self.hint = hint


def parse_policy(data: bytes, file: str) -> Policy:
    """The policy in `data`; `file` is what errors and reports call it. Raises `UsageError`."""
    document = _document(data, file)
    values: dict[str, Any] = {}
    for key, value in document.items():
        if key == "allow":
            values["allow"] = _allows(value, file)
        elif key in _KEYS:
            values[key.replace("-", "_")] = _read(_KEYS[key], value, key, file)
        else:
            raise _unknown(key, (*_KEYS, "[[allow]]"), file)
    return Policy(file, **values)


def _document(data: bytes, file: str) -> Mapping[str, Any]:
    if len(data) > MAX_FILE:
        raise UsageError(f"larger than {MAX_FILE} bytes", where=file, hint="is this the policy?")
    if file.endswith((".yaml", ".yml", ".json")):
        raise UsageError("a policy is written in TOML", where=file, hint="README shows one")
    try:
        return tomllib.loads(data.decode())
    except UnicodeDecodeError:
        raise UsageError("not UTF-8", where=file, hint="a policy is written in TOML") from None
    except (ValueError, RecursionError) as error:
        what = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise UsageError(f"not TOML: {what}", where=file) from None


def _read(reader: Callable[[Any], Any], value: Any, key: str, file: str) -> Any:
    try:
        return reader(value)
    except _WrongValueError as wrong:
        shown = str(value) if isinstance(value, date) else repr(value)
        raise UsageError(f"{key} = {shown[:80]}", where=file, hint=wrong.hint) from None


def _unknown(key: str, known: tuple[str, ...], file: str) -> UsageError:
    hint = f"known are {', '.join(known)}"
    return UsageError(f"unknown key {key[:80]!r}", where=file, hint=hint)


# --- values ---------------------------------------------------------------------------------------


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(v, str) and v.strip() for v in value):
        raise _WrongValueError('write a list of texts, such as ["a", "b"]')
    return tuple(value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _WrongValueError("write a text that is not empty")
    return value.strip()


def _finding(value: Any) -> str:
    """A category, or an id of one with `*` for any."""
    text = _text(value)
    if text.partition(".")[0] not in (*CATEGORIES, "*"):
        raise _WrongValueError(
            f"write an id such as 'shell.bash', or a category: {', '.join(CATEGORIES)}"
        )
    return text


def _findings(value: Any) -> tuple[str, ...]:
    return tuple(map(_finding, _texts(value)))


def _severity(value: Any) -> int:
    if not isinstance(value, str) or value not in _SEVERITIES:
        raise _WrongValueError(f"write one of {', '.join(_SEVERITIES)}")
    return _SEVERITIES[value]


def _size(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise _WrongValueError("write a size such as '200 MB' or '1.5 GiB'")
    return int(Decimal(found[1]) * _UNITS[found[2] or "B"])


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _WrongValueError("write a whole number from 0 up")
    return value


def _share(value: Any) -> float:
    number = -1.0
    if isinstance(value, str) and (found := _PERCENT.fullmatch(value.strip())):
        number = float(Decimal(found[1]) / 100)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        number = float(value)
    if not 0 <= number <= 1:
        raise _WrongValueError("write a share from 0 to 1, or '95%'")
    return number


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _WrongValueError("write true or false")
    return value


def _date(value: Any) -> date:
    if isinstance(value, datetime) or not isinstance(value, date):
        raise _WrongValueError("write a day without quotes, such as 2027-01-31")
    return value


def _path(value: Any) -> str:
    text = _text(value)
    try:
        compile_globs([text])
    except UsageError:
        raise _WrongValueError("write a path pattern such as '/opt/app/**'") from None
    return text


# --- tables ---------------------------------------------------------------------------------------

_KEYS: Mapping[str, Callable[[Any], Any]] = {
    "deny": _findings,
    "max-severity": _severity,
    "max-size": _size,
    "max-unpacked-size": _size,
    "max-packages": _count,
    "min-efficiency": _share,
    "required-labels": _texts,
    "forbidden-packages": _texts,
    "require-non-root": _flag,
}
_ALLOW_KEYS: Mapping[str, Callable[[Any], Any]] = {
    "path": _path,
    "finding": _finding,
    "reason": _text,
    "expires": _date,
}


def _allows(value: Any, file: str) -> tuple[Allow, ...]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise UsageError("allow is not a list of tables", where=file, hint="write [[allow]]")
    return tuple(_allow(item, number, file) for number, item in enumerate(value, 1))


def _allow(table: Mapping[str, Any], number: int, file: str) -> Allow:
    name = f"allow {number}"
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in _ALLOW_KEYS:
            raise _unknown(f"{name}: {key}", tuple(_ALLOW_KEYS), file)
        values[key] = _read(_ALLOW_KEYS[key], value, f"{name}: {key}", file)
    if "reason" not in values:
        raise UsageError(f"{name} has no reason", where=file, hint="write reason = 'why'")
    if "path" not in values and "finding" not in values:
        hint = "write path = '/a/path/*', finding = 'category', or both"
        raise UsageError(f"{name} names nothing to allow", where=file, hint=hint)
    return Allow(**values)
