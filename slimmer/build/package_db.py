"""Package databases that say what is still there: never deleted to make a scanner silent.

A package with no file left is no longer listed; one that lost files other than documentation is
marked. The lists of files name what exists.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from slimmer.build.decisions import Decision, Decisions
from slimmer.build.links import is_folder_link
from slimmer.build.plan import RULE_DATABASE, Written
from slimmer.filesystem.tree import Filesystem, Node
from slimmer.formats.apk import parse_installed
from slimmer.formats.dpkg import parse_status
from slimmer.packages.dpkg import STATUS, info_files
from slimmer.packages.interface import Package, Packages

APK_DATABASES = ("lib/apk/db/installed", "usr/lib/apk/db/installed")
_LISTS = (".list", ".md5sums")
# 32 hex digits and two characters between them and the path.
_MD5_WIDTH = 34
_MARK = b"X-Slim-Removed: %d of %d files\n"

# Losing these does not make a package partial.
_HARMLESS = frozenset({"documentation", "manual", "completion", "bytecode", "log"})


@dataclass(frozen=True)
class _Remains:
    """What is left of one package."""

    package: Package
    before: int
    left: int
    missed: int


def rewrite_databases(
    filesystem: Filesystem, packages: Packages, decisions: Decisions
) -> list[Written]:
    """New contents of the databases; records of packages that went are added to `decisions`."""
    remains = [_remains(filesystem, p, decisions) for p in packages.all if p.type in ("deb", "apk")]
    written: list[Written] = []
    written += _dpkg(filesystem, decisions, [r for r in remains if r.package.type == "deb"])
    written += _apk(filesystem, decisions, [r for r in remains if r.package.type == "apk"])
    return written


def _remains(filesystem: Filesystem, package: Package, decisions: Decisions) -> _Remains:
    gone = [decisions.by_path[path] for path in package.files if path in decisions]
    missed = sum(1 for decision in gone if decision.rule not in _HARMLESS)
    left = [path for path in package.files if path not in decisions]
    # Links to folders, such as /lib, are in the list of each package that has files below.
    if gone and all(is_folder_link(filesystem, filesystem.get(path)) for path in left):
        left = []
    return _Remains(package, len(package.files), len(left), missed)


# --- dpkg ---------------------------------------------------------------------------------------


def _dpkg(
    filesystem: Filesystem, decisions: Decisions, remains: list[_Remains]
) -> Iterator[Written]:
    remains = [item for item in remains if item.before or _is_listed(filesystem, item.package)]
    for item in remains:
        if not item.left:
            _drop_records(filesystem, decisions, item.package)
    listed = [item for item in remains if item.package.database == STATUS]
    node = filesystem.resolve(STATUS)
    if node is not None and node.facts.content is not None and node.path not in decisions:
        content = _new_status(node.facts.content, listed)
        if content != node.facts.content:
            yield Written(node.path, content, "packages that are still there")
    for item in remains:
        if item.left and item.left < item.before:
            yield from _new_record(filesystem, item)
            yield from _new_lists(filesystem, decisions, item.package)


def _is_listed(filesystem: Filesystem, package: Package) -> bool:
    """Whether anything tells which files the package has: if not, it may well have some."""
    return any(node.path.endswith(_LISTS) for node in info_files(filesystem, package))


def _new_record(filesystem: Filesystem, item: _Remains) -> Iterator[Written]:
    """The mark in a record of `status.d`."""
    node = filesystem.get(item.package.database)
    if item.package.database == STATUS or node is None or node.facts.content is None:
        return
    content = _new_status(node.facts.content, [item])
    if content != node.facts.content:
        yield Written(node.path, content, "packages that are still there")


def _drop_records(filesystem: Filesystem, decisions: Decisions, package: Package) -> None:
    reason = f"record of package {package.name}, of which nothing is left"
    decision = Decision(RULE_DATABASE, reason, package.name, empties_stay=True)
    for node in info_files(filesystem, package):
        decisions.drop(node.path, decision)
    if package.database != STATUS:
        decisions.drop(package.database, decision)


def _new_status(data: bytes, remains: list[_Remains]) -> bytes:
    by_key = {(r.package.name, r.package.architecture): r for r in remains}
    pieces: list[bytes] = []
    for paragraph in parse_status(data):
        text = data[paragraph.start : paragraph.end]
        item = by_key.get((paragraph.name, paragraph.architecture))
        if item is None:
            pieces.append(text)
        elif item.left:
            pieces.append(_marked(text, item))
    return b"".join(pieces)


def _marked(text: bytes, item: _Remains) -> bytes:
    if not item.missed:
        return text
    body = text.rstrip(b"\n")
    lines = [line for line in body.split(b"\n") if not line.startswith(b"X-Slim-Removed:")]
    mark = _MARK % (item.missed, item.before)
    return b"\n".join(lines) + b"\n" + mark + text[len(body) + 1 :]


def _new_lists(filesystem: Filesystem, decisions: Decisions, package: Package) -> Iterator[Written]:
    for node in info_files(filesystem, package):
        content = node.facts.content
        if content is None or not node.path.endswith(_LISTS) or node.path in decisions:
            continue
        new = _filtered(content, node.path.endswith(".md5sums"), filesystem, decisions)
        if new != content:
            yield Written(node.path, new, f"files of {package.name} that are still there")


def _filtered(data: bytes, sums: bool, filesystem: Filesystem, decisions: Decisions) -> bytes:
    """The lines whose path is still there; `sums`: a checksum stands before each path."""
    kept = []
    for line in data.splitlines(keepends=True):
        text = line.rstrip(b"\n")
        path = (text[_MD5_WIDTH:] if sums else text).decode("utf-8", "surrogateescape").strip("/")
        if path in ("", ".") or _stays(filesystem, decisions, path):
            kept.append(line)
    return b"".join(kept)


def _stays(filesystem: Filesystem, decisions: Decisions, path: str) -> bool:
    node = filesystem.resolve_parent(path)
    return node is not None and node.path not in decisions


# --- apk ----------------------------------------------------------------------------------------


def _apk(
    filesystem: Filesystem, decisions: Decisions, remains: list[_Remains]
) -> Iterator[Written]:
    left = {item.package.name: item for item in remains}
    for path in APK_DATABASES:
        node = filesystem.get(path)
        if node is None or node.facts.content is None or not left:
            continue
        content = _new_installed(node, left, lambda p: _stays(filesystem, decisions, p))
        if content != node.facts.content:
            yield Written(path, content, "packages that are still there")


def _new_installed(node: Node, remains: dict[str, _Remains], stays: Callable[[str], bool]) -> bytes:
    data = node.facts.content or b""
    pieces: list[bytes] = []
    for package in parse_installed(data):
        item = remains.get(package.name)
        text = data[package.start : package.end]
        # A virtual package (`.build-deps`) owns nothing and stands for others: it goes as well.
        if item is None or item.left:
            pieces.append(_without_gone_files(text, stays))
    return b"".join(pieces)


def _without_gone_files(paragraph: bytes, stays: Callable[[str], bool]) -> bytes:
    """Drop `R:` lines of files that go, with the `a:` and `Z:` lines that belong to them."""
    lines: list[bytes] = []
    folder, skipping = "", False
    for line in paragraph.splitlines(keepends=True):
        key, value = line[:2], line[2:].rstrip(b"\n").decode("utf-8", "surrogateescape")
        match key:
            case b"F:":
                folder, skipping = value, False
            case b"R:":
                skipping = not stays(f"{folder}/{value}" if folder else value)
            case b"a:" | b"Z:" if skipping:
                continue
            case _ if key not in (b"M:",):
                skipping = False
        if not skipping:
            lines.append(line)
    return b"".join(lines)
