"""Which packages go whole, and what their databases say afterwards."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from formats.elf_builder import Elf
from support.layers import File, Layer, Symlink

from slimmer.build.options import BuildOptions
from slimmer.detect.inspection import Inspection
from slimmer.formats.apk import parse_installed
from slimmer.formats.dpkg import parse_status

from .building import PLAIN, Result, built, debian, paragraph


def _files(*paths: str) -> dict[str, bytes]:
    return {path: b"content of " + path.encode() for path in paths}


def _image(
    packages: Mapping[str, Sequence[str]], *more: Layer, **paragraphs: bytes
) -> dict[str, object]:
    """A Debian image in which each package has its files and a copyright."""
    packages = {
        name: [*paths, f"usr/share/doc/{name}/copyright"] for name, paths in packages.items()
    }
    layer: dict[str, object] = {**debian(packages, **paragraphs)}
    for paths in packages.values():
        layer |= _files(*paths)
    for files in more:
        layer |= files
    return layer


def _listed(inspection: Inspection) -> list[str]:
    return sorted(package.name for package in inspection.subject.packages.all)


def check_truth(result: Result) -> None:
    """Every file that stays and had an owner has a listed one; who is listed has a file."""
    with result.after() as after:
        packages = after.subject.packages
        for package in packages.all:
            assert package.files or not _had_files(result, package.name), package.name
        filesystem = after.subject.filesystem
        for path, owner in result.before.subject.packages.owners.items():
            node = filesystem.get(path)
            if node is not None and not node.is_directory and owner.type in ("deb", "apk"):
                assert packages.owner(path) is not None, path
        for package in packages.all:
            if package.type == "deb":
                info = f"var/lib/dpkg/info/{package.name}.list"
                listed = (filesystem.content(info) or b"").decode().split()
                assert all(filesystem.resolve(path) is not None for path in listed)


def _had_files(result: Result, name: str) -> bool:
    return any(p.files for p in result.before.subject.packages.all if p.name == name)


# --- selection ----------------------------------------------------------------------------------


def test_a_compiler_that_nothing_needs_goes_with_its_record(tmp_path: Path) -> None:
    layer = _image({"gcc": ["usr/bin/gcc"], "curl": ["usr/bin/curl"]})
    with built(tmp_path, layer) as result, result.after() as after:
        assert result.rules["usr/bin/gcc"] == "compiler"
        assert _listed(after) == ["curl"]
        assert b"X-Slim-Removed" not in result.everything
        check_truth(result)


def test_a_package_of_which_nothing_is_left_is_not_listed(tmp_path: Path) -> None:
    packages = {"make": ["usr/bin/make"], "curl": ["usr/bin/curl"]}
    layer = {**debian(packages), **_files("usr/bin/make", "usr/bin/curl")}
    with built(tmp_path, layer) as result, result.after() as after:
        assert _listed(after) == ["curl"]
        assert after.subject.filesystem.get("var/lib/dpkg/info/make.list") is None
        assert b"Package: make" not in result.everything
        check_truth(result)


@pytest.mark.parametrize(
    ("field", "value", "stays"),
    [
        ("Depends", "make", True),
        ("Depends", "make (>= 4.0), libc6", True),
        ("Depends", "gnumake | make", True),
        ("Depends", "make | curl", False),
        ("Pre-Depends", "make:any", True),
        ("Depends", "make-tool", True),
        ("Recommends", "make", False),
        ("Suggests", "make", False),
    ],
)
def test_dependencies(field: str, value: str, stays: bool, tmp_path: Path) -> None:
    layer = _image(
        {"app": ["usr/bin/app"], "make": ["usr/bin/make"], "curl": ["usr/bin/curl"]},
        app=paragraph("app", **{field.replace("-", "_"): value}),
        make=paragraph("make", Provides="make-tool (= 1)"),
    )
    with built(tmp_path, layer) as result:
        assert ("usr/bin/make" not in result.rules) is stays
        check_truth(result)


def test_what_only_dropped_packages_need_goes_with_them(tmp_path: Path) -> None:
    layer = _image(
        {"gcc": ["usr/bin/gcc"], "cpp": ["usr/bin/cpp"], "g++": ["usr/bin/g++"]},
        gcc=paragraph("gcc", Depends="cpp"),
        **{"g++": paragraph("g++", Depends="gcc, cpp")},
    )
    with built(tmp_path, layer) as result:
        assert {"usr/bin/gcc", "usr/bin/cpp", "usr/bin/g++"} <= set(result.rules)


def test_install_time_dependencies_end_with_installation(tmp_path: Path) -> None:
    layer = _image(
        {"app": ["usr/bin/app"], "dpkg": ["usr/bin/dpkg"], "apt": ["usr/bin/apt"]},
        app=paragraph("app", Pre_Depends="dpkg (>= 1.17)", Depends="apt"),
    )
    with built(tmp_path, layer) as result:
        assert {"usr/bin/dpkg", "usr/bin/apt"} <= set(result.rules)


@pytest.mark.parametrize(
    ("config", "more"),
    [
        ({"Entrypoint": ["make", "run"]}, {}),
        ({"Entrypoint": ["/usr/bin/make"]}, {}),
        ({"Cmd": ["sh", "-c", "cd /srv && exec make run"]}, {}),
        ({"Healthcheck": {"Test": ["CMD", "make", "check"]}}, {}),
        ({"Cmd": ["/s"]}, {"s": File(b"#!/bin/bash\nexec gosu app make\n", 0o755)}),
        ({"Cmd": ["/s"]}, {"s": File(b"#!/usr/bin/make -f\nall:\n", 0o755)}),
        ({"Cmd": ["/s"]}, {"app/run.py": b"os.execvp('make', ['make', 'all'])"}),
        ({"Cmd": ["/s"]}, {"app/tools/make": Symlink("/usr/bin/make")}),
        (
            {"Cmd": ["/s"]},
            {
                "s": File(b"#!/bin/sh\nservice shop start\nexec tail -f /log\n", 0o755),
                "etc/init.d/shop": File(b"#!/bin/sh\nstart() { make serve; }\n", 0o755),
            },
        ),
        ({"Cmd": ["cron", "-f"]}, {"etc/cron.d/job": b"* * * * * root cd /srv && make job\n"}),
    ],
)
def test_a_package_whose_program_is_named_stays(
    config: dict[str, object], more: Layer, tmp_path: Path
) -> None:
    layer = _image({"make": ["usr/bin/make"]}, more)
    with built(tmp_path, layer, config=config) as result:
        assert "usr/bin/make" not in result.rules
        assert any(kept.path == "package make" for kept in result.outcome.plan.kept)


def test_a_start_script_of_the_system_keeps_its_helper(tmp_path: Path) -> None:
    """`start-stop-daemon` is in the package of dpkg, and init scripts run it."""
    layer = _image(
        {"dpkg": ["usr/bin/dpkg", "usr/sbin/start-stop-daemon"]},
        {
            "s": File(b"#!/bin/sh\nset -e\nservice web start\n", 0o755),
            "etc/init.d/web": File(b"#!/bin/sh\nstart-stop-daemon --start\n", 0o755),
        },
    )
    with built(tmp_path, layer, config={"Cmd": ["/s"]}) as result:
        assert "usr/sbin/start-stop-daemon" not in result.rules


def test_a_library_that_compiles_at_run_time_keeps_the_compiler(tmp_path: Path) -> None:
    site = "usr/local/lib/python3.11/site-packages/triton-3.dist-info/METADATA"
    layer = _image(
        {"gcc": ["usr/bin/gcc"]},
        {site: b"Metadata-Version: 2.1\nName: triton\nVersion: 3\n", "usr/include/a.h": b""},
    )
    with built(tmp_path, layer) as result:
        assert result.rules == {}


# --- orphans ------------------------------------------------------------------------------------

_AUTOMATIC = b"Package: libcc1\nArchitecture: amd64\nAuto-Installed: 1\n\n"


def _orphan_image(
    *more: Layer, states: bytes = _AUTOMATIC, section: str = "libs"
) -> dict[str, object]:
    return _image(
        {"gcc": ["usr/bin/gcc"], "libcc1": ["usr/lib/libcc1.so.0"], "curl": ["usr/bin/curl"]},
        {"var/lib/apt/extended_states": states},
        *more,
        gcc=paragraph("gcc", Depends="libcc1"),
        libcc1=paragraph("libcc1", section=section),
    )


def test_a_library_only_the_compiler_needed_goes(tmp_path: Path) -> None:
    with built(tmp_path, _orphan_image()) as result:
        assert result.rules["usr/lib/libcc1.so.0"] == "orphaned-library"
        check_truth(result)


@pytest.mark.parametrize(
    "layer",
    [
        _orphan_image(states=b"Package: other\nArchitecture: amd64\nAuto-Installed: 1\n\n"),
        _orphan_image(section="utils"),
        _orphan_image({"opt/app": File(Elf(type=2, needed=[b"libcc1.so.0"]).build(), 0o755)}),
        _image(
            {"gcc": ["usr/bin/gcc"], "libcc1": ["usr/lib/libcc1.so.0"], "app": ["usr/bin/app"]},
            {"var/lib/apt/extended_states": _AUTOMATIC},
            gcc=paragraph("gcc", Depends="libcc1"),
            libcc1=paragraph("libcc1", section="libs"),
            app=paragraph("app", Depends="libcc1"),
        ),
    ],
    ids=["asked for", "not a library", "linked", "needed"],
)
def test_libraries_that_stay(layer: Layer, tmp_path: Path) -> None:
    with built(tmp_path, layer) as result:
        assert "usr/lib/libcc1.so.0" not in result.rules


# --- dpkg's database ----------------------------------------------------------------------------


def test_status_stays_byte_for_byte_but_for_what_went(tmp_path: Path) -> None:
    odd = b"Package:  curl\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n"
    odd += b"X-Odd: \xe9\n continued\n\n\n"
    make = paragraph("make")
    tool = paragraph("tool")
    layer = {
        "var/lib/dpkg/status": odd + make + tool.rstrip(b"\n") + b"\n",
        "var/lib/dpkg/info/curl.list": b"/.\n/usr\n/usr/bin\n/usr/bin/curl\n",
        "var/lib/dpkg/info/make.list": b"/usr/bin/make\n",
        "var/lib/dpkg/info/tool.list": b"/usr/bin/tool\n/usr/share/doc/tool/copyright\n",
        "var/lib/dpkg/info/tool.md5sums": (
            b"0" * 32 + b"  usr/bin/tool\n" + b"1" * 32 + b"  usr/share/doc/tool/copyright\n"
        ),
        **_files("usr/bin/curl", "usr/bin/make", "usr/bin/tool", "usr/share/doc/tool/copyright"),
    }
    options = BuildOptions("safe", user="keep", drop=("usr/bin/tool",))
    with built(tmp_path, layer, options=options) as result:
        expected = odd + tool.rstrip(b"\n") + b"\nX-Slim-Removed: 1 of 2 files\n"
        assert result.written("var/lib/dpkg/status") == expected
        assert [p.name for p in parse_status(expected)] == ["curl", "tool"]
        assert result.written("var/lib/dpkg/info/tool.list") == b"/usr/share/doc/tool/copyright\n"
        sums = result.written("var/lib/dpkg/info/tool.md5sums")
        assert sums == b"1" * 32 + b"  usr/share/doc/tool/copyright\n"
        assert {item.path for item in result.outcome.plan.written} == {
            "var/lib/dpkg/status",
            "var/lib/dpkg/info/tool.list",
            "var/lib/dpkg/info/tool.md5sums",
        }
        assert result.rules["var/lib/dpkg/info/make.list"] == "package-database"


def test_losing_documentation_leaves_no_mark(tmp_path: Path) -> None:
    layer = _image({"tool": ["usr/bin/tool", "usr/share/doc/tool/README", "usr/share/man/m/t.1"]})
    with built(tmp_path, layer) as result:
        written = {item.path for item in result.outcome.plan.written}
        assert written == {"var/lib/dpkg/info/tool.list"}
        check_truth(result)


def test_a_second_build_counts_anew_and_marks_once(tmp_path: Path) -> None:
    record = paragraph("tool").rstrip(b"\n") + b"\nX-Slim-Removed: 9 of 9 files\n\n"
    layer = _image({"tool": ["usr/bin/tool", "usr/bin/other"]}, tool=record)
    options = BuildOptions("safe", user="keep", drop=("usr/bin/other",))
    with built(tmp_path, layer, options=options) as result:
        status = result.written("var/lib/dpkg/status")
        assert status.count(b"X-Slim-Removed") == 1
        assert b"X-Slim-Removed: 1 of 3 files\n" in status


def test_lists_that_name_what_was_never_there_are_left_alone(tmp_path: Path) -> None:
    """Debian's small images leave documentation out and do not tell dpkg."""
    layer = {
        **debian({"curl": ["usr/bin/curl", "usr/share/doc/curl/README"]}),
        **_files("usr/bin/curl"),
    }
    with built(tmp_path, layer) as result:
        assert result.outcome.plan.written == ()


