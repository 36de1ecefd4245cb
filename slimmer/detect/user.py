"""Who the container runs as, and accounts that open a way to root."""

import re
from collections import Counter
from collections.abc import Iterator

from slimmer.detect.interface import Detector, Finding, Subject
from slimmer.detect.policy import Check, check
from slimmer.detect.words import listed, shown
from slimmer.filesystem.tree import Node
from slimmer.formats.passwd import User, parse_group, parse_passwd, parse_shadow

# Go's strconv.Atoi takes a sign, and so do runtimes.
_NUMBER = re.compile(r"[+-]?[0-9]+")
_MAX_UID = (1 << 31) - 1


class UserDetector(Detector):
    """USER of the config, read as runc does: a name in passwd first, then a number."""

    categories = ("user",)

    def detect(self, subject: Subject) -> Iterator[Finding]:
        users = parse_passwd(subject.filesystem.content("etc/passwd") or b"")
        user = subject.image.config.user
        judged = _judge(user.partition(":")[0], users)
        if judged is not None:
            verdict, message = judged
            yield verdict.finding(message)
        yield from _second_roots(subject, users)
        yield from _empty_passwords(subject, users)
        yield from _shared_numbers(subject, users)


def _judge(name: str, users: tuple[User, ...]) -> tuple[Check, str] | None:
    if not name:
        return check("user.root"), "Runs as root: the config names no user"
    text = shown(name)
    uid = next((user.uid for user in users if user.name == name), None)
    if uid is not None:
        if uid == 0:
            return check("user.root"), f"Runs as root: USER is {text}"
        return check("user.name"), f"USER is the name {text}, which only the image can look up"
    if not _NUMBER.fullmatch(name):
        if name == "root":
            return check("user.root"), "Runs as root: USER is root"
        return check("user.unknown"), f"USER is {text}, which is not in the image's /etc/passwd"
    # Longer than any number that fits; int() of a very long one is slow.
    if len(name) > 20 or not 0 <= int(name) <= _MAX_UID:
        return check("user.overflow"), f"USER {text} is not a user number"
    if int(name) == 0:
        return check("user.root"), f"Runs as root: USER is {text}"
    return None


def _second_roots(subject: Subject, users: tuple[User, ...]) -> Iterator[Finding]:
    node = subject.filesystem.resolve("etc/passwd")
    names = sorted({user.name for user in users if user.uid == 0 and user.name != "root"})
    if names and node is not None:
        yield _about(
            check("user.second-root"), f"Has number 0 besides root: {_listed(names)}", node
        )


def _empty_passwords(subject: Subject, users: tuple[User, ...]) -> Iterator[Finding]:
    """Accounts that need no password: in passwd itself, or in shadow where passwd points there."""
    node = subject.filesystem.resolve("etc/passwd")
    names = sorted({user.name for user in users if user.password.state == "empty"})
    verdict = check("user.empty-password")
    if names and node is not None:
        yield _about(verdict, f"No password is needed for {_listed(names)}", node)
    node = subject.filesystem.resolve("etc/shadow")
    pointed = {user.name for user in users if user.password.state == "shadowed"}
    shadow = parse_shadow(subject.filesystem.content("etc/shadow") or b"")
    open_names = {entry.name for entry in shadow if entry.password.state == "empty"}
    if node is not None and (names := sorted(open_names & pointed)):
        yield _about(verdict, f"No password is needed for {_listed(names)}", node)


def _shared_numbers(subject: Subject, users: tuple[User, ...]) -> Iterator[Finding]:
    """Names and numbers that stand twice. What shares the number of root is told of above."""
    groups = parse_group(subject.filesystem.content("etc/group") or b"")
    uids = [str(user.uid) for user in users if user.uid]
    gids = [str(group.gid) for group in groups if group.gid is not None]
    for check_id, what, path, values in (
        ("user.duplicate-uid", "accounts have the number", "etc/passwd", uids),
        ("user.duplicate-name", "accounts have the name", "etc/passwd", [u.name for u in users]),
        ("user.duplicate-gid", "groups have the number", "etc/group", gids),
    ):
        node = subject.filesystem.resolve(path)
        twice = sorted(value for value, number in Counter(values).items() if number > 1)
        if twice and node is not None:
            yield _about(check(check_id), f"Several {what} {_listed(twice)}", node)


def _listed(names: list[str]) -> str:
    return listed([shown(name) for name in names])


def _about(verdict: Check, message: str, node: Node) -> Finding:
    return verdict.finding(message, path=node.path, layer=node.inode.layer)
