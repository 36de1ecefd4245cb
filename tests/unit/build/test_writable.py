"""What a container writes to, what its user is given for that, and bits that go."""

import io
import tarfile
from pathlib import Path
from typing import Any

import pytest
from formats.elf_builder import Elf
from reach.reaching import reached, world_of
from support.layers import Content, File, Folder, Hardlink, Symlink, index_of, tar_of

from slimmer.build.configured import configured_users, started_names
from slimmer.build.grants import (
    Attributes,
    Grants,
    attributes_of,
    grant_lines,
    granted_nodes,
    grants_for,
    strip_special_bits,
    with_attributes,
    with_mode,
)
from slimmer.build.layer_edit import edited_layer
from slimmer.build.options import BuildOptions
from slimmer.build.plan import Grant, ModeChange, UserChoice, WritablePath
from slimmer.build.rights import Rights, refused_lines, settle_rights
from slimmer.build.startup import trace_startup
from slimmer.build.user import Accounts, UserEvidence, choose_user
from slimmer.build.writable import derive_writable, writable_lines
from slimmer.formats.read import reader_of
from slimmer.image.index import NO_FACTS
from slimmer.reach.config.resolver import ConfigFileResolver
from slimmer.reach.edge import Kind, Need
from slimmer.reach.graph import Graph
from slimmer.reach.script import ShebangResolver
from slimmer.reach.world import World

from .building import built

ELF = Elf(data=b"\0/var/lib/web/body\0/run/web.pid\0/var/lib/dpkg/x\0/nowhere/x\0").build()
PROGRAM = File(ELF, 0o755)
SCRIPT = b"#!/bin/sh\n"
WEB: dict[str, Content] = {
    "bin/sh": File(Elf().build(), 0o755),
    "usr/sbin/web": PROGRAM,
    "etc/passwd": b"root:x:0:0::/root:/bin/sh\nweb:x:33:44::/var/www:/bin/false\n",
    "etc/web": Folder(),
    "etc/web/web.conf": b"user web;\npid /run/web.pid;\n",
    "run": Folder(),
    "tmp": Folder(0o1777),
}


def _world(files: dict[str, Content], **config: Any) -> tuple[World, Graph]:
    world = world_of(files, **{"Cmd": ["web"], **config})
    started = [("x", Need("/usr/sbin/web", Kind.EXEC, "x"))]
    roots = started if "usr/sbin/web" in files else []
    return world, reached(world, ConfigFileResolver, ShebangResolver, roots=roots)


def _writable(
    files: dict[str, Content], gone: tuple[str, ...] = (), **config: Any
) -> dict[str, str]:
    return {item.path: item.kind for item in _items(files, gone, **config)}


def _items(
    files: dict[str, Content], gone: tuple[str, ...] = (), **config: Any
) -> tuple[WritablePath, ...]:
    world, graph = _world(files, **config)
    startup = trace_startup(world.filesystem, world.config, world.read)
    return derive_writable(world.filesystem, world.config, startup, graph, world.read, gone)


def _said(directive: bytes) -> dict[str, Content]:
    return {"usr/sbin/web": PROGRAM, "etc/web/web.conf": directive + b"\n", "run/web": Folder()}


# --- which folders ------------------------------------------------------------------------------


def test_an_image_that_writes_nothing_has_temporary_files() -> None:
    assert _writable({"app": PROGRAM, "tmp": Folder(0o1777), "var/tmp": Folder()}) == {
        "/tmp": "tmpfs"
    }
    assert _writable({"app": PROGRAM}) == {}


def test_what_the_config_names() -> None:
    files: dict[str, Content] = {
        **{name: Folder() for name in ("data", "var/cache/x", "scratch", "srv/app")},
        "srv/own": Folder(uid=7),
    }
    config = {"Volumes": {"/data": {}}, "Env": ["TMPDIR=/scratch", "XDG_CACHE_HOME=/var/cache/x"]}
    found = {"/data": "volume", "/var/cache/x": "tmpfs", "/scratch": "tmpfs"}
    assert _writable(files, **config, WorkingDir="/srv/app") == found
    assert _writable(files, **config, WorkingDir="/srv/own") == {**found, "/srv/own": "tmpfs"}
    assert _writable(files, Env=["HOME=/usr", "TMPDIR=/not/there", "PATH=/scratch"]) == {}


