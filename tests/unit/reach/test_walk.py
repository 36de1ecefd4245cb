"""The walk itself: roles, confidence, links, trees, chains."""

from collections.abc import Iterator

from support.layers import Content, File, Symlink

from slimmer.reach.edge import Confidence, Kind, Need, Role
from slimmer.reach.graph import Graph
from slimmer.reach.resolver import Resolver, Visit
from slimmer.reach.script import ShebangResolver
from slimmer.reach.world import World

from .reaching import reached, world_of


class Says(Resolver):
    """Follows lines of text files: `kind confidence path`."""

    def visit(self, visit: Visit) -> Iterator[Need]:
        if not visit.is_code:
            return
        for line in self.world.text(visit.node).decode().splitlines():
            if line.count(" ") == 2:
                kind, level, path = line.split(" ")
                yield Need(path, Kind(kind), line, Confidence[level.upper()])


def _chain(graph: Graph, path: str) -> list[str]:
    edges = graph.chain(path)
    return [edges[0].source, *(edge.target for edge in edges)] if edges else []


def test_a_chain_leads_through_every_link_to_a_root() -> None:
    world = world_of(
        {
            "app": File(b"#!/bin/sh\n", 0o755),
            "bin": Symlink("usr/bin"),
            "usr/bin/sh": Symlink("dash"),
            "usr/bin/dash": File(b"shell", 0o755),
            "usr/bin/other": File(b"", 0o755),
        },
        Cmd=["/app"],
    )
    graph = reached(world, ShebangResolver)
    assert _chain(graph, "usr/bin/dash") == ["CMD", "app", "usr/bin/sh", "usr/bin/dash"]
    assert "usr/bin/other" not in graph
    assert graph.role("usr/bin/dash") is Role.RUN


def test_data_does_not_run_what_it_names() -> None:
    world = world_of(
        {"app": File(b"data high /list\n", 0o755), "list": b"exec high /tool\n", "tool": b""},
        Cmd=["/app"],
    )
    graph = reached(world, Says)
    assert "list" in graph
    assert "tool" not in graph


def test_a_chain_is_as_sure_as_its_weakest_edge_and_the_surest_chain_is_told() -> None:
    world = world_of(
        {
            "app": File(b"load medium /a\nload high /b\n", 0o755),
            "a": b"load high /c\n",
            "b": b"load high /d\n",
            "d": b"load high /c\nload low /e\n",
            "c": b"",
            "e": b"load high /f\n",
            "f": b"",
        },
        Cmd=["/app"],
    )
    graph = reached(world, Says)
    assert _chain(graph, "c") == ["CMD", "app", "b", "d", "c"]
    assert graph.chain("a")[-1].confidence is Confidence.MEDIUM
    assert "e" not in graph
    assert graph.weak["e"].source == "d"
    everything = reached(world, Says, least=Confidence.LOW)
    assert everything.chain("f")[-1].confidence is Confidence.LOW


def test_a_file_that_is_read_first_and_loaded_later_is_looked_at_again() -> None:
    world = world_of(
        {
            "app": File(b"data high /m\nload medium /n\n", 0o755),
            "n": b"load high /m\n",
            "m": b"load high /x\n",
            "x": b"",
        },
        Cmd=["/app"],
    )
    assert "x" in reached(world, Says)


def test_a_tree_brings_what_its_links_lead_to_and_ends() -> None:
    world = world_of(
        {
            "app": File(b"", 0o755),
            "certs/a.pem": Symlink("/store/a.crt"),
            "certs/loop": Symlink("/certs"),
            "store/a.crt": b"",
            "store/b.crt": b"",
        },
        Cmd=["/app"],
    )
    root = ("policy", Need("/certs", Kind.POLICY, "trust store", tree=True))
    graph = reached(world, roots=[root])
    assert {"certs", "certs/a.pem", "certs/loop", "store/a.crt"} <= graph.reached.keys()
    assert "store/b.crt" not in graph


def test_what_is_named_and_not_there_is_noted() -> None:
    world = world_of({"app": File(b"load high /gone\n", 0o755)}, Cmd=["/app"])
    graph = reached(world, Says)
    assert [(missing.source, missing.path) for missing in graph.missing] == [("app", "/gone")]


def test_later_matches_in_path_count_only_behind_a_script() -> None:
    files = {
        "usr/local/bin/psql": File(b"#!/usr/bin/perl\n", 0o755),
        "usr/bin/psql": File(b"binary", 0o755),
        "bin/psql": File(b"another", 0o755),
    }
    graph = reached(world_of(dict(files), Cmd=["psql"]), ShebangResolver)
    assert {"usr/local/bin/psql", "usr/bin/psql"} <= graph.reached.keys()
    assert "bin/psql" not in graph
    assert "bin/psql" in graph.weak


def test_a_chain_of_links_that_leads_nowhere_is_followed_once() -> None:
    """3,000 links one behind the other: only the last forty get through."""
    files: dict[str, Content] = {f"l{n}": Symlink(f"l{n + 1}") for n in range(3000)}
    world = world_of(files | {"l3000": b"end", "round": Symlink("round")}, Cmd=["/l3000"])
    counted = _counted_links(world)
    ends = [world.trail(f"/l{number}")[1] for number in range(3000)]
    assert [end is not None for end in ends] == [number >= 2960 for number in range(3000)]
    assert counted.number < 3 * 3000
    assert world.trail("/round")[1] is None
    for path in ("/l0", "/round"):
        assert world.trail(path)[0][0].path == path[1:]


def test_names_of_commands_are_looked_up_in_folders_that_are_there() -> None:
    folders = ":".join(f"/none{number}" for number in range(200))
    env = [f"PATH={folders}:/a:/b"]
    tool = File(b"#!/a/sh\n", 0o755)
    world = world_of({"a/sh": tool, "b/sh": tool, "b/one": tool}, Env=env)
    assert world.programs("sh") == ["/a/sh", "/b/sh"]
    before = world.filesystem.lookups
    assert world.programs("one") == ["/b/one"]
    assert world.programs("none") == []
    assert world.filesystem.lookups - before == 2


class _Counting(set[int]):
    number = 0

    def __contains__(self, item: object) -> bool:
        self.number += 1
        return super().__contains__(item)


def _counted_links(world: World) -> _Counting:
    """Counts every link that is followed."""
    counted = world._lost = _Counting()
    return counted
