"""Alpine's packages out of images."""

import base64
import hashlib

from support.layers import Content, Symlink, filesystem_of

from slimmer.packages.catalogue import read_packages

INSTALLED = "lib/apk/db/installed"
ALPINE: dict[str, Content] = {"etc/os-release": b"ID=alpine\nVERSION_ID=3.22.0\n"}


def checksum(data: bytes) -> str:
    return "Q1" + base64.b64encode(hashlib.sha1(data).digest()).decode()


def paragraph(name: str, version: str = "1-r0", *lines: str) -> bytes:
    return "\n".join((f"P:{name}", f"V:{version}", "A:x86_64", *lines, "", "")).encode()


def test_package() -> None:
    record = paragraph(
        "musl",
        "1.2.5-r10",
        "o:libc",
        "D:so:libc.musl-x86_64.so.1 !other a>=1",
        "p:so:libc.musl-x86_64.so.1=1",
        "F:lib",
        "R:ld-musl.so.1",
        f"Z:{checksum(b'x')}",
        "R:libc.so",
        f"Z:{checksum(b'ld-musl.so.1')}",
        "R:gone",
    )
    layer: dict[str, Content] = {
        "lib/ld-musl.so.1": b"x",
        "lib/libc.so": Symlink("ld-musl.so.1"),
        INSTALLED: record,
    }
    (found,) = read_packages(filesystem_of(ALPINE | layer)).all
    assert (
        found.purl == "pkg:apk/alpine/musl@1.2.5-r10?arch=x86_64&distro=alpine-3.22.0&upstream=libc"
    )
    assert found.files == ("lib/ld-musl.so.1", "lib/libc.so")
    assert found.digests == {"lib/ld-musl.so.1": f"sha1:{hashlib.sha1(b'x').hexdigest()}"}
    assert found.depends == (("so:libc.musl-x86_64.so.1",), ("a",))
    assert found.provides == ("so:libc.musl-x86_64.so.1",)
    assert found.source == "libc"
    assert found.database == INSTALLED


def test_a_checksum_that_is_none() -> None:
    record = paragraph("a", "1", "F:", "R:a", "Z:Q1!!!!", "R:b", "Z:Q1YWJj", "R:c", "Z:X")
    layer: dict[str, Content] = {"a": b"x", "b": b"x", "c": b"x", INSTALLED: record}
    (found,) = read_packages(filesystem_of(layer)).all
    assert found.files == ("a", "b", "c")
    assert found.digests == {}


def test_one_database_in_two_places_counts_once() -> None:
    layer: dict[str, Content] = {
        "lib": Symlink("usr/lib"),
        "usr/lib/apk/db/installed": paragraph("a"),
    }
    (found,) = read_packages(filesystem_of(layer)).all
    assert found.database == "usr/lib/apk/db/installed"


def test_layers() -> None:
    old, new = paragraph("a") + paragraph("b"), paragraph("a", "2-r0") + paragraph("b")
    found = read_packages(filesystem_of({INSTALLED: old}, {"x": b""}, {INSTALLED: new}))
    assert [(p.name, p.version, p.layer) for p in found.all] == [("a", "2-r0", 2), ("b", "1-r0", 0)]


def test_damage_is_told() -> None:
    found = read_packages(filesystem_of({INSTALLED: b"P:a\nnonsense\n"}))
    assert found.all == ()
    assert found.unread == (
        "lib/apk/db/installed: byte 0: apk paragraph has a line that is no field",
    )
