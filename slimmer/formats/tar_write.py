"""Tar headers for a rebuild: an existing entry under another name or with other content, and new
entries. Everything an existing header says besides that is kept: owner names, times, PAX records.
"""

import tarfile
from collections.abc import Mapping

from slimmer.errors import FormatError
from slimmer.formats.read import ReadAt
from slimmer.formats.tar import Kind, TarEntry
from slimmer.formats.tar_fields import BLOCK, number, padded, signed_number
from slimmer.formats.tar_pax import parse_pax

END = bytes(2 * BLOCK)

_TYPES = {
    Kind.FILE: b"0",
    Kind.HARDLINK: b"1",
    Kind.SYMLINK: b"2",
    Kind.CHARACTER: b"3",
    Kind.BLOCK_DEVICE: b"4",
    Kind.DIRECTORY: b"5",
    Kind.FIFO: b"6",
}
_NAME, _LINK, _PREFIX = slice(0, 100), slice(157, 257), slice(345, 500)
_SIZE, _CHECKSUM, _TYPE, _MAGIC = slice(124, 136), slice(148, 156), slice(156, 157), slice(257, 265)
_NUMBERS = {"uid": slice(108, 116), "gid": slice(116, 124), "mtime": slice(136, 148)}
_MAX_OCTAL_SIZE = 8**11 - 1


def rewritten_header(
    read_at: ReadAt,
    entry: TarEntry,
    *,
    path: str,
    kind: Kind,
    link: str = "",
    size: int = 0,
    records: Mapping[str, str] | None = None,
) -> bytes:
    """The headers of `entry` with another path, kind, link or size; padded to whole blocks.

    `records` are PAX records to add.
    """
    block, pax = _original(read_at, entry)
    for key in list(pax):
        if key in ("path", "linkpath", "size") or key.startswith("GNU.sparse."):
            del pax[key]
    pax.update(records or {})
    _plain_numbers(block, pax)
    _set_text(block, pax, _NAME, "path", path + "/" * (kind is Kind.DIRECTORY))
    _set_text(block, pax, _LINK, "linkpath", link)
    if size > _MAX_OCTAL_SIZE:
        pax["size"] = str(size)
    block[_SIZE] = b"%011o\0" % (size if size <= _MAX_OCTAL_SIZE else 0)
    block[_TYPE] = _TYPES[kind]
    block[_MAGIC] = b"ustar\x0000"
    block[_PREFIX] = bytes(155)
    block[500:512] = bytes(12)
    _set_checksum(block)
    return _pax_header(pax) + bytes(block)


def new_header(
    path: str, kind: Kind, *, mode: int, uid: int, gid: int, size: int = 0, mtime: int = 0
) -> bytes:
    """The headers of an entry that no layer had."""
    info = tarfile.TarInfo(path)
    info.type = _TYPES[kind]
    info.mode, info.uid, info.gid = mode, uid, gid
    info.size, info.mtime = size, mtime
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


def padding(size: int) -> bytes:
    """The zeros between `size` bytes of content and the next header."""
    return bytes(padded(size) - size)


def _original(read_at: ReadAt, entry: TarEntry) -> tuple[bytearray, dict[str, str]]:
    """The entry's own header block and the PAX records in front of it."""
    offset = entry.header_offset
    pax: dict[str, str] = {}
    while True:
        block = read_at(offset, BLOCK)
        if len(block) < BLOCK:
            raise FormatError("tar header is not where it was")
        if block[156:157] not in (b"x", b"X", b"L", b"K"):
            return bytearray(block), pax
        size = min(number(block[_SIZE], "size", offset), entry.data_offset - offset)
        if block[156:157] in (b"x", b"X"):
            pax = parse_pax(read_at(offset + BLOCK, size), offset)
        offset += BLOCK + padded(size)


def _plain_numbers(block: bytearray, pax: dict[str, str]) -> None:
    """Base-256 numbers belong to GNU headers; a PAX header says them in decimal."""
    for key, place in _NUMBERS.items():
        if block[place][0] & 0x80:
            value = signed_number(bytes(block[place]), key, 0)
            pax.setdefault(key, str(value))
            block[place] = b"0" * (place.stop - place.start - 1) + b"\0"


def _set_text(block: bytearray, pax: dict[str, str], place: slice, key: str, value: str) -> None:
    data = value.encode("utf-8", "surrogateescape")
    width = place.stop - place.start
    # PAX text is UTF-8: other bytes stand in the header as they are, where they fit.
    if len(data) > width or not (value.isascii() or _has_raw_bytes(value)):
        pax[key] = value
    block[place] = data[:width].ljust(width, b"\0")


def _has_raw_bytes(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _set_checksum(block: bytearray) -> None:
    block[_CHECKSUM] = b" " * 8
    block[_CHECKSUM] = b"%06o\0 " % sum(block)


def _pax_header(pax: dict[str, str]) -> bytes:
    if not pax:
        return b""
    data = b"".join(_record(key, value) for key, value in pax.items())
    info = tarfile.TarInfo("././@PaxHeader")
    info.type = tarfile.XHDTYPE
    info.size = len(data)
    return info.tobuf(tarfile.USTAR_FORMAT) + data + padding(len(data))


def _record(key: str, value: str) -> bytes:
    body = b" %s=%s\n" % (
        key.encode("utf-8", "surrogateescape"),
        value.encode("utf-8", "surrogateescape"),
    )
    length = len(body)
    while length != len(body) + len(str(length)):
        length = len(body) + len(str(length))
    return str(length).encode() + body
