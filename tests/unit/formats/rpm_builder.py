"""Writes rpm header blobs and rpm databases as rpm does, from the format's description."""

import sqlite3
from struct import pack

Value = str | list[str] | int | list[int]

STRING, STRING_ARRAY, INT16, INT32 = 6, 8, 3, 4
WIDTHS = {INT16: "H", INT32: "I"}


def header(tags: list[tuple[int, int, Value]]) -> bytes:
    """A header of (tag, type, value), with the region entry that rpm puts first."""
    entries, data = [], b""
    for tag, type_, value in tags:
        if type_ in WIDTHS:
            width = WIDTHS[type_]
            numbers = value if isinstance(value, list) else [value]
            data += bytes(-len(data) % (2 if width == "H" else 4))
            content = pack(f">{len(numbers)}{width}", *numbers)
            count = len(numbers)
        else:
            strings = value if isinstance(value, list) else [value]
            content = b"".join(str(item).encode() + b"\0" for item in strings)
            count = len(strings)
        entries.append(pack(">IIII", tag, type_, len(data), count))
        data += content
    region = pack(">IIII", 63, 7, len(data), 16)
    data += pack(">IIiI", 63, 7, -16 * (len(entries) + 1), 16)
    return pack(">II", len(entries) + 1, len(data)) + region + b"".join(entries) + data


def package(name: str, *, files: list[tuple[str, str]] | None = None) -> bytes:
    """A small package; `files` are (folder with slash, base name)."""
    files = files or []
    folders = sorted({folder for folder, _ in files})
    tags: list[tuple[int, int, Value]] = [
        (1000, STRING, name),
        (1001, STRING, "1.2"),
        (1002, STRING, "3.el9"),
        (1022, STRING, "x86_64"),
    ]
    if files:
        tags += [
            (1030, INT16, [0o100644] * len(files)),
            (1035, STRING_ARRAY, ["ab" * 32] * len(files)),
            (1037, INT32, [0] * len(files)),
            (1116, INT32, [folders.index(folder) for folder, _ in files]),
            (1117, STRING_ARRAY, [base for _, base in files]),
            (1118, STRING_ARRAY, folders),
            (5011, INT32, 8),
        ]
    return header(tags)


def database(*blobs: object, schema: str | None = None, log: bool = False) -> bytes:
    """An `rpmdb.sqlite`; with `log` its header asks for a write-ahead log, as rpm's own does."""
    connection = sqlite3.connect(":memory:")
    connection.execute(
        schema
        or "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)"
    )
    for blob in blobs:
        connection.execute("INSERT INTO Packages (blob) VALUES (?)", (blob,))
    connection.commit()
    data = bytearray(connection.serialize())
    connection.close()
    if log:
        data[18:20] = b"\2\2"
    return bytes(data)
