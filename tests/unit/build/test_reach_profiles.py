"""Profiles `package` and `file` on a small Debian: what stays, what goes, and what is said."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from formats.elf_builder import Elf
from support.layers import Content, File, Layer, Symlink

from slimmer.build.options import FILE, PACKAGE, PROFILES, BuildOptions
from slimmer.build.plan import RULE_TOOL, RULE_UNREACHED, RULE_USER
from slimmer.errors import UsageError
from slimmer.packages.interface import Package

from .building import GROUP, PASSWD, Result, built, debian, paragraph

PACKAGE_PROFILE = BuildOptions(PACKAGE, user="keep")
FILE_PROFILE = BuildOptions(FILE, user="keep")
_BOTH = [PACKAGE_PROFILE, FILE_PROFILE]


def _program(*needed: str) -> File:
    """An ELF program that links these."""
    return File(Elf(interpreter=b"/lib/ld.so", needed=[n.encode() for n in needed]).build(), 0o755)


_PACKAGES = {
    "server": [
        "usr/sbin/server",
        "usr/bin/server-admin",
        "usr/lib/served/plugin.so",
        "usr/share/served/table",
        "usr/share/doc/server/copyright",
        "usr/share/doc/server/README",
    ],
    "server-data": ["usr/share/server-data/words", "usr/share/doc/server-data/copyright"],
    "libold": ["usr/lib/libold.so.1", "usr/share/doc/libold/copyright"],
    "dash": ["usr/bin/dash", "usr/bin/sh"],
    "dpkg": ["usr/bin/dpkg"],
}


def _debian(**more: Content) -> dict[str, Content]:
    files: dict[str, Content] = {
        **debian(_PACKAGES, server=paragraph("server", Depends="server-data, libold")),
        "etc/passwd": PASSWD,
        "etc/group": GROUP,
        "usr/sbin/server": _program(),
        "usr/bin/server-admin": _program(),
        "usr/lib/served/plugin.so": File(Elf().build()),
        "usr/share/served/table": b"data",
        "usr/share/doc/server/copyright": b"GPL",
        "usr/share/doc/server/README": b"read me",
        "usr/share/server-data/words": b"words",
        "usr/share/doc/server-data/copyright": b"GPL",
        "usr/lib/libold.so.1": File(Elf().build()),
        "usr/share/doc/libold/copyright": b"GPL",
        "usr/bin/dash": _program(),
        "usr/bin/sh": Symlink("dash"),
        "usr/bin/dpkg": _program(),
        "srv/app/page.html": b"<p>hello</p>",
        "var/log/server/.keep": b"",
    }
    return files | {path.replace("__", "/"): content for path, content in more.items()}


def _built(
    tmp_path: Path, options: BuildOptions, files: Layer, cmd: Sequence[str] = ("server",)
) -> tuple[frozenset[str], Result]:
    with built(tmp_path, files, config={"Cmd": list(cmd)}, options=options) as result:
        with result.after() as after:
            paths = frozenset(node.path for node in after.subject.filesystem.walk())
        return paths, result


def test_a_package_stays_but_for_programs_that_nothing_starts(tmp_path: Path) -> None:
    paths, _ = _built(tmp_path, PACKAGE_PROFILE, _debian())
    kept = {"usr/sbin/server", "usr/lib/served/plugin.so", "usr/share/served/table"}
    assert kept <= paths
    assert "usr/bin/server-admin" not in paths


def test_a_file_stays_only_when_it_is_reached(tmp_path: Path) -> None:
    paths, _ = _built(tmp_path, FILE_PROFILE, _debian())
    assert "usr/sbin/server" in paths
    assert not {"usr/lib/served/plugin.so", "usr/share/served/table"} & paths


@pytest.mark.parametrize("options", _BOTH)
def test_what_no_package_owns_stays_and_a_package_nobody_needs_goes(
    tmp_path: Path, options: BuildOptions
) -> None:
    paths, result = _built(tmp_path, options, _debian())
    assert {"srv/app/page.html", "etc/passwd", "var/log/server/.keep"} <= paths
    assert not {"usr/lib/libold.so.1", "usr/bin/dash", "usr/bin/sh", "usr/bin/dpkg"} & paths
    assert result.rules["usr/lib/libold.so.1"] == RULE_UNREACHED
    listed = {package.name for package in result.outcome.after.packages.all}
    assert listed == {"server", "server-data"}


@pytest.mark.parametrize("options", _BOTH)
def test_a_dependency_that_is_only_data_stays_with_its_dependent(
    tmp_path: Path, options: BuildOptions
) -> None:
    paths, _ = _built(tmp_path, options, _debian())
    assert "usr/share/server-data/words" in paths


@pytest.mark.parametrize("options", _BOTH)
def test_licences_stay_with_what_they_are_for_and_other_documentation_goes(
    tmp_path: Path, options: BuildOptions
) -> None:
    paths, _ = _built(tmp_path, options, _debian())
    assert {"usr/share/doc/server/copyright", "usr/share/doc/server-data/copyright"} <= paths
    assert not {"usr/share/doc/server/README", "usr/share/doc/libold/copyright"} & paths


@pytest.mark.parametrize("options", _BOTH)
def test_a_shell_stays_for_the_script_that_needs_it_and_that_is_said(
    tmp_path: Path, options: BuildOptions
) -> None:
    files = _debian(start=File(b"#!/bin/sh\nexec server\n", 0o755)) | {"bin": Symlink("usr/bin")}
    paths, result = _built(tmp_path, options, files, ["/start"])
    assert {"bin", "usr/bin/sh", "usr/bin/dash"} <= paths
    said = [kept for kept in result.outcome.plan.kept if kept.path == "/usr/bin/dash"]
    assert [kept.rule for kept in said] == [RULE_TOOL]
    assert "/start (#!/bin/sh)" in said[0].reason
    assert "CMD" in said[0].reason


@pytest.mark.parametrize("options", _BOTH)
def test_a_shell_of_the_applications_own_goes_when_nothing_starts_it(
    tmp_path: Path, options: BuildOptions
) -> None:
    files = _debian() | {"opt/tools/bin/bash": _program(), "opt/tools/bin/report": _program()}
    paths, result = _built(tmp_path, options, files)
    assert "opt/tools/bin/bash" not in paths
    assert "opt/tools/bin/report" in paths
    assert result.rules["opt/tools/bin/bash"] == RULE_TOOL


@pytest.mark.parametrize("options", _BOTH)
def test_what_the_user_keeps_works_and_what_the_user_drops_goes(
    tmp_path: Path, options: BuildOptions
) -> None:
    files = _debian() | {"bin": Symlink("usr/bin")}
    asked = replace(
        options,
        keep=("/usr/bin/server-admin",),
        drop=("/srv/app",),
        keep_package=("libold",),
        drop_package=("server-data",),
        keep_shell=True,
    )
    paths, result = _built(tmp_path, asked, files)
    assert {"usr/bin/server-admin", "usr/lib/libold.so.1", "usr/bin/sh", "usr/bin/dash"} <= paths
    assert not {"srv/app/page.html", "usr/share/server-data/words"} & paths
    assert result.rules["usr/share/server-data/words"] == RULE_USER


@pytest.mark.parametrize("options", _BOTH)
def test_links_stay_with_what_they_lead_to_or_go_with_it(
    tmp_path: Path, options: BuildOptions
) -> None:
    files = _debian() | {
        "srv/app/words": Symlink("/usr/lib/libold.so.1"),
        "srv/app/shell": Symlink("/usr/bin/dash"),
        "usr/bin/service": Symlink("../sbin/server"),
        "etc/alternatives/ed": Symlink("/usr/bin/server-admin"),
    }
    paths, _ = _built(tmp_path, options, files)
    assert {"srv/app/words", "usr/lib/libold.so.1"} <= paths
    assert not {"srv/app/shell", "etc/alternatives/ed", "usr/bin/service"} & paths


def test_every_listed_package_has_a_file_and_every_file_of_one_is_listed(tmp_path: Path) -> None:
    for number, profile in enumerate(PROFILES):
        scratch = tmp_path / str(number)
        scratch.mkdir()
        paths, result = _built(scratch, BuildOptions(profile, user="keep"), _debian())
        before = {path: package.name for package, paths_ in _owned(result) for path in paths_}
        left = {before[path] for path in paths if path in before}
        assert {package.name for package in result.outcome.after.packages.all} == left


def _owned(result: Result) -> list[tuple[Package, tuple[str, ...]]]:
    return [(package, package.files) for package in result.before.subject.packages.all]


@pytest.mark.parametrize(("options", "stays"), [(PACKAGE_PROFILE, True), (FILE_PROFILE, False)])
def test_without_records_profile_file_goes_by_place(
    tmp_path: Path, options: BuildOptions, stays: bool
) -> None:
    files: dict[str, Content] = {
        "usr/bin/server": _program(),
        "usr/bin/other": _program(),
        "usr/share/other/table": b"data",
        "opt/app/page.html": b"<p>hello</p>",
        "usr/local/share/words": b"words",
    }
    paths, _ = _built(tmp_path, options, files)
    assert {"usr/bin/server", "opt/app/page.html", "usr/local/share/words"} <= paths
    assert ({"usr/bin/other", "usr/share/other/table"} <= paths) is stays


@pytest.mark.parametrize("options", _BOTH)
@pytest.mark.parametrize("cmd", [[], ["missing"]])
def test_an_image_that_starts_nothing_is_not_emptied(
    tmp_path: Path, options: BuildOptions, cmd: list[str]
) -> None:
    with pytest.raises(UsageError, match="not known"):
        _built(tmp_path, options, _debian(), cmd)
    asked = replace(options, keep=("/usr/sbin/server",))
    paths, _ = _built(tmp_path, asked, _debian(), cmd)
    assert "usr/sbin/server" in paths
    _built(tmp_path, options, {"srv/data": b"x"}, cmd)


def test_a_base_image_is_warned_of(tmp_path: Path) -> None:
    for cmd, warned in (
        (["/usr/bin/sh"], True),
        (["/usr/bin/dash", "-l"], True),
        (["server"], False),
    ):
        _, result = _built(tmp_path, PACKAGE_PROFILE, _debian(), cmd)
        assert ("will be typed" in result.warnings) is warned


# --- papers of packages of which nothing else stays -----------------------------------------------


def _names(result: Result) -> set[str]:
    return {package.name for package in result.outcome.after.packages.all}


def _with_tool(tmp_path: Path, options: BuildOptions, **more: Content) -> tuple[set[str], Result]:
    """The small Debian with a tool that has a manual, and with packages that share papers."""
    packages = {
        **_PACKAGES,
        "tool": [
            "usr/bin/tool",
            "usr/share/man/man1/tool.1",
            "usr/lib/systemd/system/tool.timer",
            "usr/share/doc/tool",
        ],
        "tool-base": ["usr/share/doc/tool-base/copyright"],
    }
    files = {
        **_debian(),
        **debian(packages, server=paragraph("server", Depends="server-data, libold")),
        "usr/bin/tool": _program(),
        "usr/share/man/man1/tool.1": b"tool(1)",
        "usr/lib/systemd/system/tool.timer": b"[Timer]\n",
        "usr/share/doc/tool": Symlink("tool-base"),
        "usr/share/doc/tool-base/copyright": b"GPL",
    }
    files |= {path.replace("__", "/"): content for path, content in more.items()}
    paths, result = _built(tmp_path, options, files)
    return set(paths), result


@pytest.mark.parametrize("options", _BOTH)
def test_papers_stay_with_nothing_but_papers_only_where_a_link_leads(
    tmp_path: Path, options: BuildOptions
) -> None:
    """As libgcc-s1 has its documentation in gcc-12-base, and gcc has its own in cpp."""
    first, second = tmp_path / "1", tmp_path / "2"
    first.mkdir()
    second.mkdir()
    manual = {"usr__share__man__man1__alias.1": Symlink("tool.1")}
    paths, result = _with_tool(first, options, **manual)
    assert not {path for path in paths if "tool" in path}
    assert _names(result) == {"server", "server-data"}
    asked = replace(options, keep=("/usr/bin/tool",))
    paths, result = _with_tool(second, asked)
    assert {"usr/share/doc/tool", "usr/share/doc/tool-base/copyright"} <= paths
    assert _names(result) == {"server", "server-data", "tool", "tool-base"}


@pytest.mark.parametrize("options", _BOTH)
def test_a_package_that_only_depends_on_others_goes_with_its_papers(
    tmp_path: Path, options: BuildOptions
) -> None:
    papers = "usr/share/doc/server-meta/copyright"
    packages = {**_PACKAGES, "server-meta": [papers]}
    depending = paragraph("server", Depends="server-meta, server-data")
    files = _debian() | debian(packages, server=depending) | {papers: b"GPL"}
    paths, result = _built(tmp_path, options, files)
    assert papers not in paths
    assert _names(result) == {"server", "server-data"}


@pytest.mark.parametrize("options", _BOTH)
@pytest.mark.parametrize(
    "wanted",
    [
        {"keep": ("/usr/share/doc/tool-base/copyright",)},
        {"keep": ("/usr/share/doc/tool-base/**",)},
        {"keep_package": ("tool-base",)},
    ],
)
def test_papers_that_the_user_keeps_stay(
    tmp_path: Path, options: BuildOptions, wanted: dict[str, tuple[str, ...]]
) -> None:
    paths, result = _with_tool(tmp_path, replace(options, **wanted))
    assert "usr/share/doc/tool-base/copyright" in paths
    assert "usr/share/doc/tool" not in paths
    assert _names(result) == {"server", "server-data", "tool-base"}


@pytest.mark.parametrize("options", _BOTH)
def test_papers_that_the_application_links_to_stay(tmp_path: Path, options: BuildOptions) -> None:
    link = Symlink("/usr/share/doc/tool/copyright")
    paths, result = _with_tool(tmp_path, options, srv__app__LICENSE=link)
    assert {"usr/share/doc/tool", "usr/share/doc/tool-base/copyright"} <= paths
    assert _names(result) == {"server", "server-data", "tool", "tool-base"}


@pytest.mark.parametrize("options", _BOTH)
@pytest.mark.parametrize(("has_systemd", "stays"), [(True, True), (False, False)])
def test_units_stay_where_something_reads_them(
    tmp_path: Path, options: BuildOptions, has_systemd: bool, stays: bool
) -> None:
    wants = "etc/systemd/system/timers.target.wants/tool.timer"
    more: dict[str, Content] = {wants: Symlink("/usr/lib/systemd/system/tool.timer")}
    if has_systemd:
        more["usr/lib/systemd/systemd"] = _program()
    paths, result = _with_tool(tmp_path, options, **more)
    assert (wants in paths) is stays
    assert ("tool" in _names(result)) is stays


@pytest.mark.parametrize("options", _BOTH)
def test_a_name_the_application_gave_its_own_program_stays(
    tmp_path: Path, options: BuildOptions
) -> None:
    files = _debian() | {
        "opt/shop/bin/shop": _program(),
        "usr/local/bin/shop": Symlink("/opt/shop/bin/shop"),
        "usr/local/bin/admin": Symlink("/usr/bin/server-admin"),
    }
    paths, _ = _built(tmp_path, options, files)
    assert {"opt/shop/bin/shop", "usr/local/bin/shop"} <= paths
    assert not {"usr/local/bin/admin", "usr/bin/server-admin"} & paths


@pytest.mark.parametrize("options", _BOTH)
def test_requests_that_do_nothing_or_break_something_are_warned_of(
    tmp_path: Path, options: BuildOptions
) -> None:
    files = _debian(start=File(b"#!/bin/sh\nexec server\n", 0o755)) | {"bin": Symlink("usr/bin")}
    asked = replace(options, keep_package=("libolf",), drop_package=("dash",))
    _, result = _built(tmp_path, asked, files, ["/start"])
    assert "--keep-package libolf names no package of this image" in result.warnings
    assert "/usr/bin/dash goes as you asked, and is needed by /start (#!/bin/sh)" in result.warnings
    assert "--drop-package dash names" not in result.warnings


@pytest.mark.parametrize("profile", PROFILES)
def test_patterns_lead_through_links_to_folders(tmp_path: Path, profile: str) -> None:
    files = _debian() | {"bin": Symlink("usr/bin"), "sbin": Symlink("/usr/sbin")}
    asked = BuildOptions(
        profile, user="keep", keep=("/bin/server-ad*", "bin/dash"), drop=("/sbin/server",)
    )
    paths, result = _built(tmp_path, asked, files)
    assert {"usr/bin/server-admin", "usr/bin/dash"} <= paths
    assert "usr/sbin/server" not in paths
    assert "covers nothing" not in result.warnings
