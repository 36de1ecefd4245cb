"""Where the loader finds a library, and what it reads on the way."""

from formats.test_ld_cache import cache_of
from support.layers import File, Symlink

from slimmer.reach.edge import Confidence, Kind, Need, Role
from slimmer.reach.elf.resolver import ElfResolver
from slimmer.reach.graph import Graph

from .elves import LOADER, library, program
from .reaching import reached, world_of

Files = dict[str, bytes | File | Symlink]


def _reached(files: Files, **config: object) -> Graph:
    base: Files = {LOADER: library()}
    return reached(world_of({**base, **files}, Cmd=["/app"], **config), ElfResolver)


def _found(graph: Graph, path: str) -> bool:
    """Whether the loader's own search leads to a library."""
    edge = graph.best(path)
    return edge is not None and edge.confidence is Confidence.HIGH


def test_the_interpreter_and_what_it_reads_stay() -> None:
    graph = _reached(
        {
            "app": program(),
            "etc/ld.so.cache": b"",
            "etc/ld.so.conf": b"include ld.so.conf.d/*.conf\n",
            "etc/ld.so.conf.d/a.conf": b"/opt/a\n",
            "etc/other": b"",
        }
    )
    edge = graph.best(LOADER)
    assert edge is not None
    assert (edge.kind, edge.role, edge.confidence) == (Kind.LINK, Role.CODE, Confidence.HIGH)
    for path in ("etc/ld.so.cache", "etc/ld.so.conf", "etc/ld.so.conf.d/a.conf"):
        assert graph.role(path) is Role.READ
    assert "etc/other" not in graph


def test_libraries_are_found_in_the_folders_that_the_configuration_includes() -> None:
    graph = _reached(
        {
            "app": program(needed="liba.so libb.so libc.so"),
            "etc/ld.so.conf": b"# a comment\ninclude ld.so.conf.d/*.conf\n/opt/b# why\n",
            "etc/ld.so.conf.d/a.conf": b"/opt/a\n",
            "etc/ld.so.conf.d/a.off": b"/opt/c\n",
            "opt/a/liba.so": library(),
            "opt/b/libb.so": library(),
            "opt/c/libb.so": library(),
        }
    )
    assert _found(graph, "opt/a/liba.so")
    assert _found(graph, "opt/b/libb.so")
    assert "opt/c/libb.so" not in graph
    assert [missing.detail for missing in graph.missing] == ["NEEDED libc.so"]


def test_an_include_that_includes_itself_ends() -> None:
    graph = _reached({"app": program(needed="a.so"), "etc/ld.so.conf": b"include ld.so.conf\n"})
    assert LOADER in graph


def test_a_library_of_another_machine_or_class_is_passed_over() -> None:
    graph = _reached(
        {
            "app": program(needed="liba.so"),
            "etc/ld.so.conf": b"/opt/1\n/opt/2\n/opt/3\n",
            "opt/1/liba.so": library(bits=32, machine=3),
            "opt/2/liba.so": library(machine=183),
            "opt/3/liba.so": library(),
        }
    )
    assert "opt/3/liba.so" in graph
    assert "opt/1/liba.so" not in graph
    assert "opt/2/liba.so" not in graph


def test_a_library_that_no_folder_of_the_search_has_is_taken_from_where_it_lies() -> None:
    files: Files = {
        "app": program(needed="liba.so"),
        "opt/x/lib/liba.so": library(),
        "opt/y/lib/liba.so": library(machine=183),
    }
    graph = _reached(files)
    edge = graph.best("opt/x/lib/liba.so")
    assert edge is not None
    assert edge.confidence is Confidence.MEDIUM
    assert "opt/y/lib/liba.so" not in graph
    assert "opt/x/lib/liba.so" not in _reached({**files, "usr/lib/liba.so": library()})


def test_runpath_counts_for_the_file_and_rpath_for_all_it_loads() -> None:
    files: Files = {
        "opt/x/lib/liba.so": library(needed="libb.so"),
        "opt/x/lib/libb.so": library(),
    }
    runpath = {"app": program(needed="liba.so", runpath=b"$ORIGIN/opt/x/${LIB}"), **files}
    rpath = {"app": program(needed="liba.so", rpath=b"${ORIGIN}/opt/x/$LIB"), **files}
    assert _found(_reached(runpath), "opt/x/lib/liba.so")
    assert not _found(_reached(runpath), "opt/x/lib/libb.so")
    assert _found(_reached(rpath), "opt/x/lib/libb.so")


