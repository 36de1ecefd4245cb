"""What Go and Rust programs say of themselves."""

import json
import zlib
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slimmer.errors import FormatError
from slimmer.formats.go_build_info import GoBuildInfo, GoModule, parse_go_build_info
from slimmer.formats.read import reader_of
from slimmer.formats.rust_audit import RustCrate, parse_rust_audit

from .elf_builder import BASE, Elf

MAGIC = b"\xff Go buildinf:"
MODULES = (
    "path\texample.org/cmd/tool\n"
    "mod\texample.org\tv1.2.3\th1:abc=\n"
    "dep\tgolang.org/x/net\tv0.17.0\th1:def=\n"
    "dep\tgithub.com/old/lib\tv1.0.0\th1:ghi=\n"
    "=>\tgithub.com/fork/lib\tv1.0.1\th1:jkl=\n"
    "dep\tlocal\tv0.0.0\n"
    "=>\t./local\t\n"
    "build\t-compiler=gc\n"
    'build\t-ldflags="-s -w \\"x\\""\n'
    "build\tCGO_ENABLED=0\n"
    "build\tvcs.modified\n"
)
EXPECTED = GoBuildInfo(
    go_version="go1.21.3",
    path="example.org/cmd/tool",
    main=GoModule("example.org", "v1.2.3", "h1:abc="),
    deps=(
        GoModule("golang.org/x/net", "v0.17.0", "h1:def="),
        GoModule("github.com/fork/lib", "v1.0.1", "h1:jkl="),
        GoModule("./local"),
    ),
    settings=(
        ("-compiler", "gc"),
        ("-ldflags", '-s -w "x"'),
        ("CGO_ENABLED", "0"),
        ("vcs.modified", ""),
    ),
)


def marked(modules: str) -> bytes:
    return b"M" * 16 + modules.encode() + b"N" * 16


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*out, value))


def inline(version: bytes, modules: bytes) -> bytes:
    header = MAGIC + b"\x08\x02" + bytes(16)
    return header + varint(len(version)) + version + varint(len(modules)) + modules


def info_of(data: bytes) -> GoBuildInfo | None:
    return parse_go_build_info(reader_of(data), len(data))


@pytest.mark.parametrize("bits", [32, 64])
def test_inline_strings_in_a_section(bits: int) -> None:
    content = inline(b"go1.21.3", marked(MODULES))
    assert info_of(Elf(bits, sections={b".go.buildinfo": content}).build()) == EXPECTED


def test_inline_strings_in_a_data_segment() -> None:
    decoy = b"x" * 5 + MAGIC + bytes(13)
    content = decoy + inline(b"go1.21.3", marked(MODULES))
    assert info_of(Elf(data=content).build()) == EXPECTED


@pytest.mark.parametrize(("bits", "little"), [(64, True), (64, False), (32, True), (32, False)])
def test_pointers_to_strings(bits: int, little: bool) -> None:
    order = ("<" if little else ">") + ("Q" if bits == 64 else "I") * 2
    width = bits // 8
    version, modules = b"go1.17.1", marked(MODULES)

    def content(at: int) -> bytes:
        strings = at + 32 + 4 * width
        flags = bytes((width, 0 if little else 1))
        header = (MAGIC + flags + pack(order, at + 32, at + 32 + 2 * width)).ljust(32, b"\0")
        first = pack(order, strings, len(version))
        second = pack(order, strings + len(version), len(modules))
        return header + first + second + version + modules

    def build(at: int) -> bytes:
        return Elf(bits, little, data=content(at)).build()

    # The address is known once the file is laid out.
    address = BASE + build(0).index(MAGIC)
    found = info_of(build(address))
    assert found is not None
    assert (found.go_version, found.path, found.deps) == ("go1.17.1", EXPECTED.path, EXPECTED.deps)


def test_a_program_without_modules() -> None:
    data = Elf(sections={b".go.buildinfo": inline(b"go1.20", b"")}).build()
    assert info_of(data) == GoBuildInfo("go1.20")


@pytest.mark.parametrize("elf", [Elf(), Elf(sections={b".text": MAGIC}), Elf(data=bytes(100))])
def test_no_go_program(elf: Elf) -> None:
    assert info_of(elf.build()) is None


@pytest.mark.parametrize(
    "content",
    [
        MAGIC + b"\x08\x02" + bytes(16) + b"\xff" * 20,
        MAGIC + b"\x08\x02" + bytes(16) + varint(1 << 60),
        MAGIC + b"\x08\x02" + bytes(16) + varint(100_000) + b"go",
        MAGIC + b"\x03\x00" + bytes(16),
        MAGIC + b"\x08\x00" + b"\xff" * 16,
        inline(b"go1.20", b"dep\ta\n" * 20_001),
    ],
)
def test_malformed_go(content: bytes) -> None:
    with pytest.raises(FormatError):
        info_of(Elf(sections={b".go.buildinfo": content}).build())


words = st.text("abc./-_09", min_size=1)


@given(words, st.lists(st.tuples(words, words, words)))
def test_modules(version: str, modules: list[tuple[str, str, str]]) -> None:
    lines = "".join("dep\t" + "\t".join(module) + "\n" for module in modules)
    data = Elf(sections={b".go.buildinfo": inline(version.encode(), marked(lines))}).build()
    assert info_of(data) == GoBuildInfo(version, deps=tuple(GoModule(*one) for one in modules))


def crates_of(content: bytes) -> tuple[RustCrate, ...] | None:
    data = Elf(sections={b".dep-v0": content}).build()
    return parse_rust_audit(reader_of(data), len(data))


def test_rust() -> None:
    document = {
        "packages": [
            {"name": "app", "version": "0.1.0", "source": "local", "root": True},
            {"name": "cc", "version": "1.0.83", "source": "crates.io", "kind": "build"},
        ]
    }
    assert crates_of(zlib.compress(json.dumps(document).encode())) == (
        RustCrate("app", "0.1.0", "local", is_root=True),
        RustCrate("cc", "1.0.83", "crates.io", "build"),
    )


def test_no_rust_list() -> None:
    data = Elf().build()
    assert parse_rust_audit(reader_of(data), len(data)) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not zlib",
        zlib.compress(b"{}")[:-2],
        zlib.compress(b"{}"),
        zlib.compress(b'{"packages": [1]}'),
        zlib.compress(b'{"packages": [{"name": "a"}]}'),
        zlib.compress(bytes(9 << 20)),
        bytes((1 << 20) + 1),
    ],
)
def test_malformed_rust(content: bytes) -> None:
    with pytest.raises(FormatError):
        crates_of(content)
