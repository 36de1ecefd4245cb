r"""apk's database `installed` (Alpine, Wolfi): paragraphs of one-letter fields, files in order.

Paths and free text are decoded with `read.text`, so an invalid byte becomes `\xNN`.
"""

import re
from typing import NamedTuple

from slimmer.errors import FormatError
from slimmer.formats.facts import Facts
from slimmer.formats.read import text

_BLANK_LINES = re.compile(rb"\n\n+")
_VERSION_OPERATOR = re.compile(r"[<>=~]")
# A path repeats its folder, so a small file could name long paths by the million. Real databases
# have about one character of path to each byte.
MAX_PACKAGES = 100_000
_MAX_PATH_CHARACTERS_PER_BYTE = 16


class ApkFile(NamedTuple):
    """A file: path without leading slash, checksum as written ("Q1" is base64 of SHA-1), owner.

    `uid`, `gid` and `mode` are None where the database does not say (root, 0644) or cannot be read.
    """

    path: str
    checksum: str = ""
    uid: int | None = None
    gid: int | None = None
    mode: int | None = None


class ApkPackage(Facts, frozen=True):
    """One paragraph. `start` and `end` are byte offsets; `end` lies behind the blank line that
    follows. `depends` and `provides` are as written: "so:libc.musl-x86_64.so.1", "!other", "a>=1".
    """

    name: str
    version: str
    arch: str
    start: int
    end: int
    license: str = ""
    origin: str = ""
    depends: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()
    dirs: tuple[str, ...] = ()
    files: tuple[ApkFile, ...] = ()


def parse_installed(data: bytes) -> tuple[ApkPackage, ...]:
    """Read an `installed` database. Unknown fields are passed over."""
    if data.count(b"\n\n") > MAX_PACKAGES:
        raise FormatError(f"package database of more than {MAX_PACKAGES} packages")
    packages = []
    start = len(data) - len(data.lstrip(b"\n"))
    while start < len(data):
        blank = _BLANK_LINES.search(data, start)
        end = blank.end() if blank else len(data)
        packages.append(_package(data[start:end], start, end))
        start = end
    return tuple(packages)


def dependency_name(dependency: str) -> str:
    """The name in an entry of `depends` or `provides`; a conflict ("!name") keeps its mark."""
    return _VERSION_OPERATOR.split(dependency, maxsplit=1)[0].partition("@")[0]


def _package(paragraph: bytes, start: int, end: int) -> ApkPackage:
    fields: dict[str, str] = {}
    dirs: list[str] = []
    files: list[ApkFile] = []
    folder = ""
    budget = _MAX_PATH_CHARACTERS_PER_BYTE * len(paragraph)
    for line in text(paragraph).split("\n"):
        if not line:
            continue
        key, value = line[0], line[2:]
        if line[1:2] != ":":
            raise FormatError("apk paragraph has a line that is no field", where=f"byte {start}")
        match key:
            case "F":
                folder = value
                dirs.append(value)
            case "R":
                budget -= len(folder)
                if budget < 0:
                    raise FormatError("apk paragraph names paths far longer than itself")
                files.append(ApkFile(f"{folder}/{value}" if folder else value))
            case "Z" if files:
                files[-1] = files[-1]._replace(checksum=value)
            case "a" if files:
                files[-1] = _with_owner(files[-1], value)
            case _:
                fields[key] = value
    if not fields.get("P"):
        raise FormatError("apk paragraph names no package", where=f"byte {start}")
    get = fields.get
    return ApkPackage(
        name=fields["P"],
        version=get("V", ""),
        arch=get("A", ""),
        start=start,
        end=end,
        license=get("L", ""),
        origin=get("o", ""),
        depends=tuple(get("D", "").split()),
        provides=tuple(get("p", "").split()),
        dirs=tuple(path for path in dirs if path),
        files=tuple(files),
    )


def _with_owner(file: ApkFile, value: str) -> ApkFile:
    """`uid:gid:mode`, the mode in octal, sometimes with a checksum of attributes behind it."""
    words = [*value.split(":"), "", ""][:3]
    uid, gid = (_number(word, 10) for word in words[:2])
    return file._replace(uid=uid, gid=gid, mode=_number(words[2], 8))


def _number(word: str, base: int) -> int | None:
    """An unsigned 32-bit number, or None: what does not fit must not wrap around to root."""
    if not (word.isascii() and word.isdigit() and len(word) <= 11):
        return None
    try:
        value = int(word, base)
    except ValueError:
        return None
    return value if value < 1 << 32 else None
