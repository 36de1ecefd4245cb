"""`Packages.db`, rpm's own format (SUSE): slots that say where the blobs of headers lie.

Facts from rpm's lib/backend/ndb/rpmpkg.c. All numbers are little-endian and 32 bits wide. The
file begins with a header of 32 bytes (magic, version, generation, pages of slots, next row);
slots of 16 bytes (magic, row, first block, number of blocks) fill the rest of those pages; blobs
lie in blocks of 16 bytes, between a head (magic, row, time, length) and a tail (adler32 of all
before it, length, magic).
"""

from collections.abc import Iterator
from struct import unpack_from
from zlib import adler32

from slimmer.errors import FormatError

_MAGIC, _SLOT, _HEAD, _TAIL = b"RpmP", b"Slot", b"BlbS", b"BlbE"
_PAGE, _BLOCK = 4096, 16
_HEADER_SIZE, _HEAD_SIZE, _TAIL_SIZE = 32, 16, 12


def is_ndb(head: bytes) -> bool:
    """Whether the first bytes are those of rpm's own `Packages.db` (SUSE)."""
    return head[:4] == _MAGIC


def ndb_headers(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(row, header blob) of each package, in the order of the slots. Raises `FormatError`."""
    if not is_ndb(data) or len(data) < _PAGE:
        raise FormatError("rpm database is not an ndb file")
    version, _, pages = unpack_from("<III", data, 4)
    if version or not 0 < pages <= len(data) // _PAGE:
        raise FormatError("rpm database is an ndb file of an unknown version")
    # Slots that share blocks could be far more than the file: the sum is bounded.
    left = len(data)
    for slot in range(_HEADER_SIZE, pages * _PAGE, _BLOCK):
        if data[slot : slot + 4] != _SLOT:
            raise FormatError("rpm database has a damaged slot")
        row, first, blocks = unpack_from("<III", data, slot + 4)
        if not first:
            continue
        left -= blocks * _BLOCK
        if first < pages * (_PAGE // _BLOCK) or left < 0:
            raise FormatError("rpm database has slots that overlap")
        yield row, _blob(data[first * _BLOCK : (first + blocks) * _BLOCK], row, blocks)


def _blob(data: bytes, row: int, blocks: int) -> bytes:
    if len(data) != blocks * _BLOCK or len(data) < _HEAD_SIZE + _TAIL_SIZE:
        raise FormatError("rpm database is cut short")
    own_row, _, length = unpack_from("<III", data, 4)
    checksum, length_again = unpack_from("<II", data, len(data) - _TAIL_SIZE)
    whole = -(-(_HEAD_SIZE + length + _TAIL_SIZE) // _BLOCK)
    if (data[:4], data[-4:]) != (_HEAD, _TAIL) or (own_row, whole) != (row, blocks):
        raise FormatError("rpm database has a slot that leads to something else")
    if length != length_again or adler32(data[:-_TAIL_SIZE]) != checksum:
        raise FormatError("rpm database has a damaged header")
    return data[_HEAD_SIZE : _HEAD_SIZE + length]
