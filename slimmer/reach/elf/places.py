"""Which folders that a program names are its own, and what is needed of them."""

import re
from collections.abc import Iterator
from itertools import islice

from slimmer.filesystem.tree import Node
from slimmer.reach.edge import Confidence, Kind, Need
from slimmer.reach.elf.libraries import Libraries
from slimmer.reach.folders import is_general
from slimmer.reach.payload import system_owner
from slimmer.reach.world import World

_MAX_FILES = 20_000
_MAX_ASKED = 2_000
# A folder with files of more packages than this belongs to none of them, unless it is of plugins.
_MAX_OWNERS = 8
# Beside the folders that are general for all evidence: whoever names one of these looks for
# something in it, or for nothing.
_GENERAL = re.compile(
    r"var/lib/misc|home/[^/]+|(?:mnt|media)/.*|.*/s?bin"
    r"|usr/(?:local/)?share/(?:pixmaps|lintian|pkgconfig|aclocal|bug)"
)
# Made and emptied by the machine.
_VOLATILE = re.compile(r"(?:proc|sys|dev|run|tmp|var/run|var/tmp|var/log|var/lock|boot)(?:/.*)?")
# What programs name and do without: documentation, translations, debug symbols, the databases of
# package managers. Conversions and locales of the C library have their own rules.
_OPTIONAL = re.compile(
    r"usr/(?:local/)?share/(?:locale|man|doc|info|gtk-doc|help)(?:/.*)?|usr/lib/debug(?:/.*)?"
    r"|usr/(?:local/)?lib/locale(?:/.*)?|.*/gconv(?:/.*)?|usr/include(?:/.*)?"
    r"|var/(?:cache|backups|spool)/.*|var/lib/(?:dpkg|apt|rpm|dnf)(?:/.*)?|(?:usr/)?lib/apk(?:/.*)?"
)
# What an init system runs and reads. Its client libraries name it, which is no need of a process.
_OF_INIT = re.compile(
    r"(?:usr/)?(?:local/)?(?:lib|etc|share)/(?:systemd|udev|tmpfiles\.d|sysusers\.d|environment\.d"
    r"|binfmt\.d|modules-load\.d|sysctl\.d|dbus-1)(?:/.*)?"
)
_LIBRARY_NAME = re.compile(r".+\.so(?:\.[\w.]+)?")


class Places:
    """What is to be said of a path that is there and that somebody names."""

    def __init__(self, world: World, libraries: Libraries) -> None:
        self._world = world
        self._libraries = libraries

    def is_volatile(self, path: str) -> bool:
        return _VOLATILE.fullmatch(path) is not None

    def is_optional(self, path: str) -> bool:
        return _OPTIONAL.fullmatch(path) is not None

    def is_of_init(self, path: str) -> bool:
        return _OF_INIT.fullmatch(path) is not None

    def is_specific(self, folder: Node) -> bool:
        """Whether a folder is somebody's own: whoever names it uses what is in there."""
        path = folder.path
        if (
            folder.children is None
            or is_general(path)
            or _GENERAL.fullmatch(path)
            or self._libraries.is_general(folder)
        ):
            return False
        return not self.is_volatile(path)

    def folder(self, path: str, folder: Node, confidence: Confidence) -> Iterator[Need]:
        """All of a folder that is somebody's own: data, and plugins with what they need."""
        detail = f"names the folder {path}"
        below = list(islice(self._world.below(folder), _MAX_FILES))
        plugins = [node for node in below if is_library(node)]
        if self.is_optional(folder.path) or (not plugins and self._is_shared(below)):
            confidence = Confidence.LOW
        yield Need(path, Kind.DATA, detail, confidence, tree=True)
        for node in plugins:
            yield Need(f"/{node.path}", Kind.LOAD, f"{detail} of plugins", confidence)

    def _is_shared(self, below: list[Node]) -> bool:
        owners = {
            owner.name
            for node in below[:_MAX_ASKED]
            if not node.is_directory and (owner := system_owner(self._world, node.path)) is not None
        }
        return len(owners) > _MAX_OWNERS


def is_library(node: Node) -> bool:
    """Whether a file is a library or plugin."""
    elf = node.facts.elf if node.is_file else None
    if elf is None or elf.kind != "shared":
        return False
    return not elf.is_executable_program or _LIBRARY_NAME.fullmatch(node.name) is not None


def is_program(node: Node) -> bool:
    """Whether a file can be started: by its mode, and a header or first line that says how."""
    if not node.is_executable:
        return False
    elf = node.facts.elf
    if elf is not None:
        return elf.is_executable_program and not is_library(node)
    return node.facts.shebang is not None
