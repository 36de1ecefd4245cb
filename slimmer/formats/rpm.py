"""The rpm database: `rpmdb.sqlite` is read, Berkeley DB and ndb are only recognised.

The database comes from an image, so SQLite opens a copy in memory, with limits, may only select
from the one table, and is interrupted after a while.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from struct import pack

from slimmer.errors import FormatError
from slimmer.formats.read import text
from slimmer.formats.rpm_header import RpmPackage, parse_header

MAX_DATABASE = 256 << 20
MAX_HEADER = 64 << 20
MAX_PACKAGES = 100_000
# Files, requirements and provisions of all packages together.
MAX_ITEMS = 1_500_000
MAX_SECONDS = 30.0
_SQLITE_MAGIC = b"SQLite format 3\0"
# Offsets 18 and 19 of the file header: 2 asks for a write-ahead log, which a database in memory
# cannot have; 1 is the same format without it (SQLite file format, 1.3.3).
_FORMAT_VERSIONS = slice(18, 20)
# Database page magic: Berkeley DB hash and btree, at offset 12 of the first page, in either order.
_BDB_MAGICS = frozenset(
    magic
    for number in (0x00061561, 0x00053162)
    for magic in (pack("<I", number), pack(">I", number))
)
_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: MAX_HEADER,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 10_000,
    sqlite3.SQLITE_LIMIT_COLUMN: 32,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 20,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 10_000,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
}


def is_bdb(head: bytes) -> bool:
    """Whether the first bytes are those of a Berkeley DB file (`Packages` of rpm before 4.16)."""
    return head[12:16] in _BDB_MAGICS


def is_ndb(head: bytes) -> bool:
    """Whether the first bytes are those of rpm's own `Packages.db` (SUSE)."""
    return head[:4] == b"RpmP"


def parse_rpm_sqlite(database: bytes | Path) -> tuple[RpmPackage, ...]:
    """Read every package of `rpmdb.sqlite`, in the order of its rows.

    Pages that are only in a write-ahead log beside it (`rpmdb.sqlite-wal`) are not seen.
    """
    data = _contents(database) if isinstance(database, Path) else database
    if len(data) > MAX_DATABASE:
        raise FormatError(f"rpm database is larger than {MAX_DATABASE} bytes")
    if data[:16] != _SQLITE_MAGIC:
        raise FormatError("rpm database is not an SQLite file")
    try:
        with closing(_open(data)) as connection:
            return _packages(connection, len(data))
    # ValueError: SQLite's own messages may quote bytes of the file that are not UTF-8.
    except (sqlite3.Error, ValueError, OverflowError, MemoryError) as error:
        raise FormatError(f"rpm database cannot be read: {error}") from None


def _packages(connection: sqlite3.Connection, size: int) -> tuple[RpmPackage, ...]:
    found = []
    items = 0
    for hnum, blob in _rows(connection, size):
        package = parse_header(blob, hnum)
        items += len(package.files) + len(package.requires) + len(package.provides)
        if items > MAX_ITEMS:
            raise FormatError(f"rpm database names more than {MAX_ITEMS} files and capabilities")
        found.append(package)
    return tuple(found)


def _contents(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_DATABASE + 1)
    except OSError as error:
        raise FormatError(f"rpm database cannot be read: {error.strerror}") from None


def _open(data: bytes) -> sqlite3.Connection:
    without_log = bytearray(data)
    without_log[_FORMAT_VERSIONS] = b"\1\1"
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        connection.text_factory = text
        for category, limit in _LIMITS.items():
            connection.setlimit(category, limit)
        connection.deserialize(without_log)
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        connection.execute("PRAGMA query_only = ON")
        connection.set_authorizer(_authorize)
        deadline = time.monotonic() + MAX_SECONDS
        connection.set_progress_handler(lambda: time.monotonic() > deadline, 10_000)
    except BaseException:
        connection.close()
        raise
    return connection


def _authorize(
    action: int, table: str | None, _column: str | None, _database: str | None, _by: str | None
) -> int:
    """Let a statement select and read two tables; no function, no view's body, no write."""
    if action == sqlite3.SQLITE_SELECT:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_READ and table in ("Packages", "sqlite_master"):
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


def _rows(connection: sqlite3.Connection, size: int) -> Iterator[tuple[int, bytes]]:
    """(hnum, header). Rows that share pages could be far more than the file: the sum is bounded."""
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
