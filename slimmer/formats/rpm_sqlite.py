"""`rpmdb.sqlite`: read, and made anew without some of its packages.

The database comes from an image, so SQLite opens a copy in memory, with limits, may only select
from tables that are named here, and is interrupted after a while. Nothing of the old schema is
ever run: a new database is made with statements that are compared with rpm's own.
"""

import re
import sqlite3
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from typing import NamedTuple, TypeVar

from slimmer.errors import FormatError
from slimmer.formats.read import text

T = TypeVar("T")

MAX_HEADER = 64 << 20
MAX_PACKAGES = 100_000
MAX_TABLES = 64
MAX_SECONDS = 30.0
_MAGIC = b"SQLite format 3\0"
# Offsets 18 and 19 of the file header: 2 asks for a write-ahead log, which a database in memory
# cannot have; 1 is the same format without it (SQLite file format, 1.3.3).
_FORMAT_VERSIONS = slice(18, 20)
_NO_LOG = b"\1\1"
# The counter of changes, the change the library's version is of, and that version: they tell of
# who wrote, not of what is in it, so those of the old file stay (1.3.7 and 1.3.15).
_COUNTER, _VALID_FOR, _LIBRARY = slice(24, 28), slice(92, 96), slice(96, 100)
_PAGE_SIZE = slice(16, 18)
# A row of an index table, its key left out, takes more: size, number, header, place on its page.
_LEAST_ROW = 8

_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: MAX_HEADER,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 10_000,
    sqlite3.SQLITE_LIMIT_COLUMN: 32,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 20,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 10_000,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
}

# What rpm's lib/backend/sqlite.c makes. SQLite's own tables are its to make: the one of
# AUTOINCREMENT comes with `Packages`, those of statistics are for speed only.
_PACKAGES = re.compile(
    r"CREATE TABLE '?Packages'? \(hnum INTEGER PRIMARY KEY( AUTOINCREMENT| NOT NULL), ?"
    r"blob BLOB NOT NULL\)"
)
_TABLE = re.compile(
    r"CREATE TABLE '([A-Z][a-z0-9]{1,40})' \(key '(TEXT|BLOB)' NOT NULL, hnum INTEGER NOT NULL, "
    r"idx INTEGER NOT NULL, FOREIGN KEY \(hnum\) REFERENCES 'Packages'\(hnum\)\)"
)
_INDEX = re.compile(
    r"CREATE INDEX '(([A-Z][a-z0-9]{1,40})_((key|hnum)_)?idx)' ON '\2'\((key|hnum) ASC\)"
)
_OWN_TABLES = frozenset({"sqlite_sequence", "sqlite_stat1", "sqlite_stat4"})


class _Schema(NamedTuple):
    """Statements; `tables` are (name, statement, whether its keys are text)."""

    packages: str
    tables: list[tuple[str, str, bool]]
    indexes: list[str]


def is_sqlite(head: bytes) -> bool:
    """Whether the first bytes are those of an SQLite database."""
    return head[:16] == _MAGIC


def sqlite_headers(data: bytes) -> list[tuple[int, bytes]]:
    """(row, header blob) of each package, in the order of the rows. Raises `FormatError`."""
    return _guarded(data, lambda connection: list(_headers(connection, len(data))))


def without_packages(data: bytes, rows: Collection[int]) -> bytes:
    """The database without the packages of these rows, nothing of which is in the new bytes.

    The same input gives the same bytes. Raises `FormatError` where a table, an index or anything
    else is not as rpm makes it.
    """
    return _guarded(data, lambda connection: _rebuilt(connection, data, frozenset(rows)))


def _guarded(data: bytes, work: Callable[[sqlite3.Connection], T]) -> T:
    if not is_sqlite(data):
        raise FormatError("rpm database is not an SQLite file")
    try:
        with closing(_open(data)) as connection:
            return work(connection)
    # ValueError: SQLite's own messages may quote bytes of the file that are not UTF-8.
    except (sqlite3.Error, ValueError, OverflowError, MemoryError) as error:
        raise FormatError(f"rpm database cannot be read: {error}") from None


def _open(data: bytes) -> sqlite3.Connection:
    without_log = bytearray(data)
    without_log[_FORMAT_VERSIONS] = _NO_LOG
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        connection.text_factory = text
        for category, limit in _LIMITS.items():
            connection.setlimit(category, limit)
        connection.deserialize(without_log)
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        connection.execute("PRAGMA query_only = ON")
        connection.set_authorizer(_allow("Packages"))
        deadline = time.monotonic() + MAX_SECONDS
        connection.set_progress_handler(lambda: time.monotonic() > deadline, 10_000)
    except BaseException:
        connection.close()
        raise
    return connection


def _allow(*tables: str) -> Callable[..., int]:
    """Let a statement select from and read these tables; no function, no view's body, no write."""
    readable = frozenset((*tables, "sqlite_master"))

    def authorize(
        action: int, table: str | None, _column: str | None, _db: str | None, _by: str | None
    ) -> int:
        if action == sqlite3.SQLITE_SELECT:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_READ and table in readable:
            return sqlite3.SQLITE_OK
        return sqlite3.SQLITE_DENY

    return authorize


