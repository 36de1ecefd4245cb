"""Layer indexes kept by layer digest, so that no layer is looked at twice.

The folder is private to the user and bounded. Files are written under a temporary name and
renamed, so that runs side by side see whole ones. Damage, races and full disks cost time, never
truth.
"""

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from slimmer.errors import FormatError
from slimmer.image.index import INDEX_VERSION, LayerIndex, decode_index, encode_index
from slimmer.oci.digest import Digest

MAX_SIZE = 500_000_000
_PREFIX = "layers-"
_SEEN = ".seen"
_NEW = ".new-"
# Seconds after which a file that is still not renamed was left behind by a run that was killed.
_LEFT_BEHIND = 3600
# Files known to hold one blob: copies of a layer in several layouts.
_MAX_STAMPS = 16
# Rooms whose code decides what an index says.
_ANALYZERS = ("formats", "secrets", "image")


@dataclass(frozen=True)
class CacheUse:
    """What the cache holds: stored layers and their bytes, those of other versions included."""

    folder: Path
    layers: int
    size: int


class IndexCache:
    """A private folder of stored indexes, at most `max_size` bytes of them."""

    def __init__(self, folder: Path, *, max_size: int = MAX_SIZE) -> None:
        self._root = folder
        self._folder = folder / f"{_PREFIX}{analyzer_version()}"
        self._max_size = max_size

    def get(self, digest: Digest) -> LayerIndex | None:
        path = self._path(digest)
        try:
            index = decode_index(path.read_bytes())
            os.utime(path)  # the least recently used go first
        except OSError:
            return None
        except FormatError:
            _drop(path)
            return None
        return index if index.digest == digest else None

    def put(self, index: LayerIndex) -> None:
        self._write(self._path(index.digest), encode_index(index))
        self._prune()

    def _write(self, path: Path, data: bytes) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, name = tempfile.mkstemp(prefix=_NEW, dir=path.parent)
        except OSError:
            return
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.replace(name, path)
        except OSError:
            _drop(Path(name))
        except BaseException:  # the user's Ctrl-C
            _drop(Path(name))
            raise

    def is_seen(self, digest: Digest, stamp: str) -> bool:
        """Whether the file with this stamp was found to hold the blob `digest`, and is the same
        file still. A stamp names the file and its times, of which nobody can set the last."""
        return _stamp_line(stamp) in _lines(self._seen(digest))

    def mark_seen(self, digest: Digest, stamp: str) -> None:
        """Remember that the file with this stamp held the blob."""
        path = self._seen(digest)
        line = _stamp_line(stamp)
        lines = [line, *(other for other in _lines(path) if other != line)][:_MAX_STAMPS]
        self._write(path, "".join(f"{text}\n" for text in lines).encode())

    def use(self) -> CacheUse:
        """How much is stored."""
        files = list(_files(self._root))
        layers = sum(1 for path, _, _ in files if path.suffix != _SEEN and not _is_new(path))
        return CacheUse(self._root, layers, sum(size for _, size, _ in files))

    def clear(self) -> CacheUse:
        """Remove everything stored; what was there."""
        before = self.use()
        for folder in self._root.glob(f"{_PREFIX}*"):
            shutil.rmtree(folder, ignore_errors=True)
        return before

    def _prune(self) -> None:
        """Stay within the bound: what was not used for longest goes first, after what runs that
        were killed left behind."""
        files = []
        for file in sorted(_files(self._root), key=lambda file: file[2]):
            if not _is_new(file[0]):
                files.append(file)
            elif file[2] < time.time() - _LEFT_BEHIND:
                _drop(file[0])
        total = sum(size for _, size, _ in files)
        for path, size, _ in files:
            if total <= self._max_size:
                return
            _drop(path)
            total -= size

    def _path(self, digest: Digest) -> Path:
        return self._folder / digest.algorithm / digest.encoded[:2] / digest.encoded

    def _seen(self, digest: Digest) -> Path:
        return self._path(digest).with_suffix(_SEEN)


def _stamp_line(stamp: str) -> str:
    return hashlib.sha256(stamp.encode()).hexdigest()


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("ascii", "replace").split()
    except OSError:
        return []


def analyzer_version() -> str:
    """Changes whenever code that makes an index does: by version, and by the files' stamps."""
    package = Path(__file__).parent.parent
    stamps = [str(INDEX_VERSION)]
    for room in _ANALYZERS:
        for entry in sorted(os.scandir(package / room), key=lambda item: item.name):
            if entry.is_file():
                status = entry.stat()
                stamps.append(f"{entry.name}:{status.st_size}:{status.st_mtime_ns}")
    return hashlib.sha256("\n".join(stamps).encode()).hexdigest()[:16]


def _files(root: Path) -> Iterator[tuple[Path, int, float]]:
    """Every stored file with its size and the time of its last use."""
    for folder in root.glob(f"{_PREFIX}*"):
        for path in folder.rglob("*"):
            with suppress(OSError):
                status = path.lstat()
                if not path.is_dir():
                    yield path, status.st_size, status.st_mtime


def _is_new(path: Path) -> bool:
    """Whether a file is not whole yet, or never will be."""
    return path.name.startswith(_NEW)


def _drop(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
