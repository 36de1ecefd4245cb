"""The dynamic section of an ELF file and the strings it names (gABI, chapter 5)."""

from typing import NamedTuple

from slimmer.errors import FormatError
from slimmer.formats.elf_image import PT_DYNAMIC, ElfImage
from slimmer.formats.read import text

DT_NULL, DT_NEEDED, DT_HASH, DT_STRTAB, DT_SYMTAB = 0, 1, 4, 5, 6
DT_STRSZ, DT_SONAME, DT_RPATH, DT_RUNPATH = 10, 14, 15, 29
DT_GNU_HASH, DT_FLAGS_1 = 0x6FFFFEF5, 0x6FFFFFFB

MAX_DYNAMIC = 1 << 16
MAX_NEEDED = 1024
MAX_STRING = 4096
# Strings closer together than this are fetched in one read.
_ONE_READ = 1 << 14


class Dynamic(NamedTuple):
    """Offsets of the NEEDED names in the string table, and the last value of each other tag."""

    needed: list[int]
    values: dict[int, int]


def read_dynamic(image: ElfImage) -> Dynamic:
    """Read the dynamic section; empty where there is none."""
    needed: list[int] = []
    values: dict[int, int] = {}
    for segment in image.segments:
        if segment.type != PT_DYNAMIC:
            continue
        layout = image.layout.dynamic
        raw = image.bytes_at(segment.offset, min(segment.size, MAX_DYNAMIC))
        if len(raw) < min(segment.size, MAX_DYNAMIC):
            raise FormatError("ELF dynamic section lies outside the file")
        for tag, value in layout.iter_unpack(raw[: len(raw) - len(raw) % layout.size]):
            if tag == DT_NULL:
                break
            if tag == DT_NEEDED:
                needed.append(value)
            else:
                values[tag] = value
        break
    if len(needed) > MAX_NEEDED:
        raise FormatError(f"ELF file needs more than {MAX_NEEDED} libraries")
    return Dynamic(needed, values)


def string_table(image: ElfImage, dynamic: Dynamic) -> tuple[int, int]:
    """File offset and size of the dynamic string table."""
    offset = image.offset_of(dynamic.values.get(DT_STRTAB, 0))
    size = dynamic.values.get(DT_STRSZ)
    if offset is None or size is None:
        raise FormatError("ELF dynamic string table is not loaded by any segment")
    return offset, size


def read_strings(image: ElfImage, dynamic: Dynamic, offsets: list[int]) -> list[str]:
    """The strings at some offsets of the string table, in the order of the offsets."""
    if not offsets:
        return []
    base, size = string_table(image, dynamic)
    low, high = min(offsets), max(offsets)
    if high >= size:
        raise FormatError("ELF name lies outside the dynamic string table")
    if high - low > _ONE_READ:
        return [
            _string(image.bytes_at(base + at, min(MAX_STRING + 1, size - at)), 0) for at in offsets
        ]
    table = image.bytes_at(base + low, min(high - low + MAX_STRING + 1, size - low))
    return [_string(table, at - low) for at in offsets]


def _string(table: bytes, start: int) -> str:
    end = table.find(b"\0", start)
    if end < 0 or end - start > MAX_STRING:
        raise FormatError("ELF name is cut short or too long")
    return text(table[start:end])
