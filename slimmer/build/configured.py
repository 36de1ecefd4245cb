"""What the configuration of running programs says of users and of what is written."""

from collections.abc import Iterator
from dataclasses import dataclass

from slimmer.filesystem.tree import Filesystem, Node, ReadFile
from slimmer.reach.config.families import Family, combined, families_of
from slimmer.reach.config.names import (
    is_example,
    is_no_configuration,
    looks_like_configuration,
    program_names,
)
from slimmer.reach.config.places import ancestors
from slimmer.reach.config.syntax import Statement, assignments, expanded, statements
from slimmer.reach.edge import UNKNOWN, Edge, Kind, Role
from slimmer.reach.graph import Graph
from slimmer.reach.languages import SHELL, language_of

_MAX_CONFIG = 1024 * 1024
_ROOT = frozenset({"root", "0"})
_USER = frozenset({"user", "run_user", "runas", "setuid"})
# Sections of a supervisor's configuration.
_PROGRAMS = ("program:", "fcgi-program:", "eventlistener:", "watcher:")
_MAX_SCRIPT = 256 * 1024


def started_names(graph: Graph) -> frozenset[str]:
    """The names of all programs that are started, with and without versions."""
    return program_names(path for path in graph.reached if graph.started(path))


def configured(
    filesystem: Filesystem, graph: Graph, read: ReadFile
) -> Iterator[tuple[Node, Statement]]:
    """The directives of the files that started programs read as their configuration, with the
    variables put in that are known."""
    for path in sorted(graph.reached):
        node = filesystem.get(path)
        if node is None or not _is_read(node, graph):
            continue
        family = combined(families_of(program_names(_names_in(path))))
        variables = _variables(filesystem, node, family, read)
        data = read(node, _MAX_CONFIG)
        for said in statements(data, blocks=family.syntax == "block"):
            value = expanded(said.value, variables) if "$" in said.value else said.value
            yield node, Statement(said.name, value, said.section, said.line)


@dataclass(frozen=True)
class NamedUsers:
    """The users that configuration names, each with where it is said; `switches` are those that a
    supervisor runs single programs as. `as_root` says where a program is told to be root itself:
    it refuses to start as another."""

    said: tuple[tuple[str, str], ...] = ()
    switches: frozenset[str] = frozenset()
    as_root: str = ""


def configured_users(filesystem: Filesystem, graph: Graph, read: ReadFile) -> NamedUsers:
    """`user www-data;`, `User ${APACHE_RUN_USER}`, `[program:web]` with `user=web`."""
    found: dict[str, str] = {}
    switches: set[str] = set()
    as_root = ""
    started = started_names(graph)
    for node, said in configured(filesystem, graph, read):
        words = said.words
        if said.name in _USER and words and UNKNOWN not in words[0]:
            where = f"/{node.path} names the user {words[0]}"
            found.setdefault(words[0], where)
            if said.section.startswith(_PROGRAMS):
                switches.add(words[0])
            # A section of the program's own name; a plain `user root` only says who may be left.
            if words[0] in _ROOT and said.section in started:
                as_root = as_root or where
    return NamedUsers(tuple(found.items()), frozenset(switches), as_root)


def started_scripts(
    filesystem: Filesystem, graph: Graph, read: ReadFile
) -> Iterator[tuple[Node, str]]:
    """Shell scripts that are started or sourced, with their text."""
    for path in sorted(graph.reached):
        node = filesystem.get(path)
        role = graph.role(path)
        if node is None or role is None or role < Role.CODE or not node.is_file:
            continue
        if language_of(node) == SHELL and node.facts.elf is None:
            yield node, read(node, _MAX_SCRIPT).decode("utf-8", "replace")


def _is_read(node: Node, graph: Graph) -> bool:
    if not node.is_file or not 0 < node.size <= _MAX_CONFIG:
        return False
    if node.facts.elf is not None or node.facts.shebang is not None:
        return False
    if not looks_like_configuration(node.path, f"/{node.path}") or is_no_configuration(node.path):
        return False
    edges = [*graph.reached[node.path].values(), *graph.others.get(node.path, ())]
    read = [edge for edge in edges if edge.role is Role.READ and edge.kind is Kind.DATA]
    if is_example(f"/{node.path}"):
        read = [edge for edge in read if edge.detail.startswith("line ")]
    return any(_is_by_program(edge, graph) for edge in read)


def _is_by_program(edge: Edge, graph: Graph) -> bool:
    """Whether a started program reads it, or configuration of one includes it."""
    if graph.started(edge.source) is not None:
        return True
    return edge.detail.startswith(("line ", "a link on the way"))


def _names_in(path: str) -> list[str]:
    parts = path.split("/")
    return [*parts, *(part.partition(".")[0] for part in parts)]


def _variables(
    filesystem: Filesystem, node: Node, family: Family, read: ReadFile
) -> dict[str, str]:
    variables: dict[str, str] = {}
    for name in family.environment:
        for folder in ancestors(f"/{node.path}"):
            found = filesystem.resolve(f"{folder}/{name}")
            if found is not None and found.is_file:
                variables = assignments(read(found, _MAX_CONFIG), variables)
                break
    return variables
