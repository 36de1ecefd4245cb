"""What a user is given so that it can write what the container writes, and bits that go."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType

import msgspec

from slimmer.build.layer_edit import Replace
from slimmer.build.plan import Grant, ModeChange, UserChoice, WritablePath
from slimmer.build.user_rights import EXECUTE, WRITE, may
from slimmer.errors import FormatError
from slimmer.filesystem.tree import Filesystem, Node
from slimmer.formats.read import ReadAt
from slimmer.formats.tar import Kind, TarEntry
from slimmer.formats.tar_write import rewritten_header
from slimmer.image.content import reader_of_entry
from slimmer.image.index import FileFacts
from slimmer.reach.graph import Graph

_MAX_NODES = 5000
# Folders whose content is a service's own; any other top-level folder is the image's.
_GRANTABLE = re.compile(
    r"run(/.*)?|var/(?!lib/(dpkg|apt|rpm|pam|systemd)(/|$))[^/]+/.+|srv/.+|(data|storage|cache)(/.*)?"
)
_SYSTEM = re.compile(
    r"(usr|etc|bin|sbin|lib\w*|boot|dev|proc|sys|home|root|opt|srv|mnt|media|var|run|tmp)(/.*)?"
)
_ETC = re.compile(r"etc/([^/]+)(/.*)?")
# Folders that everybody's things are in: only the folder itself is given.
_SHARED = re.compile(r"run|var/(run|lock|log|cache|spool|tmp)")
_SPECIAL = 0o6000


@dataclass(frozen=True)
class Grants:
    """What is given, and what is written to that cannot be given."""

    given: tuple[Grant, ...] = ()
    refused: tuple[WritablePath, ...] = ()

    @property
    def paths(self) -> frozenset[str]:
        """The folders of which the content is given as well."""
        return frozenset(grant.path for grant in self.given if grant.tree)


def grants_for(
    filesystem: Filesystem,
    user: UserChoice,
    writable: Iterable[WritablePath],
    programs: Collection[str],
) -> Grants:
    """The folders that `user` writes to and may not yet. `programs` are the names of those that
    run: what is in /etc is given only where it is called like one.

    Only what root owns is given; nothing with programs or libraries in it.
    """
    given: list[Grant] = []
    refused: list[WritablePath] = []
    for item in writable if user.uid else ():
        node = filesystem.resolve(item.path)
        if node is None or not item.certain or may(node, user, WRITE | EXECUTE):
            continue
        if any(grant.tree and node.path.startswith(f"{grant.path}/") for grant in given):
            continue
        if node.inode.uid == 0 and _is_grantable(node, programs):
            is_tree = _SHARED.fullmatch(node.path) is None
            given.append(Grant(node.path, user.uid, user.gid, item.reason, is_tree))
        else:
            refused.append(item)
    return Grants(tuple(given), tuple(refused))


def _is_grantable(folder: Node, programs: Collection[str]) -> bool:
    own = _ETC.fullmatch(folder.path)
    if own is not None:
        allowed = own[1] in programs
    else:
        is_images = "/" not in folder.path and _SYSTEM.fullmatch(folder.path) is None
        allowed = is_images or _GRANTABLE.fullmatch(folder.path) is not None
    if not allowed or folder.inode.entry is None:
        return False
    if _SHARED.fullmatch(folder.path):
        return True
    content = list(islice(_content(folder), _MAX_NODES + 1))
    return len(content) <= _MAX_NODES and not any(map(_is_code, content))


def _is_code(node: Node) -> bool:
    if not node.is_file:
        return False
    return node.facts.elf is not None or (node.is_executable and node.facts.shebang is not None)


def _content(folder: Node) -> Iterator[Node]:
    stack = [folder]
    while stack:
        for child in (stack.pop().children or {}).values():
            yield child
            if child.is_directory:
                stack.append(child)


def granted_nodes(filesystem: Filesystem, grants: Iterable[Grant]) -> dict[str, Grant]:
    """Every path whose owner changes: the folders, and of what is in them the files and folders
    that are root's and have no other name."""
    found: dict[str, Grant] = {}
    for grant in grants:
        top = filesystem.get(grant.path)
        if top is None or not top.is_directory:
            continue
        found[top.path] = grant
        for node in _content(top) if grant.tree else ():
            if _can_change(node) and node.inode.uid == 0:
                found.setdefault(node.path, grant)
    return found


def _can_change(node: Node) -> bool:
    """Whether a name has an entry of its own with an owner that no other name shares."""
    entry = node.inode.entry
    if entry is None or entry.sparse is not None:
        return False
    return node.is_directory or (node.is_file and len(node.inode.names) == 1)


def grant_lines(grants: Iterable[Grant]) -> Iterator[str]:
    """One line for people for each folder that is given away."""
    for grant in grants:
        what = "and what is in it now belong" if grant.tree else "now belongs"
        yield f"/{grant.path} {what} to user {grant.uid}: {grant.reason}"


