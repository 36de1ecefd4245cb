"""The rpm database in each of the three formats that rpm has had.

`rpmdb.sqlite` (4.16 and later), `Packages.db` (ndb, SUSE) and `Packages` (Berkeley DB, before):
rows with a package's header each.
"""

from collections.abc import Iterable
from pathlib import Path

from slimmer.errors import FormatError
from slimmer.formats.rpm_bdb import bdb_headers, is_bdb_hash
from slimmer.formats.rpm_header import RpmPackage, parse_header
from slimmer.formats.rpm_ndb import is_ndb, ndb_headers
from slimmer.formats.rpm_sqlite import MAX_HEADER, MAX_PACKAGES, is_sqlite, sqlite_headers

MAX_DATABASE = 256 << 20
# Files, requirements and provisions of all packages together.
MAX_ITEMS = 1_500_000


def parse_rpm_database(data: bytes) -> tuple[RpmPackage, ...]:
    """Every package of a database, whichever of the three formats, in the order of its rows.

    What is only in a write-ahead log beside `rpmdb.sqlite` is not seen: `sqlite_log.merged_log`
    puts it in. Raises `FormatError`.
    """
    if len(data) > MAX_DATABASE:
        raise FormatError(f"rpm database is larger than {MAX_DATABASE} bytes")
    if is_sqlite(data):
        return _packages(sqlite_headers(data))
    if is_ndb(data):
        return _packages(ndb_headers(data))
    if is_bdb_hash(data):
        return _packages(bdb_headers(data))
    raise FormatError("rpm database is in no format that rpm has had")


def parse_rpm_sqlite(database: bytes | Path) -> tuple[RpmPackage, ...]:
    """Every package of `rpmdb.sqlite`; one of another format is a `FormatError`."""
    data = _contents(database) if isinstance(database, Path) else database
    if not is_sqlite(data):
        raise FormatError("rpm database is not an SQLite file")
    return parse_rpm_database(data)


def _contents(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_DATABASE + 1)
    except OSError as error:
        raise FormatError(f"rpm database cannot be read: {error.strerror}") from None


def _packages(rows: Iterable[tuple[int, bytes]]) -> tuple[RpmPackage, ...]:
    found: list[RpmPackage] = []
    items = 0
    for row, blob in rows:
        if len(blob) > MAX_HEADER or len(found) >= MAX_PACKAGES:
            raise FormatError("rpm database has more packages than it can hold")
        package = parse_header(blob, row)
        items += len(package.files) + len(package.requires) + len(package.provides)
        if items > MAX_ITEMS:
            raise FormatError(f"rpm database names more than {MAX_ITEMS} files and capabilities")
        found.append(package)
    return tuple(sorted(found, key=lambda package: package.hnum))
