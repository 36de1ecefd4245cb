"""Leaving out what a package brought: the second half of suppression.

The engine judges a file by itself. Whether it is still the file that a package installed takes
the package databases, which the caller has read: dpkg's md5sums and conffiles, apk's `Z:` (sha1),
rpm's digests, the sha256 of a wheel's `RECORD`.
"""

import re
from collections.abc import Iterable
from typing import Protocol

from slimmer.secrets.match import FileSecrets

_PYC = re.compile(r"^(.*)/__pycache__/([^/]+?)\.(?:cpython|pypy)[^/]*\.pyc$")
_MERGED = ("bin/", "sbin/", "lib/", "lib64/", "lib32/", "libx32/")


class PackagedDigests(Protocol):
    """What package databases say: digests as `md5:<hex>`, `sha1:<hex>`, `sha256:<hex>`."""

    def digests(self, path: str) -> Iterable[str]:
        """Recorded digests of `path` (no leading slash), none when no package owns it."""
        ...

    def intact(self, path: str) -> bool:
        """Whether `path` exists in the image as its package installed it."""
        ...


def spellings(path: str) -> tuple[str, ...]:
    """The path and its other name under a merged /usr."""
    if path.startswith("usr/") and path[4:].startswith(_MERGED):
        return path, path[4:]
    return (path, f"usr/{path}") if path.startswith(_MERGED) else (path,)


def source_of_bytecode(path: str) -> str | None:
    """The `.py` a `.pyc` was compiled from, for the layout of PEP 3147 and the one before it."""
    found = _PYC.match(path)
    if found:
        return f"{found[1]}/{found[2]}.py"
    return path[:-1] if path.endswith((".pyc", ".pyo")) else None


def is_packaged(path: str, secrets: FileSecrets, packaged: PackagedDigests) -> bool:
    """Whether the file is one that a package installed and nobody changed since.

    Bytecode has no recorded digest: it goes with its source.
    """
    ours = {f"md5:{secrets.md5}", f"sha1:{secrets.sha1}", f"sha256:{secrets.sha256}"}
    for name in spellings(path) if secrets.sha256 else ():
        if ours.intersection(packaged.digests(name)):
            return True
    source = source_of_bytecode(path)
    return source is not None and any(packaged.intact(name) for name in spellings(source))
