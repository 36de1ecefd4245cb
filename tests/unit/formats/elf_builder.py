"""Writes small ELF files, field by field from the gABI, for both classes and both byte orders."""

from dataclasses import dataclass, field
from struct import pack

BASE = 0x400000


@dataclass
class Elf:
    """What a test wants in its file; `build` lays it out behind one loadable segment."""

    bits: int = 64
    little: bool = True
    type: int = 3
    machine: int = 62
    interpreter: bytes | None = None
    needed: list[bytes] = field(default_factory=list)
    soname: bytes | None = None
    rpath: bytes | None = None
    runpath: bytes | None = None
    flags_1: int = 0
    notes: list[tuple[bytes, int, bytes]] = field(default_factory=list)
    sections: dict[bytes, bytes] = field(default_factory=dict)
    nobits: tuple[bytes, ...] = ()
    # (name, is defined); the undefined ones must come first when there is a GNU hash table.
    symbols: list[tuple[bytes, bool]] = field(default_factory=list)
    hash: str = "gnu"
    data: bytes = b""

    def pack(self, codes: str, *values: int) -> bytes:
        """Pack with W for the word of the class."""
        wide = "Q" if self.bits == 64 else "I"
        return pack(("<" if self.little else ">") + codes.replace("W", wide), *values)

    def build(self) -> bytes:
        header_size, segment_size, section_size = (64, 56, 64) if self.bits == 64 else (52, 32, 40)
        body = bytearray(header_size + 8 * segment_size)
        segments: list[tuple[int, int, int, int]] = []

        def add(content: bytes, align: int = 16) -> int:
            body.extend(bytes(-len(body) % align))
            at = len(body)
            body.extend(content)
            return at

        if self.interpreter is not None:
            content = self.interpreter + b"\0"
            segments.append((3, 4, add(content), len(content)))
        if self.notes:
            content = b"".join(self._note(*note) for note in self.notes)
            segments.append((4, 4, add(content), len(content)))
        dynamic = self._dynamic(add)
        if dynamic:
            segments.append((2, 6, add(dynamic), len(dynamic)))
        if self.data:
            segments.append((1, 6, add(self.data), len(self.data)))
        section_table, count = self._sections(add)
        segments.insert(0, (1, 5, 0, len(body)))
        segments.sort(key=lambda segment: segment[0] != 1 or segment[1] != 6)
        sections_at = add(section_table)
        head = self._header(
            header_size, segment_size, section_size, len(segments), sections_at, count
        )
        table = b"".join(self._segment(*segment) for segment in segments)
        body[: len(head)] = head
        body[header_size : header_size + len(table)] = table
        return bytes(body)

    def _header(
        self,
        header_size: int,
        segment_size: int,
        section_size: int,
        segments: int,
        at: int,
        count: int,
    ) -> bytes:
        identification = (
            b"\x7fELF" + bytes((self.bits // 32, 1 if self.little else 2, 1)) + bytes(9)
        )
        return identification + self.pack(
            "HHIWWWIHHHHHH",
            *(self.type, self.machine, 1, 0, header_size, at if count else 0, 0, header_size),
            *(segment_size, segments, section_size, count, max(0, count - 1)),
        )

    def _segment(self, type_: int, flags: int, at: int, size: int) -> bytes:
        if self.bits == 64:
            return self.pack("IIWWWWWW", type_, flags, at, BASE + at, BASE + at, size, size, 4)
        return self.pack("IWWWWWIW", type_, at, BASE + at, BASE + at, size, size, flags, 4)

    def _note(self, owner: bytes, type_: int, description: bytes) -> bytes:
        name = owner + b"\0"
        words = self.pack("III", len(name), len(description), type_)
        return words + name + bytes(-len(name) % 4) + description + bytes(-len(description) % 4)

    def _dynamic(self, add) -> bytes:  # type: ignore[no-untyped-def]
        tags: list[tuple[int, int]] = []
        strings = bytearray(b"\0")

        def string(value: bytes) -> int:
            at = len(strings)
            strings.extend(value + b"\0")
            return at

        tags += [(1, string(name)) for name in self.needed]
        for tag, value in ((14, self.soname), (15, self.rpath), (29, self.runpath)):
            if value is not None:
                tags.append((tag, string(value)))
        if self.flags_1:
            tags.append((0x6FFFFFFB, self.flags_1))
        if self.symbols:
            entries = [self._symbol(0, False)]
            entries += [self._symbol(string(name), defined) for name, defined in self.symbols]
            tags.append((6, BASE + add(b"".join(entries))))
            if self.hash == "gnu":
                first = 1 + sum(not defined for _, defined in self.symbols)
                tags.append((0x6FFFFEF5, BASE + add(self.pack("IIII", 1, first, 1, 0))))
            else:
                tags.append((4, BASE + add(self.pack("II", 1, len(entries)))))
        if not tags:
            return b""
        tags += [(5, BASE + add(bytes(strings))), (10, len(strings)), (0, 0)]
        return b"".join(self.pack("WW", *tag) for tag in tags)

    def _symbol(self, name: int, defined: bool) -> bytes:
        section = 1 if defined else 0
        if self.bits == 64:
            return self.pack("IBBHQQ", name, 0x12, 0, section, 0, 0)
        return self.pack("IIIBBH", name, 0, 0, 0x12, 0, section)

    def _sections(self, add) -> tuple[bytes, int]:  # type: ignore[no-untyped-def]
        contents = {**dict.fromkeys(self.nobits, b""), **self.sections}
        if not contents:
            return b"", 0
        names = bytearray(b"\0")
        headers = [self.pack("IIWWWWIIWW", *[0] * 10)]
        for name, content in contents.items():
            at = add(content)
            type_ = 8 if name in self.nobits else 1
            address = BASE + at
            headers.append(
                self.pack("IIWWWWIIWW", len(names), type_, 0, address, at, len(content), 0, 0, 1, 0)
            )
            names.extend(name + b"\0")
        own = len(names)
        names.extend(b".shstrtab\0")
        at = add(bytes(names))
        headers.append(self.pack("IIWWWWIIWW", own, 3, 0, 0, at, len(names), 0, 0, 1, 0))
        return b"".join(headers), len(headers)
