import json
import os
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from elftools.elf.elffile import ELFFile
from hypothesis import given
from hypothesis import strategies as st

from slimmer.errors import FormatError
from slimmer.formats.elf import ElfFacts, is_elf, parse_elf
from slimmer.formats.read import reader_of

from .elf_builder import Elf


def facts_of(data: bytes, *, symbols: bool = False) -> ElfFacts:
    return parse_elf(reader_of(data), len(data), symbols=symbols)


CLASSES = [(bits, little) for bits in (32, 64) for little in (True, False)]


@pytest.mark.parametrize(("bits", "little"), CLASSES)
def test_a_dynamic_program(bits: int, little: bool) -> None:
    facts = facts_of(
        Elf(
            bits,
            little,
            interpreter=b"/lib/ld.so",
            needed=[b"libc.so.6", b"libm.so.6"],
            runpath=b"$ORIGIN/../lib:/opt/lib",
        ).build()
    )
    assert facts == ElfFacts(
        elf_class=bits,
        little_endian=little,
        machine="x86_64",
        kind="shared",
        is_executable_program=True,
        interpreter="/lib/ld.so",
        needed=("libc.so.6", "libm.so.6"),
        runpath=("$ORIGIN/../lib", "/opt/lib"),
    )


names = st.text("abcxyz.-_019", min_size=1, max_size=20).map(str.encode)


@given(
    st.sampled_from(CLASSES),
    st.lists(names, max_size=6),
    st.none() | names,
    st.none() | names,
    st.none() | names,
    st.none() | names,
)
def test_agrees_with_pyelftools_on_made_files(
    class_: tuple[int, bool],
    needed: list[bytes],
    soname: bytes | None,
    rpath: bytes | None,
    runpath: bytes | None,
    interpreter: bytes | None,
) -> None:
    data = Elf(
        *class_,
        needed=needed,
        soname=soname,
        rpath=rpath,
        runpath=runpath,
        interpreter=interpreter,
    ).build()
    assert_agrees(data)


def assert_agrees(data: bytes) -> None:
    oracle: Any = ELFFile(BytesIO(data))
    facts = facts_of(data, symbols=True)
    segments = {segment["p_type"]: segment for segment in oracle.iter_segments()}
    tags = list(segments["PT_DYNAMIC"].iter_tags()) if "PT_DYNAMIC" in segments else []
    by_name = {tag.entry.d_tag: tag for tag in tags}

    def path(tag: str, attribute: str) -> tuple[str, ...]:
        return tuple(getattr(by_name[tag], attribute).split(":")) if tag in by_name else ()

    assert facts.elf_class == oracle.elfclass
    assert facts.little_endian == oracle.little_endian
    assert facts.needed == tuple(tag.needed for tag in tags if tag.entry.d_tag == "DT_NEEDED")
    assert facts.soname == (by_name["DT_SONAME"].soname if "DT_SONAME" in by_name else None)
    assert facts.rpath == path("DT_RPATH", "rpath")
    assert facts.runpath == path("DT_RUNPATH", "runpath")
    interpreter = segments["PT_INTERP"].get_interp_name() if "PT_INTERP" in segments else None
    assert facts.interpreter == interpreter
    dynsym = oracle.get_section_by_name(".dynsym")
    if dynsym is not None:
        undefined = {s.name for s in dynsym.iter_symbols() if s["st_shndx"] == "SHN_UNDEF"}
        assert facts.imports_dlopen == bool(undefined & {"dlopen", "dlmopen", "android_dlopen_ext"})
        starters = {
            *("execl", "execle", "execlp", "execv", "execve", "execvp", "execvpe", "execveat"),
            *("fexecve", "popen", "posix_spawn", "posix_spawnp", "system"),
        }
        assert facts.imports_exec == bool(undefined & starters)