@pytest.mark.parametrize(
    ("directive", "found"),
    [
        (b"pid /run/web/web.pid;", "/run/web"),
        (b"pid /run/web.pid", "/run"),
        (b"access_log /var/log/web/a.log main", "/var/log/web"),
        (b"client_body_temp_path /var/lib/new/body", None),
        (b"PidFile /var/run/new/web.pid", "/run"),
        (b"include /var/run/new/web.conf", None),
        (b"unix_socket_directories = '/var/run/web'", "/run/web"),
        (b"datadir=/store/db", "/store/db"),
        (b"dir /store", "/store"),
        (b"root /store", None),
        (b"# pid /run/web/web.pid", None),
        (b"log_file /usr/share/web/x.log", None),
        (b"access_log /var/log/device/a.log", None),
        (b"certificate /var/lib/keys/a.pem", None),
        (b"pid /var/lib/dpkg/lock", None),
    ],
)
def test_what_configuration_names(directive: bytes, found: str | None) -> None:
    files: dict[str, Content] = {
        **{name: Folder() for name in ("run/web", "var/log/web", "store/db", "usr/share/web")},
        "usr/sbin/web": File(Elf().build(), 0o755),
        "etc/web/web.conf": directive + b"\n",
        "var/run": Symlink("/run"),
        "var/log/device/a.log": Symlink("/dev/stdout"),
        "var/lib/keys/a.pem": b"x",
        "var/lib/dpkg/status": b"",
    }
    assert list(_writable(files)) == ([found] if found else [])


def test_configuration_that_is_only_there_as_an_example_writes_nothing() -> None:
    files: dict[str, Content] = {
        "usr/sbin/web": File(Elf().build(), 0o755),
        "etc/web/sites-available/a": b"pid /run/web/a.pid\n",
        "etc/other.conf": b"pid /run/web/a.pid\n",
        "run/web": Folder(),
    }
    assert _writable(files) == {}
    used = {**files, "etc/web/web.conf": b"include /etc/web/sites-available/*\n"}
    assert _writable(used) == {"/run/web": "tmpfs"}


def test_variables_of_configuration() -> None:
    files: dict[str, Content] = {
        "usr/sbin/apache2": File(Elf().build(), 0o755),
        "etc/apache2/envvars": b"export LOGS=/var/log/apache2$SUFFIX\nexport WHO=www\n",
        "etc/apache2/apache2.conf": b"User ${WHO}\nErrorLog ${LOGS}/error.log\n",
        "var/log/apache2": Folder(),
    }
    assert _writable(files, Cmd=["apache2"]) == {"/var/log/apache2": "tmpfs"}
    world, graph = _world(files, Cmd=["apache2"])
    users = configured_users(world.filesystem, graph, world.read)
    assert users.said == (("www", "/etc/apache2/apache2.conf names the user www"),)


def test_paths_in_programs() -> None:
    files: dict[str, Content] = {"usr/sbin/web": PROGRAM, "var/lib/web": Folder(), "run": Folder()}
    files |= {"var/lib/dpkg": Folder(), "nowhere": Folder()}
    lib, run = sorted(_items(files), key=lambda item: item.certain, reverse=True)
    assert (lib.path, lib.certain, lib.reason) == (
        "/var/lib/web",
        True,
        "/usr/sbin/web names /var/lib/web/body",
    )
    assert (run.path, run.certain) == ("/run", False)
    del files["usr/sbin/web"]
    many = {**files, "usr/sbin/busy": PROGRAM}
    assert [item.certain for item in _items(many, Cmd=["busy"])] == [False, False]
    assert [item.path for item in _items({**many, "var/lib/web/x": b"x"}, Cmd=["busy"])] == ["/run"]
    assert _items({**files, "usr/sbin/other": PROGRAM}) == ()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b"echo > /etc/web/conf.d/a.conf", "/etc/web/conf.d"),
        (b'echo > "/etc/web/conf.d/$NAME"', "/etc/web/conf.d"),
        (b"sed -i 's/a;b/c/' /etc/web/web.conf", "/etc/web"),
        (b'sed -i -e "s/a/$(b;c)/" /etc/web/web.conf', "/etc/web"),
        (b"mkdir -p /srv/store/a/b", "/srv/store"),
        (b'[ "$(id -u)" = 0 ] && chown -R web:web /srv/store', "/srv/store"),
        (b"find /srv/store ! -user web -exec chown web {} +", "/srv/store"),
        (b'D=/srv/store\nmkdir -p "$D"', "/srv/store"),
        (b"touch $STORE/x", "/srv/store"),
        (b"touch /etc/x", None),
        (b"cat /srv/store/x", None),
        (b"echo > /dev/null", None),
        (b"mkdir /new", None),
    ],
)
def test_what_scripts_write(line: bytes, found: str | None) -> None:
    files: dict[str, Content] = {
        "start.sh": File(SCRIPT + line + b"\n", 0o755),
        "etc/web/web.conf": b"x",
        "etc/web/conf.d": Folder(),
        "srv/store": Folder(),
    }
    items = _items(files, Entrypoint=["/start.sh"], Cmd=[], Env=["STORE=/srv/store"])
    assert [item.path for item in items] == ([found] if found else [])


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ({}, "tmpfs"),
        ({"run/web/old.pid": b"1"}, "tmpfs"),
        ({"run/web/lock": Folder()}, "tmpfs"),
        ({"run/web/mark": b""}, "tmpfs"),
        ({"run/web/part": Folder()}, "data"),
        ({"run/web/page": b"x"}, "data"),
        ({"run/web/log": Symlink("/dev/stdout")}, "data"),
        ({"run/web": Folder(0o700)}, "data"),
    ],
)
def test_what_a_tmpfs_may_hide(content: dict[str, Content], kind: str) -> None:
    assert _writable({**_said(b"pid /run/web/x.pid"), **content})["/run/web"] == kind


