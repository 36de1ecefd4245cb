"""Scripts among a program's private helpers that would bring in the runtime of another language."""

from support.layers import Content, File, Symlink

from slimmer.reach.elf.resolver import ElfResolver
from slimmer.reach.graph import Graph
from slimmer.reach.script import ShebangResolver
from slimmer.reach.shell.resolver import ShellResolver

from .elves import LOADER, library, program
from .reaching import reached, world_of

Files = dict[str, Content]
CORE = "usr/libexec/tool"
TOOL = program()
DISPATCHER = program(f"/{CORE}", imports="execv")


def _script(*lines: str) -> File:
    return File("\n".join(("#!/bin/sh", *lines, "")).encode(), 0o755)


def _graph(files: Files, *command: str) -> Graph:
    base: Files = {
        LOADER: library(),
        "bin/sh": Symlink("dash"),
        "bin/dash": TOOL,
        "usr/bin/perl": TOOL,
        "usr/bin/sed": TOOL,
        "usr/bin/tool": DISPATCHER,
        f"{CORE}/tool-rewrite": _script("sed -n p", "perl -e 'print 1'"),
        f"{CORE}/tool-submodule": _script("# unlike perl", "sed -n p"),
    }
    world = world_of({**base, **files}, Cmd=list(command))
    return reached(world, ElfResolver, ShellResolver, ShebangResolver)


def test_a_script_in_a_folder_that_is_only_named_brings_no_other_language() -> None:
    graph = _graph({}, "/usr/bin/tool")
    assert graph.started(f"{CORE}/tool-submodule")
    assert graph.started("usr/bin/sed")
    assert not graph.started(f"{CORE}/tool-rewrite")
    assert f"{CORE}/tool-rewrite" in graph.weak
    assert "usr/bin/perl" not in graph


def test_it_is_started_where_somebody_asks_for_it() -> None:
    graph = _graph({}, "tool", "-C", "x", "rewrite", "all")
    assert graph.started(f"{CORE}/tool-rewrite")
    assert graph.started("usr/bin/perl")
    assert graph.chain(f"{CORE}/tool-rewrite")[-1].detail == "is asked for rewrite"


def test_it_is_started_where_its_language_is_there_anyway() -> None:
    start = _script("perl -e 'print 2'", "tool log")
    graph = _graph({"start": start}, "/start")
    assert graph.started(f"{CORE}/tool-rewrite")
    assert not _graph({"start": _script("tool log")}, "/start").started("usr/bin/perl")


def test_a_table_of_all_that_lies_beside_is_no_more_than_the_folder() -> None:
    names = [f"tool-{number}" for number in range(9)]
    helpers: Files = {f"{CORE}/{name}": TOOL for name in names}
    few = program("tool-rewrite", "tool-1", imports="execv")
    many = program("tool-rewrite", *names, imports="execv")
    graph = _graph({f"{CORE}/tool": few, **helpers}, f"/{CORE}/tool")
    assert graph.started("usr/bin/perl")
    graph = _graph({f"{CORE}/tool": many, **helpers}, f"/{CORE}/tool")
    assert graph.started(f"{CORE}/tool-1")
    assert not graph.started("usr/bin/perl")
