"""Writes rpm's databases as rpm and its libraries do, from the formats' descriptions."""

import sqlite3
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from struct import pack

Rows = Sequence[tuple[int, bytes]]

_PAGE_HEADER = 26


def bdb(
    rows: Rows, *, order: str = "<", size: int = 4096, inline: int = 64, per_page: int = 4
) -> bytes:
    """A Berkeley DB hash file; values of up to `inline` bytes lie on the hash page itself."""
    pages: list[bytes] = [b""]
    counter = (0, pack(f"{order}I", len(rows)))
    todo = [counter, *rows]
    for start in range(0, len(todo), per_page):
        number = len(pages)
        pages.append(b"")
        items: list[bytes] = []
        for row, blob in todo[start : start + per_page]:
            items.append(b"\1" + pack(f"{order}I", row))
            items.append(b"\1" + blob if len(blob) <= inline else _chain(pages, blob, order, size))
        pages[number] = _hash_page(number, items, order, size)
    pages[0] = bdb_meta(order=order, size=size, last=len(pages) - 1)
    return b"".join(pages)


def bdb_meta(
    order: str = "<", size: int = 4096, last: int = 0, magic: int = 0x061561, **fields: int
) -> bytes:
    head = pack(
        f"{order}QIIIIBBBxII",
        0,
        0,
        magic,
        fields.get("version", 9),
        size,
        fields.get("encryption", 0),
        fields.get("kind", 8),
        fields.get("flags", 0),
        0,
        last,
    )
    return head.ljust(size, b"\0")


def page(
    order: str,
    size: int,
    number: int,
    following: int,
    entries: int,
    offset: int,
    kind: int,
    content: bytes = b"",
) -> bytes:
    head = pack(f"{order}QIIIHHBB", 1, number, 0, following, entries, offset, 0, kind)
    return (head + content).ljust(size, b"\0")


def _hash_page(number: int, items: list[bytes], order: str, size: int) -> bytes:
    offsets, at = [], size
    for item in items:
        at -= len(item)
        offsets.append(at)
    whole = bytearray(page(order, size, number, 0, len(items), at, 13))
    whole[_PAGE_HEADER : _PAGE_HEADER + 2 * len(items)] = pack(f"{order}{len(items)}H", *offsets)
    for offset, item in zip(offsets, items, strict=True):
        whole[offset : offset + len(item)] = item
    assert len(whole) == size
    assert at >= _PAGE_HEADER + 2 * len(items)
    return bytes(whole)


def _chain(pages: list[bytes], blob: bytes, order: str, size: int) -> bytes:
    room = size - _PAGE_HEADER
    first = len(pages)
    parts = [blob[start : start + room] for start in range(0, len(blob), room)] or [b""]
    for count, part in enumerate(parts, 1):
        following = len(pages) + 1 if count < len(parts) else 0
        pages.append(page(order, size, len(pages), following, 1, len(part), 7, part))
    return b"\3" + b"\xfe\x0e\xe6" + pack(f"{order}II", first, len(blob))


def ndb(rows: Rows, *, pages: int = 1, gap: int = 0) -> bytes:
    """A `Packages.db` whose blobs lie `gap` blocks apart."""
    slots, blobs = b"", b""
    first = pages * 256
    for row, blob in rows:
        whole = ndb_blob(row, blob)
        slots += b"Slot" + pack("<III", row, first, len(whole) // 16)
        blobs += whole + bytes(16 * gap)
        first += len(whole) // 16 + gap
    empty = pages * 256 - 2 - len(rows)
    slots += (b"Slot" + bytes(12)) * empty
    head = pack("<4sIIII", b"RpmP", 0, 7, pages, len(rows) + 1).ljust(32, b"\0")
    return head + slots + blobs


def ndb_blob(row: int, blob: bytes) -> bytes:
    head = b"BlbS" + pack("<III", row, 1_600_000_000, len(blob)) + blob
    head += bytes(-(len(head) + 12) % 16)
    return head + pack("<II", zlib.adler32(head), len(blob)) + b"BlbE"


INDEXES = {"Name": "TEXT", "Basenames": "TEXT", "Sigmd5": "BLOB"}
PACKAGES = "CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT,blob BLOB NOT NULL)"


def index_table(name: str, kind: str = "TEXT") -> str:
    return (
        f"CREATE TABLE '{name}' (key '{kind}' NOT NULL, hnum INTEGER NOT NULL, "
        "idx INTEGER NOT NULL, FOREIGN KEY (hnum) REFERENCES 'Packages'(hnum))"
    )


def index_of(name: str, column: str = "key") -> str:
    return f"CREATE INDEX '{name}_{column}_idx' ON '{name}'({column} ASC)"


def fill(
    connection: sqlite3.Connection, rows: Rows, keys: Mapping[int, Sequence[str | bytes]]
) -> None:
    """Put packages into a database of rpm's schema; `keys` are what each is found by."""
    connection.execute(PACKAGES)
    for name, kind in INDEXES.items():
        connection.execute(index_table(name, kind))
        connection.execute(index_of(name))
    connection.execute(index_of("Basenames", "hnum"))
    add(connection, rows, keys)


def add(
    connection: sqlite3.Connection, rows: Rows, keys: Mapping[int, Sequence[str | bytes]]
) -> None:
    for row, blob in rows:
        connection.execute("INSERT INTO Packages VALUES (?, ?)", (row, blob))
        for position, key in enumerate(keys.get(row, ())):
            for name, kind in INDEXES.items():
                value = "?" if kind == "BLOB" else "CAST(? AS TEXT)"
                key = key.encode() if isinstance(key, str) else key
                values = (key, row, position)
                connection.execute(f"INSERT INTO {name} VALUES ({value}, ?, ?)", values)
    connection.commit()


def sqlite(
    rows: Rows, keys: Mapping[int, Sequence[str | bytes]] | None = None, *more: str
) -> bytes:
    """An `rpmdb.sqlite` with some of rpm's tables; `more` are statements run at the end."""
    connection = sqlite3.connect(":memory:")
    fill(connection, rows, keys or {})
    for statement in more:
        connection.execute(statement)
    connection.commit()
    data = bytearray(connection.serialize())
    connection.close()
    data[18:20] = b"\2\2"
    return bytes(data)


def logged(folder: Path, before: Rows, after: Rows) -> tuple[bytes, bytes]:
    """A database with the rows `before`, and the log in which the rows `after` are."""
    path = folder / "rpmdb.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA page_size = 1024")
    fill(connection, before, {})
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    for row in after:
        add(connection, [row], {row[0]: ["x"]})
    result = path.read_bytes(), path.with_name("rpmdb.sqlite-wal").read_bytes()
    connection.close()
    return result