def test_what_goes_is_not_hidden() -> None:
    files = {**_said(b"pid /run/web/x.pid"), "run/web/page": b"x"}
    assert _writable(files, gone=("run/web/page",))["/run/web"] == "tmpfs"
    linked = {**_said(b"log /run/web/x.log"), "run/web/x.log": Symlink("/dev/stdout")}
    assert "/run/web" not in _writable(linked)
    assert _writable(linked, gone=("run/web/x.log",))["/run/web"] == "tmpfs"


def test_a_folder_in_another_is_mounted_with_it() -> None:
    said = b"pid /run/web/x.pid\nsocket /run/web/lock/b\nlogfile /var/log/web/a/b\n"
    files = {**_said(said), "run/web/lock": Folder(), "var/log/web/a": Folder()}
    files["var/log/web/kept"] = b"x"
    found = _writable({**files, "etc/web/b.conf": b"logfile /var/log/web/c\n"})
    assert {path: kind for path, kind in found.items() if path != "/run"} == {
        "/run/web": "tmpfs",
        "/var/log/web": "data",
        "/var/log/web/a": "tmpfs",
    }


def test_lines_for_people() -> None:
    items = [WritablePath("/run", "tmpfs", "why"), WritablePath("/srv/a", "data", "so")]
    assert list(writable_lines(items)) == [
        "/run: tmpfs (why)",
        "/srv/a: volume with the image's content (so)",
    ]


# --- grants -------------------------------------------------------------------------------------

USER = UserChoice("33:44", 33, 44, "", changed=True)


def _granted(
    files: dict[str, Content], *paths: str, programs: tuple[str, ...] = ("web",), **more: Any
) -> Grants:
    items = [WritablePath(path, "tmpfs", "why", **more) for path in paths]
    return grants_for(world_of(files).filesystem, USER, items, programs)


@pytest.mark.parametrize(
    ("path", "content", "is_given"),
    [
        ("/var/lib/web", {}, True),
        ("/var/log/web", {}, True),
        ("/var/lib/dpkg", {}, False),
        ("/var/lib", {}, False),
        ("/run", {}, True),
        ("/run/web", {}, True),
        ("/srv/x", {}, True),
        ("/store", {}, True),
        ("/etc/web", {}, True),
        ("/etc/web/conf.d", {}, True),
        ("/etc/other", {}, False),
        ("/usr/share/web", {}, False),
        ("/opt/web", {}, False),
        ("/srv/x", {"srv/x/bin/run": PROGRAM}, False),
        ("/srv/x", {"srv/x/run": File(SCRIPT, 0o755)}, False),
        ("/srv/x", {"srv/x/lib.so": File(ELF)}, False),
    ],
)
def test_what_may_be_given(path: str, content: dict[str, Content], is_given: bool) -> None:
    grants = _granted({path[1:]: Folder(), **content}, path)
    assert [grant.path for grant in grants.given] == ([path[1:]] if is_given else [])
    assert [item.path for item in grants.refused] == ([] if is_given else [path])


@pytest.mark.parametrize("folder", [Folder(uid=33), Folder(0o1777), Folder(0o775, gid=44)])
def test_what_the_user_may_do_already_is_not_given(folder: Folder) -> None:
    assert _granted({"run/web": folder}, "/run/web") == Grants()


def test_what_belongs_to_somebody_else_or_is_not_sure_is_not_given() -> None:
    files: dict[str, Content] = {"run/web": Folder(uid=5), "run/own": Folder()}
    assert [item.path for item in _granted(files, "/run/web").refused] == ["/run/web"]
    assert _granted(files, "/run/own", certain=False) == Grants()
    root = UserChoice("", 0, 0, "", changed=False)
    items = [WritablePath("/run/own", "tmpfs", "")]
    assert grants_for(world_of(files).filesystem, root, items, ()) == Grants()


