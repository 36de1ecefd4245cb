"""Rows 9 to 11, 14 and 17 of the ways in which slimmed images break, for profiles `package` and
`file`: what packages say, links, layers and folders."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from reach.elves import library, program
from support.layers import Content, File, Folder, Hardlink, Layer, Symlink, tar_of
from support.tars import Member, folder, make_tar, opaque, symlink, whiteout

from slimmer.build.options import BuildOptions

from .building import Memory, built, groups_of, inflated, paragraph, view_of
from .reach_images import (
    BOTH,
    LIB,
    UNUSED,
    Package,
    check,
    content_of,
    debian_layer,
    paths_of,
    programs,
    script,
    slimmed,
)

SQUASH = pytest.mark.parametrize("squash", [False, True])
_SERVER: Package = {"usr/sbin/server": program(needed="libc.so.6")}
_RUN: Mapping[str, Any] = {"Cmd": ["server"]}


# --- 9 ------------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("squash", [False, True])
def test_09_dpkg_lists_what_is_there_and_nothing_else(
    squash: bool, options: BuildOptions, tmp_path: Path
) -> None:
    packages: Mapping[str, Package] = {
        "server": {**_SERVER, "usr/bin/server-admin": program(), "usr/share/served/t": b"x"},
        "libz1": {f"{LIB}/libz.so.1": library()},
        "libx1": {f"{LIB}/libx.so.1": library()},
        "dash": programs("usr/bin/dash"),
        "docs": {"usr/share/doc/docs/README": b"x"},
    }
    server = {"usr/sbin/server": program(needed="libc.so.6 libz.so.1")}
    packages = {**packages, "server": {**packages["server"], **server}}
    options = BuildOptions(options.profile, user="keep", squash=squash)
    with slimmed(tmp_path, options, packages, **_RUN) as result:
        owner = {
            path: package
            for package in result.before.subject.packages.all
            for path in package.files
        }
        left = paths_of(result)
        with result.after(quiet=True) as after:
            found = {p.name: (p.version, set(p.files)) for p in after.subject.packages.all}
            status = content_of(after, "var/lib/dpkg/status")
        assert found.keys() == {"libc6", "server", "libz1"}
        # Nothing that stays has another owner, or none.
        for path in left & owner.keys():
            version, files = found[owner[path].name]
            assert path in files
            assert version == owner[path].version
        assert all(files <= left for _, files in found.values())
        assert paragraph("libz1") in status
        assert status.count(b"X-Slim-Removed:") == 1
        assert not [p for p in left if p.startswith("var/lib/dpkg/info/libx1")]


@BOTH
def test_09_apk_lists_what_is_there_and_nothing_else(options: BuildOptions, tmp_path: Path) -> None:
    database = (
        b"C:Q1aaaaaaaaaaaaaaaaaaaaaaaaaaa=\nP:server\nV:2\nA:x86_64\nD:so:libz.so.1\nF:usr/bin\n"
        b"R:server\na:0:0:755\nZ:Q1bbbbbbbbbbbbbbbbbbbbbbbbbbb=\nR:server-admin\na:0:0:755\n\n"
        b"P:zlib\nV:1.3\nA:x86_64\np:so:libz.so.1=1\nF:lib\nR:libz.so.1\n\n"
        b"P:apk-tools\nV:2.14\nA:x86_64\nF:sbin\nR:apk\na:0:0:755\n\n"
        b"P:.deps\nV:1\nA:noarch\nD:apk-tools\n\n"
    )
    layer: dict[str, Content] = {
        "lib/apk/db/installed": database,
        "etc/apk/world": b"server\n.deps\n",
        "usr/bin/server": program(needed="libz.so.1"),
        "usr/bin/server-admin": program(),
        "lib/libz.so.1": library(),
        "sbin/apk": program(),
        "lib/apk/exec/x.trigger": script("exit"),
    }
    with built(tmp_path, layer, config=_RUN, options=options, quiet=True) as result:
        check(result, stays=["usr/bin/server", "lib/libz.so.1"])
        check(result, goes=["usr/bin/server-admin", "sbin/apk"])
        with result.after(quiet=True) as after:
            found = {(p.name, p.version, p.files) for p in after.subject.packages.all}
            installed = content_of(after, "lib/apk/db/installed")
        assert found == {("server", "2", ("usr/bin/server",)), ("zlib", "1.3", ("lib/libz.so.1",))}
        assert b"R:server\na:0:0:755\nZ:Q1bbb" in installed
        assert b"apk-tools" not in installed


# --- 10 -----------------------------------------------------------------------------------------


@BOTH
def test_10_links_on_the_way_stay_and_those_to_nothing_go(
    options: BuildOptions, tmp_path: Path
) -> None:
    packages: Mapping[str, Package] = {
        "vim": {"usr/bin/vim.basic": program(needed="libz.so.1"), "usr/share/vim/x": b"x"},
        "nano": {"usr/bin/nano": program()},
        "libz1": {
            f"{LIB}/libz.so.1": Symlink("libz.so.1.3"),
            f"{LIB}/libz.so.1.3": library(),
            f"{LIB}/libz.so": Symlink("libz.so.1"),
        },
    }
    chain: Layer = {
        "usr/bin/editor": Symlink("/etc/alternatives/editor"),
        "etc/alternatives/editor": Symlink("/usr/bin/vim.basic"),
        "usr/local/bin": Symlink("../tools/bin"),
        "usr/tools/bin/ed": Symlink("../../bin/editor"),
    }
    other: Layer = {
        "usr/bin/pico": Symlink("/etc/alternatives/pico"),
        "etc/alternatives/pico": Symlink("/usr/bin/nano"),
    }
    files: dict[str, Content] = {**chain, **other, "srv/dangling": Symlink("/nowhere")}
    cmd = ["/usr/local/bin/ed"]
    with slimmed(tmp_path, options, packages, files, Cmd=cmd) as result:
        library_links = [f"{LIB}/libz.so.1", f"{LIB}/libz.so.1.3"]
        roots = ["bin", "sbin", "lib", "srv/dangling"]
        check(result, stays=[*chain, "usr/bin/vim.basic", *library_links, *roots])
        check(result, goes=[*other, "usr/bin/nano"])
        with result.after(quiet=True) as after:
            assert after.subject.filesystem.resolve("usr/local/bin/ed") is not None


@BOTH
@pytest.mark.parametrize("squash", [False, True])
def test_10_packages_that_list_files_through_links_of_folders(
    squash: bool, options: BuildOptions, tmp_path: Path
) -> None:
    """As Debian 12 does: dpkg knows /bin/dash and /lib/..., which lie below /usr."""
    packages = {
        "dash": ["bin", "bin/dash", "bin/sh"],
        "libz1": ["lib", "lib/x86_64-linux-gnu/libz.so.1"],
        "tools": ["sbin", "bin", "bin/tool"],
    }
    infos = {
        f"var/lib/dpkg/info/{name}.list": "".join(f"/{path}\n" for path in (".", *paths)).encode()
        for name, paths in packages.items()
    }
    layer: dict[str, Content] = {
        **debian_layer({}),
        **infos,
        "var/lib/dpkg/status": b"".join(map(paragraph, ("libc6", "unused", *packages))),
        "usr/bin/dash": program(needed="libz.so.1"),
        "usr/bin/sh": Symlink("dash"),
        f"{LIB}/libz.so.1": library(),
        "usr/bin/tool": program(),
        "start": script('exec "$@"'),
    }
    config = {"Entrypoint": ["/start"]}
    options = BuildOptions(options.profile, user="keep", squash=squash)
    with built(tmp_path, layer, config=config, options=options, quiet=True) as result:
        check(result, stays=["bin", "lib", "sbin", "usr/bin/sh", "usr/bin/dash", "start"])
        check(result, stays=[f"{LIB}/libz.so.1"], goes=["usr/bin/tool", *UNUSED])
        with result.after(quiet=True) as after:
            assert {p.name for p in after.subject.packages.all} >= {"dash", "libz1"}
            assert "tools" not in {p.name for p in after.subject.packages.all}
            listed = content_of(after, "var/lib/dpkg/info/dash.list").decode().split()
        assert {"/bin/dash", "/bin/sh"} <= set(listed)


@BOTH
def test_10_entries_that_went_through_a_link_stay_where_they_led(
    options: BuildOptions, tmp_path: Path
) -> None:
    layers: list[Any] = [
        make_tar(folder("usr/lib"), symlink("lib", "usr/lib"), Member("usr/bin/x", mode=0o755)),
        tar_of({"lib/late.so": library(), "usr/bin/server": program(needed="late.so")}),
        tar_of(debian_layer({"server": {}})),
    ]
    with built(tmp_path, *layers, config=_RUN, options=options, quiet=True) as result:
        check(result, stays=["lib", "usr/lib/late.so", "usr/bin/server"], goes=UNUSED)


# --- 11 -----------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("squash", [False, True])
def test_11_hard_links_survive_the_package_that_had_the_bytes(
    squash: bool, options: BuildOptions, tmp_path: Path
) -> None:
    big, other = (hashlib.shake_128(text).digest(300_000) for text in (b"big", b"other"))
    first = "usr/share/idle/data"
    files: dict[str, Content] = {
        "srv/a": Hardlink(first),
        "srv/b": Hardlink(first),
        "srv/one": other,
        "srv/two": Hardlink("srv/one"),
        "usr/libexec/git-core/git": Hardlink("usr/bin/git"),
    }
    packages: Mapping[str, Package] = {
        "idle": {first: File(big, 0o751, 7, 8), "usr/share/idle/more": Hardlink(first)},
        "git": programs("usr/bin/git"),
        "server": _SERVER,
    }
    options = BuildOptions(options.profile, user="keep", squash=squash)
    with slimmed(tmp_path, options, packages, files, **_RUN) as result:
        with result.after(quiet=True) as after:
            groups = groups_of(after)
            assert frozenset({"srv/a", "srv/b"}) in groups
            assert frozenset({"srv/one", "srv/two"}) in groups
            assert content_of(after, "srv/b") == big
            assert view_of(after)["srv/a"][1:4] == (0o751, 7, 8)
        check(result, stays=["srv/a", "srv/b"], goes=[first, "usr/share/idle/more"])
        assert result.everything.count(big) == result.everything.count(other) == 1
        source = result.before.source
        assert isinstance(source, Memory)
        before = sum(len(tar) for tar in _layers(source.content))
        assert sum(len(tar) for tar in _layers(result.blobs)) < before


def _layers(blobs: Mapping[str, bytes]) -> list[bytes]:
    return [inflated(data) for data in blobs.values() if not data.startswith(b"{")]


# --- 14 -----------------------------------------------------------------------------------------


@BOTH
@SQUASH
def test_14_deleted_files_do_not_come_back(
    squash: bool, options: BuildOptions, tmp_path: Path
) -> None:
    top = "srv"
    layers: list[Any] = [
        tar_of(debian_layer({"server": _SERVER})),
        make_tar(
            *(
                Member(f"{top}/{p}", data=f"old {p}".encode())
                for p in ("a/x", "a/y", "o/x", "o/s/y")
            ),
            *(Member(f"{top}/{p}", data=f"old {p}".encode()) for p in ("d/x", "f", "real/new")),
        ),
        make_tar(
            whiteout("srv/a/x"),
            opaque("srv/o"),
            Member("srv/o/z", data=b"new"),
            symlink("srv/d", "real"),
        ),
        make_tar(
            Member("srv/d/through", data=b"x"),
            folder("srv/f", 0o700, 5),
            Member("srv/f/now", data=b"a folder"),
            whiteout("srv/real/new"),
            Member("srv/a/y", data=b"again"),
            whiteout("usr/sbin/never-there"),
        ),
    ]
    options = replace(options, squash=squash)
    with built(tmp_path, *layers, config=_RUN, options=options, quiet=True) as result:
        left = ["a", "a/y", "o", "o/z", "d", "real", "real/through", "f", "f/now"]
        assert {p for p in paths_of(result) if p.startswith("srv/")} == {f"srv/{p}" for p in left}
        check(result, stays=["srv/a/y", "srv/d", "srv/f", "srv/f/now"], goes=UNUSED)
        with result.after(quiet=True) as after:
            assert not after.subject.filesystem.hidden
            assert content_of(after, "srv/a/y") == b"again"
        assert b"old " not in result.everything


# --- 17 -----------------------------------------------------------------------------------------


@BOTH
@SQUASH
def test_17_empty_folders_stay_with_owner_and_mode(
    squash: bool, options: BuildOptions, tmp_path: Path
) -> None:
    folders: dict[str, Content] = {
        "docker-entrypoint-initdb.d": Folder(0o755, 999, 999),
        "var/lib/app": Folder(0o2770, 7, 8),
        "run/app/deep": Folder(0o1777),
        "usr/share/doc/was-empty": Folder(0o750),
        "usr/share/idle/somebodys": Folder(0o700, 5),
        "var/cache/apt/archives/partial": Folder(0o700, 100),
        "var/log/server": Folder(0o755, 33),
        "opt/plugins": Folder(),
    }
    idle: Package = {
        "usr/share/idle/somebodys/x": b"x",
        "usr/share/idle/plain/deep/x": b"x",
        "var/log/server/x.log": b"x",
        "usr/share/served/empty": Folder(0o711),
    }
    packages = {"server": _SERVER, "idle": idle}
    options = replace(options, squash=squash)
    with slimmed(tmp_path, options, packages, folders, **_RUN) as result:
        check(result, stays=folders)
        check(result, goes=["usr/share/idle/plain/deep/x", "usr/share/idle/somebodys/x"])
        assert "usr/share/idle/plain" not in paths_of(result)
