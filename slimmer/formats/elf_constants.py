"""What the code of an ELF file works with: functions it imports, and its constant bytes."""

from dataclasses import dataclass

from slimmer.errors import FormatError
from slimmer.formats.elf_dynamic import read_dynamic
from slimmer.formats.elf_image import PF_X, PT_LOAD, SHT_NOBITS, ElfImage
from slimmer.formats.elf_symbols import DLOPEN_NAMES, EXEC_NAMES, known_imports
from slimmer.formats.read import ReadAt

# These give a command line to a shell.
SHELL_NAMES = (b"system", b"popen", b"wordexp")
MAX_CONSTANTS = 64 << 20
# Literals, and character arrays that are initialised with them.
_SECTIONS = (b".rodata", b".data", b".data.rel.ro")


@dataclass(frozen=True, slots=True)
class ElfConstants:
    """`data` is at most 64 MiB of the read-only sections, joined by a NUL and between NULs."""

    data: bytes
    imports_dlopen: bool
    imports_exec: bool
    imports_shell: bool


def read_constants(read: ReadAt, size: int) -> ElfConstants:
    """Read imports and constants of an ELF file; FormatError where it is none that is loaded.

    A damaged symbol table, which only the loader would refuse, imports nothing.
    """
    image = ElfImage(read, size)
    imports: frozenset[bytes] = frozenset()
    try:
        dynamic = read_dynamic(image)
        if dynamic.values:
            imports = known_imports(image, dynamic, (*DLOPEN_NAMES, *EXEC_NAMES, b"wordexp"))
    except FormatError:
        pass
    return ElfConstants(
        data=b"\0".join((b"", *_pieces(image), b"")),
        imports_dlopen=not imports.isdisjoint(DLOPEN_NAMES),
        imports_exec=not imports.isdisjoint((*EXEC_NAMES, b"wordexp")),
        imports_shell=not imports.isdisjoint(SHELL_NAMES),
    )


def _pieces(image: ElfImage) -> list[bytes]:
    """The sections with constants; without sections the segments that are not executed."""
    names = image.section_names()
    ranges: list[tuple[int, int]] = []
    if b".rodata\0" in names:
        wanted = {names.find(name + b"\0") for name in _SECTIONS} - {-1}
        ranges = [
            (section.offset, section.size)
            for section in image.sections()
            if section.name in wanted and section.type != SHT_NOBITS
        ]
    if not ranges:
        loaded = [segment for segment in image.segments if segment.type == PT_LOAD]
        quiet = [segment for segment in loaded if not segment.flags & PF_X]
        ranges = [(segment.offset, segment.size) for segment in quiet or loaded]
    pieces: list[bytes] = []
    left = MAX_CONSTANTS
    for offset, length in ranges:
        piece = image.bytes_at(offset, min(length, left))
        left -= len(piece)
        pieces.append(piece)
        if not left:
            break
    return pieces
