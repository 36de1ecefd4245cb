"""A write-ahead log put into the database it stands beside (SQLite file format, chapter 4).

All numbers are big-endian. The log begins with a header of 32 bytes; frames of a header of 24
bytes and one page follow. A frame counts when its salts are the log's and its checksum, which
goes on from frame to frame, is right; and only up to the last frame that ends a transaction.
"""

from struct import Struct, iter_unpack, unpack_from

from slimmer.errors import FormatError

_HEADER = Struct(">8I")
_FRAME = Struct(">6I")
# The last bit of the magic: the byte order in which checksums add the words up.
_MAGICS = {0x377F0682: "<", 0x377F0683: ">"}
_FORMAT = 3007000
_MASK = 0xFFFFFFFF


def merged_log(database: bytes, log: bytes) -> bytes:
    """The database as a connection would see it. A log that says nothing leaves it as it is.

    Raises `FormatError` where the log is that of another kind of database.
    """
    if len(log) < _HEADER.size:
        return database
    magic, version, size, _, *salts, one, two = _HEADER.unpack_from(log)
    order = _MAGICS.get(magic, "")
    if not order or _checksum(order, log[:24], 0, 0) != (one, two):
        return database
    if version != _FORMAT or size != _page_size(database):
        raise FormatError("write-ahead log is not that of the database beside it")
    pages, count = _frames(log, order, size, salts, (one, two))
    if not count:
        return database
    if count > (len(database) + len(log)) // size:
        raise FormatError("write-ahead log makes the database larger than itself")
    whole = bytearray(database[: count * size])
    whole += bytes(count * size - len(whole))
    for page, start in pages.items():
        if page <= count:
            whole[(page - 1) * size : page * size] = log[start : start + size]
    return bytes(whole)


def _page_size(database: bytes) -> int:
    if len(database) < 100:
        return 0
    (size,) = unpack_from(">H", database, 16)
    return 65536 if size == 1 else int(size)


def _frames(
    log: bytes, order: str, size: int, salts: list[int], sums: tuple[int, int]
) -> tuple[dict[int, int], int]:
    """Where each page's newest content lies, and how many pages the database has; none at all
    where no transaction ended."""
    committed: dict[int, int] = {}
    waiting: dict[int, int] = {}
    count = 0
    for at in range(_HEADER.size, len(log) - _FRAME.size - size + 1, _FRAME.size + size):
        page, pages, *own_salts, one, two = _FRAME.unpack_from(log, at)
        content = at + _FRAME.size
        sums = _checksum(order, log[at : at + 8] + log[content : content + size], *sums)
        if own_salts != salts or sums != (one, two) or not page:
            break
        waiting[page] = content
        if pages:
            committed |= waiting
            waiting, count = {}, pages
    return committed, count


def _checksum(order: str, data: bytes, one: int, two: int) -> tuple[int, int]:
    for first, second in iter_unpack(f"{order}II", data):
        one = (one + first + two) & _MASK
        two = (two + second + one) & _MASK
    return one, two
