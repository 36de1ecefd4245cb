"""Whether an ELF file imports functions that open libraries or start programs."""

from struct import Struct

from slimmer.formats.elf_dynamic import DT_GNU_HASH, DT_HASH, DT_SYMTAB, Dynamic, string_table
from slimmer.formats.elf_image import SHT_DYNSYM, ElfImage

MAX_SYMBOLS = 8 << 20
MAX_SYMBOL_NAMES = 16 << 20
MAX_NAME_OFFSETS = 1 << 16
# s390x and Alpha, whose DT_HASH has words of 8 bytes in 64-bit files.
_WIDE_HASH_MACHINES = (22, 0x9026)

# Offset of the name and index of the section of a symbol, by class and byte order.
_SYMBOLS = {
    (64, True): Struct("<I2xH16x"),
    (64, False): Struct(">I2xH16x"),
    (32, True): Struct("<I10xH"),
    (32, False): Struct(">I10xH"),
}

DLOPEN_NAMES = (b"dlopen", b"dlmopen", b"android_dlopen_ext")
EXEC_NAMES = (
    *(b"execl", b"execle", b"execlp", b"execv", b"execve", b"execvp", b"execvpe"),
    *(b"execveat", b"fexecve", b"popen", b"posix_spawn", b"posix_spawnp", b"system"),
)


def known_imports(
    image: ElfImage, dynamic: Dynamic, names: tuple[bytes, ...] = (*DLOPEN_NAMES, *EXEC_NAMES)
) -> frozenset[bytes]:
    """Which of the names of interest are undefined symbols of the file."""
    address = dynamic.values.get(DT_SYMTAB)
    offset = image.offset_of(address) if address is not None else None
    if offset is None:
        return frozenset()
    base, size = string_table(image, dynamic)
    wanted = _name_offsets(image.bytes_at(base, min(size, MAX_SYMBOL_NAMES)), names)
    if not wanted:
        return frozenset()
    layout = _SYMBOLS[image.bits, image.little_endian]
    length = min(_import_count(image, dynamic, layout.size) * layout.size, MAX_SYMBOLS)
    raw = image.bytes_at(offset, length)
    return frozenset(
        wanted[name]
        for name, section in layout.iter_unpack(raw[: len(raw) - len(raw) % layout.size])
        if not section and name in wanted
    )


def _import_count(image: ElfImage, dynamic: Dynamic, entry_size: int) -> int:
    """How many symbols to look at: those before the first one that DT_GNU_HASH covers, else all.

    Only defined symbols are hashed, and they come last. Without any, GNU ld writes 1.
    """
    word = image.layout.word
    gnu_hash = image.offset_of(dynamic.values.get(DT_GNU_HASH, 0))
    if gnu_hash is not None:
        raw = image.bytes_at(gnu_hash + 4, 4)
        if len(raw) == 4 and (first_hashed := word.unpack(raw)[0]) > 1:
            return int(first_hashed)
    old_hash = image.offset_of(dynamic.values.get(DT_HASH, 0))
    if old_hash is not None:
        wide = image.bits == 64 and image.machine in _WIDE_HASH_MACHINES
        skip = (8 if image.little_endian else 12) if wide else 4
        raw = image.bytes_at(old_hash + skip, 4)
        if len(raw) == 4:
            return int(word.unpack(raw)[0])
    sizes = (section.size for section in image.sections() if section.type == SHT_DYNSYM)
    return next(sizes, 0) // entry_size


def _name_offsets(table: bytes, names: tuple[bytes, ...]) -> dict[int, bytes]:
    """Where a string table holds the names of interest. One may be the tail of a longer name."""
    found: dict[int, bytes] = {}
    for name in names:
        at = table.find(name + b"\0")
        while at >= 0 and len(found) < MAX_NAME_OFFSETS:
            found[at] = name
            at = table.find(name + b"\0", at + 1)
    return found