def _headers(connection: sqlite3.Connection, size: int) -> Iterator[tuple[int, bytes]]:
    """(row, header). Rows that share pages could be far more than the file: the sum is bounded."""
    kind = connection.execute(
        "SELECT type, sql FROM sqlite_master WHERE name = 'Packages'"
    ).fetchone()
    if kind is None or kind[0] != "table" or not str(kind[1]).upper().startswith("CREATE TABLE"):
        raise FormatError("rpm database has no table of packages")
    total = 0
    rows = connection.execute("SELECT hnum, blob FROM Packages")
    for count, (hnum, blob) in enumerate(rows, 1):
        if not isinstance(hnum, int) or not isinstance(blob, bytes):
            raise FormatError("rpm database has a row that is no package header")
        total += len(blob)
        if count > MAX_PACKAGES or total > size:
            raise FormatError("rpm database has more packages than it can hold")
        yield hnum, blob


# --- writing ------------------------------------------------------------------------------------


def _rebuilt(old: sqlite3.Connection, data: bytes, gone: frozenset[int]) -> bytes:
    schema = _schema(old)
    names = (name for name, _, _ in schema.tables)
    old.set_authorizer(_allow("Packages", "sqlite_sequence", *names))
    headers = list(_headers(old, len(data)))
    old.text_factory = bytes
    size = int.from_bytes(data[_PAGE_SIZE])
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as new:
        new.execute(f"PRAGMA page_size = {65536 if size == 1 else size}")
        new.execute("BEGIN")
        new.execute(schema.packages)
        kept = ((row, blob) for row, blob in headers if row not in gone)
        new.executemany("INSERT INTO Packages VALUES (?, ?)", kept)
        if "AUTOINCREMENT" in schema.packages:
            new.execute("UPDATE sqlite_sequence SET seq = ?", (_last_row(old, headers),))
        budget = len(data)
        for name, statement, is_text in schema.tables:
            new.execute(statement)
            value = "CAST(? AS TEXT)" if is_text else "?"
            rows = list(_index_rows(old, name, gone, budget))
            budget -= sum(len(key) + _LEAST_ROW for key, _, _ in rows)
            new.executemany(f'INSERT INTO "{name}" VALUES ({value}, ?, ?)', rows)
        for statement in schema.indexes:
            new.execute(statement)
        new.execute("COMMIT")
        result = bytearray(new.serialize())
    result[_FORMAT_VERSIONS] = _NO_LOG
    result[_COUNTER] = result[_VALID_FOR] = data[_COUNTER]
    result[_LIBRARY] = data[_LIBRARY]
    return bytes(result)


def _schema(connection: sqlite3.Connection) -> _Schema:
    """What is to be made anew; refused where it is not rpm's, to the letter."""
    packages = ""
    tables: list[tuple[str, str, bool]] = []
    indexes: list[str] = []
    found = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master")
    for kind, name, table, sql in found.fetchmany(4 * MAX_TABLES):
        own = _TABLE.fullmatch(str(sql)) if kind == "table" else None
        index = _INDEX.fullmatch(str(sql)) if kind == "index" else None
        if kind == "table" and name == table == "Packages" and _PACKAGES.fullmatch(str(sql)):
            packages = sql
        elif own is not None and own[1] == name == table:
            tables.append((own[1], own[0], own[2] == "TEXT"))
        elif index is not None and (index[1], index[2]) == (name, table):
            indexes.append(index[0])
        elif kind != "table" or name not in _OWN_TABLES:
            raise FormatError(f"rpm database has something of another kind: {str(name)[:80]!r}")
    if found.fetchone() is not None or not packages:
        raise FormatError("rpm database has too many tables, or none of packages")
    return _Schema(packages, tables, indexes)


def _last_row(connection: sqlite3.Connection, headers: list[tuple[int, bytes]]) -> int:
    """The highest number that a package had: none that comes later gets that of one that went."""
    known = connection.execute("SELECT seq FROM sqlite_sequence").fetchone() or (0,)
    last = max((row for row, _ in headers), default=0)
    return max(known[0], last) if isinstance(known[0], int) else last


def _index_rows(
    connection: sqlite3.Connection, table: str, gone: frozenset[int], budget: int
) -> Iterator[tuple[bytes, int, int]]:
    rows = connection.execute(f'SELECT key, hnum, idx FROM "{table}"')
    for key, hnum, idx in rows:
        if not (isinstance(key, bytes) and isinstance(hnum, int) and isinstance(idx, int)):
            raise FormatError(f"rpm database has a row in {table} that is no entry")
        budget -= len(key) + _LEAST_ROW
        if budget < 0:
            raise FormatError("rpm database has more entries than it can hold")
        if hnum not in gone:
            yield key, hnum, idx
