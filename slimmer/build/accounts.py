"""A passwd and a group entry for a user that has none, and a home."""

from collections.abc import Iterator

from slimmer.build.plan import Folder, UserChoice, Written
from slimmer.build.user import MAX_ACCOUNTS, NONROOT_NAME, Accounts
from slimmer.filesystem.tree import Filesystem

HOME = f"home/{NONROOT_NAME}"
_REASON = "an entry for the user the container runs as"


def account_files(
    filesystem: Filesystem, accounts: Accounts, user: UserChoice
) -> tuple[list[Written], list[Folder]]:
    """What must be written so that the user has a name and a home; nothing when it has."""
    if not user.changed or user.uid == 0:
        return [], []
    if accounts.by_id(user.uid) is not None:
        return list(_group_entry(filesystem, accounts, user)), []
    home = place(filesystem, HOME)
    is_new = home is not None and filesystem.get(home) is None
    name = _free_name(NONROOT_NAME, {known.name for known in accounts.users})
    home_text = f"/{HOME}" if home is not None else "/"
    line = f"{name}:x:{user.uid}:{user.gid}:{name}:{home_text}:/sbin/nologin\n"
    written = list(_with_line(filesystem, "etc/passwd", accounts.passwd, line))
    written += _group_entry(filesystem, accounts, user)
    folders = [Folder(home, 0o700, user.uid, user.gid)] if home is not None and is_new else []
    return written, folders


def _group_entry(filesystem: Filesystem, accounts: Accounts, user: UserChoice) -> Iterator[Written]:
    if user.gid not in accounts.gids.values():
        name = _free_name(NONROOT_NAME, {group.name for group in accounts.groups})
        line = f"{name}:x:{user.gid}:\n"
        yield from _with_line(filesystem, "etc/group", accounts.group, line)


def _free_name(name: str, taken: set[str]) -> str:
    number = 1
    free = name
    while free in taken:
        number += 1
        free = f"{name}{number}"
    return free


def _with_line(filesystem: Filesystem, path: str, old: bytes, line: str) -> Iterator[Written]:
    """The file with one more line; nothing where the image has something else in its place."""
    where = place(filesystem, path)
    node = filesystem.get(where) if where is not None else None
    if where is None or (node is not None and not (node.is_file and node.size == len(old))):
        return
    if old and not old.endswith(b"\n"):
        old += b"\n"
    if len(old) < MAX_ACCOUNTS:
        yield Written(where, old + line.encode(), _REASON)


def place(filesystem: Filesystem, path: str) -> str | None:
    """Where in the filesystem `path` is or would be made, links followed; None where a file or a
    link to nothing is in the way."""
    node = filesystem.resolve(path)
    if node is not None:
        return node.path
    above, _, name = path.rpartition("/")
    folder = place(filesystem, above) if above else ""
    if folder is None:
        return None
    node = filesystem.get(folder)
    if node is not None and (node.children is None or name in node.children):
        return None
    return f"{folder}/{name}" if folder else name
