"""An RPM package header as the rpm database stores it (rpm manual, "Package format", header).

Big-endian: the number of index entries, the size of the data, the entries (tag, type, offset,
count; 16 bytes each), the data. Paths and text are decoded with `read.text`.
"""

from struct import Struct, unpack_from
from typing import NamedTuple

from slimmer.errors import FormatError
from slimmer.formats.facts import Facts
from slimmer.formats.read import text

MAX_ENTRIES = 65535
MAX_COUNT = 1 << 18
MAX_STRING = 1 << 16
_INTRO = Struct(">II")
_ENTRY = Struct(">IIII")

# rpmTagType
_INT16, _INT32, _INT64, _STRING, _STRING_ARRAY, _I18N_STRING = 3, 4, 5, 6, 8, 9
_INTEGERS = {_INT16: ("H", 2), _INT32: ("I", 4), _INT64: ("Q", 8)}

# rpmTag
NAME, VERSION, RELEASE, EPOCH, SIZE = 1000, 1001, 1002, 1003, 1009
BUILDTIME, INSTALLTIME = 1006, 1008
VENDOR, LICENSE, ARCH, OLDFILENAMES = 1011, 1014, 1022, 1027
FILEMODES, FILEDIGESTS, FILEFLAGS, SOURCERPM = 1030, 1035, 1037, 1044
PROVIDENAME, REQUIRENAME = 1047, 1049
DIRINDEXES, BASENAMES, DIRNAMES = 1116, 1117, 1118
LONGSIZE, FILEDIGESTALGO = 5009, 5011
_WANTED = frozenset(
    (
        *(NAME, VERSION, RELEASE, EPOCH, SIZE, VENDOR, LICENSE, ARCH, FILEMODES, FILEDIGESTS),
        *(FILEFLAGS, SOURCERPM, PROVIDENAME, REQUIRENAME, DIRINDEXES, BASENAMES, DIRNAMES),
        *(LONGSIZE, FILEDIGESTALGO, BUILDTIME, INSTALLTIME, OLDFILENAMES),
    )
)

FILE_CONFIG, FILE_DOC, FILE_GHOST, FILE_LICENSE = 1 << 0, 1 << 1, 1 << 6, 1 << 7
# OpenPGP's numbers of hash algorithms; a header without the tag has MD5.
_DIGESTS = {1: "md5", 2: "sha1", 8: "sha256", 9: "sha384", 10: "sha512", 11: "sha224"}


class RpmFile(NamedTuple):
    """A path without leading slash; `digest` in hex, empty for what is no regular file.

    `mode` has the file type in it (S_IFMT); `flags` are RPMFILE_* (`FILE_GHOST`: not on disk).
    """

    path: str
    digest: str = ""
    mode: int = 0
    flags: int = 0


class RpmPackage(Facts, frozen=True):
    """A package of the rpm database. `hnum` is its row; `size` the installed bytes it declares;
    times are seconds since 1970."""

    name: str
    version: str
    release: str
    arch: str = ""
    epoch: int | None = None
    hnum: int = 0
    source_rpm: str = ""
    license: str = ""
    vendor: str = ""
    size: int = 0
    build_time: int | None = None
    install_time: int | None = None
    file_digest_algorithm: str = "md5"
    files: tuple[RpmFile, ...] = ()
    requires: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()
    is_gpg_pubkey: bool = False


