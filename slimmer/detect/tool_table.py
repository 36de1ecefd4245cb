"""Which names are tools, out of `tools.toml`, and the rules by which names vary."""

import functools
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec

from slimmer.detect.policy import Check, SeverityName, load_table

# gcc-12, python3.11, perl5.36.0, tclsh8.6, python3.7m
_VERSION = re.compile(r"-?\d+(?:\.\d+)*[a-z]?$")
# The target of a cross tool: x86_64-linux-gnu-, aarch64-alpine-linux-musl-
_TARGET = re.compile(r"^[a-z0-9_]+-(?:[a-z0-9]+-)?linux(?:-[a-z0-9]+)?-(?=[a-z])")

_MAX_NAME = 64


class Judgement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is thought of all tools of one category."""

    severity: SeverityName
    advice: str
    references: tuple[str, ...]


class Tool(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One tool, or a few of one kind. `common` names count only where programs lie."""

    id: str
    category: str
    title: str
    names: tuple[str, ...] = ()
    common: tuple[str, ...] = ()
    severity: SeverityName | None = None
    advice: str | None = None
    references: tuple[str, ...] | None = None


class MultiCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A binary that acts by the name it is called by, and its notable names by category."""

    names: tuple[str, ...]
    title: str
    applets: Mapping[str, tuple[str, ...]]
    severity: Mapping[str, SeverityName]


class Match(NamedTuple):
    """`name` is the tool's own, without version and target; `rank` its place in the tool's list:
    the first is the best known.
    """

    tool: Tool
    name: str
    rank: int
    common: bool


class ToolTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole table. Names of tools are unique in it."""

    category: Mapping[str, Judgement]
    tool: tuple[Tool, ...]
    multicall: tuple[MultiCall, ...]

    def check(self, tool: Tool) -> Check:
        """The tool's own judgement, its category's where it has none."""
        usual = self.category[tool.category]
        return Check(
            id=f"{tool.category}.{tool.id}",
            category=tool.category,
            severity=tool.severity or usual.severity,
            advice=tool.advice or usual.advice,
            references=usual.references if tool.references is None else tool.references,
        )

    def applet_check(self, binary: MultiCall, category: str) -> Check:
        """The judgement on what a multi-call binary has of one category."""
        usual = self.category[category]
        return Check(
            id=f"{category}.{binary.names[0]}",
            category=category,
            severity=binary.severity.get(category, usual.severity),
            advice=usual.advice,
            references=usual.references,
        )


@functools.cache
def tool_table() -> ToolTable:
    """The table shipped with slim."""
    return msgspec.convert(load_table("tools"), ToolTable)


@functools.cache
def _by_name() -> dict[str, Match]:
    return {
        name: Match(tool, name, rank, name in tool.common)
        for tool in tool_table().tool
        for rank, name in enumerate((*tool.names, *tool.common))
    }


def match_tool(name: str) -> Match | None:
    """The tool that a file of this name would be."""
    if len(name) > _MAX_NAME:
        return None
    known = _by_name()
    return next((known[form] for form in _forms(name) if form in known), None)


def match_multicall(name: str) -> MultiCall | None:
    """The multi-call binary that a file of this name would be."""
    return next((binary for binary in tool_table().multicall if name in binary.names), None)


def _forms(name: str) -> Iterator[str]:
    """The name, without its version, without its target, without both."""
    for form in (name, _TARGET.sub("", name, count=1)) if "-linux" in name else (name,):
        yield form
        if form[-1:].isdigit() or form[-2:-1].isdigit():
            yield _VERSION.sub("", form)
