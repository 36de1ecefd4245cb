"""Writing so that a killed run leaves the whole output or none of it."""

import os
import secrets
import shutil
import stat
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from slimmer.errors import SlimError
from slimmer.oci.descriptor import Descriptor
from slimmer.store.interface import OpenBlob
from slimmer.store.verify import CHUNK, VerifiedStream


class WriteError(SlimError):
    """The output cannot be written where it was asked for."""


class Staging:
    """A folder beside the output that becomes it by one rename."""

    def __init__(self, target: Path) -> None:
        self.path = _name_beside(target)
        # Before the folder is there: however the run ends, short of SIGKILL, nothing stays.
        self._discard = weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)
        with explained(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            self.path.mkdir(mode=0o700)

    def publish(self, target: Path) -> None:
        with explained(target):
            os.chmod(self.path, 0o777 & ~_umask())
            if target.exists():
                target.rmdir()  # only ever an empty folder: anything else was refused before
            self.path.rename(target)
        self._discard.detach()

    def discard(self) -> None:
        self._discard()


class Replacement:
    """A file written under a temporary name beside its target, which it replaces when published."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._path = _name_beside(target)
        self._unlink = weakref.finalize(self, _remove, self._path)
        with explained(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            self.file: BinaryIO = os.fdopen(os.open(self._path, flags, 0o600), "wb")

    def write(self, data: bytes) -> None:
        with explained(self._target):
            self.file.write(data)

    def publish(self) -> None:
        """Give the file its name, after its bytes are on the disk."""
        with explained(self._target), self.file as file:
            file.flush()
            os.fsync(file.fileno())
            os.chmod(self._path, 0o666 & ~_umask())
            os.replace(self._path, self._target)
        self._unlink.detach()

    def discard(self) -> None:
        # On a full disk, closing fails as well: what is in the buffer cannot be written.
        with suppress(OSError):
            self.file.close()
        self._unlink()


def _name_beside(target: Path) -> Path:
    """A name in the target's folder that nobody can guess."""
    return target.parent / f".{target.name[:40]}.slim-{secrets.token_hex(8)}"


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def write_file(target: Path, data: Iterable[bytes]) -> None:
    """Write a file that is there whole or not at all; a device or a pipe is written to as it is.

    `/dev/null` and `/dev/stdout` are files to a user: replacing them would break the machine.
    """
    if _is_special(target):
        with explained(target), target.open("wb", buffering=0) as special:
            for piece in data:
                special.write(piece)
        return
    with replace_file(target) as file:
        for piece in data:
            file.write(piece)


def _is_special(target: Path) -> bool:
    try:
        mode = target.stat().st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


@contextmanager
def replace_file(target: Path) -> Iterator[Replacement]:
    """Write a file that takes its name when the block ends well, and else is gone."""
    replacement = Replacement(target)
    try:
        yield replacement
        replacement.publish()
    except BaseException:
        replacement.discard()
        raise


def copy_verified(content: OpenBlob, descriptor: Descriptor, file: Replacement) -> None:
    """Copy a blob into a file; `DigestError` when it is not the descriptor's content."""
    with VerifiedStream(content(), descriptor) as stream:
        while chunk := stream.read(CHUNK):
            file.write(chunk)


@contextmanager
def explained(target: Path) -> Iterator[None]:
    """Turn what the system says of `target` into an error a person can act on."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise WriteError(f"cannot write: {reason}", where=str(target)) from None


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
