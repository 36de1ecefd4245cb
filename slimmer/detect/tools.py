"""Programs of the tool table: shells, package managers, compilers, interpreters and the like."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from slimmer.detect.command import started
from slimmer.detect.interface import Detector, Finding, Subject
from slimmer.detect.programs import Program
from slimmer.detect.tool_table import (
    Match,
    MultiCall,
    Tool,
    match_multicall,
    match_tool,
    tool_table,
)
from slimmer.detect.words import count, listed, shown
from slimmer.filesystem.tree import Node


class _Hit(NamedTuple):
    """A program under one of its names."""

    match: Match
    node: Node
    program: Program

    @property
    def order(self) -> tuple[int, str]:
        """The best known name first: it stands for the tool."""
        return self.match.rank, self.path

    @property
    def path(self) -> str:
        """Where the program lies; a link is only a name of it."""
        return self.program.nodes[0].path if self.node.is_symlink else self.node.path


@dataclass(frozen=True)
class _Applets:
    binary: MultiCall
    node: Node
    program: Program


class ToolDetector(Detector):
    """One finding for each tool of each layer, however many programs it is made of.

    A program counts by its own name; only where that says nothing (npm-cli.js, platform-python) by
    the links to it. A multi-call binary gives one finding for each category of its names.
    """

    categories = (
        *("shell", "package-manager", "compiler", "network-tool", "debug-tool"),
        *("interpreter", "version-control"),
    )

    def detect(self, subject: Subject) -> Iterator[Finding]:
        running = started(subject.image.config, subject.programs)
        hits: dict[tuple[str, str, int], tuple[Tool, list[_Hit]]] = {}
        for program in subject.programs.all:
            if not program.is_loadable:
                continue
            applets = _multicall(program)
            if applets is not None:
                yield from _applet_findings(applets)
                continue
            for match, node in _matches(subject, program):
                tool = match.tool
                if tool.category == "interpreter" and id(program.inode) in running:
                    continue
                key = (tool.category, tool.id, program.inode.layer)
                hits.setdefault(key, (tool, []))[1].append(_Hit(match, node, program))
        for tool, found in hits.values():
            yield _finding(subject, tool, sorted(found, key=lambda hit: hit.order))


def _multicall(program: Program) -> _Applets | None:
    if program.is_script:
        return None
    for node in program.nodes:
        binary = match_multicall(node.name)
        if binary is not None:
            return _Applets(binary, node, program)
    return None


def _matches(subject: Subject, program: Program) -> Iterator[tuple[Match, Node]]:
    """The tool that the program's own name tells, else each tool that a link to it tells."""
    for node in program.nodes:
        match = match_tool(node.name)
        if match is not None and _is_real(subject, program, node, match):
            yield match, node
            return
    told: set[tuple[str, str]] = set()
    for link in program.links:
        match = match_tool(link.name)
        if match is not None and (match.tool.category, match.tool.id) not in told:
            told.add((match.tool.category, match.tool.id))
            yield match, link


def _is_real(subject: Subject, program: Program, node: Node, match: Match) -> bool:
    if program.is_script and "/node_modules/" in f"/{node.path}":
        return False  # packages name their own folders bin; what is called from there is linked
    if match.common or program.is_script:
        return subject.programs.in_program_folder(node.path)
    return True


def _finding(subject: Subject, tool: Tool, hits: list[_Hit]) -> Finding:
    lead = hits[0]
    names = list(dict.fromkeys(hit.match.name for hit in hits))
    message = f"{tool.title}: {listed(names)}"
    others = _other_names(lead) if len(hits) == 1 else []
    if others:
        message += f", also called {listed(others)}"
    owner = subject.packages.owner(lead.path)
    if owner is not None:
        message += f" (package {shown(owner.name)})"
    return (
        tool_table()
        .check(tool)
        .finding(
            message,
            path=lead.path,
            layer=lead.program.inode.layer,
            size=sum(hit.program.inode.size for hit in hits),
        )
    )


def _names_of(program: Program) -> set[str]:
    return {node.name for node in (*program.nodes, *program.links)}


def _other_names(hit: _Hit) -> list[str]:
    """The program's names but for those that only add a version or a target to the tool's."""
    others = _names_of(hit.program) - {hit.node.name}
    matches = ((name, match_tool(name)) for name in sorted(others))
    return [shown(name) for name, match in matches if match is None or match.name != hit.match.name]


def _applet_findings(applets: _Applets) -> Iterator[Finding]:
    binary, node, program = applets.binary, applets.node, applets.program
    names = _names_of(program)
    for category, known in binary.applets.items():
        present = [name for name in known if name in names]
        if not present and category != "shell":
            continue
        if present:
            message = f"{node.name} answers to {listed(present)}"
        else:
            message = f"{node.name} can act as a shell ({node.name} sh)"
        if category == "shell":
            message += f"; it has {count(len(names), 'name')} in all"
        check = tool_table().applet_check(binary, category)
        size = node.size if category == "shell" else 0
        yield check.finding(message, path=node.path, layer=program.inode.layer, size=size)
