import io
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slimmer.errors import FormatError
from slimmer.formats import jar, zip_directory
from slimmer.formats.jar import (
    JarFacts,
    MavenCoordinates,
    guess_package,
    parse_jar,
    parse_nested,
    read_nested,
)
from slimmer.formats.read import reader_of
from slimmer.formats.zip_directory import read_directory, read_member

MANIFEST = (
    b"Manifest-Version: 1.0\r\nMain-Class: org.Start\r\nClass-Path: a.jar\r\n  b.jar\r\n"
    b"implementation-title: x\r\nBundle-SymbolicName: org.demo;singleton:=true\r\n\r\n"
    b"Name: org/demo\r\nImplementation-Version: 9\r\n"
)
POM = b"#Made by Maven\nversion=1.5\ngroupId=org.demo\nartifactId=demo-core\n"
POM_PATH = "META-INF/maven/org.demo/demo-core/pom.properties"


def make_zip(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def facts_of(data: bytes) -> JarFacts:
    return parse_jar(reader_of(data), len(data))


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("prefix", [b"", b"#!/bin/sh\nexec java -jar $0\n"])
def test_manifest_and_pom(method: int, prefix: bytes) -> None:
    members = {"META-INF/MANIFEST.MF": MANIFEST, POM_PATH: POM, "org/Start.class": b"x" * 5000}
    assert facts_of(prefix + make_zip(members, method)) == JarFacts(
        entry_count=3,
        attributes=(
            ("Main-Class", "org.Start"),
            ("Class-Path", "a.jar b.jar"),
            ("Implementation-Title", "x"),
            ("Bundle-SymbolicName", "org.demo;singleton:=true"),
        ),
        poms=(MavenCoordinates("org.demo", "demo-core", "1.5"),),
    )


@given(
    st.dictionaries(
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1),
        st.binary(max_size=200),
        max_size=6,
    ),
    st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]),
    st.binary(max_size=40),
    st.binary(max_size=40).filter(lambda comment: b"PK" not in comment),
)
def test_members_as_zipfile_wrote_them(
    members: dict[str, bytes], method: int, prefix: bytes, comment: bytes
) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.comment = comment
        for name, content in members.items():
            archive.writestr(name, content)
    data = prefix + buffer.getvalue()
    read = reader_of(data)
    directory = read_directory(read, len(data))
    found = {
        member.name: read_member(read, len(data), member, 200)
        for member in directory.members(lambda _: True)
    }
    assert found == members
    assert directory.entry_count == len(members)


def as_zip64(data: bytes) -> bytes:
    """The same zip with its end written as zip64 and the old fields saturated."""
    at = data.rindex(b"PK\x05\x06")
    count, length, offset = struct.unpack_from("<HII", data, at + 10)
    record = struct.pack(
        "<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, length, offset
    )
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, at, 1)
    end = struct.pack("<4s4HIIH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, *[0xFFFFFFFF] * 2, 0)
    return data[:at] + record + locator + end


def test_zip64() -> None:
    data = make_zip({"META-INF/MANIFEST.MF": MANIFEST, POM_PATH: POM})
    assert facts_of(as_zip64(data)) == facts_of(data)
    assert facts_of(b"prefix" + as_zip64(data)) == facts_of(data)


def test_zip64_sizes_of_a_member() -> None:
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w") as archive,
        archive.open("a.jar", "w", force_zip64=True) as file,
    ):
        file.write(b"content")
    data = bytearray(buffer.getvalue())
    at = data.index(b"PK\x01\x02")
    sizes = struct.pack("<HHQQ", 1, 16, 7, 7)
    data[at + 20 : at + 28] = b"\xff" * 8
    data[at + 30 : at + 32] = struct.pack("<H", len(sizes))
    data[at + 46 + 5 : at + 46 + 5] = sizes
    end = data.index(b"PK\x05\x06")
    (length,) = struct.unpack_from("<I", data, end + 12)
    struct.pack_into("<I", data, end + 12, length + len(sizes))
    (member,) = facts_of(bytes(data)).nested
    assert (member.compressed_size, member.size) == (7, 7)
    content, size = read_nested(reader_of(bytes(data)), len(data), member)
    assert content(0, size) == b"content"


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_nested(method: int) -> None:
    core = make_zip({POM_PATH: POM})
    war = make_zip({"WEB-INF/lib/core.jar": core, "index.html": b""}, method)
    data = make_zip({"BOOT-INF/lib/a.war": war, "lib/bad.jar": b"no zip"}, method)
    facts = facts_of(data)
    assert [member.name for member in facts.nested] == ["BOOT-INF/lib/a.war", "lib/bad.jar"]
    shallow = parse_nested(reader_of(data), len(data), facts)
    assert [(one.path, one.facts is None) for one in shallow] == [
        ("BOOT-INF/lib/a.war", False),
        ("lib/bad.jar", True),
    ]
    deep = parse_nested(reader_of(data), len(data), facts, depth=2)
    assert [one.path for one in deep] == [
        "BOOT-INF/lib/a.war",
        "BOOT-INF/lib/a.war!/WEB-INF/lib/core.jar",
        "lib/bad.jar",
    ]
    assert deep[1].facts == facts_of(core)


