"""What the constants of programs and libraries lead to, and what they must not lead to."""

import json

import pytest
from formats.elf_builder import Elf
from support.layers import Content, File, Folder, Symlink

from slimmer.reach.edge import Confidence, Edge, Kind, Role
from slimmer.reach.elf.resolver import ElfResolver
from slimmer.reach.graph import Graph

from .elves import LOADER, library, program, static
from .reaching import reached, world_of

Files = dict[str, Content]
TOOL = File(program().data, 0o755)
LIBC = "lib/libc.so.6"


def _reached(files: Files, **config: object) -> Graph:
    base: Files = {LOADER: library(), "bin/sh": Symlink("dash"), "bin/dash": TOOL}
    return reached(world_of({**base, **files}, **{"Cmd": ["/app"], **config}), ElfResolver)


def _edge(graph: Graph, path: str) -> Edge:
    edge = graph.best(path)
    assert edge is not None, f"{path} is not reached"
    return edge


def _packages(files: dict[str, str]) -> Files:
    """The files of a dpkg database in which these packages (by path) own these paths."""
    status = "".join(
        f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n"
        for name in dict.fromkeys(files.values())
    )
    lists: dict[str, list[str]] = {}
    for path, name in files.items():
        lists.setdefault(name, []).append(f"/{path}\n")
    return {
        "var/lib/dpkg/status": status.encode(),
        **{f"var/lib/dpkg/info/{n}.list": "".join(p).encode() for n, p in lists.items()},
    }


def _weak(graph: Graph, path: str) -> bool:
    return path not in graph and path in graph.weak


# Libraries that are opened.


def test_a_library_that_an_importer_of_dlopen_names_is_loaded_with_what_it_needs() -> None:
    files: Files = {
        "usr/lib/libplug.so.2": library(needed="libdeep.so"),
        "usr/lib/libdeep.so": library(),
    }
    graph = _reached({"app": program("libplug.so.2", imports="dlopen"), **files})
    edge = _edge(graph, "usr/lib/libplug.so.2")
    assert (edge.kind, edge.role, edge.confidence) == (Kind.LOAD, Role.CODE, Confidence.MEDIUM)
    assert "usr/lib/libdeep.so" in graph
    assert "usr/lib/libplug.so.2" not in _reached({"app": program("libplug.so.2"), **files})


def test_a_template_opens_what_lies_beside_a_file_in_a_folder_of_its_own() -> None:
    files: Files = {
        "opt/thing/lib/libx_one.so": library(),
        "opt/thing/lib/other.so": library(),
        "usr/lib/libx_two.so": library(),
    }
    main = library("%s/libx_%s.so", imports="dlopen")
    graph = _reached(
        {"app": program("/opt/thing/lib/main.so"), "opt/thing/lib/main.so": main, **files}
    )
    assert "opt/thing/lib/libx_one.so" in graph
    assert "opt/thing/lib/other.so" not in graph
    assert "usr/lib/libx_two.so" not in graph


def test_a_template_with_a_name_of_its_own_opens_libraries_of_the_system() -> None:
    app = program("libcodec_%s.so", "lib%s.so.%d", imports="dlopen")
    graph = _reached(
        {"app": app, "usr/lib/libcodec_a.so": library(), "usr/lib/libz.so.1": library()}
    )
    assert "usr/lib/libcodec_a.so" in graph
    assert "usr/lib/libz.so.1" not in graph


def test_a_library_below_the_folder_of_a_template_is_found_from_the_file() -> None:
    graph = _reached(
        {
            "app": program("/opt/j/lib/main.so"),
            "opt/j/lib/main.so": library("%s/lib/server/libvm.so", imports="dlopen"),
            "opt/j/lib/server/libvm.so": library(),
        }
    )
    assert "opt/j/lib/server/libvm.so" in graph


