"""The facts of `system.toml`, and how its patterns find what an image has."""

import fnmatch
import functools
import re
import tomllib
from collections.abc import Iterator
from importlib import resources

import msgspec

from slimmer.filesystem.tree import Node
from slimmer.reach.edge import Confidence, Kind, Need, Role
from slimmer.reach.world import World

# A folder of plugins has hundreds, not tens of thousands.
_MAX_MATCHES = 5000
_BELOW = "/**"
_WILD = re.compile(r"[*?\[]")


class PolicyFiles(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Patterns of files that stay whoever reads them."""

    why: str
    paths: tuple[str, ...]


class Trust(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    variables: tuple[str, ...]


class Iconv(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`common`: patterns below the gconv folder. Who needs no more than these: stems of libraries
    and names of packages. `offered`: stems of libraries that need nothing."""

    common: tuple[str, ...]
    locale_only: tuple[str, ...]
    locale_only_packages: tuple[str, ...]
    offered: tuple[str, ...]


class Terminfo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    folders: tuple[str, ...]
    entries: tuple[str, ...]


class Library(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the libraries with these sonames load, read and start; see `system.toml`."""

    soname: tuple[str, ...]
    load: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    exec: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    named_in: tuple[str, ...] = ()


class SystemTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    policy: tuple[PolicyFiles, ...]
    trust: Trust
    iconv: Iconv
    terminfo: Terminfo
    library: tuple[Library, ...]


@functools.cache
def system_table() -> SystemTable:
    """The table beside this file."""
    text = (resources.files("slimmer.reach.system") / "system.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), SystemTable)


@functools.cache
def _libraries() -> tuple[re.Pattern[str], tuple[tuple[re.Pattern[str], Library], ...]]:
    """What any soname of the table looks like, and each library with its own pattern."""
    by_pattern = tuple(
        (re.compile("|".join(fnmatch.translate(name) for name in library.soname)), library)
        for library in system_table().library
    )
    return re.compile("|".join(pattern.pattern for pattern, _ in by_pattern)), by_pattern


def libraries(soname: str) -> Iterator[Library]:
    """The entries for a library of that soname."""
    any_of_them, by_pattern = _libraries()
    if any_of_them.match(soname):
        yield from (library for pattern, library in by_pattern if pattern.match(soname))


def matches(world: World, pattern: str) -> Iterator[str]:
    """The absolute paths of the image that fit a pattern without `**`, links as written."""
    parts = [part for part in pattern.split("/") if part]
    fixed = next((at for at, part in enumerate(parts) if _WILD.search(part)), len(parts))
    if fixed == len(parts):
        if world.get(pattern) is not None:
            yield pattern
        return
    start = "/" + "/".join(parts[:fixed])
    folder = world.get(start)
    if folder is not None:
        found = _below(world, folder, start.rstrip("/"), parts[fixed:])
        yield from (path for path, _ in zip(found, range(_MAX_MATCHES), strict=False))


def _below(world: World, folder: Node, path: str, parts: list[str]) -> Iterator[str]:
    for name in sorted(folder.children or ()):
        if not fnmatch.fnmatchcase(name, parts[0]):
            continue
        place = f"{path}/{name}"
        child = world.get(place)
        if child is None:
            continue
        if len(parts) == 1:
            yield place
        elif child.is_directory:
            yield from _below(world, child, place, parts[1:])


def needs(
    world: World,
    pattern: str,
    kind: Kind,
    detail: str,
    confidence: Confidence = Confidence.MEDIUM,
    role: Role | None = None,
) -> Iterator[Need]:
    """A need for each match of a pattern; a final `/**` is the whole tree."""
    tree = pattern.endswith(_BELOW)
    for path in matches(world, pattern.removesuffix(_BELOW)):
        yield Need(path, kind, detail, confidence, role=role, tree=tree)
