"""Named files in a folder or in a tar, read without following anything out of it.

A blob that is a link, a FIFO or a device is refused without being opened
(GHSA-hpxr-w9w7-g4gv): an image must not make slim read a file of the host.
"""

import errno
import io
import os
import stat
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import BinaryIO

from slimmer.errors import FormatError, InputError, NotFoundError
from slimmer.formats.tar import Global, Kind, TarEntry, read_tar
from slimmer.limits import DEFAULT_LIMITS, Limits

_MAX_LINKS = 8
_SETTLED = 2_000_000_000


class Files(ABC):
    """Files by name, names with `/` and without a leading one."""

    name: str
    limits: Limits

    @abstractmethod
    def has(self, name: str) -> bool:
        """Whether a file of this name can be opened."""

    @abstractmethod
    def open(self, name: str) -> tuple[BinaryIO, int]:
        """The file's bytes and its size. `NotFoundError` when it is not there."""

    def stamp(self, name: str) -> str | None:
        """What `Source.stamp` asks for."""
        return None

    def read(self, name: str) -> bytes:
        """A whole small file; `LimitError` when it is larger than a document may be."""
        stream, size = self.open(name)
        with stream:
            self.limits.check("document_size", size, f"{self.name}: {name}")
            return stream.read(size)

    def close(self) -> None:  # noqa: B027 - most hold nothing open
        """Release what is open."""


class FolderFiles(Files):
    """Files below a folder; no link is followed at any level of a name."""

    def __init__(self, folder: Path, limits: Limits = DEFAULT_LIMITS) -> None:
        self.folder = folder
        self.limits = limits
        self.name = str(folder)

    def has(self, name: str) -> bool:
        try:
            self.open(name)[0].close()
        except NotFoundError:
            return False
        return True

    def open(self, name: str) -> tuple[BinaryIO, int]:
        try:
            directory = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", where=self.name) from None
        try:
            *parents, last = name.split("/")
            for parent in parents:
                flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
                directory = _step(directory, self._open_at(directory, parent, name, flags))
            # O_NONBLOCK: opening a FIFO must not wait for somebody to write to it.
            handle = self._open_at(
                directory, last, name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
            )
        finally:
            os.close(directory)
        return self._regular(handle, name)

    def stamp(self, name: str) -> str | None:
        stream, _ = self.open(name)
        with stream:
            return _file_stamp(stream.fileno(), f"{self.name}/{name}")

    def _open_at(self, directory: int, part: str, name: str, flags: int) -> int:
        if part in ("", ".", ".."):
            raise FormatError(f"not a name inside the folder: {name!r}", where=self.name)
        try:
            status = os.lstat(part, dir_fd=directory)
            if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
                raise FormatError(f"{name} is a link or a device, not a file", where=self.name)
            return os.open(part, flags | os.O_CLOEXEC, dir_fd=directory)
        except FileNotFoundError:
            raise NotFoundError(f"{name} is missing", where=self.name) from None
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENOTDIR):
                raise FormatError(f"{name} is not a plain file", where=self.name) from None
            raise InputError(f"{name}: {error.strerror}", where=self.name) from None

    def _regular(self, handle: int, name: str) -> tuple[BinaryIO, int]:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            os.close(handle)
            raise FormatError(f"{name} is not a plain file", where=self.name)
        return os.fdopen(handle, "rb"), status.st_size


def _step(old: int, new: int) -> int:
    os.close(old)
    return new


class TarFiles(Files):
    """The members of an uncompressed tar on disk; members are read in place, never unpacked."""

    def __init__(self, name: str, file: BinaryIO, limits: Limits) -> None:
        self.name = name
        self.limits = limits
        self._file = file
        self._members: dict[str, TarEntry] = {}
        for number, entry in enumerate(read_tar(self._read_at, limits=limits)):
            limits.check("entries", number, name)
            if isinstance(entry, Global):
                continue
            member = _member_name(entry.path)
            if member in self._members and "/" not in member and entry.kind is Kind.FILE:
                # Readers disagree on which index.json or manifest.json of two is the one.
                raise FormatError(f"{member} is in the archive twice", where=name)
            self._members[member] = entry
        if not self._members:
            raise FormatError("the archive is empty", where=name)
        self._refuse_files_below_files()

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._members)

    def has(self, name: str) -> bool:
        try:
            self._find(name)
        except (NotFoundError, FormatError):
            return False
        return True

    def open(self, name: str) -> tuple[BinaryIO, int]:
        entry = self._find(name)
        if entry.sparse is not None:
            raise FormatError(f"{name} is stored as a sparse file", where=self.name)
        stream = Slice(self._file.fileno(), entry.data_offset, entry.size)
        return io.BufferedReader(stream, 256 * 1024), entry.size

    def close(self) -> None:
        self._file.close()

    def _refuse_files_below_files(self) -> None:
        """An unpacker would write `blobs/x` through a link `blobs`; such an archive is a trap."""
        for folder in {os.path.dirname(name) for name in self._members}:
            while folder:
                entry = self._members.get(folder)
                if entry is not None and entry.kind is not Kind.DIRECTORY:
                    raise FormatError(
                        f"{folder} is no folder, but files are in it", where=self.name
                    )
                folder = os.path.dirname(folder)

    def _find(self, name: str) -> TarEntry:
        # docker save once wrote a repeated layer as a link to the first; the link's target is
        # looked up among the members, so it cannot lead out of the archive.
        wanted = _member_name(name)
        for _ in range(_MAX_LINKS):
            entry = self._members.get(wanted)
            if entry is None:
                raise NotFoundError(f"{name} is not in the archive", where=self.name)
            match entry.kind:
                case Kind.FILE:
                    return entry
                case Kind.SYMLINK if not entry.link.startswith("/"):
                    wanted = _member_name(f"{os.path.dirname(wanted)}/{entry.link}")
                case Kind.HARDLINK:
                    wanted = _member_name(entry.link)
                case _:
                    raise FormatError(f"{name} is not a plain file", where=self.name)
        raise FormatError(f"{name} is a chain of links", where=self.name)

    def _read_at(self, offset: int, length: int) -> bytes:
        return os.pread(self._file.fileno(), length, offset)


def _file_stamp(handle: int, name: str) -> str | None:
    status = os.fstat(handle)
    # A file that was changed within the clock's grain could change again under the same time.
    if not stat.S_ISREG(status.st_mode) or time.time_ns() - status.st_ctime_ns < _SETTLED:
        return None
    times = f"{status.st_mtime_ns}:{status.st_ctime_ns}"
    return f"{os.path.abspath(name)}:{status.st_dev}:{status.st_ino}:{status.st_size}:{times}"


def _member_name(name: str) -> str:
    return os.path.normpath("/" + name).lstrip("/")


class Slice(io.RawIOBase):
    """`size` bytes of an open file from `start`; several may read one file at once."""

    def __init__(self, handle: int, start: int, size: int) -> None:
        self._handle = handle
        self._position = start
        self._end = start + size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        wanted = min(len(buffer), self._end - self._position)
        data = os.pread(self._handle, wanted, self._position)
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)
