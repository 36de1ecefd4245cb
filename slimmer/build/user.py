"""Which user the output runs as, and what that user can and cannot do."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from slimmer.build.configured import NamedUsers
from slimmer.build.grants import grants_for
from slimmer.build.plan import UserChoice, WritablePath
from slimmer.build.startup import Startup
from slimmer.build.writes import first_unwritable
from slimmer.errors import UsageError
from slimmer.filesystem.tree import Filesystem, ReadFile
from slimmer.formats.passwd import Group, User, parse_group, parse_passwd
from slimmer.oci.config import ImageConfig

NONROOT_ID = 65532
NONROOT_NAME = "nonroot"
# What Docker takes; runtimes that took more have wrapped around to root (CVE-2024-40635).
MAX_ID = 2**31 - 1
MAX_ACCOUNTS = 4 * 1024 * 1024

_SPECIFIED = re.compile(r"([0-9]{1,10})(?::([0-9]{1,10}))?")
_PRIVILEGE_DROPPERS = frozenset(
    {"gosu", "su-exec", "setpriv", "runuser", "su", "chroot", "s6-setuidgid", "setuidgid", "chpst"}
)
# Accounts every distribution has that run nothing, and whose names are words and folders' names.
_NO_SERVICES = frozenset(
    {
        *("adm", "backup", "bin", "games", "halt", "irc", "lp", "list", "mail", "man", "news"),
        *("operator", "shutdown", "sync", "sys", "users"),
    }
)
# Programs that become other users for others: they start as root or do nothing.
_CHANGE_USERS = frozenset({"cron", "crond", "sshd", "systemd", "dockerd", "dovecot", "vsftpd"})
_DATA_ROOTS = ("var/lib/", "var/cache/", "var/log/", "data", "srv/", "opt/", "home/", "app")


@dataclass(frozen=True)
class Accounts:
    """The users and groups of the image's own passwd and group files, and the files' content."""

    users: tuple[User, ...]
    groups: tuple[Group, ...]
    passwd: bytes = b""
    group: bytes = b""

    @classmethod
    def of(cls, filesystem: Filesystem, read: ReadFile) -> "Accounts":
        passwd, group = (_read(filesystem, read, path) for path in ("etc/passwd", "etc/group"))
        return cls(parse_passwd(passwd), parse_group(group), passwd, group)

    @property
    def gids(self) -> dict[str, int]:
        """The number of each group, the first of a name."""
        known = [(group.name, group.gid) for group in self.groups if group.gid is not None]
        return dict(reversed(known))

    def supplementary(self, user: User) -> frozenset[int]:
        """The other groups that list the user as a member."""
        return frozenset(
            group.gid
            for group in self.groups
            if group.gid not in (None, user.gid) and user.name in group.members
            if group.gid is not None
        )

    def by_name(self, name: str) -> User | None:
        return next((user for user in self.users if user.name == name), None)

    def by_id(self, uid: int) -> User | None:
        return next((user for user in self.users if user.uid == uid), None)

    def resolve(self, text: str) -> tuple[int, int] | None:
        """uid and gid of a config's `User` (config.md: `user`, `uid`, `user:group`, ...).

        None when a name is not in the image, or a number does not fit.
        """
        name, _, group_name = text.partition(":")
        uid = _number(name)
        user = self.by_name(name) if uid is None else self.by_id(uid)
        uid = user.uid if uid is None and user is not None else uid
        gid: int | None = (user.gid if user else None) or 0
        if group_name:
            gid = _number(group_name)
            gid = self.gids.get(group_name) if gid is None else gid
        if uid is None or gid is None or max(uid, gid) > MAX_ID:
            return None
        return uid, gid


@dataclass(frozen=True)
class UserEvidence:
    """What reachability tells: the names of started programs, who their configuration says they
    run as, and what they write to."""

    programs: frozenset[str] = frozenset()
    users: NamedUsers = field(default_factory=NamedUsers)
    writable: tuple[WritablePath, ...] = ()


def _read(filesystem: Filesystem, read: ReadFile, path: str) -> bytes:
    node = filesystem.resolve(path)
    return read(node, MAX_ACCOUNTS) if node is not None else b""


def _number(text: str) -> int | None:
    """As runtimes read it: ASCII digits only."""
    return int(text) if re.fullmatch(r"[0-9]{1,20}", text) else None


def choose_user(
    wanted: str,
    filesystem: Filesystem,
    config: ImageConfig,
    startup: Startup,
    accounts: Accounts,
    evidence: UserEvidence | None = None,
) -> UserChoice:
    """Decide USER. `wanted` is `auto`, `keep` or `UID[:GID]`; `UsageError` for anything else.

    With `evidence` a user counts as able to write what `grants_for` gives it.
    """
    current = accounts.resolve(config.user) if config.user else (0, 0)
    if wanted == "keep" or (wanted == "auto" and current is not None and current[0] != 0):
        uid, gid = current or (0, 0)
        reason = "--user keep" if wanted == "keep" else "the image already names a non-root user"
        return UserChoice(config.user, uid, gid, reason, changed=False)
    if wanted != "auto":
        return _specified(wanted, accounts)
    evidence = evidence or UserEvidence()
    as_root = sorted(_CHANGE_USERS & evidence.programs)
    if as_root and current is not None:
        return _root(config, current, f"{as_root[0]} does its work as root")
    if evidence.users.as_root and current is not None:
        return _root(config, current, evidence.users.as_root)

    def refused(choice: UserChoice) -> tuple[str, str] | None:
        grants = grants_for(filesystem, choice, evidence.writable, evidence.programs)
        return first_unwritable(filesystem, startup.writes, choice, grants.paths)

    for user, reason in _service_accounts(filesystem, config, startup, accounts, evidence.users):
        choice = _account(user, reason, accounts)
        others = sorted(evidence.users.switches - {user.name})
        if others and current is not None:
            return _root(config, current, f"its programs run as {' and '.join(others)}")
        if refused(choice) is None:
            return choice
    reason = "no account of the image's own was found"
    nobody = UserChoice(f"{NONROOT_ID}:{NONROOT_ID}", NONROOT_ID, NONROOT_ID, reason, changed=True)
    found = refused(nobody)
    if found is not None and current is not None:
        path, where = found
        return _root(config, current, f"{where} writes to {path}, which only root may")
    return nobody


def _root(config: ImageConfig, current: tuple[int, int], reason: str) -> UserChoice:
    return UserChoice(config.user, *current, reason, changed=False)


def _account(user: User, reason: str, accounts: Accounts) -> UserChoice:
    assert user.uid is not None
    assert user.gid is not None
    others = accounts.supplementary(user)
    # A runtime gives the groups of /etc/group only to a user without a group of its own.
    text = str(user.uid) if others else f"{user.uid}:{user.gid}"
    return UserChoice(text, user.uid, user.gid, reason, changed=True, groups=others)


def _specified(wanted: str, accounts: Accounts) -> UserChoice:
    found = _SPECIFIED.fullmatch(wanted)
    uid = int(found[1]) if found else -1
    gid = int(found[2]) if found and found[2] else uid
    if found and not found[2]:
        known = accounts.by_id(uid)
        gid = known.gid if known is not None and known.gid is not None else uid
    if not found or uid > MAX_ID or gid > MAX_ID:
        raise UsageError(
            f"not a user: {wanted!r}", hint="--user takes auto, keep, or numbers: UID[:GID]"
        )
    return UserChoice(f"{uid}:{gid}", uid, gid, f"--user {wanted}", changed=True)


def _service_accounts(
    filesystem: Filesystem,
    config: ImageConfig,
    startup: Startup,
    accounts: Accounts,
    named: NamedUsers,
) -> Iterator[tuple[User, str]]:
    """Accounts the image runs its service as, strongest evidence first."""
    for volume in config.volumes:
        owner = _owner(filesystem, accounts, volume)
        if owner is not None:
            yield owner, f"volume {volume} belongs to {owner.name}"
    droppers = sorted(_PRIVILEGE_DROPPERS & startup.words.keys())
    for user in accounts.users:
        said = startup.words.get(user.name)
        if droppers and said is not None and _is_service(user) and user.name not in _NO_SERVICES:
            yield user, f"{said} drops privileges to {user.name}"
    for name, where in named.said:
        known = accounts.by_name(name)
        if known is not None and _is_service(known) and name not in _NO_SERVICES:
            yield known, where
    if config.working_dir.strip("/"):
        owner = _owner(filesystem, accounts, config.working_dir)
        if owner is not None:
            yield owner, f"the working directory belongs to {owner.name}"
    for user in accounts.users:
        if _is_service(user) and _has_data(filesystem, user) and _is_named(startup, user):
            yield user, f"its data folder {user.home} belongs to {user.name}"


def _owner(filesystem: Filesystem, accounts: Accounts, path: str) -> User | None:
    node = filesystem.resolve(path)
    user = accounts.by_id(node.inode.uid) if node is not None else None
    return user if user is not None and _is_service(user) else None


def _is_service(user: User) -> bool:
    if user.uid is None or user.gid is None or user.name == "nobody":
        return False
    return 0 < user.uid <= MAX_ID and user.gid <= MAX_ID


def _has_data(filesystem: Filesystem, user: User) -> bool:
    home = user.home.strip("/")
    node = filesystem.resolve(home) if home.startswith(_DATA_ROOTS) else None
    return node is not None and node.inode.uid == user.uid


def _is_named(startup: Startup, user: User) -> bool:
    """`redis-server` is run as `redis`, `mysqld` as `mysql`."""
    return any(
        path.rpartition("/")[2].startswith(user.name) and len(user.name) >= 3
        for path in startup.programs
    )
