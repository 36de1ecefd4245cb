"""`/etc/ld.so.cache`: where glibc's loader has found each soname (glibc's dl-cache.h).

A header, fixed-size entries, and the strings they point at. An older format may come first.
"""

from struct import Struct

from slimmer.errors import FormatError
from slimmer.formats.read import text

MAGIC = b"glibc-ld.so.cache1.1"
OLD_MAGIC = b"ld.so-1.7.0\0"
MAX_ENTRIES = 100_000
MAX_PATH = 4096
_HEADER_SIZE = 48
_OLD_ENTRY_SIZE = 12


def parse_ld_cache(data: bytes) -> dict[str, list[str]]:
    """Paths by soname, in the order of the file; FormatError where it is no such cache."""
    start = _start(data)
    if not data.startswith(MAGIC, start) or len(data) < start + _HEADER_SIZE:
        raise FormatError("not a cache of glibc's loader")
    # Byte 28 says the byte order since glibc 2.33: 2 is little, 3 is big, 0 is not said.
    order = ">" if data[start + 28] & 3 == 3 else "<"
    (count,) = Struct(order + "I").unpack_from(data, start + 20)
    if order == "<" and count > MAX_ENTRIES:
        order = ">"
        (count,) = Struct(order + "I").unpack_from(data, start + 20)
    entry = Struct(order + "4xII12x")
    first = start + _HEADER_SIZE
    if count > MAX_ENTRIES or first + count * entry.size > len(data):
        raise FormatError("the loader's cache is cut short")
    found: dict[str, list[str]] = {}
    for key, value in entry.iter_unpack(data[first : first + count * entry.size]):
        found.setdefault(_string(data, start + key), []).append(_string(data, start + value))
    return found


def _start(data: bytes) -> int:
    """Where the present format begins: behind the old entries, at a multiple of 8."""
    if not data.startswith(OLD_MAGIC) or len(data) < 16:
        return 0
    for order in "<>":
        (count,) = Struct(order + "I").unpack_from(data, 12)
        at = -(-(16 + count * _OLD_ENTRY_SIZE) // 8) * 8
        if data.startswith(MAGIC, at):
            return int(at)
    return 0


def _string(data: bytes, at: int) -> str:
    end = data.find(b"\0", at, at + MAX_PATH)
    if end < 0:
        raise FormatError("a name of the loader's cache is cut short")
    return text(data[at:end])
