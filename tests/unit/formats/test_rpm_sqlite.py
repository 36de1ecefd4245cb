import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slimmer.errors import FormatError
from slimmer.formats import rpm_sqlite
from slimmer.formats.rpm_sqlite import sqlite_headers, without_packages
from slimmer.formats.sqlite_log import merged_log

from .rpm_builder import database, package
from .rpm_databases import INDEXES, PACKAGES, add, index_of, index_table, logged, sqlite
from .test_rpm_bdb import damaged

ROWS = [(number, package(f"name-of-{number}")) for number in (1, 2, 5, 9)]
KEYS = {number: [f"name-of-{number}", f"basename-{number}"] for number, _ in ROWS}


def rows_of(data: bytes) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables but SQLite's own, as a connection sees them, which checks them."""
    connection = sqlite3.connect(":memory:")
    connection.text_factory = bytes
    connection.deserialize(bytes(data[:18]) + b"\1\1" + bytes(data[20:]))
    assert connection.execute("PRAGMA integrity_check").fetchall() == [(b"ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    found = {
        name: connection.execute(f"SELECT *, typeof({column}) FROM {name}").fetchall()
        for name, column in {"Packages": "blob", **dict.fromkeys(INDEXES, "key")}.items()
    }
    connection.close()
    return found


@given(st.sets(st.sampled_from([1, 2, 5, 9])))
def test_only_what_went_is_gone(gone: set[int]) -> None:
    before = sqlite(ROWS, KEYS)
    after = without_packages(before, gone)
    kept = {
        name: [row for row in rows if row[0 if name == "Packages" else 1] not in gone]
        for name, rows in rows_of(before).items()
    }
    assert rows_of(after) == kept
    for number in (1, 2, 5, 9):
        assert (b"name-of-%d" % number in after) is (number not in gone)
        assert (b"basename-%d" % number in after) is (number not in gone)
    assert without_packages(before, gone) == after
    assert without_packages(after, ()) == after


def test_what_was_deleted_before_is_not_kept() -> None:
    """SQLite leaves deleted rows in free pages unless it is told otherwise."""
    blob = package("old", files=[("/usr/", "secret-of-old")] * 300)
    deletion = ("PRAGMA secure_delete = OFF", "DELETE FROM Packages WHERE hnum = 10")
    before = sqlite([*ROWS, (10, blob)], {}, *deletion)
    assert b"secret-of-old" in before
    assert b"secret-of-old" not in without_packages(before, ())


def test_schema_and_numbers_stay() -> None:
    before = sqlite(ROWS, KEYS, index_table("Dirnames"), index_of("Dirnames"))
    after = without_packages(before, {9})
    connection = sqlite3.connect(":memory:")
    connection.deserialize(after)
    statements = {sql for (sql,) in connection.execute("SELECT sql FROM sqlite_master")}
    assert {PACKAGES, index_table("Dirnames"), index_of("Dirnames")} <= statements
    # The next package that is installed is not number 9.
    assert connection.execute("SELECT * FROM sqlite_sequence").fetchall() == [("Packages", 9)]
    connection.close()
    assert after[18:20] == b"\1\1"
    assert after[24:28] == after[92:96] == before[24:28]
    assert after[96:100] == before[96:100]


def test_page_size_stays() -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("PRAGMA page_size = 65536")
    connection.execute(PACKAGES)
    add(connection, ROWS, {})
    connection.commit()
    before = connection.serialize()
    connection.close()
    assert without_packages(before, {1})[16:18] == before[16:18] == b"\0\1"


def test_bytes_that_are_not_utf_8_stay() -> None:
    before = sqlite(ROWS, {1: [b"caf\xe9"], 2: ["caf\u00e9"]})
    assert rows_of(without_packages(before, {5})) == {
        **rows_of(before),
        "Packages": [row for row in rows_of(before)["Packages"] if row[0] != 5],
    }


def test_statistics_are_not_taken_over() -> None:
    before = sqlite(ROWS, KEYS, "ANALYZE")
    assert b"sqlite_stat1" in before
    assert b"sqlite_stat" not in without_packages(before, {1})


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE VIEW Other AS SELECT 1",
        "CREATE TRIGGER t AFTER INSERT ON Packages BEGIN DELETE FROM Name; END",
        "CREATE VIRTUAL TABLE Other USING fts5(a)",
        "CREATE TABLE Other (key TEXT, hnum INTEGER, idx INTEGER)",
        "CREATE INDEX other ON Name(key)",
        "CREATE INDEX 'Name_idx_idx' ON 'Name'(idx ASC)",
        "CREATE TABLE 'Other' (key 'TEXT' NOT NULL, hnum INTEGER NOT NULL, idx INTEGER NOT NULL, "
        "more AS (zeroblob(1000000000)), FOREIGN KEY (hnum) REFERENCES 'Packages'(hnum))",
        "INSERT INTO Name VALUES ('x', 7.5, 1)",
        "INSERT INTO Name VALUES ('x', 'no number', 1)",
        "INSERT INTO Name VALUES ('x', 1, x'00')",
    ],
)
def test_what_rpm_does_not_make_is_refused(statement: str) -> None:
    data = sqlite(ROWS, KEYS, statement)
    assert len(sqlite_headers(data)) == len(ROWS)
    with pytest.raises(FormatError):
        without_packages(data, {1})


