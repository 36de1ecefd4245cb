"""The tables of an ELF file: header, segments, sections (System V gABI, chapters 4 and 5).

What the kernel would refuse is a FormatError. Everything is read through `ElfImage.bytes_at`, so a
hostile offset or size yields fewer bytes, never a large allocation.
"""

from struct import Struct
from typing import NamedTuple

from slimmer.errors import FormatError
from slimmer.formats.read import ReadAt

MAGIC = b"\x7fELF"
HEAD_SIZE = 4096
# The kernel and the dynamic loader accept no more than 64 KiB of program headers.
MAX_PROGRAM_HEADERS = 65536
MAX_SECTION_NAMES = 1 << 20

PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE = 1, 2, 3, 4
PF_X, PF_W = 1, 2
SHT_NOBITS, SHT_DYNSYM = 8, 11

_KINDS = {1: "relocatable", 2: "executable", 3: "shared", 4: "core"}


class Segment(NamedTuple):
    """One program header; `size` is the bytes in the file."""

    type: int
    flags: int
    offset: int
    address: int
    size: int
    align: int


class Section(NamedTuple):
    """One section header; `name` is an offset into the section name table."""

    name: int
    type: int
    address: int
    offset: int
    size: int


class _Layout(NamedTuple):
    header: Struct
    segment: Struct
    section: Struct
    dynamic: Struct
    word: Struct


def _layout(order: str, bits: int) -> _Layout:
    wide = bits == 64
    return _Layout(
        header=Struct(order + ("HHIQQQIHHHHHH" if wide else "HHIIIIIHHHHHH")),
        segment=Struct(order + ("IIQQQQQQ" if wide else "IIIIIIII")),
        section=Struct(order + ("IIQQQQIIQQ" if wide else "IIIIIIIIII")),
        dynamic=Struct(order + ("QQ" if wide else "II")),
        word=Struct(order + "I"),
    )


# Keyed by the identification bytes EI_CLASS and EI_DATA.
_LAYOUTS = {
    bytes((class_, data)): (32 * class_, data == 1, _layout("<" if data == 1 else ">", 32 * class_))
    for class_ in (1, 2)
    for data in (1, 2)
}


class ElfImage:
    """An opened ELF file: its header fields and its segments; sections are read on demand."""

    def __init__(self, read: ReadAt, size: int) -> None:
        self._read = read
        self._size = size
        self._head = head = read(0, min(size, HEAD_SIZE))
        if head[:4] != MAGIC:
            raise FormatError("not an ELF file")
        identification = _LAYOUTS.get(head[4:6])
        if identification is None:
            raise FormatError("ELF file of an unknown class or byte order")
        self.bits, self.little_endian, self.layout = identification
        if len(head) < 16 + self.layout.header.size:
            raise FormatError("ELF header is cut short")
        (
            type_,
            self.machine,
            _version,
            _entry,
            self._segments_at,
            self._sections_at,
            _flags,
            _header_size,
            self._segment_size,
            self._segment_count,
            self._section_size,
            self.section_count,
            self._names_index,
        ) = self.layout.header.unpack_from(head, 16)
        self.kind = _KINDS.get(type_, "other")
        # Only these two are ever loaded: the segments of a core mean something else.
        self.segments = self._segments() if self.kind in ("executable", "shared") else []

    def bytes_at(self, offset: int, length: int) -> bytes:
        """The bytes at a file offset; fewer, or none, where the range leaves the file."""
        if offset + length <= len(self._head):
            return self._head[offset : offset + length]
        if offset >= self._size:
            return b""
        return self._read(offset, min(length, self._size - offset))

    def _segments(self) -> list[Segment]:
        if not self._segment_count:
            return []
        layout = self.layout.segment
        if self._segment_size != layout.size:
            raise FormatError("ELF program headers have an impossible size")
        length = self._segment_count * layout.size
        if length > MAX_PROGRAM_HEADERS:
            raise FormatError("ELF file has more program headers than can be loaded")
        table = self.bytes_at(self._segments_at, length)
        if len(table) != length:
            raise FormatError("ELF program headers lie outside the file")
        if self.bits == 64:
            return [
                Segment(type_, flags, offset, address, size, align)
                for type_, flags, offset, address, _, size, _, align in layout.iter_unpack(table)
            ]
        return [
            Segment(type_, flags, offset, address, size, align)
            for type_, offset, address, _, size, _, flags, align in layout.iter_unpack(table)
        ]

    def offset_of(self, address: int) -> int | None:
        """The file offset that is loaded at an address, or None if no segment loads it."""
        for segment in self.segments:
            if segment.type == PT_LOAD and 0 <= address - segment.address < segment.size:
                return address - segment.address + segment.offset
        return None

    def _section(self, index: int) -> Section | None:
        layout = self.layout.section
        raw = self.bytes_at(self._sections_at + index * layout.size, layout.size)
        if len(raw) != layout.size:
            return None
        name, type_, _, address, offset, size, *_ = layout.unpack(raw)
        return Section(name, type_, address, offset, size)

    def section_names(self) -> bytes:
        """The section name table, at most 1 MiB; empty where there are no sections.

        The loader does not look at sections, so damage to them is not an error of the file.
        """
        if not self.section_count or self._section_size != self.layout.section.size:
            return b""
        section = self._section(self._names_index)
        if section is None or section.type == SHT_NOBITS:
            return b""
        return self.bytes_at(section.offset, min(section.size, MAX_SECTION_NAMES))

    def sections(self) -> list[Section]:
        """All section headers that are there (at most 65,535)."""
        if self._section_size != self.layout.section.size:
            return []
        layout = self.layout.section
        table = self.bytes_at(self._sections_at, self.section_count * layout.size)
        whole = len(table) - len(table) % layout.size
        return [
            Section(name, type_, address, offset, size)
            for name, type_, _, address, offset, size, *_ in layout.iter_unpack(table[:whole])
        ]

    def section(self, name: bytes) -> Section | None:
        """The first section of a name that has bytes in the file."""
        names = self.section_names()
        wanted = name + b"\0"
        if wanted not in names:
            return None
        for section in self.sections():
            if section.type != SHT_NOBITS and names.startswith(wanted, section.name):
                return section
        return None

    def first_data_segment(self) -> Segment | None:
        """The first loaded segment that is writable and not executable."""
        for segment in self.segments:
            if segment.type == PT_LOAD and segment.flags & (PF_W | PF_X) == PF_W:
                return segment
        return None