def test_every_name_in_a_note_that_is_there_is_loaded() -> None:
    note = json.dumps([{"soname": ["liba.so.2", "liba.so.1", "liba.so.0"]}]).encode()
    graph = _reached(
        {
            "app": program(notes=[(b"FDO", 0x407C0C0A, note)]),
            "usr/lib/liba.so.1": library(),
            "usr/lib/liba.so.0": library(),
        }
    )
    assert _edge(graph, "usr/lib/liba.so.1").detail == ".note.dlopen liba.so.1"
    assert "usr/lib/liba.so.0" in graph


def test_the_unwinder_that_the_c_library_opens_stays_and_its_modules_have_other_rules() -> None:
    graph = _reached(
        {
            "app": program(needed="libc.so.6"),
            LIBC: library("libgcc_s.so.1", "libnss_files.so.2", "/usr/lib/gconv", "/usr/share/zi"),
            "lib/libgcc_s.so.1": library(),
            "lib/libnss_files.so.2": library(),
            "usr/lib/gconv/a.so": library(),
            "usr/share/zi/UTC": b"",
        }
    )
    assert "lib/libgcc_s.so.1" in graph
    for path in ("lib/libnss_files.so.2", "usr/lib/gconv/a.so", "usr/share/zi/UTC"):
        assert path not in graph


def test_a_folder_of_plugins_that_is_named_is_loaded_whole() -> None:
    graph = _reached(
        {
            "app": program("/usr/lib/db/15/lib"),
            "usr/lib/db/15/lib/jit.so": library(needed="libgiant.so"),
            "usr/lib/db/15/lib/more/a.so": library(),
            "usr/lib/db/15/lib/words.txt": b"",
            "usr/lib/libgiant.so": library(),
        }
    )
    assert graph.role("usr/lib/db/15/lib/jit.so") is Role.CODE
    assert graph.role("usr/lib/db/15/lib/more/a.so") is Role.CODE
    assert graph.role("usr/lib/db/15/lib/words.txt") is Role.READ
    assert "usr/lib/libgiant.so" in graph


@pytest.mark.parametrize(
    "folder",
    [
        "/usr/lib",
        "/usr/lib/x86_64-linux-gnu",
        "/lib",
        "/usr/share",
        "/etc",
        "/usr/bin",
        "/",
        "/opt",
    ],
)
def test_a_folder_of_everybody_is_nobodys(folder: str) -> None:
    inside = f"{folder.strip('/')}/some/file".lstrip("/")
    graph = _reached({"app": program(folder, imports="dlopen execv"), inside: b""})
    assert inside not in graph


def test_a_template_opens_nothing_beside_a_library_of_the_system() -> None:
    main = library("%s/lib%s.so", imports="dlopen")
    graph = _reached(
        {
            "app": program(needed="libmain.so"),
            "usr/lib/libmain.so": main,
            "usr/lib/libother.so": library(),
        }
    )
    assert "usr/lib/libother.so" not in graph


# Data.


def test_files_and_folders_that_are_named_are_read() -> None:
    app = program(
        *("/usr/share/thing/", "/etc/thing.conf", "/srv/t/%s.tmpl", "/opt/a:/opt/b/c", "x /var/q/z")
    )
    graph = _reached(
        {
            "app": app,
            "usr/share/thing/deep/a": b"",
            "etc/thing.conf": b"",
            "srv/t/one.tmpl": b"",
            "opt/b/c/d": b"",
            "var/q/z": b"",
            "usr/share/other/a": b"",
        }
    )
    for path in ("usr/share/thing/deep/a", "etc/thing.conf", "srv/t/one.tmpl", "opt/b/c/d"):
        edge = _edge(graph, path)
        assert (edge.kind, edge.role, edge.confidence) == (Kind.DATA, Role.READ, Confidence.MEDIUM)
    assert "var/q/z" not in graph
    assert "usr/share/other/a" not in graph


def test_documentation_translations_and_caches_are_only_a_hint() -> None:
    paths = ["usr/share/doc/x/README", "usr/share/locale/de/x.mo", "var/cache/x/y"]
    folders = ["/usr/share/doc/x", "/usr/share/locale/de", "/var/cache/x"]
    graph = _reached({"app": program(*folders), **dict.fromkeys(paths, b"")})
    for path, folder in zip(paths, folders, strict=True):
        assert path not in graph
        assert folder[1:] in graph.weak
    by_name = _reached({"app": program("/usr/share/doc/x/README"), **dict.fromkeys(paths, b"")})
    assert _weak(by_name, "usr/share/doc/x/README")