@pytest.mark.parametrize(
    ("schema", "good"),
    [
        (
            "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)",
            True,
        ),
        ("CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY NOT NULL,blob BLOB NOT NULL)", True),
        ("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB)", False),
        ("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB, more TEXT)", False),
    ],
)
def test_tables_of_packages(schema: str, good: bool) -> None:
    data = database(package("a"), package("b"), schema=schema)
    assert len(sqlite_headers(data)) == 2
    if good:
        assert len(sqlite_headers(without_packages(data, {1}))) == 1
        return
    with pytest.raises(FormatError):
        without_packages(data, {1})


def test_many_tables_are_refused() -> None:
    more = [index_table(f"T{'abcdefghij'[n // 10 % 10]}{'abcdefghij'[n % 10]}") for n in range(70)]
    assert without_packages(sqlite(ROWS, KEYS, *more[:20]), {1})
    more += [statement.replace("'T", "'U") for statement in more]
    more += [statement.replace("'T", "'V") for statement in more[:70]]
    more += [statement.replace("'T", "'W") for statement in more[:70]]
    with pytest.raises(FormatError):
        without_packages(sqlite(ROWS, KEYS, *more), {1})


def test_a_slow_database_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    data = database(*[package("a")] * 5000)
    monkeypatch.setattr(rpm_sqlite, "MAX_SECONDS", -1.0)
    with pytest.raises(FormatError, match="interrupted"):
        sqlite_headers(data)


GOOD = sqlite(ROWS, KEYS)


@given(damaged(GOOD))
def test_damage_is_a_format_error(data: bytes) -> None:
    try:
        result = without_packages(data, {1})
    except FormatError:
        return
    assert sqlite_headers(result) == [row for row in sqlite_headers(data) if row[0] != 1]


# --- the log ------------------------------------------------------------------------------------


def test_a_log_is_merged(tmp_path: Path) -> None:
    data, log = logged(tmp_path, ROWS[:2], ROWS[2:])
    assert [number for number, _ in sqlite_headers(data)] == [1, 2]
    whole = merged_log(data, log)
    assert sqlite_headers(whole) == ROWS
    assert [row[1] for row in rows_of(whole)["Name"]] == [5, 9]
    assert len(sqlite_headers(without_packages(whole, {9}))) == 3


def test_a_transaction_that_did_not_end_does_not_count(tmp_path: Path) -> None:
    data, log = logged(tmp_path, ROWS[:2], ROWS[2:])
    for end in (0, 31, 32, 500):
        assert merged_log(data, log[:end]) == data
    assert [number for number, _ in sqlite_headers(merged_log(data, log[:-1]))] == [1, 2, 5]
    damaged_log = bytearray(log)
    damaged_log[-3] ^= 1
    assert len(sqlite_headers(merged_log(data, bytes(damaged_log)))) == 3


def test_frames_of_an_older_log_do_not_count(tmp_path: Path) -> None:
    data, log = logged(tmp_path, ROWS[:2], ROWS[2:])
    assert merged_log(data, log[:16] + b"salt" + log[20:]) == data


def test_the_log_of_another_database_is_refused(tmp_path: Path) -> None:
    _, log = logged(tmp_path, ROWS[:2], ROWS[2:])
    with pytest.raises(FormatError):
        merged_log(GOOD, log)


@pytest.fixture(scope="module")
def with_log(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    return logged(tmp_path_factory.mktemp("log"), ROWS[:2], ROWS[2:])


@given(st.data())
def test_any_log_ends_in_a_database_or_an_error(
    with_log: tuple[bytes, bytes], data: st.DataObject
) -> None:
    made, log = with_log
    changed = data.draw(st.one_of(st.binary(max_size=100), damaged(log)))
    try:
        whole = merged_log(made, changed)
    except FormatError:
        return
    assert len(whole) <= len(made) + len(changed)
