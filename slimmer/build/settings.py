"""Reads slim.toml: what a project asks of every build of its image, under `[build]`.

Keys are named as the options of `slim build`. A key that is not known is an error, for a setting
that is misspelt would be no setting; every error names the file, the line where it can be told, and
what to write instead.
"""

import difflib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from slimmer.build.compress import parse_compression
from slimmer.build.globs import compile_globs
from slimmer.build.options import PROFILES
from slimmer.errors import UsageError

FILE_NAME = "slim.toml"
MAX_FILE = 1024 * 1024
_TABLE = "build"
_USER = re.compile(r"auto|keep|[0-9]{1,10}(?::[0-9]{1,10})?")


def parse_settings(data: bytes, file: str) -> dict[str, Any]:
    """Values by the name of the field of `BuildOptions` (and `compression` as the option takes
    it); lists are tuples. Raises `UsageError`; `file` is what it calls the file."""
    text = _decoded(data, file)
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        what = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise UsageError(f"not TOML: {what}", where=file) from None
    for key in document:
        if key != _TABLE:
            hint = f"write {key} below [{_TABLE}]" if key in _KEYS else None
            raise _unknown(key, (_TABLE,), text, file, hint)
    table = document.get(_TABLE, {})
    if not isinstance(table, dict):
        raise UsageError(f"{_TABLE} is not a table", where=file, hint=f"write [{_TABLE}]")
    return {key.replace("-", "_"): _value(key, table[key], text, file) for key in table}


def _decoded(data: bytes, file: str) -> str:
    if len(data) > MAX_FILE:
        raise UsageError(f"larger than {MAX_FILE} bytes", where=file)
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise UsageError("not UTF-8", where=file, hint="settings are written in TOML") from None


def _value(key: str, value: Any, text: str, file: str) -> Any:
    if key not in _KEYS:
        raise _unknown(key, _KEYS, text, file)
    kind, hint, check = _KEYS[key]
    where = _place(key, text, file)
    try:
        read = msgspec.convert(value, kind)
    except msgspec.ValidationError:
        raise UsageError(f"{key} = {repr(value)[:80]}", where=where, hint=hint) from None
    try:
        check(read)
    except UsageError as error:
        raise UsageError(f"{key}: {error.what}", where=where, hint=error.hint or hint) from None
    return read


def _unknown(
    key: str, known: Iterable[str], text: str, file: str, hint: str | None = None
) -> UsageError:
    close = difflib.get_close_matches(key[:80], known, 1)
    hint = hint or (f"did you mean {close[0]}?" if close else f"known: {', '.join(known)}")
    return UsageError(f"unknown key {key[:80]!r}", where=_place(key, text, file), hint=hint)


def _place(key: str, text: str, file: str) -> str:
    """The file, with the line of the key where that can be seen."""
    quoted = rf"[\"']?{re.escape(key)}[\"']?"
    found = re.search(rf"^[ \t\[]*(?:{_TABLE}[ \t]*\.[ \t]*)?{quoted}[ \t]*[=\].]", text, re.M)
    return f"{file}:{text.count(chr(10), 0, found.start()) + 1}" if found else file


# --- values ---------------------------------------------------------------------------------------


def _profile(value: str) -> None:
    if value not in PROFILES:
        raise UsageError(f"no profile {value[:40]!r}", hint=f"one of {', '.join(PROFILES)}")


def _user(value: str) -> None:
    if not _USER.fullmatch(value):
        raise UsageError(f"not a user: {value[:40]!r}", hint='"auto", "keep" or "UID[:GID]"')


def _paths(value: tuple[str, ...]) -> None:
    compile_globs(value)


def _not_empty(value: str | tuple[str, ...]) -> None:
    if not value if isinstance(value, str) else not all(value):
        raise UsageError("a text is empty")


def _compression(value: str) -> None:
    parse_compression(value)


def _any(_: bool) -> None:
    pass


_TEXTS = 'a list of texts, such as ["a", "b"]'
_KEYS: Mapping[str, tuple[Any, str, Callable[[Any], None]]] = {
    "profile": (str, f"one of {', '.join(PROFILES)}", _profile),
    "user": (str, '"auto", "keep" or "UID[:GID]"', _user),
    "keep": (tuple[str, ...], _TEXTS, _paths),
    "drop": (tuple[str, ...], _TEXTS, _paths),
    "keep-package": (tuple[str, ...], _TEXTS, _not_empty),
    "drop-package": (tuple[str, ...], _TEXTS, _not_empty),
    "keep-shell": (bool, "true or false", _any),
    "squash": (bool, "true or false", _any),
    "base": (str, "a reference, such as debian:12-slim", _not_empty),
    "compression": (str, '"gzip" or "zstd", with ":LEVEL" if wanted', _compression),
}