def test_a_library_loads_only_the_plugins_that_its_configuration_names() -> None:
    files: Files = {"usr/lib/security/pam_any.so": library()}
    names = ("/usr/lib/security/",)
    for name in ("libpam.so.0", "libother.so.0"):
        app = program(needed=name)
        graph = _reached({"app": app, f"lib/{name}": library(*names, imports="dlopen"), **files})
        assert ("usr/lib/security/pam_any.so" in graph) is (name == "libother.so.0")


def test_a_client_library_of_the_init_system_does_not_keep_its_services() -> None:
    files: Files = {"usr/lib/systemd/network/a.network": b""}
    client = library("/usr/lib/systemd/network")
    graph = _reached({"app": program(needed="libs.so"), "usr/lib/libs.so": client, **files})
    assert _weak(graph, "usr/lib/systemd/network")
    init = _reached({"app": program("/usr/lib/systemd/network"), **files})
    assert "usr/lib/systemd/network/a.network" in init


def test_the_module_folders_of_a_runtime_are_left_to_its_programs() -> None:
    files: Files = {"usr/lib/vendor_perl/Big.pm": b"", "usr/lib/other_perl/Big.pm": b""}
    perl = library("/usr/lib/vendor_perl", imports="dlopen")
    graph = _reached({"app": program(needed="libperl.so"), "usr/lib/libperl.so": perl, **files})
    assert _weak(graph, "usr/lib/vendor_perl")
    assert "usr/lib/vendor_perl/Big.pm" in _reached(
        {"app": program("/usr/lib/vendor_perl"), **files}
    )


def test_what_belongs_to_a_prefix_is_found_from_the_program() -> None:
    graph = _reached(
        {
            "opt/x/bin/thing": program("../share/words", "lib/deep/table.txt"),
            "opt/x/share/thing/a": b"",
            "opt/x/share/words/b": b"",
            "opt/x/lib/deep/table.txt": b"",
            "opt/x/share/unnamed/c": b"",
        },
        Cmd=["/opt/x/bin/thing"],
    )
    for path in ("opt/x/share/thing/a", "opt/x/share/words/b", "opt/x/lib/deep/table.txt"):
        assert path in graph
    assert "opt/x/share/unnamed/c" not in graph
    tool: Files = {"opt/x/tools/thing": program("share/words"), "opt/x/share/words/b": b""}
    assert "opt/x/share/words/b" not in _reached(tool, Cmd=["/opt/x/tools/thing"])


def test_packed_texts_are_cut_where_the_image_has_a_path() -> None:
    data = b"abc/etc/mime.types/usr/share/thing/usr/share/zone/infohello/bin/toolx/var/lib/x/conf2"
    graph = _reached(
        {
            "app": static(data),
            "etc/mime.types": b"",
            "usr/share/thing/a": b"",
            "bin/tool": TOOL,
            "var/lib/x/conf": b"",
        }
    )
    assert "etc/mime.types" in graph
    assert "usr/share/thing/a" in graph
    assert _weak(graph, "bin/tool")
    assert _weak(graph, "var/lib/x/conf")


def test_a_folder_that_many_packages_fill_belongs_to_none_of_them() -> None:
    owned = {
        f"usr/share/{place}/{n}": f"p{n % size}"
        for place, size in (("all", 12), ("one", 2))
        for n in range(12)
    }
    app = program("/usr/share/all", "/usr/share/one")
    graph = _reached({"app": app, **dict.fromkeys(owned, b""), **_packages(owned)})
    assert _weak(graph, "usr/share/all")
    plugin: Files = {"usr/share/all/plugin.so": library()}
    holds_plugins = _reached(
        {"app": app, **dict.fromkeys(owned, b""), **_packages(owned), **plugin}
    )
    assert "usr/share/all/3" in holds_plugins
    assert "usr/share/one/3" in graph


