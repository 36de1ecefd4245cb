"""No parser raises anything but FormatError, and what it returns can be stored and read back."""

import json
import typing
import zlib
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slimmer.errors import FormatError
from slimmer.formats import (
    apk,
    composer,
    dpkg,
    elf,
    gemspec,
    go_build_info,
    jar,
    node_package,
    os_release,
    passwd,
    python_dist,
    rpm,
    rpm_header,
    rust_audit,
    shebang,
)
from slimmer.formats.read import ReadAt, reader_of

from .elf_builder import Elf
from .rpm_builder import database, package
from .test_apk import INSTALLED
from .test_build_info import MODULES, inline, marked
from .test_dpkg import STATUS
from .test_gemspec import GENERATED
from .test_jar import MANIFEST, POM, POM_PATH, make_zip
from .test_json_packages import ENTRY

ELF = Elf(
    interpreter=b"/ld.so",
    needed=[b"libc.so.6"],
    runpath=b"/lib",
    symbols=[(b"dlopen", False), (b"main", True)],
    notes=[(b"FDO", 0x407C0C0A, b'[{"soname": ["x"]}]\0')],
    sections={
        b".go.buildinfo": inline(b"go1.21", marked(MODULES)),
        b".dep-v0": zlib.compress(b'{"packages": [{"name": "a", "version": "1"}]}'),
    },
).build()
OLD_GO = Elf(data=b"\xff Go buildinf:\x08\x00" + (0x400000).to_bytes(8, "little") * 4).build()
INNER = make_zip({POM_PATH: POM}, 0)
JAR = make_zip({"META-INF/MANIFEST.MF": MANIFEST, POM_PATH: POM, "lib/a.jar": INNER}, 0)


def whole(parse: Callable[[ReadAt, int], object]) -> Callable[[bytes], object]:
    """Give a parser of a random-access file bytes to read."""

    def parse_bytes(data: bytes) -> object:
        return parse(reader_of(data), len(data))

    parse_bytes.__annotations__["return"] = typing.get_type_hints(parse)["return"]
    return parse_bytes


def elf_with_symbols(read: ReadAt, size: int) -> elf.ElfFacts:
    return elf.parse_elf(read, size, symbols=True)


def nested(read: ReadAt, size: int) -> tuple[jar.NestedJar, ...]:
    return jar.parse_nested(read, size, jar.parse_jar(read, size), depth=2)


PARSERS: list[tuple[Callable[[bytes], object], bytes]] = [
    (whole(elf_with_symbols), ELF),
    (whole(go_build_info.parse_go_build_info), ELF),
    (whole(go_build_info.parse_go_build_info), OLD_GO),
    (whole(rust_audit.parse_rust_audit), ELF),
    (whole(jar.parse_jar), JAR),
    (whole(nested), JAR),
    (shebang.parse_shebang, b"#!/usr/bin/env -S -u A node -x\n"),
    (dpkg.parse_status, STATUS),
    (dpkg.parse_list, b"/.\n/usr/x\n"),
    (dpkg.parse_md5sums, b"0" * 32 + b"  usr/x\n"),
    (apk.parse_installed, INSTALLED),
    (rpm.parse_rpm_sqlite, database(package("a", files=[("/usr/", "x"), ("/", "y")]))),
    (rpm_header.parse_header, package("a", files=[("/usr/", "x"), ("/", "y")])),
    (python_dist.parse_metadata, b"Name: a\nVersion: 1\nRequires-Dist: b\n c\n\n"),
    (python_dist.parse_record, b'a.py,sha256=x,1\n"b,c",,\n'),
    (python_dist.parse_installed_files, b"../a\n"),
    (python_dist.parse_requires_txt, b"a\n[x:y]\nb\n"),
    (python_dist.parse_entry_points, b"[g]\na = b:c\n"),
    (node_package.parse_package_json, b'{"name":"a","version":"1","bin":{"a":"b"}}'),
    (composer.parse_installed_json, json.dumps([ENTRY]).encode()),
    (gemspec.parse_gemspec, GENERATED),
    (os_release.parse_os_release, b'ID="a\\"b"\nX=\'y\'\n'),
    (passwd.parse_passwd, b"root:x:0:0:root:/root:/bin/sh\n"),
    (passwd.parse_group, b"root:x:0:a,b\n"),
    (passwd.parse_shadow, b"root:$6$a$b:1:2:3:4:5:6:7\n"),
]


def check(parse: Callable[[bytes], object], data: bytes) -> None:
    try:
        facts = parse(data)
    except FormatError as error:
        str(error).encode()
        return
    stored = msgspec.msgpack.encode(facts)
    type_ = typing.get_type_hints(parse)["return"]
    assert msgspec.msgpack.decode(stored, type=type_) == facts


@pytest.mark.parametrize(("parse", "seed"), PARSERS)
def test_seeds_are_good(parse: Callable[[bytes], object], seed: bytes) -> None:
    if seed is not OLD_GO:
        assert parse(seed) is not None
    check(parse, seed)


@pytest.mark.parametrize(("parse", "seed"), PARSERS)
@settings(max_examples=40)
@given(data=st.binary(max_size=300))
def test_arbitrary_bytes(parse: Callable[[bytes], object], seed: bytes, data: bytes) -> None:
    check(parse, data)
    check(parse, seed[:16] + data)


@st.composite
def damages(draw: st.DrawFn, seed: bytes) -> bytes:
    """A good document with some bytes replaced, doubled or cut away."""
    data = bytearray(seed)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        match draw(st.sampled_from(["set", "extreme", "cut", "double"])):
            case "set":
                data[at : at + 1] = draw(st.binary(min_size=1, max_size=4))
            case "extreme":
                width = draw(st.sampled_from([1, 2, 4, 8]))
                filler = draw(st.sampled_from([b"\0", b"\xff", b"\x7f", b"\n", b" "]))
                data[at : at + width] = filler * width
            case "cut":
                del data[at : at + draw(st.integers(1, 100))]
            case "double":
                data[at:at] = data[at : at + draw(st.integers(1, 100))]
    return bytes(data)


@pytest.mark.parametrize(("parse", "seed"), PARSERS)
@settings(max_examples=60)
@given(data=st.data())
def test_damaged_documents(
    parse: Callable[[bytes], object], seed: bytes, data: st.DataObject
) -> None:
    check(parse, data.draw(damages(seed)))
