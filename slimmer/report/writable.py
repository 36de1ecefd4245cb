"""What the user of a container could change in its image: the paths that it may write."""

from slimmer.build.build import Outcome
from slimmer.build.plan import UserChoice
from slimmer.build.user import Accounts
from slimmer.build.user_rights import may
from slimmer.detect.interface import Subject
from slimmer.filesystem.tree import Node

_WRITE = 2
# Runtimes mount their own file systems over these.
_MOUNTED = ("dev", "proc", "sys")
ALL = "all, as root"
UNKNOWN = "not known: no such account"


def writable_before(outcome: Outcome) -> int | str:
    """How many files and folders the image's own user may write, or why that is no count."""
    subject, user = outcome.before, outcome.before.image.config.user
    accounts = Accounts.of(subject.filesystem, _captured)
    ids = accounts.resolve(user) if user else (0, 0)
    if ids is None:
        return UNKNOWN
    known = accounts.by_id(ids[0])
    groups = accounts.supplementary(known) if known else frozenset()
    return _count(subject, UserChoice(user, *ids, "", changed=False, groups=groups))


def writable_after(outcome: Outcome) -> int | str:
    """The same for the output and the user that was chosen for it."""
    return _count(outcome.after, outcome.plan.user)


def _captured(node: Node, _: int) -> bytes:
    return node.facts.content or b""


def _count(subject: Subject, user: UserChoice) -> int | str:
    if user.uid == 0:
        return ALL
    return sum(
        (node.is_file or node.is_directory)
        and bool(node.inode.mode & 0o222)
        and node.path.partition("/")[0] not in _MOUNTED
        and may(node, user, _WRITE)
        for node in subject.filesystem.walk()
    )
