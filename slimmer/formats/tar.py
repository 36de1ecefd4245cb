"""A strict tar reader: v7, ustar, GNU and PAX headers, no data touched (POSIX pax(1), GNU tar).

Python's `tarfile` stops silently at a damaged header and believes the first size it meets; a
layer read that way is not the layer a runtime unpacks. This reader walks headers by offset, so
that the same code serves a file on disk and a layer that is still being inflated.
"""

import struct
from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

import msgspec

from slimmer.errors import FormatError
from slimmer.formats.read import ReadAt
from slimmer.formats.tar_fields import (
    BLOCK,
    DECIMAL,
    damaged,
    number,
    octal,
    padded,
    pax_or,
    signed_number,
    text,
)
from slimmer.formats.tar_pax import parse_pax
from slimmer.formats.tar_sparse import gnu_sparse, pax_sparse
from slimmer.limits import DEFAULT_LIMITS, Limits

_MAX_OWNER = 0xFFFFFFFE
_XATTR_PREFIX = "SCHILY.xattr."
_ZERO_BLOCK = bytes(BLOCK)
# One object for each value that a million entries share.
_MODES = tuple(range(0o10000))


class Kind(StrEnum):
    """What a tar entry makes in the filesystem."""

    FILE = "file"
    DIRECTORY = "directory"
    SYMLINK = "symlink"
    HARDLINK = "hardlink"
    CHARACTER = "character"
    BLOCK_DEVICE = "block"
    FIFO = "fifo"


_KINDS = {
    b"0": Kind.FILE,
    b"\0": Kind.FILE,
    b"7": Kind.FILE,
    b"S": Kind.FILE,
    b"1": Kind.HARDLINK,
    b"2": Kind.SYMLINK,
    b"3": Kind.CHARACTER,
    b"4": Kind.BLOCK_DEVICE,
    b"5": Kind.DIRECTORY,
    b"6": Kind.FIFO,
}


class TarEntry(msgspec.Struct, array_like=True, gc=False, omit_defaults=True):
    """One entry. Offsets and sizes are bytes in the tar; times are seconds since 1970.

    `path` and `link` are as written, bytes that are not UTF-8 as lone surrogates (PEP 383).
    The headers lie at `header_offset`, the data at `data_offset`, the next entry at `end_offset`.
    `size` is the file's length; for a sparse file the tar holds less, laid out by `sparse`.
    """

    path: str
    kind: Kind
    mode: int
    uid: int
    gid: int
    size: int
    mtime: float
    header_offset: int
    data_offset: int
    end_offset: int
    link: str = ""
    xattrs: dict[str, bytes] = {}
    device: tuple[int, int] = (0, 0)
    sparse: tuple[tuple[int, int], ...] | None = None


class Global(NamedTuple):
    """A PAX global header. Container runtimes ignore what it says; a rewriter keeps it."""

    header_offset: int
    end_offset: int


class _Ustar(NamedTuple):
    name: bytes
    mode: bytes
    uid: bytes
    gid: bytes
    size: bytes
    mtime: bytes
    checksum: bytes
    type: bytes
    link: bytes
    magic: bytes
    uname: bytes
    gname: bytes
    major: bytes
    minor: bytes
    prefix: bytes
    tail: bytes


_USTAR = struct.Struct("100s8s8s8s12s12s8sc100s8s32s32s8s8s155s12s")
_CHECKSUM_AS_SPACES = 8 * 0x20


def read_tar(
    read_at: ReadAt, *, start: int = 0, limits: Limits = DEFAULT_LIMITS
) -> Iterator[TarEntry | Global]:
    """Yield the entries of the tar that begins at `start`, in order.

    Raises `FormatError` with the offset at the first header that is not right, and `LimitError`
    for a special header that is too large. What lies after the end blocks is left alone.
    """
    offset = start
    while True:
        block = read_at(offset, BLOCK)
        if not block:
            return
        if block == _ZERO_BLOCK:
            _check_end(read_at(offset + BLOCK, BLOCK), offset)
            return
        entry = _read_entry(read_at, offset, block, limits)
        yield entry
        offset = entry.end_offset


def _check_end(second: bytes, offset: int) -> None:
    if second and second != _ZERO_BLOCK[: len(second)]:
        raise damaged(offset, "one zero block in the middle of the archive")


def _read_entry(read_at: ReadAt, start: int, block: bytes, limits: Limits) -> TarEntry | Global:
    """Read one entry with the GNU and PAX headers in front of it."""
    offset = start
    special: dict[str, bytes] = {}
    pax: dict[str, str] = {}
    while True:
        header = _unpack(block, offset)
        match header.type:
            case b"x" | b"X" | b"L" | b"K" | b"g":
                data, end = _special_data(read_at, header, offset, limits)
            case _:
                break
        name = header.type.decode().lower()
        if name == "g":
            if offset != start:
                raise damaged(offset, "a global header between an entry and its own header")
            parse_pax(data, offset)
            return Global(start, end)
        if name in special:
            raise damaged(offset, "two special headers of one kind before one entry")
        special[name] = data
        if name == "x":
            pax = parse_pax(data, offset)
        offset = end
        block = read_at(offset, BLOCK)
        if not block or block == _ZERO_BLOCK:
            raise damaged(start, "a special header without an entry")
    return _build(read_at, start, offset, header, special, pax, limits)


