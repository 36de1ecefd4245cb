"""dpkg's database, `status` and `info` or `status.d`, after a removal."""

from collections.abc import Callable, Iterator, Sequence

from slimmer.build.decisions import Decision, Decisions
from slimmer.build.plan import RULE_DATABASE, Written
from slimmer.build.remains import Remains, stays
from slimmer.filesystem.tree import Filesystem
from slimmer.formats.dpkg import parse_status
from slimmer.packages.dpkg import STATUS, Diversions, diversions_of, info_files
from slimmer.packages.interface import Package

_LISTS = (".list", ".md5sums")
# 32 hex digits and two characters between them and the path.
_MD5_WIDTH = 34
_MARK = b"X-Slim-Removed: %d of %d files\n"


def rewrite_dpkg(
    filesystem: Filesystem, decisions: Decisions, remains: Sequence[Remains]
) -> Iterator[Written]:
    """New contents of dpkg's records; those of packages that went are added to `decisions`."""
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
    diversions = diversions_of(filesystem)
    for item in remains:
        if item.left and item.left < item.before:
            yield from _new_record(filesystem, item)
            yield from _new_lists(filesystem, decisions, item.package, diversions)


def _is_listed(filesystem: Filesystem, package: Package) -> bool:
    """Whether anything tells which files the package has: if not, it may well have some."""
    return any(node.path.endswith(_LISTS) for node in info_files(filesystem, package))


def _new_record(filesystem: Filesystem, item: Remains) -> Iterator[Written]:
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


def _new_status(data: bytes, remains: Sequence[Remains]) -> bytes:
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


def _marked(text: bytes, item: Remains) -> bytes:
    if not item.missed:
        return text
    body = text.rstrip(b"\n")
    lines = [line for line in body.split(b"\n") if not line.startswith(b"X-Slim-Removed:")]
    mark = _MARK % (item.missed, item.before)
    return b"\n".join(lines) + b"\n" + mark + text[len(body) + 1 :]


def _new_lists(
    filesystem: Filesystem, decisions: Decisions, package: Package, diversions: Diversions
) -> Iterator[Written]:
    moved = {path: place for path, (place, by) in diversions.items() if by != package.name}

    def is_there(path: str) -> bool:
        return path in ("", ".") or stays(filesystem, decisions, moved.get(path, path))

    for node in info_files(filesystem, package):
        content = node.facts.content
        if content is None or not node.path.endswith(_LISTS) or node.path in decisions:
            continue
        new = _filtered(content, node.path.endswith(".md5sums"), is_there)
        if new != content:
            yield Written(node.path, new, f"files of {package.name} that are still there")


def _filtered(data: bytes, sums: bool, is_there: Callable[[str], bool]) -> bytes:
    """The lines whose path is still there; `sums`: a checksum stands before each path."""
    kept = []
    for line in data.splitlines(keepends=True):
        text = line.rstrip(b"\n")
        path = (text[_MD5_WIDTH:] if sums else text).decode("utf-8", "surrogateescape").strip("/")
        if is_there(path):
            kept.append(line)
    return b"".join(kept)