def test_records_of_status_d(tmp_path: Path) -> None:
    layer = {
        "var/lib/dpkg/status.d/base": paragraph("base"),
        "var/lib/dpkg/status.d/base.md5sums": b"0" * 32 + b"  etc/x\n" + b"0" * 32 + b"  srv/a\n",
        "var/lib/dpkg/status.d/gone": paragraph("gone"),
        "var/lib/dpkg/status.d/gone.md5sums": b"0" * 32 + b"  srv/b\n",
        "var/lib/dpkg/status.d/unknown": paragraph("unknown"),
        **_files("etc/x", "srv/a", "srv/b"),
    }
    options = BuildOptions("safe", user="keep", drop=("srv",))
    with built(tmp_path, layer, options=options) as result, result.after() as after:
        # Nothing tells which files `unknown` has: it may have all of them.
        assert _listed(after) == ["base", "unknown"]
        assert result.written("var/lib/dpkg/status.d/base").endswith(
            b"X-Slim-Removed: 1 of 2 files\n\n"
        )
        assert result.written("var/lib/dpkg/status.d/base.md5sums") == b"0" * 32 + b"  etc/x\n"
        assert after.subject.filesystem.get("var/lib/dpkg/status.d/gone.md5sums") is None


def test_a_file_of_two_packages_stays_with_the_one_that_stays(tmp_path: Path) -> None:
    layer = _image({"make": ["usr/bin/make", "usr/lib/shared"], "zz": ["usr/lib/shared"]})
    with built(tmp_path, layer) as result:
        assert "usr/bin/make" in result.rules
        assert "usr/lib/shared" not in result.rules
        check_truth(result)