def _unpack(block: bytes, offset: int) -> _Ustar:
    if len(block) < BLOCK:
        raise damaged(offset, f"truncated: {len(block)} bytes where a header should be")
    header = _Ustar._make(_USTAR.unpack(block))
    stored = octal(header.checksum, "checksum", offset)
    unsigned = sum(block) - sum(header.checksum) + _CHECKSUM_AS_SPACES
    if stored != unsigned and stored != _signed_checksum(block):
        raise damaged(offset, "header checksum is wrong")
    return header


def _signed_checksum(block: bytes) -> int:
    # Some historic tars summed signed characters.
    return (
        sum(byte - 256 if byte > 127 else byte for byte in block[:148] + block[156:])
        + _CHECKSUM_AS_SPACES
    )


def _special_data(
    read_at: ReadAt, header: _Ustar, offset: int, limits: Limits
) -> tuple[bytes, int]:
    size = number(header.size, "size", offset)
    limits.check("header_size", size, f"tar header at byte {offset}")
    data = read_at(offset + BLOCK, size)
    if len(data) < size:
        raise damaged(offset, "truncated in a special header")
    return data, offset + BLOCK + padded(size)


def _build(
    read_at: ReadAt,
    start: int,
    offset: int,
    header: _Ustar,
    special: dict[str, bytes],
    pax: dict[str, str],
    limits: Limits,
) -> TarEntry:
    kind = _KINDS.get(header.type)
    if kind is None:
        raise damaged(offset, f"entry type {header.type!r} is not one a layer may hold")
    name = _name(header, special, pax)
    if header.type == b"\0" and name.endswith("/"):
        kind = Kind.DIRECTORY  # how tar spelled folders before there was a type for them
        if pax_or(pax, "size", header.size, offset):
            raise damaged(offset, "a folder with content")
    stored = pax_or(pax, "size", header.size, offset) if kind is Kind.FILE else 0
    data_offset = offset + BLOCK
    size, sparse = stored, None
    if header.type == b"S":
        size, sparse, data_offset = gnu_sparse(read_at, stored, offset, limits)
    end = data_offset + padded(stored)
    if kind is Kind.FILE and any(key.startswith("GNU.sparse.") for key in pax):
        size, sparse, data_offset = pax_sparse(read_at, pax, stored, data_offset, offset, limits)
    return TarEntry(
        path=name,
        kind=kind,
        mode=_MODES[signed_number(header.mode, "mode", offset) & 0o7777],
        uid=_owner(pax, "uid", header.uid, offset),
        gid=_owner(pax, "gid", header.gid, offset),
        size=size,
        mtime=_mtime(header, pax, offset),
        header_offset=start,
        data_offset=data_offset,
        end_offset=end,
        link=_link(header, special, pax) if kind in (Kind.SYMLINK, Kind.HARDLINK) else "",
        xattrs=_xattrs(pax) if pax else {},
        device=_device(header, offset) if kind in (Kind.CHARACTER, Kind.BLOCK_DEVICE) else (0, 0),
        sparse=sparse,
    )


def _name(header: _Ustar, special: dict[str, bytes], pax: dict[str, str]) -> str:
    # GNU tar stores the real name of a PAX sparse file here and a made-up one in `path`.
    name = pax.get("GNU.sparse.name") or pax.get("path")
    if name is not None:
        return name
    if "l" in special:
        return text(special["l"])
    name = text(header.name)
    if header.magic == b"ustar\x0000" and header.prefix[0]:
        # star keeps times in the last 24 bytes of the prefix and signs with tar\0.
        prefix = header.prefix[:131] if header.tail[-4:] == b"tar\0" else header.prefix
        return f"{text(prefix)}/{name}"
    return name


def _link(header: _Ustar, special: dict[str, bytes], pax: dict[str, str]) -> str:
    link = pax.get("linkpath")
    if link is not None:
        return link
    return text(special.get("k", header.link))


def _mtime(header: _Ustar, pax: dict[str, str], offset: int) -> float:
    said = pax.get("mtime")
    if not said:
        time = _plain_time(header.mtime)
        return float(signed_number(header.mtime, "mtime", offset)) if time is None else time
    if not DECIMAL.fullmatch(said):
        raise damaged(offset, f"PAX mtime {said[:40]!r} is not a number")
    return float(said)


@lru_cache(maxsize=4096)
def _plain_time(field: bytes) -> float | None:
    """One object for entries of one time; None for a field that is damaged."""
    try:
        return float(signed_number(field, "mtime", 0))
    except FormatError:
        return None


def _owner(pax: dict[str, str], key: str, field: bytes, offset: int) -> int:
    value = pax_or(pax, key, field, offset)
    # chown(2) takes 32 bits, and all ones for "leave it", which is root (CVE-2024-40635).
    if value > _MAX_OWNER:
        raise damaged(offset, f"{key} {value} is not one a file can have")
    return value


def _device(header: _Ustar, offset: int) -> tuple[int, int]:
    return number(header.major, "major", offset), number(header.minor, "minor", offset)


def _xattrs(pax: dict[str, str]) -> dict[str, bytes]:
    return {
        key[len(_XATTR_PREFIX) :]: value.encode("utf-8", "surrogateescape")
        for key, value in pax.items()
        if key.startswith(_XATTR_PREFIX)
    }