def real_elf_files(folder: str, count: int) -> list[Path]:
    """Loadable files of a folder, none so large that the oracle would take seconds for it."""
    found = (
        path
        for path in sorted(Path(folder).glob("*"))
        if path.is_file()
        and not path.is_symlink()
        and os.access(path, os.R_OK)
        and path.stat().st_size < 1 << 20
        and path.open("rb").read(4) == b"\x7fELF"
    )
    return [path for path in islice(found, count) if facts_of(path.read_bytes()).kind == "shared"]


@pytest.mark.parametrize("folder", ["/usr/bin", "/usr/lib", "/usr/lib/x86_64-linux-gnu"])
def test_agrees_with_pyelftools_on_this_machine(folder: str) -> None:
    files = real_elf_files(folder, 40)
    if not files:
        pytest.skip(f"no ELF files in {folder}")
    for path in files:
        assert_agrees(path.read_bytes())


@pytest.mark.parametrize(
    ("elf", "is_program", "is_static"),
    [
        (Elf(type=2), True, True),
        (Elf(type=2, interpreter=b"/ld.so", needed=[b"libc.so"]), True, False),
        (Elf(type=3, needed=[b"libc.so"]), False, False),
        (Elf(type=3, flags_1=0x08000000), True, True),
        (Elf(type=3, interpreter=b"/ld.so"), True, False),
        (Elf(type=3), False, False),
    ],
)
def test_programs_and_static_programs(elf: Elf, is_program: bool, is_static: bool) -> None:
    facts = facts_of(elf.build())
    assert (facts.is_executable_program, facts.is_static) == (is_program, is_static)


@pytest.mark.parametrize(
    ("type_", "kind"),
    [(1, "relocatable"), (2, "executable"), (3, "shared"), (4, "core"), (0, "other"), (9, "other")],
)
def test_kinds(type_: int, kind: str) -> None:
    assert facts_of(Elf(type=type_).build()).kind == kind


@pytest.mark.parametrize(
    ("number", "name"), [(183, "aarch64"), (243, "riscv"), (999, "machine-999")]
)
def test_machines(number: int, name: str) -> None:
    assert facts_of(Elf(machine=number).build()).machine == name


@pytest.mark.parametrize(("bits", "little"), CLASSES)
def test_dlopen_notes(bits: int, little: bool) -> None:
    first = [{"soname": ["liba.so.2", "liba.so.1"], "feature": "a"}, {"soname": ["libb.so"]}]
    notes = [
        (b"GNU", 3, b"0123456789abcdef01"),
        (b"FDO", 0xCAFE1A7E, b'{"type": "deb"}\0'),
        (b"FDO", 0x407C0C0A, json.dumps(first).encode() + b"\0"),
        (b"FDO", 0x407C0C0A, b'[{"soname": ["libc.so"]}]\0'),
    ]
    facts = facts_of(Elf(bits, little, notes=notes).build())
    assert facts.dlopen_notes == (("liba.so.2", "liba.so.1"), ("libb.so",), ("libc.so",))


@pytest.mark.parametrize("payload", [b"[", b"{}", b'[{"soname": 1}]', b"[1]", b"\xff", b"[" * 9999])
def test_a_damaged_note_says_nothing(payload: bytes) -> None:
    notes = [(b"FDO", 0x407C0C0A, payload + b"\0"), (b"FDO", 0x407C0C0A, b'[{"soname": ["x"]}]\0')]
    assert facts_of(Elf(notes=notes).build()).dlopen_notes == (("x",),)


