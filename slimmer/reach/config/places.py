"""Where words of a configuration lead: globs inside the image, and folders that mean something."""

import fnmatch
import functools
import re
from collections.abc import Iterator
from itertools import islice

from slimmer.filesystem.tree import Node
from slimmer.reach.world import World

_MAX_MATCHES = 2000
_MAX_NODES = 20_000
# More than this below a folder of the system that a configuration names is not its data.
MAX_TREE = 64 * 1024 * 1024
_IS_GLOB = re.compile(r"[*?\[]")
# Folders that many programs share: to name one is not to need what is in it.
_GENERAL = re.compile(
    r"(.*/)?s?bin|(usr/)?(local/)?(lib\w*|libexec|include|share|src|games|etc)?"
    r"|(usr/)?(local/)?(lib\w*|share)/([^/]*-linux-[^/]*|python[\d.]*(/(dist|site)-packages)?"
    r"|perl\d*(/[\d.]+)?|jvm|systemd|ssl|locale|i18n|doc|man|info|icons|applications|gcc|go|ruby)"
    r"|etc/(alternatives|default|init\.d|rc\w*\.d|ssl|ssl/certs|ssl/private|pam\.d|ld\.so\.conf\.d"
    r"|cron\.\w+|profile\.d|systemd|apt|dpkg|opt|logrotate\.d|pki)"
    r"|var(/(lib|cache|log|run|spool|tmp|opt|local|mail|backups|lib/(dpkg|apt|rpm|pam|systemd))(/.*)?)?"
    r"|run(/.*)?|tmp(/.*)?|home|root|opt|srv|mnt|media|boot|proc(/.*)?|sys(/.*)?|dev(/.*)?|nonexistent"
)
_SYSTEM = ("usr/", "lib/", "lib64/")
_HAS_CONTENT = re.compile(
    r"var/(lib|cache|spool|opt|local)/(?!dpkg|apt|rpm|pam|systemd)[^/]+(/.*)?"
)


def is_glob(path: str) -> bool:
    return _IS_GLOB.search(path) is not None


def matches(world: World, pattern: str) -> list[str]:
    """The paths that an absolute pattern stands for, links on the way followed, in order."""
    return list(islice(_expand(world, "", [p for p in pattern.split("/") if p]), _MAX_MATCHES))


def _expand(world: World, folder: str, parts: list[str]) -> Iterator[str]:
    for number, part in enumerate(parts):
        if not is_glob(part):
            folder = f"{folder}/{part}"
            continue
        node = world.get(folder or "/")
        names = sorted(node.children) if node is not None and node.children else []
        wanted = fnmatch.filter(names, part)
        hidden = part.startswith(".")
        for name in wanted:
            if hidden or not name.startswith("."):
                yield from _expand(world, f"{folder}/{name}", parts[number + 1 :])
        return
    if folder and world.get(folder) is not None:
        yield folder


def is_general(path: str) -> bool:
    """Whether a folder (no leading slash) belongs to no single program."""
    if _GENERAL.fullmatch(path) is None:
        return False
    return _HAS_CONTENT.fullmatch(path) is None


class Folders:
    """Which folders of an image are specific enough to be needed whole."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._known: dict[tuple[str, int], bool] = {}

    def is_specific(self, node: Node, most: int = MAX_TREE) -> bool:
        """Whether a folder that is named means all that is in it: of the system's folders only
        those that no other program has, and that are small."""
        key = node.path, most
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = not is_general(node.path) and self._is_small(node, most)
        return known

    def _is_small(self, folder: Node, most: int) -> bool:
        if not folder.path.startswith(_SYSTEM):
            return True
        size = 0
        for number, node in enumerate(self._world.below(folder)):
            size += node.size
            if size > most or number > _MAX_NODES:
                return False
        return True


@functools.lru_cache(maxsize=4096)
def ancestors(path: str) -> tuple[str, ...]:
    """The folders above a path with leading slash, the nearest first, down to two names deep;
    `/etc` and its like are nobody's own."""
    found = []
    folder = path.rpartition("/")[0]
    while folder.count("/") >= 1 and folder not in ("", "/etc", "/usr", "/usr/local", "/usr/share"):
        found.append(folder)
        folder = folder.rpartition("/")[0]
    return tuple(found[:4])
