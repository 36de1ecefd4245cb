import sqlite3
from pathlib import Path
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slimmer.errors import FormatError
from slimmer.formats.rpm import parse_rpm_database, parse_rpm_sqlite
from slimmer.formats.rpm_header import FILE_GHOST, RpmFile, RpmPackage, parse_header

from .rpm_builder import INT16, INT32, STRING, STRING_ARRAY, database, header, package


def test_fields() -> None:
    blob = header(
        [
            (1000, STRING, "bash"),
            (1001, STRING, "5.1.8"),
            (1002, STRING, "6.el9"),
            (1003, INT32, 2),
            (1009, INT32, 7738634),
            (1011, STRING, "Somebody"),
            (1014, STRING, "GPLv3+"),
            (1022, STRING, "x86_64"),
            (1030, INT16, [0o100755, 0o040755, 0o100644]),
            (1035, STRING_ARRAY, ["ab" * 32, "", ""]),
            (1037, INT32, [0, 0, 64]),
            (1044, STRING, "bash-5.1.8-6.el9.src.rpm"),
            (1047, STRING_ARRAY, ["/bin/sh", "bash"]),
            (1049, STRING_ARRAY, ["filesystem", "libc.so.6()(64bit)"]),
            (1116, INT32, [1, 0, 2]),
            (1117, STRING_ARRAY, ["bash", "doc", "x.log"]),
            (1118, STRING_ARRAY, ["/usr/share/", "/usr/bin/", "/"]),
            (5011, INT32, 8),
        ]
    )
    assert parse_header(blob, 7) == RpmPackage(
        name="bash",
        version="5.1.8",
        release="6.el9",
        arch="x86_64",
        epoch=2,
        hnum=7,
        source_rpm="bash-5.1.8-6.el9.src.rpm",
        license="GPLv3+",
        vendor="Somebody",
        size=7738634,
        file_digest_algorithm="sha256",
        files=(
            RpmFile("usr/bin/bash", "ab" * 32, 0o100755),
            RpmFile("usr/share/doc", "", 0o040755),
            RpmFile("x.log", "", 0o100644, FILE_GHOST),
        ),
        requires=("filesystem", "libc.so.6()(64bit)"),
        provides=("/bin/sh", "bash"),
    )


def test_keys_are_flagged() -> None:
    assert parse_header(package("gpg-pubkey")).is_gpg_pubkey
    assert not parse_header(package("gpg-pubkey-tools")).is_gpg_pubkey


names = st.text("abcé.-", min_size=1, max_size=8)


@given(
    st.lists(
        st.tuples(names, st.lists(st.tuples(st.sampled_from(["/", "/usr/", "/a/b/"]), names))),
        max_size=5,
    ),
    st.booleans(),
)
def test_databases(made: list[tuple[str, list[tuple[str, str]]]], log: bool) -> None:
    packages = parse_rpm_sqlite(
        database(*(package(name, files=files) for name, files in made), log=log)
    )
    assert [one.name for one in packages] == [name for name, _ in made]
    assert [one.hnum for one in packages] == list(range(1, len(made) + 1))
    assert [[file.path for file in one.files] for one in packages] == [
        [(folder + base)[1:] for folder, base in files] for _, files in made
    ]


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "rpmdb.sqlite"
    path.write_bytes(database(package("a")))
    assert [one.name for one in parse_rpm_sqlite(path)] == ["a"]
    with pytest.raises(FormatError):
        parse_rpm_sqlite(tmp_path / "missing")


def schema_database(*statements: str) -> bytes:
    connection = sqlite3.connect(":memory:")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    return connection.serialize()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"SQLite format 3\0",
        b"SQLite format 3\0" + bytes(4096),
        database(schema="CREATE TABLE Packages (a)"),
        database(schema="CREATE TABLE Other (hnum, blob)"),
        database(b""),
        database(b"x" * 100),
        database("text"),
        database(header([(1000, STRING, "no version")])),
        database(package("a")).replace(b"blob BLOB", b"bl\xf7b BLOB"),
        database(package("a")).replace(b"TABLE Packages", b"TABLE (ackages"),
        database(package("a")).replace(b"TABLE Packages (hnum", b"TABLE Packages (\xf7\xf7\xf7("),
        schema_database(
            "CREATE TABLE t (hnum, blob)",
            "CREATE VIEW Packages AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x FROM c)"
            " SELECT x AS hnum, zeroblob(1) AS blob FROM c",
        ),
        schema_database(
            "CREATE TABLE Packages (hnum, blob AS (zeroblob(1000000000)))",
            "INSERT INTO Packages (hnum) VALUES (1)",
        ),
    ],
)
def test_malformed_databases(data: bytes) -> None:
    with pytest.raises(FormatError):
        parse_rpm_sqlite(data)


def with_files(names: list[str], indexes: list[int], folders: list[str]) -> bytes:
    return header(
        [
            (1000, STRING, "a"),
            (1001, STRING, "1"),
            (1116, INT32, indexes),
            (1117, STRING_ARRAY, names),
            (1118, STRING_ARRAY, folders),
        ]
    )


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        pack(">II", 0, 0),
        pack(">II", 0xFFFFFFFF, 0xFFFFFFFF),
        pack(">II", 1, 4) + pack(">IIII", 1000, STRING, 0, 1) + b"name",
        header([(1000, INT32, 1), (1001, STRING, "1")]),
        header([(1000, STRING, "a"), (1001, STRING, "1"), (1117, STRING_ARRAY, ["x"])]),
        with_files(["x"], [9], ["/"]),
        with_files(["x"] * 9000, [0] * 9000, ["/" + "d" * 60000]),
    ],
)
def test_malformed_headers(blob: bytes) -> None:
    with pytest.raises(FormatError):
        parse_header(blob)


def test_headers_of_old_packages_have_whole_paths() -> None:
    blob = header(
        [
            (1000, STRING, "a"),
            (1001, STRING, "1"),
            (1006, INT32, 10),
            (1008, INT32, 20),
            (1027, STRING_ARRAY, ["/etc/a", "/usr/bin/a"]),
        ]
    )
    found = parse_header(blob)
    assert [file.path for file in found.files] == ["etc/a", "usr/bin/a"]
    assert (found.build_time, found.install_time) == (10, 20)


@pytest.mark.parametrize("data", [b"", b"x", b"PK", bytes(5000)])
def test_what_is_no_database_is_told(data: bytes) -> None:
    with pytest.raises(FormatError):
        parse_rpm_database(data)