def test_a_link_to_a_folder_of_papers_is_a_file_that_a_package_still_has(tmp_path: Path) -> None:
    packages = {"gcc": ["usr/bin/x", "usr/share/doc/gcc"], "cpp": ["usr/share/doc/cpp/copyright"]}
    layer = {
        **debian(packages),
        **_files("usr/bin/x", "usr/share/doc/cpp/copyright"),
        "usr/share/doc/gcc": Symlink("cpp"),
    }
    options = BuildOptions("safe", user="keep", drop=("usr/bin/x",), keep=("usr/share/doc/gcc",))
    with built(tmp_path, layer, options=options) as result, result.after() as after:
        assert after.subject.filesystem.get("usr/share/doc/gcc") is not None
        assert "gcc" in _listed(after)
        check_truth(result)


def test_a_link_near_the_root_is_nobodys_file(tmp_path: Path) -> None:
    packages = {"old": ["usr/bin/x", "usr/lib64"], "curl": ["usr/bin/curl"]}
    layer = {
        **debian(packages),
        **_files("usr/bin/x", "usr/bin/curl", "usr/lib/y"),
        "usr/lib64": Symlink("lib"),
    }
    options = BuildOptions("safe", user="keep", drop=("usr/bin/x",))
    with built(tmp_path, layer, options=options) as result, result.after() as after:
        assert after.subject.filesystem.get("usr/lib64") is not None
        assert _listed(after) == ["curl"]


