"""Imports and constants of ELF files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slimmer.errors import FormatError
from slimmer.formats.elf_constants import ElfConstants, read_constants
from slimmer.formats.read import reader_of

from .elf_builder import Elf


def _read(data: bytes) -> ElfConstants:
    return read_constants(reader_of(data), len(data))


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (b"dlopen", (True, False, False)),
        (b"posix_spawnp", (False, True, False)),
        (b"popen", (False, True, True)),
        (b"wordexp", (False, True, True)),
        (b"printf", (False, False, False)),
    ],
)
def test_what_an_import_allows(function: bytes, expected: tuple[bool, bool, bool]) -> None:
    found = _read(Elf(symbols=[(function, False)], needed=[b"libc.so.6"]).build())
    assert (found.imports_dlopen, found.imports_exec, found.imports_shell) == expected


def test_a_function_of_its_own_is_no_import() -> None:
    assert not _read(Elf(symbols=[(b"popen", True)]).build()).imports_shell


def test_constants_are_of_the_data_sections_and_no_others() -> None:
    sections = {b".rodata": b"one", b".text": b"two", b".data": b"three", b".comment": b"four"}
    assert _read(Elf(sections=sections).build()).data == b"\0one\0three\0"


def test_without_sections_constants_are_of_the_segments_that_are_not_executed() -> None:
    data = _read(Elf(data=b"/etc/thing", needed=[b"libc.so.6"]).build()).data
    assert b"/etc/thing" in data
    assert b"libc.so.6" not in data


def test_a_damaged_symbol_table_imports_nothing() -> None:
    whole = Elf(symbols=[(b"popen", False)], sections={b".rodata": b"one"}).build()
    at = whole.index((5).to_bytes(8, "little"), 64)
    damaged = whole[: at + 8] + b"\xff" * 8 + whole[at + 16 :]
    found = _read(damaged)
    assert (found.imports_shell, found.data) == (False, b"\0one\0")


@given(st.integers(0, 2000), st.binary(max_size=16), st.booleans())
def test_damage_never_raises_anything_but_format_errors(at: int, noise: bytes, cut: bool) -> None:
    whole = Elf(
        symbols=[(b"popen", False)], sections={b".rodata": b"/etc/x"}, needed=[b"liba.so"]
    ).build()
    damaged = whole[:at] if cut else whole[:at] + noise + whole[at + len(noise) :]
    try:
        _read(damaged)
    except FormatError:
        return
