"""One walk over the merged filesystem for all detectors."""

from dataclasses import dataclass, field

from slimmer.filesystem.tree import Filesystem, Node
from slimmer.formats.tar import Kind

CAPABILITY_XATTR = "security.capability"


@dataclass(slots=True)
class Survey:
    """Nodes worth a second look, each list in the order of the paths; a node may be in several.

    `executables` are ELF files and scripts with an executable bit. `writable` are files and
    folders that everyone may write, sticky folders left out. `entries` holds the identity of the
    entry of every file in view: what is hidden and still in it has another name.
    """

    directories: list[Node] = field(default_factory=list)
    links: list[Node] = field(default_factory=list)
    executables: list[Node] = field(default_factory=list)
    setuid: list[Node] = field(default_factory=list)
    writable: list[Node] = field(default_factory=list)
    capable: list[Node] = field(default_factory=list)
    archives: list[Node] = field(default_factory=list)
    secrets: list[Node] = field(default_factory=list)
    unread: list[Node] = field(default_factory=list)
    entries: set[int] = field(default_factory=set)


def take_survey(filesystem: Filesystem) -> Survey:
    """Walk once and sort out."""
    found = Survey()
    _directory(found, filesystem.root)
    for node in filesystem.walk():
        if node.children is not None:
            _directory(found, node)
            continue
        kind = node.inode.kind
        if kind is Kind.SYMLINK:
            found.links.append(node)
        elif kind is Kind.FILE:
            _file(found, node)
    return found


def _directory(found: Survey, node: Node) -> None:
    found.directories.append(node)
    if node.inode.mode & 0o1002 == 0o002:
        found.writable.append(node)


def _file(found: Survey, node: Node) -> None:
    inode = node.inode
    facts, entry = inode.facts, inode.entry
    if entry is None:
        return
    found.entries.add(id(entry))
    mode = entry.mode
    if mode & 0o111 and facts.kind in ("elf", "script"):
        found.executables.append(node)
    if mode & 0o6000:
        found.setuid.append(node)
    if mode & 0o002:
        found.writable.append(node)
    if entry.xattrs and CAPABILITY_XATTR in entry.xattrs:
        found.capable.append(node)
    if facts.kind == "ar":
        found.archives.append(node)
    if facts.secrets is not None:
        found.secrets.append(node)
    if facts.unread:
        found.unread.append(node)