def test_depth_is_two_at_most() -> None:
    data = b""
    for level in range(5):
        data = make_zip({f"{level}.jar": data or make_zip({})}, zipfile.ZIP_STORED)
    found = parse_nested(reader_of(data), len(data), facts_of(data), depth=99)
    assert [one.path for one in found] == ["4.jar", "4.jar!/3.jar"]


def test_nested_archives_have_a_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jar, "MAX_NESTED_BYTES", 1000)
    inner = make_zip({"x": bytes(400)}, zipfile.ZIP_STORED)
    data = make_zip({f"{n}.jar": inner for n in range(9)}, zipfile.ZIP_STORED)
    with pytest.raises(FormatError, match="more archives"):
        parse_nested(reader_of(data), len(data), facts_of(data))


def test_a_bomb_is_not_inflated() -> None:
    with pytest.raises(FormatError, match="larger than"):
        facts_of(make_zip({"META-INF/MANIFEST.MF": bytes(2 << 20)}))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x05\x06",
        b"PK\x05\x06" + b"\xff" * 18,
        struct.pack("<4s4HIIH", b"PK\x05\x06", 0, 0, 9, 9, 0, 0, 0),
        struct.pack("<4s4HIIH", b"PK\x05\x06", 0, 0, 1, 1, 46, 0, 0),
        bytes(46) + struct.pack("<4s4HIIH", b"PK\x05\x06", 0, 0, 1, 1, 46, 0, 0),
        make_zip({"META-INF/MANIFEST.MF": MANIFEST})[30:],
        make_zip({"META-INF/MANIFEST.MF": MANIFEST}).replace(b"PK\x03\x04", b"PK\x03\x05"),
        make_zip({"META-INF/MANIFEST.MF": MANIFEST}, zipfile.ZIP_LZMA),
    ],
)
def test_malformed(data: bytes) -> None:
    with pytest.raises(FormatError):
        facts_of(data)


def test_an_encrypted_member() -> None:
    data = bytearray(make_zip({"META-INF/MANIFEST.MF": MANIFEST}))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(FormatError, match="encrypted"):
        facts_of(bytes(data))


def test_a_member_declared_larger_than_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_directory, "MAX_DIRECTORY", 10)
    with pytest.raises(FormatError, match="too large"):
        facts_of(make_zip({"META-INF/MANIFEST.MF": MANIFEST}))


GUAVA = MavenCoordinates("com.google.guava", "guava", "31.1-jre")
OTHER = MavenCoordinates("org.shaded", "other", "1")


@pytest.mark.parametrize(
    ("facts", "filename", "expected"),
    [
        (JarFacts(1, poms=(GUAVA,)), "renamed.jar", GUAVA),
        (JarFacts(1, poms=(OTHER, GUAVA)), "lib/guava-31.1-jre.jar", GUAVA),
        (JarFacts(1, poms=(OTHER, GUAVA)), "app-1.0.jar", MavenCoordinates("", "app", "1.0")),
        (JarFacts(1), "log4j-1.2-api-2.17.1.jar", MavenCoordinates("", "log4j-1.2-api", "2.17.1")),
        (JarFacts(1), "a-1.0-SNAPSHOT.war", MavenCoordinates("", "a", "1.0-SNAPSHOT")),
        (JarFacts(1), "servlet-api.jar", MavenCoordinates("", "servlet-api", "")),
        (
            JarFacts(1, (("Bundle-SymbolicName", "org.x.y;z:=1"), ("Bundle-Version", "2.1"))),
            "y.jar",
            MavenCoordinates("org.x", "y", "2.1"),
        ),
        (
            JarFacts(1, (("Implementation-Vendor-Id", "org.v"), ("Implementation-Version", "3"))),
            "y.jar",
            MavenCoordinates("org.v", "y", "3"),
        ),
    ],
)
def test_guess_package(facts: JarFacts, filename: str, expected: MavenCoordinates) -> None:
    assert guess_package(facts, filename) == expected
