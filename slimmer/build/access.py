"""Warnings about what a new user cannot read, write or bind."""

from collections.abc import Collection, Iterable, Iterator

from slimmer.build.plan import UserChoice
from slimmer.build.startup import Startup
from slimmer.build.user_rights import EXECUTE, READ, WRITE, may
from slimmer.detect.interface import Subject
from slimmer.filesystem.tree import Filesystem
from slimmer.reach.edge import Confidence, Kind, Role
from slimmer.reach.graph import Graph

_SHOWN = 5
_READING = (Kind.DATA, Kind.LOAD, Kind.LINK)
_SYSTEM_FOLDERS = ("", "usr", "etc", "bin", "sbin", "lib", "lib64", "var", "proc", "sys", "dev")


def access_warnings(
    subject: Subject,
    startup: Startup,
    user: UserChoice,
    gone: frozenset[str],
    granted: Collection[str] = frozenset(),
    graph: Graph | None = None,
) -> Iterator[str]:
    """One line for each thing the user needs and cannot have; nothing for root.

    `granted` are the folders that become the user's; `graph` says what is surely read.
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
    if graph is not None:
        yield from _closed(sorted(_read_by_name(graph)), filesystem, user, gone)
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
    paths = (node.path for node in subject.filesystem.walk(folder))
    yield from _closed(paths, subject.filesystem, user, gone, f" below /{folder.path}")
    if folder.path not in granted and not may(folder, user, WRITE):
        yield f"user {user.text} cannot write to the working directory /{folder.path}"


def _closed(
    paths: Iterable[str],
    filesystem: Filesystem,
    user: UserChoice,
    gone: frozenset[str],
    where: str = "",
) -> Iterator[str]:
    """The files of these that the user cannot read."""
    nodes = (filesystem.get(path) for path in paths if path not in gone)
    closed = [n.path for n in nodes if n is not None and n.is_file and not may(n, user, READ)]
    for path in closed[:_SHOWN]:
        yield f"user {user.text} cannot read /{path}"
    if len(closed) > _SHOWN:
        yield f"user {user.text} cannot read {len(closed) - _SHOWN} more files{where}"


def _read_by_name(graph: Graph) -> Iterator[str]:
    """What a program or script is sure to read or load, and not only may."""
    for path, roles in graph.reached.items():
        edges = (roles.get(role) for role in (Role.READ, Role.CODE))
        if any(e and e.confidence is Confidence.HIGH and e.kind in _READING for e in edges):
            yield path
