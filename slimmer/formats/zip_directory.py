"""The central directory of a zip file (PKWARE APPNOTE 4.3), zip64 and prefixed files included.

Nothing is unpacked but the members that are asked for, and those only up to a limit.
"""

from collections.abc import Callable, Iterator
from struct import Struct
from typing import NamedTuple

from slimmer.errors import FormatError
from slimmer.formats.read import ReadAt, inflate, reader_of, text, window_of

MAX_DIRECTORY = 32 << 20
STORED, DEFLATED = 0, 8

_END = Struct("<4s4HIIH")
_END64_LOCATOR = Struct("<4sIQI")
_END64 = Struct("<4sQHHIIQQQQ")
_ENTRY = Struct("<4sHHHHHHIIIHHHHHII")
_LOCAL = Struct("<4sHHHHHIIIHH")
_MAX_COMMENT = 65535
_FULL16, _FULL32 = 0xFFFF, 0xFFFFFFFF
_ENCRYPTED = 1


class ZipMember(NamedTuple):
    """A file in a zip; `offset` is that of its local header in the whole file."""

    name: str
    method: int
    offset: int
    compressed_size: int
    size: int
    is_encrypted: bool = False


class ZipDirectory(NamedTuple):
    """The raw central directory, the number of its entries, and what to add to their offsets."""

    raw: bytes
    entry_count: int
    shift: int

    def members(self, wanted: Callable[[bytes], bool]) -> Iterator[ZipMember]:
        """The members whose raw names are wanted, in the directory's order."""
        at = 0
        for _ in range(self.entry_count):
            if at + _ENTRY.size > len(self.raw):
                raise FormatError("zip directory is cut short")
            fields = _ENTRY.unpack_from(self.raw, at)
            name_size, extra_size, comment_size = fields[10:13]
            if fields[0] != b"PK\x01\x02":
                raise FormatError("zip directory has a malformed entry")
            at += _ENTRY.size
            name = self.raw[at : at + name_size]
            if wanted(name):
                extra = self.raw[at + name_size : at + name_size + extra_size]
                size, compressed_size, offset = _sizes(fields[9], fields[8], fields[16], extra)
                is_encrypted = bool(fields[3] & _ENCRYPTED)
                yield ZipMember(
                    text(name), fields[4], offset + self.shift, compressed_size, size, is_encrypted
                )
            at += name_size + extra_size + comment_size


def _sizes(size: int, compressed_size: int, offset: int, extra: bytes) -> tuple[int, int, int]:
    """Fill in from the zip64 extra field what did not fit 32 bits."""
    values = [size, compressed_size, offset]
    if _FULL32 not in values:
        return size, compressed_size, offset
    at = 0
    while at + 4 <= len(extra):
        tag = int.from_bytes(extra[at : at + 2], "little")
        end = at + 4 + int.from_bytes(extra[at + 2 : at + 4], "little")
        if tag == 1:
            at += 4
            for index, value in enumerate(values):
                if value == _FULL32 and at + 8 <= min(end, len(extra)):
                    values[index] = int.from_bytes(extra[at : at + 8], "little")
                    at += 8
            break
        at = end
    return values[0], values[1], values[2]


def read_directory(read: ReadAt, size: int) -> ZipDirectory:
    """Find and read the central directory of a file of `size` bytes."""
    tail_at = max(0, size - _MAX_COMMENT - _END.size)
    tail = read(tail_at, size - tail_at)
    end = tail.rfind(b"PK\x05\x06", 0, max(0, len(tail) - _END.size + 4))
    if end < 0:
        raise FormatError("zip file has no end of central directory")
    _, _, _, _, count, length, offset, _ = _END.unpack_from(tail, end)
    place = _End(tail_at + end, count, length, offset)
    if count == _FULL16 or _FULL32 in (length, offset):
        place = _zip64_end(read, place.at) or place
    shift = place.at - place.length - place.offset
    if place.length > MAX_DIRECTORY or shift < 0:
        raise FormatError("zip directory is too large or lies outside the file")
    raw = read(place.offset + shift, place.length)
    if len(raw) != place.length or place.entries * _ENTRY.size > place.length:
        raise FormatError("zip directory is cut short")
    return ZipDirectory(raw, place.entries, shift)


class _End(NamedTuple):
    at: int
    entries: int
    length: int
    offset: int


def _zip64_end(read: ReadAt, end_at: int) -> _End | None:
    """The zip64 record, right before its locator, which is right before the old record."""
    at = end_at - _END64_LOCATOR.size - _END64.size
    if at < 0:
        return None
    raw = read(at, _END64.size + 4)
    if len(raw) != _END64.size + 4 or raw[:4] != b"PK\x06\x06" or raw[-4:] != b"PK\x06\x07":
        return None
    *_, count, length, offset = _END64.unpack_from(raw)
    return _End(at, count, length, offset)


def open_member(read: ReadAt, size: int, member: ZipMember, limit: int) -> tuple[ReadAt, int]:
    """A reader over a member's content, and its size.

    A stored member is read in place; a deflated one is inflated now, to at most `limit` bytes.
    """
    header = read(member.offset, _LOCAL.size) if member.offset < size else b""
    if len(header) != _LOCAL.size or header[:4] != b"PK\x03\x04":
        raise FormatError("zip member has no local header", where=member.name)
    if member.is_encrypted:
        raise FormatError("zip member is encrypted", where=member.name)
    *_, name_size, extra_size = _LOCAL.unpack(header)
    at = member.offset + _LOCAL.size + name_size + extra_size
    if at + member.compressed_size > size:
        raise FormatError("zip member lies outside the file", where=member.name)
    if member.method == STORED:
        return window_of(read, at, member.compressed_size), member.compressed_size
    if member.method != DEFLATED:
        raise FormatError(f"zip member has compression method {member.method}", where=member.name)
    # Deflate does not grow its input by more than a thousandth; more is no honest size.
    packed = read(at, min(member.compressed_size, limit + limit // 1000 + 64))
    data = inflate(packed, limit, f"zip member {member.name}", raw=True)
    return reader_of(data), len(data)


def read_member(read: ReadAt, size: int, member: ZipMember, limit: int) -> bytes:
    """The content of a member, which must not be larger than `limit` bytes."""
    content, length = open_member(read, size, member, limit)
    if length > limit:
        raise FormatError(f"zip member is larger than {limit} bytes", where=member.name)
    return content(0, length)