@pytest.mark.parametrize(("bits", "little"), CLASSES)
@pytest.mark.parametrize("hash_", ["gnu", "old"])
@pytest.mark.parametrize(
    ("symbols", "dlopen", "exec_"),
    [
        ([(b"dlopen", False), (b"main", True)], True, False),
        ([(b"puts", False), (b"dlopen", True)], False, False),
        ([(b"posix_spawn", False)], False, True),
        ([(b"my_execve", False), (b"systems", False)], False, False),
        ([(b"puts", False), (b"system", False), (b"dlmopen", False)], True, True),
    ],
)
def test_imports(
    bits: int,
    little: bool,
    hash_: str,
    symbols: list[tuple[bytes, bool]],
    dlopen: bool,
    exec_: bool,
) -> None:
    data = Elf(bits, little, symbols=symbols, hash=hash_).build()
    facts = facts_of(data, symbols=True)
    assert (facts.imports_dlopen, facts.imports_exec) == (dlopen, exec_)
    unasked = facts_of(data)
    assert (unasked.imports_dlopen, unasked.imports_exec) == (False, False)


def test_build_information_is_announced() -> None:
    facts = facts_of(Elf(sections={b".go.buildinfo": b"x", b".dep-v0": b"x"}).build())
    assert (facts.has_go_build_info, facts.has_rust_audit) == (True, True)
    facts = facts_of(Elf(sections={b".text": b"x"}).build())
    assert (facts.has_go_build_info, facts.has_rust_audit) == (False, False)


def test_go_is_seen_without_sections() -> None:
    assert facts_of(Elf(data=bytes(64) + b"\xff Go buildinf:\x08\x02").build()).has_go_build_info


def test_a_detached_debug_file_loads_nothing() -> None:
    elf = Elf(needed=[b"libc.so"], sections={b".debug_info": b"x"}, nobits=(b".text",))
    facts = facts_of(elf.build())
    assert (facts.kind, facts.needed) == ("other", ())


def test_invalid_utf8_is_escaped() -> None:
    assert facts_of(Elf(needed=[b"lib\xff.so"]).build()).needed == ("lib\\xff.so",)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x7fEL",
        b"MZ" + bytes(100),
        b"\x7fELF",
        b"\x7fELF\x03\x01" + bytes(100),
        b"\x7fELF\x02\x03" + bytes(100),
        b"\x7fELF\x02\x01" + bytes(20),
        Elf(interpreter=b"/" + b"x" * 5000).build(),
        Elf(needed=[b"x" * 5000]).build(),
        Elf(needed=[b"x"] * 2000).build(),
    ],
)
def test_malformed(data: bytes) -> None:
    with pytest.raises(FormatError):
        facts_of(data)


def test_needed_name_outside_the_string_table() -> None:
    data = Elf(needed=[b"libc.so.6"]).build()
    entry = b"\x01" + bytes(7) + b"\x01" + bytes(7)
    assert data.count(entry) == 1
    with pytest.raises(FormatError, match="outside the dynamic string table"):
        facts_of(data.replace(entry, b"\x01" + bytes(7) + b"\xff" * 8))


def test_is_elf() -> None:
    assert is_elf(Elf().build())
    assert not is_elf(b"\x7fELV")
    assert not is_elf(b"")


@given(st.sampled_from(CLASSES), st.lists(st.tuples(st.integers(0, 700), st.binary(max_size=8))))
def test_reads_stay_inside_the_file(
    class_: tuple[int, bool], edits: list[tuple[int, bytes]]
) -> None:
    data = bytearray(
        Elf(
            *class_,
            interpreter=b"/ld.so",
            needed=[b"a.so", b"b.so"],
            symbols=[(b"dlopen", False)],
            notes=[(b"FDO", 0x407C0C0A, b'[{"soname": ["x"]}]\0')],
            sections={b".go.buildinfo": b"x"},
        ).build()
    )
    for at, value in edits:
        data[at : at + len(value)] = value[: max(0, len(data) - at)]

    def read(offset: int, length: int) -> bytes:
        assert 0 <= offset <= len(data)
        assert 0 <= offset + length <= len(data)
        return bytes(data[offset : offset + length])

    try:
        facts = parse_elf(read, len(data), symbols=True)
    except FormatError:
        return
    assert facts.elf_class in (32, 64)
