"""Names in a layer: their one normal form, and what whiteout names mean (image-spec layer.md)."""

from slimmer.errors import FormatError

WHITEOUT_PREFIX = ".wh."
OPAQUE_NAME = ".wh..wh..opq"
# AUFS bookkeeping that very old layers carry; never content.
_AUFS_PREFIX = ".wh..wh."
# PATH_MAX of Linux without the NUL byte.
MAX_PATH = 4095


def normalise(name: str) -> str:
    """The path without `./`, `//`, a leading or trailing `/`; the root is the empty string.

    `..` is resolved by the text. Raises `FormatError` for a name that leads out of the image, is
    empty, holds a NUL byte or is longer than any kernel takes.
    """
    if not name or "\0" in name:
        raise FormatError(f"not a path: {name[:80]!r}")
    if name[0] in "./" or "/." in name or "//" in name or name[-1] == "/":
        name = _resolved(name)
    if len(name) > MAX_PATH:
        raise FormatError(f"path of {len(name)} characters: {name[:80]!r}")
    return name


def _resolved(name: str) -> str:
    parts: list[str] = []
    for part in name.split("/"):
        if part == ".." and not parts:
            raise FormatError(f"path leads out of the image: {name[:160]!r}")
        if part == "..":
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def parent(path: str) -> str:
    return path.rpartition("/")[0]


def basename(path: str) -> str:
    return path.rpartition("/")[2]


def is_whiteout(path: str) -> bool:
    """Whether the entry hides something instead of being something."""
    return basename(path).startswith(WHITEOUT_PREFIX)


def is_opaque(path: str) -> bool:
    return basename(path) == OPAQUE_NAME


def is_aufs_metadata(path: str) -> bool:
    if _AUFS_PREFIX not in path:
        return False
    return any(p.startswith(_AUFS_PREFIX) and p != OPAQUE_NAME for p in path.split("/"))


def whiteout_target(path: str) -> str:
    """What a whiteout hides: `a/.wh.b` hides `a/b`. A bare `.wh.` is a `FormatError`."""
    folder, slash, name = path.rpartition("/")
    hidden = name.removeprefix(WHITEOUT_PREFIX)
    if hidden in ("", ".", ".."):
        raise FormatError(f"whiteout without a name: {path[:160]!r}")
    return f"{folder}{slash}{hidden}"
