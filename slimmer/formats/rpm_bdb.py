"""`Packages` of rpm before 4.16: a Berkeley DB hash file, of which every page is looked at once.

Facts from Berkeley DB's page layout (dbinc/db_page.h): fixed pages of one size, numbers in the
byte order of the machine that wrote the file. Page 0 is the metadata; hash pages hold pairs of
key and value; a value too large for its page lies in a chain of overflow pages. rpm's keys are
4-byte row numbers, its values header blobs; row 0 counts the others.
"""

from collections.abc import Iterator
from struct import Struct, calcsize, error, pack, unpack_from

from slimmer.errors import FormatError

_HASH_MAGIC = 0x00061561
_VERSIONS = range(7, 11)
_PAGE_SIZES = frozenset(1 << bits for bits in range(9, 17))
# Types of pages, at offset 25 of each.
_HASH_UNSORTED, _OVERFLOW, _HASH_META, _HASH = 2, 7, 8, 13
# Types of items on a hash page: the first byte of each.
_KEYDATA, _OFFPAGE = 1, 3
_CHECKSUM = 1
_PAGE_HEADER = "QIIIHHBB"
_OFFPAGE_ITEM = "B3xII"


def is_bdb_hash(head: bytes) -> bool:
    """Whether the first bytes are those of a Berkeley DB hash file, of either byte order."""
    return head[12:16] in (pack("<I", _HASH_MAGIC), pack(">I", _HASH_MAGIC))


def bdb_headers(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(row, header blob) of each package, in the order of the pages. Raises `FormatError`."""
    try:
        yield from _File(data).pairs()
    except error:
        raise FormatError("rpm database ends in the middle of a page") from None


class _File:
    def __init__(self, data: bytes) -> None:
        if not is_bdb_hash(data[:16]):
            raise FormatError("rpm database is not a Berkeley DB hash file")
        self._order = "<" if data[12:16] == pack("<I", _HASH_MAGIC) else ">"
        version, size, encryption, kind, flags = unpack_from(f"{self._order}IIBBB", data, 16)
        if version not in _VERSIONS or size not in _PAGE_SIZES or kind != _HASH_META:
            raise FormatError("rpm database is a Berkeley DB file of an unknown version")
        if encryption or flags & _CHECKSUM:
            raise FormatError("rpm database is encrypted or has checksums, which rpm's have not")
        self._data = data
        self._size = size
        self._pages = len(data) // size
        # Pages whose content was given out: so no chain is longer than the file, or circular.
        self._used = bytearray(self._pages)
        self._header = Struct(self._order + _PAGE_HEADER)

    def pairs(self) -> Iterator[tuple[int, bytes]]:
        for number in range(1, self._pages):
            start = number * self._size
            *_, entries, _, _, kind = self._header.unpack_from(self._data, start)
            if kind in (_HASH, _HASH_UNSORTED) and entries:
                yield from self._pairs_of(self._data[start : start + self._size], entries)

    def _pairs_of(self, page: bytes, entries: int) -> Iterator[tuple[int, bytes]]:
        starts = unpack_from(f"{self._order}{entries}H", page, self._header.size)
        # Items fill a page from its end: each reaches to where the one before begins.
        ends = (self._size, *starts)
        lowest = self._header.size + 2 * entries
        if entries % 2 or any(not lowest <= a < b for a, b in zip(starts, ends, strict=False)):
            raise FormatError("rpm database has a page whose items overlap")
        items = [page[a:b] for a, b in zip(starts, ends, strict=False)]
        for key, value in zip(items[::2], items[1::2], strict=True):
            if key[0] != _KEYDATA or len(key) != 5:
                raise FormatError("rpm database has a key that is no row number")
            (row,) = unpack_from(f"{self._order}I", key, 1)
            if row:
                yield row, self._value(value)

    def _value(self, item: bytes) -> bytes:
        if item[0] == _KEYDATA:
            return item[1:]
        layout = self._order + _OFFPAGE_ITEM
        if item[0] != _OFFPAGE or len(item) != calcsize(layout):
            raise FormatError("rpm database has a value of an unknown kind")
        _, page, length = unpack_from(layout, item)
        blob = b"".join(self._chain(page))
        if len(blob) != length:
            raise FormatError("rpm database has a value that is not as long as it says")
        return blob

    def _chain(self, number: int) -> Iterator[bytes]:
        while number:
            if number >= self._pages or self._used[number]:
                raise FormatError("rpm database has a chain of pages that leads nowhere")
            self._used[number] = 1
            start = number * self._size
            _, _, _, following, _, length, _, kind = self._header.unpack_from(self._data, start)
            content = start + self._header.size
            if kind != _OVERFLOW or length > self._size - self._header.size:
                raise FormatError("rpm database has a chain of pages of another kind")
            yield self._data[content : content + length]
            number = following