def test_a_library_is_looked_at_again_for_a_loader_with_another_rpath() -> None:
    files: Files = {
        "app": program(needed="liba.so"),
        "other": program(needed="liba.so", rpath=b"/opt/x"),
        "usr/lib/liba.so": library(needed="libb.so"),
        "usr/lib/libb.so": library(),
        "opt/x/libb.so": library(),
    }
    world = world_of({LOADER: library(), **files}, Cmd=["/app"])
    later = Need("/other", Kind.ROOT, "later", Confidence.MEDIUM)
    assert "opt/x/libb.so" not in reached(world, ElfResolver)
    assert "opt/x/libb.so" in reached(world, ElfResolver, roots=[("x", later)])


def test_rpath_is_disabled_by_runpath() -> None:
    graph = _reached(
        {
            "app": program(needed="liba.so", rpath=b"/opt/1", runpath=b"/opt/2"),
            "opt/1/liba.so": library(),
            "opt/2/liba.so": library(),
        }
    )
    assert "opt/2/liba.so" in graph
    assert "opt/1/liba.so" not in graph


def test_the_order_is_rpath_environment_runpath_system() -> None:
    places = {f"opt/{number}/liba.so": library() for number in (1, 2)}
    files: Files = {**places, "usr/lib/liba.so": library()}
    by_rpath = {"app": program(needed="liba.so", rpath=b"/opt/1"), **files}
    by_runpath = {"app": program(needed="liba.so", runpath=b"/opt/1"), **files}
    environment = {"Env": ["LD_LIBRARY_PATH=/opt/2"]}
    assert "opt/1/liba.so" in _reached(by_rpath, **environment)
    assert "opt/2/liba.so" in _reached(by_runpath, **environment)
    assert "opt/1/liba.so" not in _reached(by_runpath, **environment)
    assert "usr/lib/liba.so" not in _reached(by_runpath)


def test_builds_for_newer_processors_stay_with_the_one_for_all() -> None:
    graph = _reached(
        {
            "app": program(needed="liba.so"),
            "usr/lib/x86_64-linux-gnu/liba.so": library(),
            "usr/lib/x86_64-linux-gnu/glibc-hwcaps/x86-64-v3/liba.so": library(),
        }
    )
    better = graph.best("usr/lib/x86_64-linux-gnu/glibc-hwcaps/x86-64-v3/liba.so")
    plain = graph.best("usr/lib/x86_64-linux-gnu/liba.so")
    assert better is not None
    assert plain is not None
    assert (better.confidence, plain.confidence) == (Confidence.MEDIUM, Confidence.HIGH)


def test_the_cache_knows_folders_that_nothing_else_names() -> None:
    files: Files = {"app": program(needed="liba.so"), "srv/deep/liba.so": library()}
    cache = cache_of([("liba.so", "/srv/deep/liba.so")])
    assert not _found(_reached(files), "srv/deep/liba.so")
    assert _found(_reached({**files, "etc/ld.so.cache": cache}), "srv/deep/liba.so")


def test_preloaded_libraries_stay() -> None:
    graph = _reached(
        {
            "app": program(),
            "usr/lib/liba.so": library(),
            "opt/libb.so": library(needed="libc.so"),
            "usr/lib/libc.so": library(),
            "etc/ld.so.preload": b"/opt/libb.so\n",
        },
        Env=["LD_PRELOAD=liba.so"],
    )
    for path in ("usr/lib/liba.so", "opt/libb.so", "usr/lib/libc.so", "etc/ld.so.preload"):
        assert path in graph


def test_musl_reads_its_own_path_and_passes_runpath_on() -> None:
    loader = "lib/ld-musl-x86_64.so.1"
    files: Files = {
        "app": program(needed="liba.so", runpath=b"/opt/x", interpreter=f"/{loader}".encode()),
        loader: library(),
        "etc/ld-musl-x86_64.path": b"/srv/lib\n",
        "opt/x/liba.so": library(needed="libb.so libc.so", runpath=b"/opt/y"),
        "opt/x/libb.so": library(),
        "srv/lib/libc.so": library(),
        "usr/lib/libc.so": library(),
    }
    graph = _reached(files)
    assert _found(graph, "opt/x/libb.so")
    assert _found(graph, "srv/lib/libc.so")
    assert "usr/lib/libc.so" not in graph
    assert "etc/ld-musl-x86_64.path" in graph


def test_what_only_lies_there_keeps_its_libraries_and_nothing_else() -> None:
    files: Files = {
        LOADER: library(),
        "tool": program("/etc/tool.conf", needed="liba.so"),
        "usr/lib/liba.so": library(),
        "etc/tool.conf": b"",
    }
    world = world_of(files)
    kept = Need("/tool", Kind.ROOT, "kept", role=Role.KEEP)
    read = Need("/tool", Kind.DATA, "read", role=Role.READ)
    graph = reached(world, ElfResolver, roots=[("x", kept)])
    assert graph.role("usr/lib/liba.so") is Role.KEEP
    assert "etc/tool.conf" not in graph
    assert "usr/lib/liba.so" not in reached(world, ElfResolver, roots=[("x", read)])
