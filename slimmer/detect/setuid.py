"""Programs that run as their owner or group, whoever starts them."""

from collections.abc import Iterator

from slimmer.detect.interface import Detector, Finding, Subject
from slimmer.detect.policy import Check, check
from slimmer.detect.words import shown
from slimmer.filesystem.tree import Inode
from slimmer.packages.interface import Package

_SYSTEM_PACKAGES = ("deb", "apk", "rpm")
# Programs whose whole purpose is to make a user root.
_SUDO = frozenset(("sudo", "sudo-rs", "doas", "pkexec"))
_SETUID, _SETGID = 0o4000, 0o2000


class SetuidDetector(Detector):
    """Each file with the setuid or setgid bit that can be executed, once for all its hard links."""

    categories = ("setuid",)

    def detect(self, subject: Subject) -> Iterator[Finding]:
        has_packages = any(item.type in _SYSTEM_PACKAGES for item in subject.packages.all)
        seen: set[int] = set()
        for node in subject.survey.setuid:
            inode = node.inode
            if id(inode) in seen or not inode.mode & 0o111:
                continue
            seen.add(id(inode))
            owner = _owner(subject, inode)
            yield _judge(inode, unowned=has_packages and owner is None).finding(
                _message(inode, owner), path=node.path, layer=inode.layer, size=inode.size
            )


def _owner(subject: Subject, inode: Inode) -> Package | None:
    owners = (subject.packages.owner(name.path) for name in inode.names)
    return next((owner for owner in owners if owner is not None), None)


def _judge(inode: Inode, *, unowned: bool) -> Check:
    if inode.mode & 0o002:
        return check("setuid.writable")
    if unowned:
        return check("setuid.unowned")
    if inode.mode & _SETUID and not _SUDO.isdisjoint(name.name for name in inode.names):
        return check("setuid.sudo")
    return check("setuid.setuid" if inode.mode & _SETUID else "setuid.setgid")


def _message(inode: Inode, owner: Package | None) -> str:
    roles = []
    if inode.mode & _SETUID:
        roles.append("root" if inode.uid == 0 else f"user {inode.uid}")
    if inode.mode & _SETGID:
        roles.append(f"group {inode.gid}")
    source = f", package {shown(owner.name)}" if owner else ""
    return (
        f"Runs as {' and '.join(roles)} whoever starts it "
        f"(mode {inode.mode:04o}, owner {inode.uid}:{inode.gid}{source})"
    )
