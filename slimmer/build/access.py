"""Warnings about what a new user cannot read, write or bind."""

from collections.abc import Collection, Iterator

from slimmer.build.plan import UserChoice
from slimmer.build.startup import Startup
from slimmer.build.user_rights import EXECUTE, READ, WRITE, may
from slimmer.detect.interface import Subject
from slimmer.filesystem.tree import Filesystem

_SHOWN = 5
_SYSTEM_FOLDERS = ("", "usr", "etc", "bin", "sbin", "lib", "lib64", "var", "proc", "sys", "dev")


def access_warnings(
    subject: Subject,
    startup: Startup,
    user: UserChoice,
    gone: frozenset[str],
    granted: Collection[str] = frozenset(),
) -> Iterator[str]:
    """One line for each thing the user needs and cannot have; nothing for root.

    `granted` are the folders that become the user's.
    """
    if user.uid == 0:
        return
    filesystem, config = subject.filesystem, subject.image.config
    yield from _programs(filesystem, startup, user, gone)
    for volume in config.volumes:
        node = filesystem.resolve(volume)
        # A runtime makes the volume's folder where there is none, and root owns it.
        if node is not None and node.path in granted:
            continue
        if node is None or not may(node, user, READ | WRITE | EXECUTE):
            yield f"user {user.text} cannot write to volume {volume}; mount it owned by that user"
    yield from _application(subject, user, gone, granted)
    for port in config.exposed_ports:
        number = port.partition("/")[0]
        if number.isdecimal() and 0 < int(number) < 1024:
            yield (
                f"port {port} is below 1024: where the runtime does not allow it, "
                f"user {user.text} cannot bind it"
            )


def _programs(
    filesystem: Filesystem, startup: Startup, user: UserChoice, gone: frozenset[str]
) -> Iterator[str]:
    for path, where in startup.programs.items():
        node = filesystem.get(path)
        if node is None or path in gone or not node.is_executable:
            continue
        want = READ | EXECUTE if node.facts.shebang is not None else EXECUTE
        if not may(node, user, want):
            yield f"user {user.text} cannot run /{path}, which {where} names"


def _application(
    subject: Subject, user: UserChoice, gone: frozenset[str], granted: Collection[str]
) -> Iterator[str]:
    """Files of the working directory that the user cannot read."""
    folder = subject.filesystem.resolve(subject.image.config.working_dir or "/")
    if folder is None or folder.path in _SYSTEM_FOLDERS:
        return
    closed = [
        node.path
        for node in subject.filesystem.walk(folder)
        if node.path not in gone and node.is_file and not may(node, user, READ)
    ]
    for path in closed[:_SHOWN]:
        yield f"user {user.text} cannot read /{path}"
    if len(closed) > _SHOWN:
        rest = len(closed) - _SHOWN
        yield f"user {user.text} cannot read {rest} more files below /{folder.path}"
    if folder.path not in granted and not may(folder, user, WRITE):
        yield f"user {user.text} cannot write to the working directory /{folder.path}"
