import bz2
import gzip
import io
import lzma
import marshal
import sqlite3
import struct
import tarfile
import zipfile
from importlib.util import MAGIC_NUMBER
from typing import get_args

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from slimmer.formats.kind import FileKind, sniff

from .elf_builder import Elf


def zip_bytes(names: list[str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return buffer.getvalue()


def tar_bytes() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a"))
    return buffer.getvalue()


def sqlite_bytes() -> bytes:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE a (b)")
    return connection.serialize()


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (b"", "a", "empty"),
        (b"hello\n", "a", "text"),
        ("größer ".encode() * 200, "a", "text"),
        ("grüße aus Köln, und noch mehr Text dazu".encode("latin-1"), "a", "text"),
        (b"#!/bin/sh\n", "a", "script"),
        (b"#![no_std]\n", "lib.rs", "text"),
        (b"MZ is how this text begins", "a", "text"),
        (b"BZ is, too", "a", "text"),
        (b"!<ar is not quite", "a", "text"),
        (bytes(600), "a", "binary"),
        (bytes(range(1, 32)) * 10, "a", "binary"),
        (Elf().build(), "a", "elf"),
        (b"MZ" + bytes(100), "a.exe", "pe"),
        (b"\xcf\xfa\xed\xfe" + bytes(28), "a", "macho"),
        (b"\xca\xfe\xba\xbe" + struct.pack(">I", 2), "a", "macho"),
        (b"\xca\xfe\xba\xbe" + struct.pack(">HH", 0, 61), "A.class", "class"),
        (MAGIC_NUMBER + bytes(12) + marshal.dumps(None), "a.cpython-311.pyc", "pyc"),
        (MAGIC_NUMBER + bytes(12) + marshal.dumps(None), "a", "binary"),
        (b"\x00asm\x01\x00\x00\x00", "a.wasm", "wasm"),
        (b"!<arch>\ndebian-binary", "a.deb", "ar"),
        (b"!<thin>\n", "a.a", "ar"),
        (tar_bytes(), "a.tar", "tar"),
        (zip_bytes(["a"]), "a.jar", "zip"),
        (zip_bytes([]), "a.zip", "zip"),
        (gzip.compress(b"x"), "a", "gzip"),
        (lzma.compress(b"x"), "a", "xz"),
        (bz2.compress(b"x"), "a", "bzip2"),
        (zstandard.compress(b"x"), "a", "zstd"),
        (b"\x04\x22\x4d\x18" + bytes(8), "a", "lz4"),
        (b"\xed\xab\xee\xdb\x03\x00", "a.rpm", "rpm"),
        (b"hsqs" + bytes(90), "a", "squashfs"),
        (sqlite_bytes(), "a.db", "sqlite"),
        (b"\xda\xda\xfe\xca" + bytes(28), "modules", "jimage"),
        (b"\xfe\xed\xfe\xed" + bytes(28), "cacerts", "jks"),
        (b"\xde\x12\x04\x95" + bytes(24), "a.mo", "mo"),
        (b"TZif2" + bytes(39), "UTC", "tzif"),
        (b"\x89PNG\r\n\x1a\n", "a", "png"),
        (b"\xff\xd8\xff\xe0", "a", "jpeg"),
        (b"GIF89a", "a", "gif"),
        (b"%PDF-1.7", "a", "pdf"),
        (b"wOF2", "a", "font"),
    ],
)
def test_kinds(data: bytes, name: str, kind: FileKind) -> None:
    assert sniff(data[:512], name) == kind


@given(st.binary(max_size=600), st.sampled_from(["a", "a.pyc"]))
def test_any_head_has_a_kind(head: bytes, name: str) -> None:
    assert sniff(head, name) in get_args(FileKind)


@given(st.text(st.characters(min_codepoint=0x20, exclude_categories=("Cs", "Cc")), min_size=200))
def test_text_stays_text_where_a_character_is_cut(value: str) -> None:
    data = b"  " + value.encode()
    for cut in range(len(data) - 8, len(data)):
        assert sniff(data[:cut], "a") == "text"
