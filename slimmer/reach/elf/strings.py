"""What the constants of a program name: paths, libraries, commands. One pass for each kind."""

import re
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass

MAX_NAMES = 20_000
_MAX_WORDS_IN = 16 << 20
_MAX_NAME = 512

# A path, not in the middle of a text unless behind `:` or `=`; what is before it and the rest.
# The pattern begins with one byte, for which the engine uses a fast search.
_PATH = re.compile(rb"/(?<=([^ -9;<>-~])/)([\w.+@~%-][\w./+@~%,$-]{1,511})")
_TAIL = re.compile(rb"[\w./+@~%,$-]{1,200}")
_LIBRARY = re.compile(rb"\.so(?:\.[\w.]{1,40})?\0")
_WORD = re.compile(rb"\0([A-Za-z_\[][\w.+-]{1,63})(?=([\0 ]))")
_RELATIVE = re.compile(
    rb"(?<![ -~])/?((?:\.\./){0,3}(?:share|lib|libexec|lib64|etc)/[\w.+-][\w./+-]{1,200})\0"
)
_IS_NAME = re.compile(r"[\w./+@~%,{}$-]+")


@dataclass(frozen=True, slots=True)
class NamedPath:
    """A path in a text. `before` is empty where the text begins with it, else `:` or `=`."""

    path: str
    before: str = ""


def paths_in(data: bytes) -> list[NamedPath]:
    """Every absolute path that a text begins with, or that stands behind `:` or `=` in it."""
    found: dict[NamedPath, None] = {}
    for match in _PATH.finditer(data):
        before, path = match.groups()
        said = before.decode() if before in (b":", b"=") else ""
        found[NamedPath(f"/{path.decode()}", said)] = None
        if len(found) >= MAX_NAMES:
            break
    return list(found)


def packed_paths_in(data: bytes, tops: Iterable[str]) -> Iterator[str]:
    """What may begin with an absolute path in texts that no NUL parts, as Go and Rust keep them.

    `tops` are the names in the root folder. What follows the path may belong to another text.
    """
    names = sorted((name for name in tops if re.fullmatch(r"[\w.-]+", name)), reverse=True)
    if not names:
        return
    start = re.compile(rb"/(?:" + b"|".join(re.escape(name.encode()) for name in names) + rb")/")
    seen: set[bytes] = set()
    for match in start.finditer(data):
        tail = _TAIL.match(data, match.start())
        if tail is not None and tail[0] not in seen:
            seen.add(tail[0])
            yield tail[0].decode()
            if len(seen) >= MAX_NAMES:
                return


def libraries_in(data: bytes) -> list[str]:
    """Texts that end like the name of a library: `libz.so.1`, `/opt/a.so`, `%s/lib%s.so`."""
    found: dict[str, None] = {}
    for match in _LIBRARY.finditer(data):
        low = max(0, match.start() - _MAX_NAME)
        begin = data.rfind(b"\0", low, match.start()) + 1
        name = data[max(low, begin) : match.end() - 1].decode("latin-1")
        if _IS_NAME.fullmatch(name) and not name.startswith(".so"):
            found[name] = None
            if len(found) >= MAX_NAMES:
                break
    return list(found)


def words_in(data: bytes, names: Set[bytes]) -> dict[str, bool]:
    """Which of `names` are a text, or the first word of one; whether they are a whole one."""
    found: dict[str, bool] = {}
    for word, end in sorted(set(_WORD.findall(data, 0, _MAX_WORDS_IN))):
        if word in names:
            found[word.decode()] = found.get(word.decode(), False) or end == b"\0"
    return found


def relative_in(data: bytes) -> list[str]:
    """Paths below an installation's prefix: `share/NAME`, `../lib/NAME`."""
    return [path.decode() for path in dict.fromkeys(_RELATIVE.findall(data))][:MAX_NAMES]
