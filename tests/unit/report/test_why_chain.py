"""The chain that `slim why` shows, over graphs made by hand."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.layers import Symlink, filesystem_of

from slimmer.filesystem.tree import Filesystem
from slimmer.reach.chain import find_chain
from slimmer.reach.edge import Confidence, Edge, Kind, Role
from slimmer.reach.graph import Graph
from slimmer.reach.walk import ON_THE_WAY
from slimmer.report.why_chain import detail_of, source_of, verb_of
from slimmer.report.why_near import near_names

HIGH, MEDIUM = Confidence.HIGH, Confidence.MEDIUM


def _graph(*edges: Edge) -> Graph:
    graph = Graph(MEDIUM)
    for edge in edges:
        graph.add(edge)
    return graph


def _edge(
    source: str,
    target: str,
    kind: Kind = Kind.EXEC,
    role: Role = Role.RUN,
    level: Confidence = HIGH,
    detail: str = "because",
) -> Edge:
    return Edge(source, target, kind, detail, level, role)


def _root(target: str, name: str = "ENTRYPOINT", role: Role = Role.RUN) -> Edge:
    return _edge(name, target, Kind.ROOT, role, detail=f'{name} ["x"]')


@pytest.fixture
def filesystem() -> Filesystem:
    return filesystem_of({"a": b"", "b": b"", "c": b"", "d": b"", "link": Symlink("b")})


def _path(chain: tuple[Edge, ...]) -> list[str]:
    return [edge.target for edge in chain]


def test_the_shortest_of_the_surest(filesystem: Filesystem) -> None:
    graph = _graph(
        _root("a"),
        _edge("a", "b"),
        _edge("b", "c"),
        _edge("c", "d"),
        _edge("a", "d", level=MEDIUM),
        _edge("b", "d"),
    )
    assert _path(find_chain(filesystem, graph, "d")) == ["a", "b", "d"]


def test_what_is_only_read_starts_nothing(filesystem: Filesystem) -> None:
    """c runs d because something starts c, not because the config names it."""
    graph = _graph(
        _root("c", "WORKDIR", Role.READ),
        _root("a"),
        _edge("a", "b"),
        _edge("b", "c"),
        _edge("c", "d"),
    )
    assert _path(find_chain(filesystem, graph, "d")) == ["a", "b", "c", "d"]
    assert _path(find_chain(filesystem, graph, "c")) == ["c"]


def test_reasons_that_go_round_do_not_hide_the_root(filesystem: Filesystem) -> None:
    """The strongest reasons of two files may be each other."""
    graph = _graph(
        _root("a", "payload", Role.READ),
        _edge("a", "b", Kind.DATA, Role.KEEP),
        _edge("b", "a", Kind.DATA, Role.KEEP),
        _edge("a", "a", Kind.DATA, Role.KEEP),
    )
    chain = find_chain(filesystem, graph, "b")
    assert [edge.source for edge in chain] == ["payload", "a"]
    assert [edge.source for edge in find_chain(filesystem, graph, "a")] == ["payload"]


def test_behind_a_link_of_a_root_the_chain_goes_on(filesystem: Filesystem) -> None:
    graph = _graph(
        _root("link", role=Role.READ), _edge("link", "b", Kind.ROOT, detail="a link on the way")
    )
    chain = find_chain(filesystem, graph, "b")
    assert _path(chain) == ["link", "b"]
    assert [verb_of(filesystem, edge) for edge in chain] == ["keeps", "is a link to"]
    assert detail_of(filesystem, chain[1]) == ""


def test_nothing_reaches_it(filesystem: Filesystem) -> None:
    assert find_chain(filesystem, _graph(_root("a")), "b") == ()


_NAMES = st.sampled_from(["a", "b", "c", "d"])
_EDGES = st.builds(
    Edge,
    _NAMES,
    _NAMES,
    st.sampled_from([kind for kind in Kind if kind is not Kind.ROOT]),
    st.just("because"),
    st.sampled_from(Confidence),
    st.sampled_from(Role),
)


@given(st.lists(_EDGES, max_size=12), st.lists(_NAMES, max_size=2))
def test_a_chain_is_one(edges: list[Edge], roots: list[str]) -> None:
    """Whatever the graph: it ends at the path, and each edge begins where the last one ended."""
    filesystem = filesystem_of(dict.fromkeys("abcd", b""))
    graph = _graph(*(_root(path) for path in roots), *edges)
    for path in "abcd":
        chain = find_chain(filesystem, graph, path)
        assert bool(chain) is (path in graph)
        assert all(one.target == two.source for one, two in pairwise(chain))
        assert not chain or chain[-1].target == path


@pytest.mark.parametrize(
    ("edge", "words"),
    [
        (_root("a"), ('ENTRYPOINT ["x"]', "starts", "")),
        (_root("a", "--keep"), ('--keep ["x"]', "keeps", "")),
        (_root("a", "WORKDIR", Role.READ), ('WORKDIR ["x"]', "names", "")),
        (
            _edge("payload", "a", Kind.ROOT, Role.KEEP, MEDIUM, "no package owns it"),
            ("payload: no package owns it", "keeps", "(medium)"),
        ),
        (_edge("a", "b"), ("/a", "runs", "because")),
        (_edge("a", "b", Kind.LINK, Role.CODE), ("/a", "links", "because")),
        (_edge("a", "b", Kind.LOAD, Role.CODE, MEDIUM), ("/a", "loads", "because (medium)")),
        (_edge("a", "b", Kind.DATA, Role.READ), ("/a", "reads", "because")),
        (_edge("a", "b", Kind.DATA, Role.KEEP), ("/a", "comes with", "because")),
        (_edge("a", "b", Kind.POLICY, Role.READ), ("/a", "counts on", "because")),
        (_edge("a", "b", Kind.TRACE, Role.READ), ("/a", "opened", "because")),
        (_edge("link", "b", detail=ON_THE_WAY), ("/link", "is a link to", "")),
        (_edge("link", "b", Kind.POLICY), ("/link", "counts on", "because")),
    ],
)
def test_words(edge: Edge, words: tuple[str, str, str], filesystem: Filesystem) -> None:
    found = source_of(filesystem, edge), verb_of(filesystem, edge), detail_of(filesystem, edge)
    assert found == words


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("opt/redis-server", ("usr/bin/redis-server",)),
        ("usr/bin/redis-servr", ("usr/bin/redis-server",)),
        ("opt/redis-clj", ("usr/bin/redis-cli",)),
        ("usr/bin", ("usr/bin",)),
        ("zzzzzz", ()),
        ("", ()),
        ("r" * 5000, ()),
    ],
)
def test_names_that_are_near(path: str, near: tuple[str, ...]) -> None:
    names = ("redis-server", "redis-sentinel", "redis-cli", "bash")
    filesystem = filesystem_of({f"usr/bin/{name}": b"" for name in names})
    assert near_names(filesystem, path) == near
