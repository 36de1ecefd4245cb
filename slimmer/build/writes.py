"""What startup scripts write, and whether a user may: a container must not fail to start because
its scripts were made for root."""

import re
from collections.abc import Collection, Iterable, Iterator

from slimmer.build.plan import UserChoice
from slimmer.build.user_rights import WRITE, may
from slimmer.filesystem.tree import Filesystem, Node

# A path, whole or up to where a variable begins.
_PATH = r"[\"']?(/[\w./@%+-]{1,400})"
_MORE = r"[^\n;|&]{0,500}[ \t]"
_OPTIONS = r"(?:[ \t]+-[\w=-]+){0,9}[ \t]+"
_QUOTED = r"""(?:[ \t]+(?:-[\w-]+|"[^"\n]{0,400}"|'[^'\n]{0,400}')){1,6}"""
_LAST = r"(?=[^\n;|&/]{0,100}(?:[\n;|&]|$))"
_WRITES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?<![<&\d-])>>?[ \t]*{_PATH}",
        rf"\b(?:tee|touch|mkdir|truncate)\b{_OPTIONS}{_PATH}",
        rf"\bsed[ \t]+(?:-[nEr]+[ \t]+)*(?:-i|--in-place){_MORE}{_PATH}",
        rf"\bsed\b(?=[^\n]{{0,80}}[ \t](?:-[nEr]*i|--in-place)){_QUOTED}[ \t]+{_PATH}",
        rf"\b(?:cp|mv|ln|install)[ \t]{_MORE}{_PATH}{_LAST}",
    )
)
# What is given away is written by whoever gets it; so is the last folder that is made.
_GIVES = (
    re.compile(rf"\b(?:chown|chgrp)\b{_OPTIONS}[\"']?[\w:.$-]{{1,80}}[\"']?[ \t]+{_PATH}"),
    re.compile(rf"\b(?:mkdir|install[ \t]+-d)\b{_MORE}{_PATH}"),
    re.compile(rf"\bfind[ \t]+{_PATH}[^\n;]{{0,300}}-exec[ \t]+(?:chown|chmod)\b"),
)
# A script that asks who it is knows what to do when it is not root.
_ASKS = re.compile(r"\bid[ \t]+-u|\$\{?E?UID\b|\bwhoami\b")
_RUNTIME = ("/dev/", "/proc/", "/sys/")


def written_paths(script: str) -> Iterator[str]:
    """Absolute paths that a shell script writes to, as far as they are plain to see; none of one
    that asks who it is."""
    if not _ASKS.search(script):
        yield from _matched(_WRITES, script)


def all_written_paths(script: str) -> Iterator[str]:
    """The same whoever runs it, and what it gives to somebody else, who is to write there."""
    yield from _matched((*_WRITES, *_GIVES), script)


def _matched(patterns: Iterable[re.Pattern[str]], script: str) -> Iterator[str]:
    for pattern in patterns:
        for found in pattern.finditer(script):
            if not found[1].startswith(_RUNTIME):
                yield found[1]


def first_unwritable(
    filesystem: Filesystem,
    writes: Iterable[tuple[str, str]],
    user: UserChoice,
    granted: Collection[str] = frozenset(),
) -> tuple[str, str] | None:
    """The first of the `(path, script)` pairs that the user may not write, if there is one.

    `granted` are folders that become the user's, with what is in them.
    """
    for path, where in writes:
        node = _existing(filesystem, path)
        if node is None or may(node, user, WRITE):
            continue
        if not any(above.path in granted for above in _upwards(node)):
            return path, where
    return None


def _upwards(node: Node) -> Iterator[Node]:
    above: Node | None = node
    while above is not None:
        yield above
        above = above.parent


def _existing(filesystem: Filesystem, path: str) -> Node | None:
    """The node at `path`, else the folder it would be made in."""
    while path:
        node = filesystem.resolve(path)
        if node is not None:
            return node
        path = path.rstrip("/").rpartition("/")[0]
    return filesystem.root
