"""`/etc/passwd`, `/etc/group`, `/etc/shadow` (passwd(5), group(5), shadow(5)).

As in the C library, a line that cannot be an entry is passed over. A number that does not fit 32
bits is None and never another user: it must not wrap around to root (CVE-2024-40635). Password
hashes do not become facts, which may be stored and shown; only what kind of password it is does.
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from slimmer.formats.facts import Facts
from slimmer.formats.read import text

PasswordState = Literal["empty", "locked", "shadowed", "hashed"]

# crypt(5)
_ALGORITHMS = {
    "1": "md5",
    "2a": "bcrypt",
    "2b": "bcrypt",
    "2x": "bcrypt",
    "2y": "bcrypt",
    "5": "sha256",
    "6": "sha512",
    "7": "scrypt",
    "gy": "gost-yescrypt",
    "md5": "sunmd5",
    "sha1": "sha1",
    "y": "yescrypt",
}


class Password(NamedTuple):
    """`algorithm` of the hash, also of a locked one; empty without a hash."""

    state: PasswordState
    algorithm: str = ""


class User(Facts, frozen=True):
    """A line of passwd; `line` counts from 1."""

    name: str
    password: Password
    uid: int | None
    gid: int | None
    gecos: str
    home: str
    shell: str
    line: int


class Group(Facts, frozen=True):
    """A line of group."""

    name: str
    password: Password
    gid: int | None
    members: tuple[str, ...]
    line: int


class Shadow(Facts, frozen=True):
    """A line of shadow; the days are None where they are empty."""

    name: str
    password: Password
    last_change: int | None
    maximum_age: int | None
    expires: int | None
    line: int


def parse_passwd(data: bytes) -> tuple[User, ...]:
    """Read passwd: lines of seven fields."""
    return tuple(
        User(
            name=fields[0],
            password=_password(fields[1]),
            uid=_number(fields[2]),
            gid=_number(fields[3]),
            gecos=fields[4],
            home=fields[5],
            shell=fields[6],
            line=line,
        )
        for line, fields in _lines(data, 7)
    )


def parse_group(data: bytes) -> tuple[Group, ...]:
    """Read group: lines of four fields."""
    return tuple(
        Group(
            name=fields[0],
            password=_password(fields[1]),
            gid=_number(fields[2]),
            members=tuple(member for member in fields[3].split(",") if member),
            line=line,
        )
        for line, fields in _lines(data, 4)
    )


def parse_shadow(data: bytes) -> tuple[Shadow, ...]:
    """Read shadow: lines of nine fields."""
    return tuple(
        Shadow(
            name=fields[0],
            password=_password(fields[1]),
            last_change=_number(fields[2]),
            maximum_age=_number(fields[4]),
            expires=_number(fields[7]),
            line=line,
        )
        for line, fields in _lines(data, 9)
    )


def _lines(data: bytes, count: int) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(text(data).split("\n"), 1):
        fields = line.rstrip("\r").split(":")
        if len(fields) == count and fields[0] and fields[0][0] not in "#+-":
            yield number, fields


def _number(field: str) -> int | None:
    if not (field.isascii() and field.isdigit()) or len(field) > 10:
        return None
    value = int(field)
    return value if value < 1 << 32 else None


def _password(field: str) -> Password:
    if not field:
        return Password("empty")
    if field == "x":
        return Password("shadowed")
    hashed = field.lstrip("!*")
    algorithm = _algorithm(hashed)
    if hashed != field or not algorithm:
        return Password("locked", algorithm)
    return Password("hashed", algorithm)


def _algorithm(hashed: str) -> str:
    if hashed.startswith("$"):
        name = hashed[1:].partition("$")[0]
        return _ALGORITHMS.get(name, "unknown")
    # Thirteen characters are DES, "_" and nineteen its extended form; the rest matches nothing.
    if len(hashed) == 13 or (len(hashed) == 20 and hashed[0] == "_"):
        return "des"
    return ""
