"""Which files a layer index keeps whole: the few that package and user databases live in."""

import re

MAX_METADATA = 4 * 1024 * 1024
MAX_DATABASE = 128 * 1024 * 1024

# (pattern of the whole path, most bytes)
_CAPTURED: tuple[tuple[str, int], ...] = (
    (r"var/lib/dpkg/status(\.d/[^/]+)?", MAX_DATABASE),
    (r"var/lib/dpkg/info/[^/]+\.(list|md5sums|conffiles)", MAX_DATABASE),
    (r"var/lib/dpkg/diversions", MAX_METADATA),
    (r"var/lib/apt/extended_states", MAX_METADATA),
    (r"(usr/)?lib/apk/db/installed", MAX_DATABASE),
    (
        r"(var/lib|usr/lib/sysimage|usr/share)/rpm/(rpmdb\.sqlite(-wal)?|Packages(\.db)?)",
        MAX_DATABASE,
    ),
    (r"var/lib/rpmmanifest/container-manifest-2", MAX_METADATA),
    (r".*\.dist-info/(RECORD|direct_url\.json|top_level\.txt)", MAX_METADATA),
    (r".*\.egg-info/(installed-files|top_level)\.txt", MAX_METADATA),
    (r"(.*/)?vendor/composer/installed\.json", MAX_METADATA),
    (r"etc/(passwd|group|shadow|os-release|nsswitch\.conf)", MAX_METADATA),
    (r"usr/lib/os-release", MAX_METADATA),
)

_PATTERN = re.compile("|".join(f"(?P<n{n}>{p})" for n, (p, _) in enumerate(_CAPTURED)))


def captured(path: str, size: int) -> bool:
    """Whether the file at `path`, `size` bytes long, is kept whole."""
    found = _PATTERN.fullmatch(path)
    if found is None or found.lastgroup is None:
        return False
    number = next(n for n in range(len(_CAPTURED)) if found.group(f"n{n}") is not None)
    return size <= _CAPTURED[number][1]