def test_a_grant_takes_what_is_in_it_and_roots() -> None:
    files: dict[str, Content] = {
        "etc/web": Folder(),
        "etc/web/a.conf": b"x",
        "etc/web/theirs": File(b"x", uid=5),
        "etc/web/two": b"x",
        "etc/web/link": Symlink("/etc/passwd"),
        "etc/web/conf.d": Folder(gid=9),
        "srv/two": Hardlink("etc/web/two"),
        "run": Folder(),
        "run/lock": Folder(),
    }
    grants = _granted(files, "/etc/web", "/etc/web/conf.d", "/run")
    filesystem = world_of(files).filesystem
    assert sorted(granted_nodes(filesystem, grants.given)) == [
        *("etc/web", "etc/web/a.conf", "etc/web/conf.d", "run"),
    ]
    found = attributes_of(filesystem, grants.given, [ModeChange("etc/web/a.conf", 0o600, "")])
    assert found["etc/web"] == Attributes(33, 44)
    assert found["etc/web/conf.d"] == Attributes(33, None)
    assert found["etc/web/a.conf"] == Attributes(33, 44, 0o600)
    assert list(grant_lines(grants.given)) == [
        "/etc/web and what is in it now belong to user 33: why",
        "/run now belongs to user 33: why",
    ]


# --- headers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("uid", [33, 2**21, 2**31 - 1])
def test_headers_with_another_owner_and_mode(uid: int) -> None:
    long = "d/" + "x" * 150
    layer: dict[str, Content] = {
        "d": Folder(0o755, 0, 4),
        "d/f": File(b"abc", 0o644, xattrs={"user.a": b"b"}),
        long: File(b"long", 0o4755, uid=2**30),
        "other": b"x",
    }
    index, data = index_of(layer), tar_of(layer)
    read_at = reader_of(data)
    news = {"d": Attributes(uid), "d/f": Attributes(uid, 7, 0o640), long: Attributes(mode=0o755)}
    edits = {
        number: with_attributes(read_at, entry, NO_FACTS, entry.path, news[entry.path])
        for number, entry in enumerate(index.entries)
        if entry.path in news
    }
    out = b"".join(edited_layer(read_at, index.entries, edits))
    with tarfile.open(fileobj=io.BytesIO(out)) as tar:
        found = {m.name: (m.uid, m.gid, m.mode) for m in tar}
        assert found == {
            "d": (uid, 4, 0o755),
            "d/f": (uid, 7, 0o640),
            long: (2**30, 0, 0o755),
            "other": (0, 0, 0o644),
        }
        assert tar.extractfile("d/f").read() == b"abc"  # type: ignore[union-attr]
        assert tar.getmember("d/f").pax_headers["SCHILY.xattr.user.a"] == "b"
    for number, edit in edits.items():
        entry = index.entries[number]
        new = news[entry.path]
        assert edit.entry.uid == (entry.uid if new.uid is None else new.uid)
        again = with_mode(edit, 0o111)
        assert (
            tarfile.TarInfo.frombuf(again.header[-512:], "utf-8", "surrogateescape").mode == 0o111
        )


# --- bits ---------------------------------------------------------------------------------------


def test_bits_of_programs_that_nothing_starts_go() -> None:
    files: dict[str, Content] = {
        "usr/sbin/web": File(ELF, 0o4755),
        "usr/bin/su": File(ELF, 0o4755),
        "usr/bin/wall": File(ELF, 0o2755),
        "usr/bin/wall2": Hardlink("usr/bin/wall"),
        "usr/bin/gone": File(ELF, 0o4755),
        "usr/bin/script": File(SCRIPT, 0o4755),
        "var/mail": Folder(0o2775),
        "bin/plain": File(ELF, 0o755),
    }
    world, graph = _world(files)
    changes = strip_special_bits(world.filesystem, graph, frozenset({"usr/bin/gone"}))
    assert changes == [
        ModeChange("usr/bin/su", 0o755, "setuid, and nothing starts it"),
        ModeChange("usr/bin/wall", 0o755, "setgid, and nothing starts it"),
    ]


# --- the user -----------------------------------------------------------------------------------


