"""What startup scripts write, and whether a user may: a container must not fail to start because
its scripts were made for root."""

import re
from collections.abc import Iterable, Iterator

from slimmer.build.plan import UserChoice
from slimmer.build.user_rights import WRITE, may
from slimmer.filesystem.tree import Filesystem, Node

# A path, whole or up to where a variable begins.
_PATH = r"[\"']?(/[\w./@%+-]+)"
_WRITES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?<![<&\d-])>>?[ \t]*{_PATH}",
        rf"\b(?:tee|touch|mkdir|truncate)\b(?:[ \t]+-[\w=]+)*[ \t]+{_PATH}",
        rf"\bsed[ \t]+(?:-[nEr]+[ \t]+)*(?:-i|--in-place)[^\n;|&]*[ \t]{_PATH}",
        rf"\b(?:cp|mv|ln|install)[ \t][^\n;|&]*[ \t]{_PATH}(?=[^\n;|&/]*(?:[\n;|&]|$))",
    )
)
# A script that asks who it is knows what to do when it is not root.
_ASKS = re.compile(r"\bid[ \t]+-u|\$\{?E?UID\b|\bwhoami\b")
_RUNTIME = ("/dev/", "/proc/", "/sys/")


def written_paths(script: str) -> Iterator[str]:
    """Absolute paths that a shell script writes to, as far as they are plain to see."""
    if _ASKS.search(script):
        return
    for pattern in _WRITES:
        for found in pattern.finditer(script):
            if not found[1].startswith(_RUNTIME):
                yield found[1]


def first_unwritable(
    filesystem: Filesystem, writes: Iterable[tuple[str, str]], user: UserChoice
) -> tuple[str, str] | None:
    """The first of the `(path, script)` pairs that the user may not write, if there is one."""
    for path, where in writes:
        node = _existing(filesystem, path)
        if node is not None and not may(node, user, WRITE):
            return path, where
    return None


def _existing(filesystem: Filesystem, path: str) -> Node | None:
    """The node at `path`, else the folder it would be made in."""
    while path:
        node = filesystem.resolve(path)
        if node is not None:
            return node
        path = path.rstrip("/").rpartition("/")[0]
    return filesystem.root
