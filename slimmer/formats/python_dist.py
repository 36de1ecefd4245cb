"""Installed Python distributions: METADATA and PKG-INFO, RECORD, entry points, egg-info lists.

Sources: PyPA's "Core metadata", "Recording installed projects", "Entry points" and "Names and
normalization". Paths are as written, relative to the folder that holds the `.dist-info`, except
those of `installed-files.txt`, which are relative to the `.egg-info` itself.
"""

import csv
import re
from collections.abc import Iterator
from io import StringIO
from typing import NamedTuple

from slimmer.errors import FormatError
from slimmer.formats.facts import Facts
from slimmer.formats.read import text

_SEPARATORS = re.compile(r"[-_.]+")
_SECTION = re.compile(r"\[([^\]]*)\]\s*\Z")


class PythonMetadata(Facts, frozen=True):
    """`license` is License-Expression where there is one, else License; `requires_dist` is raw."""

    name: str
    version: str
    requires_dist: tuple[str, ...] = ()
    license: str = ""


class RecordEntry(NamedTuple):
    """A line of RECORD; `digest` is "sha256=..." or empty, `size` in bytes or -1."""

    path: str
    digest: str = ""
    size: int = -1


class EntryPoint(NamedTuple):
    """Group ("console_scripts"), name, and the object it names ("package.module:function")."""

    group: str
    name: str
    value: str


def normalise_name(name: str) -> str:
    """The one spelling of a distribution's name that names are compared by (PEP 503)."""
    return _SEPARATORS.sub("-", name).lower()


def parse_metadata(data: bytes) -> PythonMetadata:
    """Read METADATA or PKG-INFO: the header fields up to the first blank line."""
    fields: dict[str, list[str]] = {}
    for key, value in _headers(data):
        fields.setdefault(key, []).append(value)

    def first(key: str) -> str:
        return fields.get(key, [""])[0]

    if not first("name") or not first("version"):
        raise FormatError("Python metadata has no name and version")
    return PythonMetadata(
        name=first("name"),
        version=first("version"),
        requires_dist=tuple(fields.get("requires-dist", ())),
        license=first("license-expression") or first("license"),
    )


def _headers(data: bytes) -> Iterator[tuple[str, str]]:
    """(field name in lower case, value); lines that continue a value are joined by newlines."""
    name = ""
    lines: list[str] = []
    for line in text(data.removeprefix(b"\xef\xbb\xbf")).split("\n"):
        if line[:1] in (" ", "\t"):
            lines.append(line.strip())
            continue
        if name:
            yield name, "\n".join(lines).strip()
        name, colon, value = line.rstrip("\r").partition(":")
        if not colon:
            # The blank line, or what the email package, too, takes for the beginning of the body.
            return
        name, lines = name.strip().lower(), [value.strip()]
    if name:
        yield name, "\n".join(lines).strip()


def parse_record(data: bytes) -> tuple[RecordEntry, ...]:
    """Read RECORD: comma-separated path, digest, size."""
    try:
        rows = csv.reader(StringIO(text(data), newline=""), strict=True)
        return tuple(_record_entry(row) for row in rows if row)
    except csv.Error as error:
        raise FormatError(f"Python RECORD is malformed: {error}") from None


def _record_entry(row: list[str]) -> RecordEntry:
    path, digest, size = [*row, "", ""][:3]
    if not path:
        raise FormatError("Python RECORD has a line without path")
    if size and not (size.isascii() and size.isdigit() and len(size) < 19):
        raise FormatError("Python RECORD has a size that is no number")
    return RecordEntry(path, digest, int(size) if size else -1)


def parse_installed_files(data: bytes) -> tuple[str, ...]:
    """Read `installed-files.txt` (egg-info): one path a line."""
    return tuple(path for line in text(data).split("\n") if (path := line.rstrip("\r")))


def parse_requires_txt(data: bytes) -> tuple[str, ...]:
    """Read `requires.txt` (egg-info) as Requires-Dist would say it.

    A section `[extra:marker]` becomes a marker behind each requirement in it.
    """
    found = []
    marker = ""
    for line in _content_lines(data):
        section = _SECTION.match(line)
        if section is None:
            found.append(f"{line} ; {marker}" if marker else line)
            continue
        extra, _, condition = (part.strip() for part in section[1].partition(":"))
        wanted = f'extra == "{extra}"' if extra else ""
        marker = f"({condition}) and {wanted}" if condition and wanted else condition or wanted
    return tuple(found)


def parse_entry_points(data: bytes) -> tuple[EntryPoint, ...]:
    """Read `entry_points.txt`; the extras that an old one may name in brackets are left out."""
    found = []
    group = ""
    for line in _content_lines(data):
        section = _SECTION.match(line)
        if section is not None:
            group = section[1].strip()
            continue
        name, equals, value = line.partition("=")
        if not equals or not group:
            raise FormatError("Python entry points have a line that is no entry point")
        found.append(EntryPoint(group, name.strip(), value.partition("[")[0].strip()))
    return tuple(found)


def _content_lines(data: bytes) -> Iterator[str]:
    for line in text(data).split("\n"):
        stripped = line.strip()
        if stripped and stripped[0] not in "#;":
            yield stripped
