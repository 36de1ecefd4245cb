"""rpm's database after a removal.

`rpmdb.sqlite` is made anew with the packages of which a file is left. A package that is there in
part stays as it is listed: its header is signed and cannot be edited. Berkeley DB and ndb, and an
SQLite database that is not as rpm makes it, are not written: a manifest takes their place, which
lists names and versions without files.

As long as each package with files keeps one of them, nothing is written.
"""

import re
from collections.abc import Iterable, Iterator

from slimmer.build.decisions import Decision, Decisions
from slimmer.build.plan import RULE_DATABASE, Kept, Written
from slimmer.build.remains import has_rpm, remains_of
from slimmer.errors import FormatError, InputError
from slimmer.filesystem.tree import Filesystem, Node
from slimmer.formats.rpm_header import RpmPackage
from slimmer.formats.rpm_manifest import manifest_of
from slimmer.formats.rpm_sqlite import without_packages
from slimmer.packages.interface import Package, Packages
from slimmer.packages.rpm import (
    MANIFEST,
    SQLITE,
    Identity,
    find_databases,
    identity,
    read_entries,
    whole_content,
)

_MAX_NAMES = 5
_REASON = "packages that are still there"
# A database, what SQLite and Berkeley DB keep beside one, and the tables rpm makes to search it.
_DATABASE_FILES = re.compile(
    r"rpmdb\.sqlite(-wal|-shm|-journal)?|(Packages|Index)\.db|Packages|__db\.\d+|\.dbenv\.lock|log\.\d+"
    r"|(Base|Dir)names|(Conflict|Enhance|Filetrigger|Obsolete|Provide|Recommend|Require|Suggest"
    r"|Supplement|Transfiletrigger|Trigger)name|Name|Group|Installtid|Sigmd5|Sha1header"
    r"|(Provide|Require)version|Pubkeys|Filedigests|Filemd5s|Removetid|Release"
)


def rewrite_rpm(
    filesystem: Filesystem, packages: Packages, decisions: Decisions
) -> Iterator[Written]:
    """New contents of rpm's records; the files of a database that goes are added to
    `decisions`."""
    known = [package for package in packages.all if package.type == "rpm"]
    listed = {_identity(package) for package in known if _is_left(package, decisions)}
    # A second database may list the same package: it went only if nothing says otherwise.
    gone = {_identity(package) for package in known if package.files} - listed
    if gone:
        yield from _rewrite(filesystem, packages, decisions, listed, gone)
    _say_partial(filesystem, packages, decisions)


def _rewrite(
    filesystem: Filesystem,
    packages: Packages,
    decisions: Decisions,
    listed: set[Identity],
    gone: set[Identity],
) -> Iterator[Written]:
    if has_rpm(packages, decisions):
        # Keys and packages without files mean something to rpm, and to it alone.
        listed = listed | {_identity(p) for p in packages.all if p.type == "rpm" and not p.files}
    told: list[RpmPackage] = []
    for node in find_databases(filesystem):
        entries = _entries(node) if node.path not in decisions else ()
        if all(identity(entry) not in gone for entry in entries):
            continue
        content = _new_database(node, entries, listed)
        if content is None:
            told += (entry for entry in entries if identity(entry) in listed)
        else:
            yield Written(node.path, content, _REASON)
        _drop_files(node, decisions, keep=content is not None)
    yield from _new_manifest(filesystem, decisions, told, gone)


def _say_partial(filesystem: Filesystem, packages: Packages, decisions: Decisions) -> None:
    """What a database that stays says of more than there is."""
    partial: dict[str, list[str]] = {}
    for package in packages.all:
        if package.type == "rpm" and package.files and package.database not in decisions:
            remains = remains_of(filesystem, package, decisions)
            if remains.left and remains.missed:
                partial.setdefault(package.database, []).append(package.name)
    for path, names in partial.items():
        some = ", ".join(names[:_MAX_NAMES]) + (", ..." if len(names) > _MAX_NAMES else "")
        reason = (
            f"lists whole what is there in part, since headers are signed: {len(names)} ({some})"
        )
        kept = Kept(f"/{path}", RULE_DATABASE, reason)
        if kept not in decisions.kept:  # a saved plan says it already
            decisions.kept.append(kept)


def _entries(node: Node) -> tuple[RpmPackage, ...]:
    try:
        return read_entries(node)
    except FormatError:  # its packages are not known, so none of them went
        return ()


def _identity(package: Package) -> Identity:
    return package.name, package.version, package.architecture


def _is_left(package: Package, decisions: Decisions) -> bool:
    return any(path not in decisions for path in package.files)


def _new_database(node: Node, entries: Iterable[RpmPackage], listed: set[Identity]) -> bytes | None:
    """The database of what is listed; None where this one is not written."""
    if node.name != SQLITE:
        return None
    rows = {entry.hnum for entry in entries if identity(entry) not in listed}
    try:
        return without_packages(whole_content(node), rows)
    except FormatError:
        return None


def _drop_files(database: Node, decisions: Decisions, *, keep: bool) -> None:
    """Drop the database, unless it is to `keep`, and what else lists packages beside it."""
    reason = "lists packages of which nothing is left"
    decision = Decision(RULE_DATABASE, reason, empties_stay=True)
    assert database.parent is not None
    for name, node in (database.parent.children or {}).items():
        stays = node.is_directory or (keep and node is database)
        if not stays and _DATABASE_FILES.fullmatch(name):
            decisions.drop(node.path, decision)


def _new_manifest(
    filesystem: Filesystem, decisions: Decisions, told: list[RpmPackage], gone: set[Identity]
) -> Iterator[Written]:
    """The manifest of what no database lists any more, with what it said before."""
    node = filesystem.resolve(MANIFEST)
    if node is not None and not node.is_file:
        raise InputError("is no file, so no list of packages can be written", where=f"/{MANIFEST}")
    before: tuple[RpmPackage, ...] = ()
    if node is not None and node.facts.content is not None and node.path not in decisions:
        before = _entries(node)
    known = {identity(entry) for entry in told}
    rest = [entry for entry in before if identity(entry) not in gone | known]
    if told or len(rest) < len(before):
        path = _place(filesystem)
        decisions.spare(path, "the list of packages")
        yield Written(path, manifest_of((*told, *rest)), _REASON)


def _place(filesystem: Filesystem) -> str:
    """Where the manifest lies, or would: `/var` may be a link."""
    missing: list[str] = []
    path = MANIFEST
    while (node := filesystem.resolve(path)) is None and path:
        path, _, name = path.rpartition("/")
        missing.insert(0, name)
    return "/".join(filter(None, (node.path if node is not None else "", *missing)))
