"""Dependencies that a program opens at run time and announces in ELF notes.

The format is systemd's "dlopen() Metadata for ELF Files": owner `FDO`, type 0x407c0c0a, a JSON
array of objects whose `soname` lists the names that are tried, closed by a NUL.
"""

from collections.abc import Iterator

from slimmer.errors import FormatError
from slimmer.formats.elf_image import ElfImage, Segment
from slimmer.formats.read import decode_json

NT_FDO_DLOPEN = 0x407C0C0A
MAX_NOTES = 1 << 16
_OWNER = b"FDO\0"


def dlopen_sonames(image: ElfImage, segment: Segment) -> list[tuple[str, ...]]:
    """The soname groups announced in one note segment; damaged notes say nothing."""
    raw = image.bytes_at(segment.offset, min(segment.size, MAX_NOTES))
    if _OWNER not in raw:
        return []
    found: list[tuple[str, ...]] = []
    for owner, type_, description in _notes(image, raw, segment.align):
        if owner == _OWNER and type_ == NT_FDO_DLOPEN:
            found += _groups(description)
    return found


def _notes(image: ElfImage, raw: bytes, align: int) -> Iterator[tuple[bytes, int, bytes]]:
    """(owner, type, description) of each note; its header is of 4-byte words in both classes."""
    unpack = image.layout.word.unpack_from
    # Only GNU properties are aligned to 8, and they say so in the program header.
    mask = 7 if align == 8 else 3
    at = 0
    while at + 12 <= len(raw):
        (name_size,), (size,), (type_,) = unpack(raw, at), unpack(raw, at + 4), unpack(raw, at + 8)
        start = (at + 12 + name_size + mask) & ~mask
        if start + size > len(raw):
            return
        yield raw[at + 12 : at + 12 + name_size], type_, raw[start : start + size]
        at = (start + size + mask) & ~mask


def _groups(description: bytes) -> Iterator[tuple[str, ...]]:
    try:
        document = decode_json(description.rstrip(b"\0"), "dlopen note")
    except FormatError:
        return
    for entry in document if isinstance(document, list) else ():
        names = entry.get("soname") if isinstance(entry, dict) else None
        if isinstance(names, list):
            group = tuple(name for name in names if isinstance(name, str))
            if group:
                yield group
