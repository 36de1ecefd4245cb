"""Finding the places worth a closer look: hyperscan where it is there, `re` where it is not.

Both give (pattern number, end offset) for the detection form of every pattern: the pattern without
look-around, named groups and the repeats of its tail, so that one token makes one report and not
one for every byte more. The caller confirms around each place with the full pattern.
"""

import contextlib
import hashlib
import importlib
import os
import re
import stat
import tempfile
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

hyperscan: Any
try:
    hyperscan = importlib.import_module("hyperscan")
except ImportError:  # pragma: no cover - depends on the platform
    hyperscan = None

# Per pattern and buffer: enough for any real file, and a bound for one made to be slow.
MAX_HITS = 1_000
MAX_IGNORED = 1_000_000
# End offsets by pattern number.
Hits = dict[int, list[int]]

_LOOK = re.compile(r"^\(\?<[!=](?:\[[^\]]*\]|[^()\[\]])*\)|\(\?[!=](?:\[[^\]]*\]|[^()\[\]])*\)$")
_PADDING = re.compile(r"=\{0,\d\}(\)*)$")
_TAIL = re.compile(r"(?:\{([1-9]\d*),\d*\}|\+)(\)*)$")


class Pattern(Protocol):
    """What a detector needs of a pattern."""

    @property
    def source(self) -> str: ...
    @property
    def caseless(self) -> bool: ...
    @property
    def keywords(self) -> tuple[bytes, ...]: ...


class Detector(Protocol):
    """Finds where patterns end in a buffer. Not for two threads at once."""

    def scan(self, data: bytes | memoryview) -> Hits: ...


def detection_form(source: str) -> str:
    """`source` without look-around at its ends, its tail's repeats cut to their least number."""
    source = _PADDING.sub(r"\1", _LOOK.sub("", source))
    tail = _TAIL.search(source)
    if tail is None:
        return source
    repeat = "{" + tail[1] + "}" if tail[1] else ""
    return source[: tail.start()] + repeat + tail[2]


class ReDetector:
    """The slow way, one pattern after another, skipping those whose keywords are absent."""

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._patterns = [
            (
                re.compile(detection_form(p.source).encode(), re.M | (re.I if p.caseless else 0)),
                tuple(word.lower() for word in p.keywords),
            )
            for p in patterns
        ]

    def scan(self, data: bytes | memoryview) -> Hits:
        """Where each pattern ends in `data`, at most `MAX_HITS` of each."""
        lowered = bytes(data).lower()
        hits: Hits = {}
        for number, (pattern, keywords) in enumerate(self._patterns):
            if keywords and not any(word in lowered for word in keywords):
                continue
            ends = [found.end() for found in islice(pattern.finditer(data), MAX_HITS)]
            if ends:
                hits[number] = ends
        return hits


class HyperscanDetector:
    """One hyperscan database over all patterns, with its own scratch space."""

    def __init__(self, database: Any) -> None:
        self._database = database
        self._scratch = hyperscan.Scratch(database)
        self._hits: Hits = {}
        self._ignored = 0

    def clone(self) -> "HyperscanDetector":
        """A detector over the same database for another thread."""
        return HyperscanDetector(self._database)

    def _on_match(self, number: int, _start: int, end: int, _flags: int, _context: object) -> bool:
        ends = self._hits.get(number)
        if ends is None:
            self._hits[number] = [end]
        elif len(ends) < MAX_HITS:
            ends.append(end)
        else:
            self._ignored += 1
            return self._ignored > MAX_IGNORED
        return False

    def scan(self, data: bytes | memoryview) -> Hits:
        """Where each pattern ends in `data`, at most `MAX_HITS` of each."""
        with contextlib.suppress(hyperscan.ScanTerminated):
            self._database.scan(data, self._on_match, scratch=self._scratch)
        if not self._hits:
            return self._hits
        hits, self._hits = self._hits, {}
        self._ignored = 0
        return hits


def _compile(patterns: Sequence[Pattern]) -> Any:
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    flags = [
        hyperscan.HS_FLAG_MULTILINE | (hyperscan.HS_FLAG_CASELESS if p.caseless else 0)
        for p in patterns
    ]
    expressions = [detection_form(p.source).encode() for p in patterns]
    database.compile(
        expressions=expressions, ids=list(range(len(patterns))), elements=len(patterns), flags=flags
    )
    return database


def _is_private(folder: Path) -> bool:
    """Whether only this user can write in `folder`: a database read from it is run as it is."""
    with contextlib.suppress(OSError):
        info = folder.lstat()
        ours = not hasattr(os, "getuid") or info.st_uid == os.getuid()
        return stat.S_ISDIR(info.st_mode) and ours and not info.st_mode & 0o022
    return False


def _read_cached(file: Path) -> Any:
    """The database in `file`, None when it is absent, damaged or made elsewhere."""
    try:
        raw = file.read_bytes()
    except OSError:
        return None
    digest, body = raw[:32], raw[32:]
    if hashlib.sha256(body).digest() != digest:
        return None
    try:
        return hyperscan.loadb(body, hyperscan.HS_MODE_BLOCK)
    except hyperscan.error:
        return None


def _write_cached(file: Path, database: Any) -> None:
    """`database` to `file`, whole or not at all; a cache that cannot be written is no error."""
    body = hyperscan.dumpb(database)
    with contextlib.suppress(OSError):
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=".secrets-")
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(hashlib.sha256(body).digest() + body)
            Path(name).replace(file)
        except OSError:
            Path(name).unlink(missing_ok=True)


def _cpu() -> str:
    """What hyperscan compiles for besides its version: the database is bound to CPU features."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith(("flags", "Features")):
                return line
    return ""


def build(patterns: Sequence[Pattern], cache_dir: Path | None) -> Detector:
    """A detector over `patterns`, from a database in `cache_dir` when that folder is private."""
    if hyperscan is None:
        return ReDetector(patterns)
    if cache_dir is None:
        return HyperscanDetector(_compile(patterns))
    with contextlib.suppress(OSError):
        cache_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not _is_private(cache_dir):
        return HyperscanDetector(_compile(patterns))
    sources = "\n".join(f"{p.source} {p.caseless}" for p in patterns)
    key = hashlib.sha256(f"{hyperscan.__version__}\n{_cpu()}\n{sources}".encode()).hexdigest()
    file = cache_dir / f"secrets-{key[:24]}.hs"
    database = _read_cached(file)
    if database is None:
        database = _compile(patterns)
        _write_cached(file, database)
    return HyperscanDetector(database)
