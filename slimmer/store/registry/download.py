"""Blobs to private files: resumed where they broke off, used only when size and digest are right.

Nothing is allocated by a declared size; a body is cut one byte after the size it should have.
"""

import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import BinaryIO

import requests

from slimmer.errors import DigestError, InputError, NetworkError
from slimmer.oci.descriptor import Descriptor
from slimmer.oci.digest import Digest
from slimmer.store.interface import Progress
from slimmer.store.registry.body import BrokenBodyError, read_body
from slimmer.store.registry.http import RegistryHttp
from slimmer.store.registry.retry import RetryableError, with_retries

_CONTENT_RANGE = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19}|\*)")


class Downloads:
    """The blobs of one repository, each downloaded once. Safe to use from several threads."""

    def __init__(self, http: RegistryHttp, work_dir: Path, progress: Progress) -> None:
        self._http = http
        self._work_dir = work_dir
        self._progress = progress
        self._lock = Lock()
        self._busy: dict[Digest, Lock] = {}
        self._files: dict[Digest, Path] = {}

    def open(self, descriptor: Descriptor) -> BinaryIO:
        """A file of the blob's verified bytes, its own for each call."""
        with self._lock:
            busy = self._busy.setdefault(descriptor.digest, Lock())
        with busy:
            path = self._files.get(descriptor.digest)
            if path is None:
                path = self._fetch(descriptor)
                self._files[descriptor.digest] = path
        try:
            return path.open("rb")
        except OSError as error:
            raise InputError(
                f"a downloaded blob is gone: {error.strerror}", where=str(path)
            ) from None

    def close(self) -> None:
        """Remove the files."""
        for path in self._files.values():
            path.unlink(missing_ok=True)
        self._files.clear()

    def _fetch(self, descriptor: Descriptor) -> Path:
        limits = self._http.options.limits
        limits.check("layer_size", descriptor.size, str(descriptor.digest))
        path: Path | None = None
        try:
            self._work_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            # mkstemp: a new file that only this user can read.
            handle, name = tempfile.mkstemp(prefix="blob-", dir=self._work_dir)
            path = Path(name)
            with os.fdopen(handle, "wb") as file:
                _Download(self._http, descriptor, file, self._progress).run()
        except OSError as error:
            _remove(path)
            raise InputError(
                f"the blob cannot be kept: {error.strerror}",
                where=str(self._work_dir),
                hint="make room, or choose another folder for temporary files",
            ) from None
        except BaseException:
            _remove(path)
            raise
        return path


def _remove(path: Path | None) -> None:
    if path is not None:
        with suppress(OSError):
            path.unlink()


class _Download:
    """One blob on its way into one file."""

    def __init__(
        self, http: RegistryHttp, descriptor: Descriptor, file: BinaryIO, progress: Progress
    ) -> None:
        self._http = http
        self._descriptor = descriptor
        self._file = file
        self._progress = progress
        self._task = f"pull {descriptor.digest.short}"
        self._hasher = descriptor.digest.hasher()
        self._done = 0
        self._end = monotonic() + http.options.deadline

    def run(self) -> None:
        with_retries(self._http.options, self._attempt)
        self._file.flush()
        found = Digest.from_hasher(self._hasher)
        if found != self._descriptor.digest:
            raise DigestError(
                f"the registry sent other content: it is {found}",
                where=str(self._descriptor.digest),
                hint="the copy is damaged or was tampered with",
            )

    def _attempt(self) -> None:
        if monotonic() > self._end:
            raise NetworkError("the download takes too long", where=self._where)
        before = self._done
        try:
            with self._ask() as response:
                self._receive(response)
        except BrokenBodyError as error:
            raise self._broken(str(error), before) from None
        if self._done < self._descriptor.size:
            raise self._broken("the body ended early", before)

    def _ask(self) -> requests.Response:
        """Ask for what is missing; start over where the server does not do ranges."""
        headers = {"Range": f"bytes={self._done}-"} if self._done else {}
        url = self._http.url(f"blobs/{self._descriptor.digest}")
        response = self._http.attempt("GET", url, ok=(200, 206, 416), headers=headers)
        if response.status_code == 206 and self._continues(response):
            return response
        if response.status_code == 200:
            self._check_length(response)
            self._start_over()
            return response
        response.close()
        before = self._done
        self._start_over()
        raise self._broken(f"an unusable answer ({response.status_code}) to a range", before)

    def _continues(self, response: requests.Response) -> bool:
        match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
        if match is None or not self._done:
            return False
        start, end, total = match.groups()
        return (
            int(start) == self._done
            and int(end) < self._descriptor.size
            and total in ("*", str(self._descriptor.size))
        )

    def _check_length(self, response: requests.Response) -> None:
        length = response.headers.get("Content-Length", "")
        if length.isascii() and length.isdigit() and length != str(self._descriptor.size):
            response.close()
            raise self._wrong_size(f"{length[:20]} bytes")

    def _start_over(self) -> None:
        self._file.seek(0)
        self._file.truncate()
        self._hasher = self._descriptor.digest.hasher()
        self._done = 0

    def _receive(self, response: requests.Response) -> None:
        size = self._descriptor.size
        for chunk in read_body(response, self._http.options, max(self._end - monotonic(), 0)):
            if self._done + len(chunk) > size:
                raise self._wrong_size("more")
            self._file.write(chunk)
            self._hasher.update(chunk)
            self._done += len(chunk)
            self._progress(self._task, self._done, size)

    def _broken(self, reason: str, before: int) -> RetryableError:
        problem = NetworkError(
            f"{reason}, after {self._done} of {self._descriptor.size} bytes", where=self._where
        )
        return RetryableError(problem, progress=self._done - before)

    def _wrong_size(self, found: str) -> DigestError:
        return DigestError(
            f"the registry sends {found} where {self._descriptor.size} bytes are due",
            where=str(self._descriptor.digest),
        )

    @property
    def _where(self) -> str:
        return f"{self._http.reference.name}@{self._descriptor.digest}"