def test_what_is_made_at_run_time_and_what_a_setting_names_is_not_followed() -> None:
    graph = _reached(
        {
            "app": program("/run/thing.pid", "--datadir=/usr/share/thing", "--conf=/etc/x.conf"),
            "run/thing.pid": b"",
            "usr/share/thing/a": b"",
            "etc/x.conf": b"",
        }
    )
    assert "run/thing.pid" not in graph.weak
    assert "run/thing.pid" not in graph
    assert "usr/share/thing/a" not in graph
    assert "etc/x.conf" in graph


def test_the_c_library_reads_configuration_only() -> None:
    libc = library("/etc/hosts", "/usr/share/big")
    files: Files = {"etc/hosts": b"", "usr/share/big": b"", LIBC: libc}
    graph = _reached({"app": program(needed="libc.so.6"), **files})
    assert "etc/hosts" in graph
    assert _weak(graph, "usr/share/big")


@pytest.mark.parametrize("section", [b".go.buildinfo", b".dep-v0"])
def test_the_texts_of_go_and_rust_are_packed_though_libraries_are_linked(section: bytes) -> None:
    sections = {b".rodata": b"abc/etc/mime.typesabc", section: b"x"}
    elf = Elf(interpreter=f"/{LOADER}".encode(), needed=[b"libc.so.6"], sections=sections)
    graph = _reached({"app": File(elf.build(), 0o755), "etc/mime.types": b""})
    assert _weak(graph, "etc/mime.types")


# Programs.


def test_a_static_program_can_start_what_it_names() -> None:
    graph = _reached({"app": static(b"/bin/tool\0"), "bin/tool": TOOL})
    assert graph.started("bin/tool")


def test_programs_of_one_package_start_each_other() -> None:
    files: Files = {"usr/bin/init": program("server", imports="execv"), "usr/bin/server": TOOL}
    one = _packages({"usr/bin/init": "db", "usr/bin/server": "db"})
    two = _packages({"usr/bin/init": "db", "usr/bin/server": "web"})
    assert _reached({**files, **one}, Cmd=["init"]).started("usr/bin/server")
    assert _weak(_reached({**files, **two}, Cmd=["init"]), "usr/bin/server")


def test_a_program_that_is_named_is_started_by_who_can_start_programs() -> None:
    files: Files = {"usr/sbin/helper": TOOL, "etc/words": File(b"no program", 0o755)}
    graph = _reached({"app": program("/usr/sbin/helper -t -i", imports="execve"), **files})
    edge = _edge(graph, "usr/sbin/helper")
    assert (edge.kind, edge.role, edge.confidence) == (Kind.EXEC, Role.RUN, Confidence.MEDIUM)
    assert _weak(_reached({"app": program("/usr/sbin/helper"), **files}), "usr/sbin/helper")
    listed = program("PERL=/usr/sbin/helper", imports="execve")
    assert _weak(_reached({"app": listed, **files}), "usr/sbin/helper")
    words = program("/etc/words", imports="execve")
    assert graph.role("etc/words") is None
    assert _reached({"app": words, **files}).role("etc/words") is Role.READ


def test_a_command_without_a_path_is_only_a_hint() -> None:
    graph = _reached(
        {
            "app": program("sort -d < %s", "cut", "tailer", imports="popen"),
            "bin/sort": TOOL,
            "bin/cut": TOOL,
            "bin/tail": TOOL,
        }
    )
    assert _weak(graph, "bin/sort")
    assert _weak(graph, "bin/cut")
    assert "bin/tail" not in graph.weak


def test_what_archivers_put_before_a_pipe_is_started_by_its_bare_name() -> None:
    """The linker lets `gzip` share the end of the option `ungzip`."""
    files = {"bin/gzip": TOOL, "bin/xz": TOOL}
    graph = _reached({"app": program("ungzip", "xz-utils", imports="execlp"), **files})
    assert "bin/gzip" in graph
    assert "bin/xz" not in graph
    assert "bin/gzip" not in _reached({"app": program("ungzip", imports="dlopen"), **files})


