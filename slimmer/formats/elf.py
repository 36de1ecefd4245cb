"""What the dynamic loader, and whoever slims an image, wants to know of an ELF file."""

from slimmer.errors import FormatError
from slimmer.formats.elf_dynamic import (
    DT_FLAGS_1,
    DT_RPATH,
    DT_RUNPATH,
    DT_SONAME,
    MAX_STRING,
    read_dynamic,
    read_strings,
)
from slimmer.formats.elf_image import MAGIC, PT_INTERP, PT_NOTE, SHT_NOBITS, ElfImage
from slimmer.formats.elf_notes import dlopen_sonames
from slimmer.formats.elf_symbols import DLOPEN_NAMES, EXEC_NAMES, known_imports
from slimmer.formats.facts import Facts
from slimmer.formats.go_build_info import MAGIC as GO_MAGIC
from slimmer.formats.read import ReadAt, text

DF_1_PIE = 0x08000000
# Linkers make one or two.
MAX_NOTE_SEGMENTS = 8

# e_machine (gABI and its registry); 0x9026 is what Alpha really uses.
MACHINES = {
    2: "sparc",
    3: "i386",
    4: "m68k",
    8: "mips",
    15: "parisc",
    20: "ppc",
    21: "ppc64",
    22: "s390x",
    40: "arm",
    42: "sh",
    43: "sparcv9",
    50: "ia64",
    62: "x86_64",
    183: "aarch64",
    243: "riscv",
    247: "bpf",
    258: "loongarch",
    0x9026: "alpha",
}


class ElfFacts(Facts, frozen=True):
    """Facts of one ELF file.

    `kind` is "executable", "shared", "relocatable", "core" or "other"; a detached debug file,
    which has nothing to load, is "other".
    `is_executable_program`: ET_EXEC, or ET_DYN with an interpreter or DF_1_PIE.
    `is_static`: such a program without interpreter and without NEEDED (a static PIE of before
    binutils 2.26 has no DF_1_PIE and looks like a library).
    `dlopen_notes`: for each optional dependency the sonames tried for it.
    `imports_dlopen`, `imports_exec`: undefined dynamic symbols, False unless they were asked for.
    """

    elf_class: int
    little_endian: bool
    machine: str
    kind: str
    is_executable_program: bool = False
    interpreter: str | None = None
    needed: tuple[str, ...] = ()
    soname: str | None = None
    rpath: tuple[str, ...] = ()
    runpath: tuple[str, ...] = ()
    is_static: bool = False
    dlopen_notes: tuple[tuple[str, ...], ...] = ()
    has_go_build_info: bool = False
    has_rust_audit: bool = False
    imports_dlopen: bool = False
    imports_exec: bool = False


def is_elf(head: bytes) -> bool:
    """Whether a file that begins with these bytes is an ELF file."""
    return head[:4] == MAGIC


def parse_elf(read: ReadAt, size: int, *, symbols: bool = False) -> ElfFacts:
    """Read the facts of an ELF file of `size` bytes; `symbols` also looks at its imports.

    FormatError where the loader could not load the file: headers, dynamic section or a needed name
    outside the file. Damaged sections and notes, which the loader ignores, count as absent.
    """
    image = ElfImage(read, size)
    machine = MACHINES.get(image.machine) or f"machine-{image.machine}"
    if not image.segments:
        return ElfFacts(image.bits, image.little_endian, machine, image.kind)
    section_names = image.section_names()
    if _is_detached_debug(image, section_names):
        return ElfFacts(image.bits, image.little_endian, machine, "other")
    interpreter = _interpreter(image)
    dynamic = read_dynamic(image)
    values = dynamic.values
    wanted = [tag for tag in (DT_SONAME, DT_RPATH, DT_RUNPATH) if tag in values]
    names = read_strings(image, dynamic, [*dynamic.needed, *(values[tag] for tag in wanted)])
    needed = tuple(names[: len(dynamic.needed)])
    named = dict(zip(wanted, names[len(dynamic.needed) :], strict=True))
    is_program = (
        image.kind == "executable"
        or interpreter is not None
        or bool(values.get(DT_FLAGS_1, 0) & DF_1_PIE)
    )
    imports = known_imports(image, dynamic) if symbols else frozenset()
    has_go, has_rust = _build_info(image, section_names)
    return ElfFacts(
        elf_class=image.bits,
        little_endian=image.little_endian,
        machine=machine,
        kind=image.kind,
        is_executable_program=is_program,
        interpreter=interpreter,
        needed=needed,
        soname=named.get(DT_SONAME),
        rpath=_search_path(named.get(DT_RPATH)),
        runpath=_search_path(named.get(DT_RUNPATH)),
        is_static=is_program and interpreter is None and not needed,
        dlopen_notes=_dlopen_notes(image),
        has_go_build_info=has_go,
        has_rust_audit=has_rust,
        imports_dlopen=not imports.isdisjoint(DLOPEN_NAMES),
        imports_exec=not imports.isdisjoint(EXEC_NAMES),
    )


def _search_path(value: str | None) -> tuple[str, ...]:
    # An empty element means the current directory and is kept.
    return tuple(value.split(":")) if value else ()


def _interpreter(image: ElfImage) -> str | None:
    for segment in image.segments:
        if segment.type == PT_INTERP:
            raw = image.bytes_at(segment.offset, min(segment.size, MAX_STRING + 1))
            if len(raw) != segment.size or not raw.endswith(b"\0"):
                raise FormatError("ELF interpreter name is cut short or too long")
            return text(raw[: raw.index(b"\0")])
    return None


def _dlopen_notes(image: ElfImage) -> tuple[tuple[str, ...], ...]:
    found: list[tuple[str, ...]] = []
    notes = [segment for segment in image.segments if segment.type == PT_NOTE]
    for segment in notes[:MAX_NOTE_SEGMENTS]:
        found += dlopen_sonames(image, segment)
    return tuple(found)


def _is_detached_debug(image: ElfImage, names: bytes) -> bool:
    """Whether only debug sections are left (`objcopy --only-keep-debug`).

    Such a file keeps the program headers of its program, and they point at other things.
    """
    return b".debug_" in names and any(
        section.type == SHT_NOBITS and names.startswith(b".text\0", section.name)
        for section in image.sections()
    )


def _build_info(image: ElfImage, names: bytes) -> tuple[bool, bool]:
    """Whether the file holds Go build information, and a Rust dependency list."""
    if names:
        return b".go.buildinfo\0" in names, b".dep-v0\0" in names
    data = image.first_data_segment()
    return data is not None and GO_MAGIC in image.bytes_at(data.offset, 1 << 16), False
