"""Files and folders that a shell script names: patterns, `find`, and the arguments of commands."""

import fnmatch
from collections.abc import Iterator
from itertools import islice, pairwise

from slimmer.filesystem.tree import Node
from slimmer.reach.edge import Confidence, Kind, Need
from slimmer.reach.shell.state import (
    MAX_FILES,
    as_glob,
    compiled,
    is_known,
    is_pattern,
)
from slimmer.reach.world import World

# What lies below these belongs to everybody: a script that names one does not mean all of it.
_GENERAL = frozenset(
    [
        "/",
        "/bin",
        "/boot",
        "/dev",
        "/etc",
        "/etc/alternatives",
        "/etc/default",
        "/home",
        "/lib",
        "/lib64",
        "/media",
        "/mnt",
        "/opt",
        "/proc",
        "/root",
        "/run",
        "/sbin",
        "/srv",
        "/sys",
        "/tmp",
        "/usr",
        "/usr/bin",
        "/usr/include",
        "/usr/lib",
        "/usr/lib64",
        "/usr/libexec",
        "/usr/local",
        "/usr/local/bin",
        "/usr/local/etc",
        "/usr/local/lib",
        "/usr/local/sbin",
        "/usr/local/share",
        "/usr/sbin",
        "/usr/share",
        "/usr/share/doc",
        "/usr/src",
        "/var",
        "/var/cache",
        "/var/lib",
        "/var/log",
        "/var/run",
        "/var/spool",
        "/var/tmp",
    ]
)
# Commands that look at, or hand on, all that is below a folder they are given.
_READ_TREES = frozenset(
    [
        "cp",
        "mv",
        "tar",
        "rsync",
        "find",
        "ls",
        "chown",
        "chgrp",
        "chmod",
        "ln",
        "install",
        "cpio",
        "zip",
        "du",
        "diff",
        "grep",
    ]
)
_MAX_LOOKED_AT = 4096
_MAX_PATH = 4096


def is_general(path: str) -> bool:
    return normal(path) in _GENERAL


def normal(path: str) -> str:
    """An absolute path without `.`, `..` and empty names; links are not looked at."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)


def matches(world: World, pattern: str, folder: str) -> list[str]:
    """The paths that an active pattern stands for, as the shell would write them, sorted."""
    absolute = pattern.startswith("/")
    found = [("/" if absolute else "", world.get("/" if absolute else folder))]
    for part in [part for part in pattern.split("/") if part]:
        base = "/" if absolute else f"{folder}/"
        places = (
            place
            for path, node in found
            if node is not None
            for place in _step(world, path, node, part, base)
        )
        found = list(islice(places, MAX_FILES))
    return [path for path, node in found if node is not None]


def _step(
    world: World, path: str, node: Node, part: str, base: str
) -> Iterator[tuple[str, Node | None]]:
    start = path if not path or path.endswith("/") else f"{path}/"
    if node.children is None:
        return
    if not is_pattern(part):
        place = start + part
        node_there = world.get(place if place.startswith("/") else base + place)
        if node_there is not None:
            yield place, node_there
        return
    expression = compiled(as_glob(part))
    names = sorted(islice(node.children, min(_MAX_LOOKED_AT, world.names_left)))
    world.names_left -= len(names)
    for name in names:
        if expression.match(name) and (not name.startswith(".") or part.startswith(".")):
            place = start + name
            child = node.children[name]
            if child.is_symlink:
                yield place, world.get(place if place.startswith("/") else base + place)
            else:
                yield place, child


def found_by_find(world: World, words: tuple[str, ...], folder: str) -> tuple[str, ...] | None:
    """What `find` with these arguments lists; None where that is more than can be told."""
    tops: list[str] = []
    for word in words:
        if word[:1] in ("-", "(", "!"):
            if tops or word not in ("-L", "-P", "-H"):
                break
            continue
        tops.append(word)
    name, wants_folders = _conditions(words)
    found: list[str] = []
    for top in tops or ["."]:
        place = world.absolute(top, folder)
        node = world.get(place)
        if not is_known(top) or is_general(place):
            return None
        if node is None or node.children is None:
            continue
        for child in islice(world.below(node), _MAX_LOOKED_AT):
            if child.is_directory == wants_folders and fnmatch.fnmatchcase(child.name, name):
                below = child.path[len(node.path) :].lstrip("/")
                found.append(f"{top.rstrip('/')}/{below}")
    return tuple(found[:MAX_FILES])


def _conditions(words: tuple[str, ...]) -> tuple[str, bool]:
    """The pattern of the names, and whether folders are asked for."""
    pairs = list(pairwise(words))
    names = [value for option, value in pairs if option == "-name" and is_known(value)]
    one_of = "-o" in words or "-or" in words or "!" in words or "-not" in words
    name = names[0] if len(names) == 1 and not one_of else "*"
    return name[:200], ("-type", "d") in pairs


def named_files(world: World, command: str, word: str, folder: str, detail: str) -> Iterator[Need]:
    """What is needed of the paths in one argument of a command."""
    for text in _paths_in(word):
        path = world.absolute(text, folder)
        node = world.get(path)
        if node is None:
            yield from _place_of_new(world, path, detail)
        elif node.is_file:
            yield Need(path, Kind.DATA, detail)
        elif node.is_directory and "/" in text:
            yield Need(path, Kind.DATA, detail)
            if command in _READ_TREES and not is_general(f"/{node.path}"):
                yield Need(path, Kind.DATA, detail, Confidence.MEDIUM, tree=True)


def _place_of_new(world: World, path: str, detail: str) -> Iterator[Need]:
    """The folder of a file that is not there yet, for it may be written."""
    parent = path.rstrip("/").rpartition("/")[0]
    node = world.get(parent) if path.count("/") > 1 else None
    if node is not None and node.is_directory and not is_general(f"/{node.path}"):
        yield Need(parent, Kind.DATA, detail, Confidence.MEDIUM)


def _paths_in(word: str) -> Iterator[str]:
    """The argument itself, what follows `=` or an option's letter, and the parts of a list."""
    if not word or len(word) > _MAX_PATH or "\n" in word or not is_known(word):
        return
    value = word.partition("=")[2] if "=" in word else word
    if value.startswith("-"):
        value = value[2:] if value[2:3] == "/" else ""
    if value.startswith("/") and ":" in value:
        yield from (part for part in value.split(":")[:64] if part.startswith("/"))
    elif value and "://" not in value:
        yield value
