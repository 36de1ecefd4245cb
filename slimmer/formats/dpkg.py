r"""dpkg's database: `status`, `status.d/*`, `info/*.list`, `info/*.md5sums` (deb-control(5)).

Paths and free text are decoded with `read.text`, so an invalid byte becomes `\xNN`.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from slimmer.errors import FormatError
from slimmer.formats.facts import Facts
from slimmer.formats.read import text

MAX_PACKAGES = 100_000
# States in which files of the package are on disk (dpkg(1), "Package states").
_WITHOUT_FILES = frozenset(("not-installed", "config-files"))
_LEADING_BLANK_LINES = re.compile(rb"(?:[ \t\r]*\n)*")
_BLANK_LINES = re.compile(rb"\n(?:[ \t\r]*\n)+")
_NEXT_FIELD = re.compile(r"\n(?![ \t])")
_RELATION = re.compile(r"([A-Za-z0-9][^\s:(\[<]*)(?::[A-Za-z0-9-]+)?\s*(?:\(([^)]*)\))?")
_MD5_LINE = re.compile(r"([0-9a-fA-F]{32})[ \t][ \t*]?(.+)\Z", re.DOTALL)


class Relation(NamedTuple):
    """A package name without architecture qualifier, and a constraint (">= 1.2", "" for any)."""

    name: str
    constraint: str = ""


Alternatives = tuple[Relation, ...]
"""Packages any one of which satisfies a dependency ("a | b")."""


class FileDigest(NamedTuple):
    """A path without leading slash, and the MD5 of the file as dpkg wrote it."""

    path: str
    md5: str


class DpkgPackage(Facts, frozen=True):
    """One paragraph. `start` and `end` are byte offsets; `end` lies behind the blank lines that
    follow, so that paragraphs joined in order make a database again, byte for byte.

    `installed`: files of it are on disk. Without a Status (a `status.d` file) it is installed.
    """

    name: str
    version: str
    architecture: str
    start: int
    end: int
    want: str = ""
    flag: str = ""
    state: str = ""
    installed: bool = True
    essential: bool = False
    priority: str = ""
    section: str = ""
    source: str = ""
    source_version: str = ""
    multi_arch: str = ""
    maintainer: str = ""
    depends: tuple[Alternatives, ...] = ()
    pre_depends: tuple[Alternatives, ...] = ()
    recommends: tuple[Alternatives, ...] = ()
    provides: tuple[Relation, ...] = ()
    conffiles: tuple[FileDigest, ...] = ()


_Memo = dict[str, Alternatives]


def parse_status(data: bytes) -> tuple[DpkgPackage, ...]:
    """Read a status database, or one file of `status.d`."""
    if data.count(b"\n\n") > MAX_PACKAGES:
        raise FormatError(f"package database of more than {MAX_PACKAGES} packages")
    memo: _Memo = {}
    return tuple(_package(data[start:end], start, end, memo) for start, end in _paragraphs(data))


def _paragraphs(data: bytes) -> Iterator[tuple[int, int]]:
    leading = _LEADING_BLANK_LINES.match(data)
    start = leading.end() if leading else 0
    for blank in _BLANK_LINES.finditer(data, start):
        yield start, blank.end()
        start = blank.end()
    if data[start:].strip():
        yield start, len(data)


def _fields(paragraph: bytes) -> dict[str, str]:
    """Field name in lower case -> value, a longer one with its line breaks."""
    fields: dict[str, str] = {}
    for field in _NEXT_FIELD.split(text(paragraph).rstrip()):
        name, colon, value = field.partition(":")
        name = name.lower()
        if not colon or not name or name[0] in " \t":
            raise FormatError("dpkg paragraph has a line that is no field")
        if name in fields:
            raise FormatError(f"dpkg paragraph has the field {name} twice")
        fields[name] = value.strip()
    return fields


def _package(paragraph: bytes, start: int, end: int, memo: _Memo) -> DpkgPackage:
    try:
        fields = _fields(paragraph)
        get = fields.get
        name, version = fields.get("package"), get("version", "")
        if not name:
            raise FormatError("dpkg paragraph names no package")
        want, flag, state = _status(get("status", ""))
        source, source_version = _source(get("source", ""), name, version)
        return DpkgPackage(
            name=name,
            version=version,
            architecture=get("architecture", ""),
            start=start,
            end=end,
            want=want,
            flag=flag,
            state=state,
            installed=state not in _WITHOUT_FILES,
            essential=get("essential") == "yes",
            priority=get("priority", ""),
            section=get("section", ""),
            source=source,
            source_version=source_version,
            multi_arch=get("multi-arch", ""),
            maintainer=get("maintainer", ""),
            depends=_relations(get("depends"), memo),
            pre_depends=_relations(get("pre-depends"), memo),
            recommends=_relations(get("recommends"), memo),
            provides=tuple(one for group in _relations(get("provides"), memo) for one in group),
            conffiles=_conffiles(get("conffiles", "")),
        )
    except FormatError as error:
        raise FormatError(error.what, where=f"dpkg paragraph at byte {start}") from None


def _status(value: str) -> tuple[str, str, str]:
    words = value.split()
    if not words:
        return "", "", ""
    if len(words) != 3:
        raise FormatError("dpkg status is not three words")
    return words[0], words[1], words[2]


def _source(value: str, name: str, version: str) -> tuple[str, str]:
    """`Source: name (version)`; both default to the package's own."""
    source, _, own_version = value.partition("(")
    return source.strip() or name, own_version.rstrip(") \t") or version


def _relations(value: str | None, memo: _Memo) -> tuple[Alternatives, ...]:
    if not value:
        return ()
    groups = []
    for group in value.split(","):
        known = memo.get(group)
        if known is None:
            known = memo[group] = _alternatives(group)
        if known:
            groups.append(known)
    return tuple(groups)


def _alternatives(group: str) -> Alternatives:
    found = []
    for alternative in group.split("|"):
        stripped = alternative.strip()
        if not stripped:
            continue
        match = _RELATION.match(stripped)
        if match is None:
            raise FormatError("dpkg relation does not begin with a package name")
        found.append(Relation(match[1], (match[2] or "").strip()))
    return tuple(found)


def _conffiles(value: str) -> tuple[FileDigest, ...]:
    """Lines ` /path md5`, with `obsolete` or `remove-on-upgrade` behind it for some."""
    found = []
    for line in value.split("\n"):
        words = line.strip().rsplit(" ", 2)
        if len(words) == 3 and words[2] not in ("obsolete", "remove-on-upgrade"):
            words = [f"{words[0]} {words[1]}", words[2]]
        if len(words) >= 2:
            found.append(FileDigest(_relative(words[0]), words[1]))
    return tuple(found)


def _relative(path: str) -> str:
    return path.lstrip("/") if path[:1] == "/" else path.removeprefix("./")


def parse_list(data: bytes) -> tuple[str, ...]:
    """Read `info/NAME.list`: paths without leading slash, and without the root itself."""
    paths = (_relative(line) for line in text(data).split("\n"))
    return tuple(path for path in paths if path and path != ".")


def parse_md5sums(data: bytes) -> tuple[FileDigest, ...]:
    """Read `info/NAME.md5sums`, or a `status.d/NAME.md5sums`: (path, MD5) in the file's order."""
    found = []
    for line in text(data).split("\n"):
        if not line:
            continue
        match = _MD5_LINE.match(line)
        if match is None:
            raise FormatError("md5sums line is not a digest and a path")
        found.append(FileDigest(_relative(match[2]), match[1].lower()))
    return tuple(found)