@pytest.mark.parametrize("function", ["system", "popen", "wordexp"])
def test_a_command_line_needs_a_shell_when_a_program_gives_it(function: str) -> None:
    assert "bin/dash" in _reached({"app": program(imports=function)})
    by_library: Files = {
        "app": program(needed="liba.so"),
        "usr/lib/liba.so": library("/bin/sh", imports=function),
    }
    assert _weak(_reached(by_library), "bin/sh")
    assert _weak(_reached({"bin/perl": program(imports=function)}, Cmd=["perl"]), "bin/sh")
    assert "bin/sh" not in _reached({"app": program(imports="execve")})


def test_a_program_that_lies_beside_is_started_by_its_name() -> None:
    files: Files = {"opt/db/bin/server": TOOL, "opt/db/bin/unnamed": TOOL}
    app = program("server", "unnamed things", imports="popen")
    graph = _reached({"opt/db/bin/init": app, **files}, Cmd=["/opt/db/bin/init"])
    assert _edge(graph, "opt/db/bin/server").detail == "can start server beside it"
    assert "opt/db/bin/unnamed" not in graph
    runtime: Files = {"opt/db/bin/perl": app, **files}
    assert "opt/db/bin/server" not in _reached(runtime, Cmd=["/opt/db/bin/perl"])
    common: Files = {"usr/bin/init": app, "usr/bin/server": TOOL}
    assert _weak(_reached(common, Cmd=["/usr/bin/init"]), "usr/bin/server")


def test_programs_of_a_folder_that_is_named_are_started() -> None:
    script = File(b"#!/usr/bin/perl\n", 0o755)
    files: Files = {
        "usr/libexec/git/fetch": TOOL,
        "usr/libexec/git/svn": script,
        "usr/libexec/git/add": script,
        "usr/libexec/git/note": b"",
    }
    graph = _reached({"app": program("/usr/libexec/git", "add", imports="execv"), **files})
    assert graph.started("usr/libexec/git/fetch")
    assert graph.started("usr/libexec/git/add")
    assert not graph.started("usr/libexec/git/svn")
    assert graph.role("usr/libexec/git/svn") is Role.READ
    reader = _reached({"app": program("/usr/libexec/git"), **files})
    assert reader.role("usr/libexec/git/fetch") is Role.READ


def test_a_script_among_settings_is_not_started_by_the_folder() -> None:
    script = File(b"#!/bin/sh\n", 0o755)
    app = program("/etc/db", "/etc/hooks.d", imports="execv")
    files: Files = {"etc/db/db.conf": b"", "etc/db/start": script, "etc/hooks.d/up": script}
    graph = _reached({"app": app, **files})
    assert graph.role("etc/db/start") is Role.READ
    assert graph.started("etc/hooks.d/up")


def test_the_programs_of_a_bin_folder_are_not_started_by_its_name() -> None:
    files: Files = {"opt/db/bin/client": TOOL, "opt/db/bin": Folder()}
    assert "opt/db/bin/client" not in _reached(
        {"app": program("/opt/db/bin", imports="execv"), **files}
    )


# What is no program.


def test_damaged_files_need_nothing_more() -> None:
    whole = program("/etc/thing", imports="execv dlopen").data
    for cut in range(0, len(whole), 37):
        assert _reached({"app": File(whole[:cut], 0o755)}).started("app")


def test_a_file_without_sections_is_read_by_its_segments() -> None:
    app = File(program(data=b"\0/etc/thing\0").data, 0o755)
    stripped = app.data[:0x28] + bytes(8) + app.data[0x30:0x3A] + bytes(6) + app.data[0x40:]
    graph = _reached({"app": File(stripped, 0o755), "etc/thing": b""})
    assert "etc/thing" in graph


def test_a_copy_of_itself_under_another_name_is_not_started() -> None:
    """Programs that act by the name they are called by compare it, and are copied for each."""
    same = program("db-check", "p" * 20_000, imports="execve")
    files = {"opt/db/bin/db": same, "opt/db/bin/db-check": same}
    assert "opt/db/bin/db-check" not in _reached(files, Cmd=["/opt/db/bin/db"])
