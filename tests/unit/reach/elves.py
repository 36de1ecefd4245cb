"""ELF files for tests of reachability: programs and libraries with a few constants and imports."""

from formats.elf_builder import Elf
from support.layers import File

LOADER = "lib64/ld-linux-x86-64.so.2"


def program(*texts: str, imports: str = "", needed: str = "", **fields: object) -> File:
    """A started program that names `texts`; `imports` and `needed` are words."""
    with_loader = {"interpreter": b"/" + LOADER.encode(), **fields}
    return File(_elf(texts, imports, needed, **with_loader), 0o755)


def library(*texts: str, imports: str = "", needed: str = "", **fields: object) -> File:
    return File(_elf(texts, imports, needed, **{"soname": b"so", **fields}))


def static(data: bytes) -> File:
    """A program without interpreter whose texts are not parted."""
    return File(Elf(type=2, sections={b".rodata": data}).build(), 0o755)


def _elf(texts: tuple[str, ...], imports: str, needed: str, **fields: object) -> bytes:
    data = b"\0" + b"".join(text.encode() + b"\0" for text in texts)
    return Elf(
        sections={b".rodata": data},
        symbols=[(name.encode(), False) for name in imports.split()],
        needed=[name.encode() for name in needed.split()],
        **fields,  # type: ignore[arg-type]
    ).build()