@pytest.mark.parametrize(("drop", "is_listed"), [("usr/bin/b", True), ("usr/bin/a.real", False)])
def test_the_line_of_a_diverted_file_goes_with_the_file_and_not_with_the_path(
    drop: str, is_listed: bool, tmp_path: Path
) -> None:
    packages = {"a": ["usr/bin/a", "usr/bin/b", "usr/bin/c"], "wrap": ["usr/bin/a", "usr/bin/w"]}
    layer = {
        **debian(packages),
        **_files("usr/bin/a.real", "usr/bin/b", "usr/bin/c", "usr/bin/a", "usr/bin/w"),
        "var/lib/dpkg/diversions": b"/usr/bin/a\n/usr/bin/a.real\nwrap\n",
    }
    options = BuildOptions("safe", user="keep", drop=(drop, "usr/bin/a"))
    with built(tmp_path, layer, options=options) as result, result.after() as after:
        lists = [result.written(f"var/lib/dpkg/info/{name}.list").split() for name in packages]
        assert (b"/usr/bin/a" in lists[0]) is is_listed
        assert b"/usr/bin/a" not in lists[1]
        owner = after.subject.packages.owner("usr/bin/a.real")
        assert (owner is not None and owner.name == "a") is is_listed


# --- apk ----------------------------------------------------------------------------------------

