"""What no package owns: the application itself, which no lack of evidence ever removes."""

import re
from collections.abc import Iterator

from slimmer.filesystem.tree import Node
from slimmer.packages.interface import Package
from slimmer.reach.edge import Confidence, Kind, Need, Role
from slimmer.reach.world import World

SYSTEM_TYPES = frozenset({"deb", "apk", "rpm"})
_LIBRARY_TYPES = frozenset({"pypi", "npm", "gem", "composer"})
# A package that lies here was installed; one that lies elsewhere is the application itself.
_INSTALLED = re.compile(r"(^|/)(site-packages|dist-packages|node_modules|gems|nodejs|vendor)/")
# Records of package managers, kept for scanners and rewritten by the build; what others mount.
_RECORDS = re.compile(
    r"(proc|sys|dev|boot)/.*|var/lib/(dpkg|apt|rpm|rpmmanifest|dnf|pacman)/.*"
    r"|(usr/)?lib/apk/.*|usr/(lib/sysimage|share)/rpm/.*|etc/apk/.*"
)
# The library of a language that somebody built here: its resolver knows which of it is needed.
_STANDARD = re.compile(
    r"((?:.+/)?lib(?:64)?/(?:(python\d\.\d+)/(?!site-packages/|dist-packages/)|ruby/\d|perl5/\d)).*"
)
# Where Python finds its library: the folder that has one of these (the file that sets its paths).
_LANDMARKS = ("os.py", "os.pyc")
# Links that only give installed programs another name, and switches of an init system.
_SYSTEM_LINKS = re.compile(r"(usr/)?s?bin/[^/]+|etc/(alternatives|rc[0-9S]\.d)/[^/]+")
_SYSTEMD_LINKS = re.compile(r"etc/systemd/(system|user)/.+")
_SYSTEMD = "/lib/systemd/systemd"
# Where distributions keep programs, libraries and what belongs to them (hier(7)).
_DISTRIBUTION = re.compile(r"(usr/)?(s?bin|lib\w*)/|usr/(share|include|libexec|games)/")
# Where a folder of that name may hold anything.
_APPLICATIONS = ("app/", "srv/", "home/", "root/")
_MOUNTED = re.compile(r"(proc|sys|dev)/")
OWNERLESS = "no package owns it"


def system_owner(world: World, path: str) -> Package | None:
    """The operating system's package that owns a path, None where none does."""
    owner = world.owner(path)
    return owner if owner is not None and owner.type in SYSTEM_TYPES else None


def library_owner(world: World, path: str) -> Package | None:
    """The language's package that owns a path and that somebody installed, None where none does."""
    owner = world.owner(path)
    if owner is None or owner.type not in _LIBRARY_TYPES or not _INSTALLED.search(path):
        return None
    return owner


def is_record(path: str) -> bool:
    """Whether a path holds records of a package manager, or what a runtime mounts over."""
    return _RECORDS.fullmatch(path) is not None


def is_payload(world: World, node: Node) -> bool:
    """Whether a file or link is the application's, by lack of another owner."""
    if node.is_directory or is_record(node.path):
        return False
    if system_owner(world, node.path) or library_owner(world, node.path):
        return False
    if _is_standard(world, node.path):
        return False
    return not (node.is_symlink and _is_system_link(world, node.path))


def _is_standard(world: World, path: str) -> bool:
    """Whether a path is in the library of a language, and not only in a folder of such a name."""
    found = _STANDARD.fullmatch(path)
    if found is None or path.startswith(_APPLICATIONS):
        return False
    folder = world.filesystem.get(found[1].rstrip("/"))
    names = (folder.children if folder is not None else None) or {}
    return not found[2] or any(name in names for name in _LANDMARKS)


def _is_system_link(world: World, path: str) -> bool:
    """Whether a link is of what installs and starts programs; units are of no use without what
    reads them."""
    if _SYSTEMD_LINKS.fullmatch(path):
        return world.get(_SYSTEMD) is None and world.get(f"/usr{_SYSTEMD}") is None
    return _SYSTEM_LINKS.fullmatch(path) is not None


def payload(world: World) -> Iterator[Node]:
    """Every file and link of the application, in the order of the paths."""
    return (node for node in world.filesystem.walk() if is_payload(world, node))


def payload_roots(world: World, *, by_place: bool = False) -> Iterator[tuple[str, Need]]:
    """The application's files, as they lie there: what they link stays with them, and what their
    links lead to; but a link alone does not keep a system's program.

    `by_place`: where no package is recorded at all, what lies where a distribution's files do is
    taken for the distribution's, and is needed only when something reaches it.
    """
    is_bare = by_place and not any(p.type in SYSTEM_TYPES for p in world.packages.all)
    for node in world.filesystem.walk():
        if node.is_directory or (is_bare and _DISTRIBUTION.match(node.path)):
            continue
        if _MOUNTED.match(node.path):
            detail = "the runtime puts its own there"
            yield "image", Need(node.path, Kind.POLICY, detail, role=Role.KEEP)
        elif is_record(node.path):
            yield "records", Need(node.path, Kind.POLICY, "a package database", role=Role.KEEP)
        elif is_payload(world, node):
            target = world.trail(node.path)[1] if node.is_symlink else node
            is_weak = target is not None and target is not node and target.is_executable
            if is_weak and target is not None and is_payload(world, target):
                is_weak = is_bare and _DISTRIBUTION.match(target.path) is not None
            level = Confidence.LOW if is_weak else Confidence.MEDIUM
            yield "payload", Need(node.path, Kind.ROOT, OWNERLESS, level, Role.KEEP)
