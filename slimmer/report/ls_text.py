"""A listing for people and for pipes."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from slimmer.filesystem.tree import Filesystem
from slimmer.formats.passwd import parse_group, parse_passwd
from slimmer.formats.tar import Kind
from slimmer.packages.interface import Package, Packages
from slimmer.report.document import raw_name
from slimmer.report.escape import escape, escape_name
from slimmer.report.listing import Item
from slimmer.report.table import table


@dataclass(frozen=True)
class Owners:
    """Names of the image's users and groups by number."""

    users: Mapping[int, str] = field(default_factory=dict)
    groups: Mapping[int, str] = field(default_factory=dict)

    @classmethod
    def of(cls, filesystem: Filesystem) -> "Owners":
        """Out of /etc/passwd and /etc/group; the first of several names serves."""
        users = parse_passwd(filesystem.content("etc/passwd") or b"")
        groups = parse_group(filesystem.content("etc/group") or b"")
        return cls(
            {user.uid: user.name for user in reversed(users) if user.uid is not None},
            {group.gid: group.name for group in reversed(groups) if group.gid is not None},
        )

    def text(self, item: Item) -> str:
        user = self.users.get(item.uid, str(item.uid))
        return f"{user}:{self.groups.get(item.gid, str(item.gid))}"


def plain_lines(items: Iterable[Item]) -> Iterator[str]:
    """A path a line, names escaped."""
    return (escape_name(item.path) for item in items)


def nul_separated(items: Iterable[Item]) -> bytes:
    """The bytes of each path, and a NUL after each."""
    return b"".join(raw_name(item.path) + b"\0" for item in items)


def long_lines(items: Iterable[Item], owners: Owners, packages: Packages) -> list[str]:
    """Mode, owner, size, layer, package and path in columns."""
    rows = [_row(item, owners, packages.owner(item.path)) for item in items]
    return table(rows, "<<>><<")


def _row(item: Item, owners: Owners, package: Package | None) -> tuple[str, ...]:
    return (
        item.mode_text,
        escape(owners.text(item)),
        _size(item),
        str(item.layer),
        escape(package.name) if package else "-",
        _name(item),
    )


def _size(item: Item) -> str:
    """Bytes, or the numbers of a device."""
    if item.entry is not None and item.kind in (Kind.CHARACTER, Kind.BLOCK_DEVICE):
        return "{},{}".format(*item.entry.device)
    return str(item.size)


def _name(item: Item) -> str:
    name = escape_name(item.path)
    match item.kind:
        case Kind.SYMLINK:
            return f"{name} -> {escape_name(item.link)}"
        case Kind.HARDLINK:
            return f"{name} link to {escape_name(item.link)}"
        case _:
            return name