class _Header:
    """The wanted entries of a header; a value is decoded when it is asked for."""

    def __init__(self, blob: bytes) -> None:
        if len(blob) < _INTRO.size:
            raise FormatError("rpm header is cut short")
        count, size = _INTRO.unpack_from(blob)
        data_at = _INTRO.size + count * _ENTRY.size
        if count > MAX_ENTRIES or data_at + size > len(blob):
            raise FormatError("rpm header is larger than its data")
        self._data = blob[data_at : data_at + size]
        self._entries = {
            entry[0]: entry[1:]
            for entry in _ENTRY.iter_unpack(blob[_INTRO.size : data_at])
            if entry[0] in _WANTED
        }

    def _entry(self, tag: int) -> tuple[int, int, int] | None:
        entry = self._entries.get(tag)
        if entry is None:
            return None
        type_, offset, count = entry
        if offset > len(self._data) or count > MAX_COUNT:
            raise FormatError(f"rpm header has an impossible entry for tag {tag}")
        return type_, offset, count

    def strings(self, tag: int) -> tuple[str, ...]:
        """The strings of an entry; none where it is absent."""
        entry = self._entry(tag)
        if entry is None:
            return ()
        type_, offset, count = entry
        if type_ not in (_STRING, _STRING_ARRAY, _I18N_STRING):
            raise FormatError(f"rpm header has no strings in tag {tag}")
        if type_ == _STRING:
            count = 1
        found = []
        for _ in range(count):
            end = self._data.find(b"\0", offset, offset + MAX_STRING)
            if end < 0:
                raise FormatError(f"rpm header has a string in tag {tag} without end")
            found.append(text(self._data[offset:end]))
            offset = end + 1
        return tuple(found)

    def string(self, tag: int) -> str:
        """The first string of an entry, or nothing."""
        return next(iter(self.strings(tag)), "")

    def integers(self, tag: int) -> tuple[int, ...]:
        """The integers of an entry; none where it is absent."""
        entry = self._entry(tag)
        if entry is None:
            return ()
        type_, offset, count = entry
        code, width = _INTEGERS.get(type_, ("", 0))
        if not code or offset + count * width > len(self._data):
            raise FormatError(f"rpm header has no integers in tag {tag}")
        return unpack_from(f">{count}{code}", self._data, offset)

    def integer(self, tag: int) -> int | None:
        """The first integer of an entry."""
        return next(iter(self.integers(tag)), None)


def parse_header(blob: bytes, hnum: int = 0) -> RpmPackage:
    """Read a header blob as it is in the database (without the magic that package files have)."""
    header = _Header(blob)
    name, version = header.string(NAME), header.string(VERSION)
    if not name or not version:
        raise FormatError("rpm header has no name and version")
    algorithm = header.integer(FILEDIGESTALGO)
    return RpmPackage(
        name=name,
        version=version,
        release=header.string(RELEASE),
        arch=header.string(ARCH),
        epoch=header.integer(EPOCH),
        hnum=hnum,
        source_rpm=header.string(SOURCERPM),
        license=header.string(LICENSE),
        vendor=header.string(VENDOR),
        size=header.integer(LONGSIZE) or header.integer(SIZE) or 0,
        build_time=header.integer(BUILDTIME),
        install_time=header.integer(INSTALLTIME),
        file_digest_algorithm=_DIGESTS.get(algorithm or 1, f"hash-{algorithm}"),
        files=_files(header, 16 * len(blob)),
        requires=header.strings(REQUIRENAME),
        provides=header.strings(PROVIDENAME),
        is_gpg_pubkey=name == "gpg-pubkey",
    )


def _files(header: _Header, budget: int) -> tuple[RpmFile, ...]:
    paths = _paths(header, budget)
    digests, modes, flags = (
        header.strings(FILEDIGESTS) or ("",) * len(paths),
        header.integers(FILEMODES) or (0,) * len(paths),
        header.integers(FILEFLAGS) or (0,) * len(paths),
    )
    if not len(digests) == len(modes) == len(flags) == len(paths):
        raise FormatError("rpm header has file attributes that do not match its file names")
    return tuple(
        RpmFile(path.lstrip("/"), digest, mode, flag)
        for path, digest, mode, flag in zip(paths, digests, modes, flags, strict=True)
    )


def _paths(header: _Header, budget: int) -> tuple[str, ...]:
    """Join folder and base names; `budget` bounds the characters, since a folder's name repeats.

    Packages made before 2000 have whole paths instead.
    """
    names, folders = header.strings(BASENAMES), header.strings(DIRNAMES)
    indexes = header.integers(DIRINDEXES)
    if len(indexes) != len(names) or (names and max(indexes) >= len(folders)):
        raise FormatError("rpm header has file names without folders")
    if sum(len(folders[index]) for index in indexes) > budget:
        raise FormatError("rpm header names paths far longer than itself")
    if not names:
        return header.strings(OLDFILENAMES)
    return tuple(f"{folders[index]}{name}" for index, name in zip(indexes, names, strict=True))