_APK = (
    b"C:Q1aaaaaaaaaaaaaaaaaaaaaaaaaaa=\nP:busybox\nV:1.36\nA:x86_64\nD:so:libc.musl-x86_64.so.1\n"
    b"F:bin\nM:0:0:1777\nR:busybox\na:0:0:755\nZ:Q1bbbbbbbbbbbbbbbbbbbbbbbbbbb=\n"
    b"F:usr/share/man/man1\nR:busybox.1\nZ:Q1cccccccccccccccccccccccccccc=\n\n"
    b"P:apk-tools\nV:2.14\nA:x86_64\nF:sbin\nR:apk\na:0:0:755\n\n"
    b"P:.build-deps\nV:1\nA:noarch\nD:make\n\n"
    b"P:make\nV:4\nA:x86_64\nF:usr/bin\nR:make\n\n"
    b"P:musl\nV:1\nA:x86_64\np:so:libc.musl-x86_64.so.1=1\nF:lib\nR:ld-musl-x86_64.so.1\n\n"
)


@pytest.mark.parametrize("path", ["lib/apk/db/installed", "usr/lib/apk/db/installed"])
def test_apk_database(path: str, tmp_path: Path) -> None:
    layer = {
        path: _APK,
        **_files(
            "bin/busybox", "usr/share/man/man1/busybox.1", "sbin/apk", "lib/ld-musl-x86_64.so.1"
        ),
        "usr/bin/make": b"x",
        "etc/apk/world": b"make\n",
    }
    with built(tmp_path, layer) as result, result.after() as after:
        written = result.written(path)
        # The virtual package owns nothing; make stays for it, as for any other that depends on it.
        assert [p.name for p in parse_installed(written)] == ["busybox", "make", "musl"]
        assert b"R:busybox\na:0:0:755\nZ:Q1bbb" in written
        assert b"busybox.1" not in written
        assert b"Q1ccc" not in written
        assert b"M:0:0:1777" in written
        assert _listed(after) == ["busybox", "make", "musl"]
        assert "etc/apk/world" not in result.rules
        check_truth(result)


# --- rpm ----------------------------------------------------------------------------------------


def test_rpm_is_left_alone_where_its_database_cannot_be_told(tmp_path: Path) -> None:
    with built(tmp_path, {"var/lib/rpm/Packages": b"x", "usr/bin/rpm": b"x"}) as result:
        assert result.rules == {}


@pytest.mark.parametrize("options", [PLAIN, BuildOptions("safe", user="keep", squash=True)])
def test_truth_after_everything_at_once(options: BuildOptions, tmp_path: Path) -> None:
    base = _image(
        {
            "base-files": ["etc/os", "lib"],
            "libc6": ["lib", "usr/lib/libc.so.6"],
            "apt": ["usr/bin/apt", "lib", "usr/share/doc/apt/README"],
            "gcc": ["usr/bin/gcc", "usr/lib/gcc/cc1"],
            "manpages": ["usr/share/man/man7/x.7"],
        }
    )
    base["lib"] = Symlink("usr/lib")
    upper = _image({"curl": ["usr/bin/curl"], "gcc": ["usr/bin/gcc"]})
    upper["var/lib/dpkg/status"] = (
        base["var/lib/dpkg/status"] + paragraph("curl")  # type: ignore[operator]
    )
    with built(tmp_path, base, upper, options=options) as result:
        check_truth(result)