def strip_special_bits(
    filesystem: Filesystem, graph: Graph, gone: Collection[str] = frozenset()
) -> list[ModeChange]:
    """Set-user-ID and set-group-ID bits of programs that stay and that nothing starts."""
    changes: list[ModeChange] = []
    seen: set[int] = set()
    for node in filesystem.files():
        inode = node.inode
        if not inode.mode & _SPECIAL or node.facts.elf is None or node.path in gone:
            continue
        is_started = any(graph.started(name.path) for name in inode.names)
        if id(inode) in seen or is_started or inode.entry is None or inode.entry.sparse is not None:
            continue
        seen.add(id(inode))
        bits = "setuid" if inode.mode & 0o4000 else "setgid"
        reason = f"{bits}, and nothing starts it"
        changes.append(ModeChange(_primary(node, gone).path, inode.mode & ~_SPECIAL, reason))
    return changes


def _primary(node: Node, gone: Collection[str]) -> Node:
    """The name whose entry holds the file in the output: hard links have no mode of their own."""
    names = [name for name in node.inode.names if name.path not in gone]
    return min(names, key=lambda name: (name.layer, name.number))


@dataclass(frozen=True)
class Attributes:
    """New owner or mode of an entry; None leaves it."""

    uid: int | None = None
    gid: int | None = None
    mode: int | None = None


NO_CHANGES: Mapping[str, Attributes] = MappingProxyType({})


def attributes_of(
    filesystem: Filesystem, grants: Iterable[Grant], changes: Iterable[ModeChange]
) -> Mapping[str, Attributes]:
    """By path of the merged filesystem, what changes of its entry's headers."""
    found: dict[str, Attributes] = {}
    for path, grant in granted_nodes(filesystem, grants).items():
        node = filesystem.get(path)
        # The group of a folder for logs, say, is left to whoever reads them.
        gid = grant.gid if node is not None and node.inode.gid == 0 else None
        found[path] = Attributes(grant.uid, gid)
    for change in changes:
        old = found.get(change.path, Attributes())
        found[change.path] = Attributes(old.uid, old.gid, change.mode)
    return found


def with_attributes(
    read_at: ReadAt, entry: TarEntry, facts: FileFacts, path: str, new: Attributes
) -> Replace:
    """The entry under `path` with its content and another owner or mode; all else stays.

    For regular files that are not sparse, folders and devices; `FormatError` for others.
    """
    if entry.sparse is not None or entry.kind is Kind.HARDLINK:
        raise FormatError("an entry of this kind has no owner of its own", where=path)
    uid = entry.uid if new.uid is None else new.uid
    gid = entry.gid if new.gid is None else new.gid
    mode = entry.mode if new.mode is None else new.mode
    size = entry.size if entry.kind is Kind.FILE else 0
    is_given = (uid, gid) != (entry.uid, entry.gid)
    # PAX numbers override the header's, whatever fits there.
    records = {"uid": str(uid), "gid": str(gid)} if is_given else {}
    header = rewritten_header(
        read_at, entry, path=path, kind=entry.kind, link=entry.link, size=size, records=records
    )
    changed = msgspec.structs.replace(entry, path=path, uid=uid, gid=gid, mode=mode)
    owner = {"uid": uid, "gid": gid} if is_given else {}
    patched = patched_header(header, mode=mode, **owner)
    return Replace(patched, reader_of_entry(read_at, entry), size, changed, facts)


def with_mode(edit: Replace, mode: int | None) -> Replace:
    """An entry that is rewritten anyway, with another mode; None leaves it."""
    if mode is None:
        return edit
    entry = msgspec.structs.replace(edit.entry, mode=mode)
    header = patched_header(edit.header, mode=mode)
    return Replace(header, edit.content, edit.size, entry, edit.facts)


_BLOCK = 512
_MAX_OCTAL = 8**7 - 1
_MODE, _UID, _GID = 100, 108, 116
_CHECKSUM = slice(148, 156)
# Names of owners, which some readers look up before they take the number.
_NAMES = slice(265, 329)


def patched_header(
    header: bytes, *, mode: int, uid: int | None = None, gid: int | None = None
) -> bytes:
    """Headers whose last block is a ustar header, with these numbers; with another owner it has no
    names of owners.

    A number too large for its field is zero there and has to be in a PAX record.
    """
    block = bytearray(header[-_BLOCK:])
    for place, value in ((_MODE, mode), (_UID, uid), (_GID, gid)):
        if value is not None:
            block[place : place + 8] = b"%07o\0" % (value if value <= _MAX_OCTAL else 0)
    if uid is not None:
        block[_NAMES] = bytes(_NAMES.stop - _NAMES.start)
    block[_CHECKSUM] = b" " * 8
    block[_CHECKSUM] = b"%06o\0 " % sum(block)
    return header[:-_BLOCK] + bytes(block)