def _choice(files: dict[str, Content], **config: Any) -> tuple[UserChoice, Grants]:
    world, graph = _world(files, **config)
    filesystem = world.filesystem
    startup = trace_startup(filesystem, world.config, world.read)
    writable = derive_writable(filesystem, world.config, startup, graph, world.read)
    users = configured_users(filesystem, graph, world.read)
    evidence = UserEvidence(started_names(graph), users, writable)
    accounts = Accounts.of(filesystem, world.read)
    choice = choose_user("auto", filesystem, world.config, startup, accounts, evidence)
    return choice, grants_for(filesystem, choice, writable, evidence.programs)


def test_the_user_of_the_configuration_is_given_what_it_writes() -> None:
    files = {**WEB, "start.sh": File(SCRIPT + b"echo > /etc/web/x.conf\nexec web\n", 0o755)}
    choice, grants = _choice(files, Entrypoint=["/start.sh"], Cmd=[])
    assert (choice.text, choice.reason) == ("33:44", "/etc/web/web.conf names the user web")
    assert [grant.path for grant in grants.given] == ["etc/web", "run"]
    assert grants.given[0] == Grant("etc/web", 33, 44, grants.given[0].reason, tree=True)


def test_what_cannot_be_given_keeps_root() -> None:
    files = {**WEB, "start.sh": File(SCRIPT + b"echo > /usr/share/x\nexec web\n", 0o755)}
    choice, _ = _choice({**files, "usr/share": Folder()}, Entrypoint=["/start.sh"], Cmd=[])
    assert (choice.uid, choice.changed) == (0, False)
    assert choice.reason == "/start.sh writes to /usr/share/x, which only root may"


@pytest.mark.parametrize(
    ("directive", "uid"),
    [
        (b"user web;", 33),
        (b"user nobody-knows;", 65532),
        (b"user root;", 65532),
        (b"# user web;", 65532),
        (b"[program:a]\nuser=web\n[program:b]\nuser=web", 33),
        (b"[program:a]\nuser=web\n[program:b]\nuser=other", 0),
        (b"[web]\nuser=root\n[program:a]\nuser=web", 0),
        (b"[unix_http_server]\nuser=root\n[program:a]\nuser=web", 33),
    ],
)
def test_users_of_configuration(directive: bytes, uid: int) -> None:
    choice, _ = _choice({**WEB, "etc/web/web.conf": directive + b"\n"})
    assert choice.uid == uid


def test_everything_at_once() -> None:
    files = {**WEB, "usr/bin/su": File(ELF, 0o4755), "opt/x": Folder()}
    files["etc/web/web.conf"] = b"user web;\npid /run/web.pid;\nlogfile /opt/x/log;\n"
    world, graph = _world(files)
    startup = trace_startup(world.filesystem, world.config, world.read)
    accounts = Accounts.of(world.filesystem, world.read)

    def settled(wanted: str) -> Rights:
        filesystem, config = world.filesystem, world.config
        return settle_rights(wanted, filesystem, config, startup, accounts, graph, world.read)

    rights = settled("auto")
    assert rights.granted == {"run"}
    assert [change.path for change in rights.modes] == ["usr/bin/su"]
    said = "user 33:44 cannot write to /opt/x: /etc/web/web.conf line 3: logfile /opt/x/log"
    assert list(refused_lines(rights)) == [said]
    for wanted in ("keep", "33:44"):
        same = settled(wanted)
        assert (same.grants, same.refused) == ((), ())
        assert (same.writable, same.modes) == (rights.writable, rights.modes)


def test_a_program_that_becomes_others_stays_root() -> None:
    files = {**WEB, "usr/sbin/cron": PROGRAM}
    choice, _ = _choice(files, Cmd=["cron", "-f"])
    assert (choice.changed, choice.reason) == (False, "cron does its work as root")


@pytest.mark.parametrize("squash", [False, True])
def test_the_output_has_what_was_given(squash: bool, tmp_path: Path) -> None:
    files = {**WEB, "etc/group": b"root:x:0:\nweb:x:44:\n", "usr/bin/wall": File(ELF, 0o2755)}
    files |= {"usr/bin/wall2": Hardlink("usr/bin/wall"), "etc/web/keep": b"", "srv/a": b"x"}
    options = BuildOptions(squash=squash)
    config = {"Cmd": ["web"]}
    with built(tmp_path, files, config=config, options=options, quiet=True) as result:
        assert result.config["config"]["User"] == "33:44"
        with result.after(quiet=True) as after:
            get = after.subject.filesystem.get
            owners = {path: get(path).inode.uid for path in ("run", "etc/web", "srv/a")}  # type: ignore[union-attr]
            assert owners == {"run": 33, "etc/web": 0, "srv/a": 0}
            modes = {path: get(path).inode.mode for path in ("usr/bin/wall", "usr/bin/wall2")}  # type: ignore[union-attr]
            assert set(modes.values()) == {0o755}
