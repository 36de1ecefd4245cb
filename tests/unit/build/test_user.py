"""Which user the output runs as, its account in the image, and what it is told it cannot do."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.layers import File, Folder, Hardlink, Layer, Symlink

from slimmer.build.access import access_warnings
from slimmer.build.options import BuildOptions
from slimmer.build.plan import UserChoice
from slimmer.build.startup import Startup
from slimmer.build.user_rights import EXECUTE, READ, WRITE, can, may
from slimmer.errors import UsageError
from slimmer.formats.passwd import parse_group, parse_passwd

from .building import PASSWD, Result, built

AUTO = BuildOptions("safe")
_ACCOUNTS = {
    "etc/passwd": (
        b"root:x:0:0:root:/root:/bin/sh\n"
        b"bin:x:2:2:bin:/bin:/usr/sbin/nologin\n"
        b"mail:x:8:8:mail:/var/mail:/usr/sbin/nologin\n"
        b"nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
        b"cache:x:999:1000::/var/lib/cache:/bin/sh\n"
        b"shop:x:1001:1001::/home/shop:/bin/sh\n"
    ),
    "etc/group": b"root:x:0:\nssl-cert:x:101:other,cache\ncache:x:1000:\nshop:x:1001:shop\n",
}
_PROGRAM = {"app": File(b"x", 0o755)}


@contextmanager
def _built(
    tmp_path: Path,
    layer: Layer,
    user: str = "auto",
    *,
    options: BuildOptions = AUTO,
    **config: Any,
) -> Iterator[Result]:
    """A build of one layer; keywords are fields of the config."""
    options = replace(options, user=user)
    with built(tmp_path, layer, config=config, options=options, quiet=True) as result:
        yield result


def _chosen(tmp_path: Path, layer: Layer, user: str = "auto", **config: Any) -> UserChoice:
    with _built(tmp_path, layer, user, **config) as result:
        said = result.outcome.plan.user
        assert result.config["config"].get("User", "") == said.text
        return said


def _text(tmp_path: Path, layer: Layer, **config: Any) -> str:
    return _chosen(tmp_path, layer, **config).text


# --- auto ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("user", ["shop", "1001", "1001:1001", "cache:ssl-cert", "4000", "4000:7"])
def test_a_user_that_is_not_root_stays_as_it_is_written(user: str, tmp_path: Path) -> None:
    with _built(tmp_path, _ACCOUNTS, User=user) as result:
        choice = result.outcome.plan.user
        assert (choice.text, choice.changed) == (user, False)
        assert result.config == _config_before(result)
        assert result.outcome.plan.written == ()


def _config_before(result: Result) -> dict[str, Any]:
    return result.before.subject.image.config.document


@pytest.mark.parametrize(
    ("user", "uid", "gid"),
    [
        ("shop", 1001, 1001),
        ("cache", 999, 1000),
        ("cache:shop", 999, 1001),
        ("1001:ssl-cert", 1001, 101),
        ("999", 999, 1000),
        # A number without an account has group 0, as runtimes give it.
        ("4000", 4000, 0),
    ],
)
def test_numbers_of_a_user_that_stays(user: str, uid: int, gid: int, tmp_path: Path) -> None:
    choice = _chosen(tmp_path, _ACCOUNTS, User=user)
    assert (choice.uid, choice.gid) == (uid, gid)


@pytest.mark.parametrize("user", ["", "0", "root", "0:0", "root:shop", "0:1001", "00"])
def test_every_way_to_write_root_is_root(user: str, tmp_path: Path) -> None:
    assert _text(tmp_path, _ACCOUNTS, User=user) == "65532:65532"


@pytest.mark.parametrize(
    "user",
    [
        "4294967296",  # wraps around to 0 in 32 bits
        "4294967295",  # -1: "leave it as it is"
        "2147483648",
        "18446744073709551616",
        "9" * 400,
        "1001:4294967296",
        "-1",
        "+0",
        "0x0",
        "\u0661",
        "nobody-knows",
        "shop:nobody-knows",
        ":",
        " root",
    ],
)
def test_a_user_no_runtime_can_start_is_replaced(user: str, tmp_path: Path) -> None:
    choice = _chosen(tmp_path, _ACCOUNTS, User=user)
    assert (choice.text, choice.uid, choice.changed) == ("65532:65532", 65532, True)


def test_the_owner_of_a_volume_is_the_service(tmp_path: Path) -> None:
    layer: dict[str, Any] = {**_ACCOUNTS, "data": Folder(uid=1001), "srv": Folder(uid=999)}
    config: dict[str, Any] = {"Volumes": {"/data": {}}, "WorkingDir": "/srv"}
    choice = _chosen(tmp_path, layer, **config)
    assert (choice.text, choice.reason) == ("1001:1001", "volume /data belongs to shop")


@pytest.mark.parametrize("uid", [0, 65534, 4000])
def test_a_volume_of_root_nobody_or_a_stranger_says_nothing(uid: int, tmp_path: Path) -> None:
    layer: dict[str, Any] = {**_ACCOUNTS, "data": Folder(uid=uid)}
    assert _text(tmp_path, layer, Volumes={"/data": {}, "/not/there": {}}) == "65532:65532"


@pytest.mark.parametrize(
    "script",
    [
        b'#!/bin/sh\nset -e\nexec gosu shop "$0" "$@"\n',
        b'#!/bin/sh\nexec su-exec shop:shop "$@"\n',
        b"#!/bin/sh\nexec setpriv --reuid=shop --clear-groups /app\n",
        b'#!/bin/bash\nuser="shop"\nexec runuser -u "$user" -- "$@"\n',
        # Folders and commands that are called as accounts are.
        b'#!/bin/sh\nPATH=/usr/local/bin:/bin\nmail -s up ops\nexec gosu shop "$@"\n',
    ],
)
def test_who_the_entrypoint_drops_privileges_to(script: bytes, tmp_path: Path) -> None:
    layer: dict[str, Any] = {**_ACCOUNTS, "start.sh": File(script, 0o755)}
    choice = _chosen(tmp_path, layer, Entrypoint=["/start.sh"])
    assert choice.text == "1001:1001"
    assert choice.reason == "/start.sh drops privileges to shop"


@pytest.mark.parametrize(
    "script",
    [
        b"#!/bin/sh\necho this is the shop\nexec /app\n",
        b"#!/bin/sh\n# exec gosu shop\nexec /app shop\n",
        b"#!/bin/sh\nexec gosu nobody /app\n",
        b"#!/bin/sh\nexec gosu root /app\n",
        b"#!/bin/sh\nexec gosu 1001 /app\n",
    ],
)
def test_a_name_that_is_only_said_is_not_who_runs(script: bytes, tmp_path: Path) -> None:
    layer: dict[str, Any] = {**_ACCOUNTS, "start.sh": File(script, 0o755)}
    assert _text(tmp_path, layer, Entrypoint=["/start.sh"]) == "65532:65532"


def test_the_owner_of_the_working_directory(tmp_path: Path) -> None:
    layer: dict[str, Any] = {**_ACCOUNTS, "srv/shop": Folder(uid=1001, gid=1001)}
    choice = _chosen(tmp_path, layer, WorkingDir="/srv/shop")
    assert choice.text == "1001:1001"
    assert choice.reason == "the working directory belongs to shop"
    assert _text(tmp_path, layer, WorkingDir="/srv") == "65532:65532"


def test_a_root_folder_of_somebody_is_no_working_directory(tmp_path: Path) -> None:
    layer: dict[str, Any] = {**_ACCOUNTS, ".": Folder(uid=1001)}
    assert _text(tmp_path, layer, WorkingDir="/") == "65532:65532"


@pytest.mark.parametrize(
    ("program", "home", "found"),
    [
        ("cache-server", Folder(uid=999), True),
        ("cache-server", Folder(uid=0), False),
        ("server", Folder(uid=999), False),
        ("cache-server", None, False),
    ],
)
def test_the_owner_of_a_data_folder(
    program: str, home: Folder | None, found: bool, tmp_path: Path
) -> None:
    layer: dict[str, Any] = {**_ACCOUNTS, f"usr/bin/{program}": File(b"x", 0o755)}
    if home is not None:
        layer["var/lib/cache"] = home
    choice = _chosen(tmp_path, layer, Cmd=[program])
    assert (choice.uid == 999) is found
    assert ("data folder /var/lib/cache" in choice.reason) is found


def test_a_member_of_other_groups_is_named_without_one(tmp_path: Path) -> None:
    """A runtime gives the groups of /etc/group only to a user without a group of its own."""
    choice = _chosen(tmp_path, {**_ACCOUNTS, "data": Folder(uid=999)}, Volumes={"/data": {}})
    assert (choice.text, choice.gid, choice.groups) == ("999", 1000, frozenset({101}))


@pytest.mark.parametrize(
    "line",
    [
        b"shop:x:4294968297:1001::/:/bin/sh\n",  # 1001 in 32 bits
        b"shop:x:1001:4294967296::/:/bin/sh\n",
        b"shop:x:2147483648:1::/:/bin/sh\n",
        b"shop:x:-1:1001::/:/bin/sh\n",
        b"shop:x:1001:1001\n",
        b"#shop:x:1001:1001::/:/bin/sh\n",
        b"shop:x:1001:2147483648::/:/bin/sh\n",
        b"toor:x:0:0::/:/bin/sh\n",
        b"\xff\x00:\n" * 50,
    ],
)
def test_accounts_with_numbers_that_are_none(line: bytes, tmp_path: Path) -> None:
    layer: dict[str, Any] = {"etc/passwd": PASSWD + line, "data": Folder(uid=1001)}
    assert _text(tmp_path, layer, Volumes={"/data": {}}) == "65532:65532"


_MADE_FOR_ROOT = b"#!/bin/sh\necho $HOST > /etc/app/host.conf\nexec /app\n"


@pytest.mark.parametrize("user", ["", "root", "0:0"])
def test_a_script_that_writes_what_only_root_may_keeps_root(user: str, tmp_path: Path) -> None:
    layer: dict[str, Any] = {
        **_ACCOUNTS,
        "start.sh": File(_MADE_FOR_ROOT, 0o755),
        "etc/app": Folder(),
    }
    with _built(tmp_path, layer, Entrypoint=["/start.sh"], User=user) as result:
        assert result.config["config"]["User"] == user
        assert not result.outcome.plan.user.changed
        assert result.outcome.plan.written == ()
        assert "/start.sh writes to /etc/app/host.conf, which only root may" in result.warnings
        assert "still runs as root" in result.warnings


def test_scripts_of_a_folder_that_is_walked_count_too(tmp_path: Path) -> None:
    layer: dict[str, Any] = {
        **_ACCOUNTS,
        "start.sh": File(b'#!/bin/sh\nfor f in /start.d/*; do . "$f"; done\n', 0o755),
        "start.d/10.sh": File(_MADE_FOR_ROOT),
        "etc/app": Folder(),
    }
    choice = _chosen(tmp_path, layer, Entrypoint=["/start.sh"])
    assert choice.reason == "/start.d/10.sh writes to /etc/app/host.conf, which only root may"


@pytest.mark.parametrize(
    ("script", "folder"),
    [
        (_MADE_FOR_ROOT, Folder(0o1777)),
        (_MADE_FOR_ROOT, Folder(uid=65532)),
        (b'#!/bin/sh\n[ "$(id -u)" = 0 ] && ' + _MADE_FOR_ROOT[10:], Folder()),
        (b"#!/bin/sh\nexec /app > /dev/null 2>&1 < /etc/app/x\n", Folder()),
    ],
)
def test_a_script_the_user_can_run_does_not(script: bytes, folder: Folder, tmp_path: Path) -> None:
    layer: dict[str, Any] = {**_ACCOUNTS, "start.sh": File(script, 0o755), "etc/app": folder}
    assert _text(tmp_path, layer, Entrypoint=["/start.sh"]) == "65532:65532"


def test_an_account_of_the_image_that_cannot_run_the_script_is_not_taken(tmp_path: Path) -> None:
    layer: dict[str, Any] = {
        **_ACCOUNTS,
        "start.sh": File(_MADE_FOR_ROOT, 0o755),
        "etc/app": Folder(),
        "data": Folder(uid=1001),
    }
    config: dict[str, Any] = {"Entrypoint": ["/start.sh"], "Volumes": {"/data": {}}}
    assert not _chosen(tmp_path, layer, **config).changed
    writable = {**layer, "etc/app": Folder(uid=1001)}
    assert _text(tmp_path, writable, **config) == "1001:1001"


# --- keep and numbers ---------------------------------------------------------------------------


@pytest.mark.parametrize("user", ["", "root", "shop", "no-such", "4294967296", "a:b:c"])
def test_keep_keeps(user: str, tmp_path: Path) -> None:
    layer: dict[str, Any] = {**_ACCOUNTS, "data": Folder(uid=1001)}
    with _built(tmp_path, layer, "keep", User=user, Volumes={"/data": {}}) as result:
        assert result.config == _config_before(result)
        assert result.outcome.plan.written == ()
        assert result.warnings == ""


@pytest.mark.parametrize(
    ("wanted", "text", "gid"),
    [
        ("1001", "1001:1001", 1001),
        ("999", "999:1000", 1000),
        ("999:5", "999:5", 5),
        ("4000", "4000:4000", 4000),
        ("4000:101", "4000:101", 101),
        ("2147483647:2147483647", "2147483647:2147483647", 2147483647),
        ("0", "0:0", 0),
        ("007", "7:7", 7),
    ],
)
def test_numbers(wanted: str, text: str, gid: int, tmp_path: Path) -> None:
    choice = _chosen(tmp_path, _ACCOUNTS, wanted, User="shop")
    assert (choice.text, choice.gid, choice.changed) == (text, gid, True)


@pytest.mark.parametrize(
    "wanted",
    [
        *("", "shop", "root", "1001:", ":1001", "1:2:3", "-1", "+1", "1001 ", "1001\n", "0x10"),
        *("2147483648", "4294967295", "4294967296", "1:4294967296", "9" * 30, "\u0661", "Auto"),
    ],
)
def test_what_is_no_user(wanted: str, tmp_path: Path) -> None:
    with (
        pytest.raises(UsageError, match="not a user"),
        _built(tmp_path, _ACCOUNTS, wanted),
    ):
        pass


# --- the account --------------------------------------------------------------------------------


def _read(result: Result, path: str) -> bytes | None:
    """The content of a file of the output as slim reads it."""
    with result.after(quiet=True) as after:
        node = after.subject.filesystem.resolve(path)
        if node is None or node.inode.entry is None or not node.is_file:
            return None
        return after.reader.read(node.inode.layer, node.inode.entry, node.size)


def _passwd(result: Result) -> dict[str, tuple[int | None, int | None, str]]:
    users = parse_passwd(_read(result, "etc/passwd") or b"")
    return {user.name: (user.uid, user.gid, user.home) for user in users}


def _groups(result: Result) -> dict[str, int | None]:
    return {group.name: group.gid for group in parse_group(_read(result, "etc/group") or b"")}


def test_a_new_user_has_an_account_a_group_and_a_home(tmp_path: Path) -> None:
    layer: dict[str, Any] = {
        "etc/passwd": File(_ACCOUNTS["etc/passwd"], 0o640, uid=3),
        "etc/group": _ACCOUNTS["etc/group"],
    }
    with _built(tmp_path, layer) as result, result.after(quiet=True) as after:
        new = b"nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n"
        assert _read(result, "etc/passwd") == _ACCOUNTS["etc/passwd"] + new
        assert _read(result, "etc/group") == _ACCOUNTS["etc/group"] + b"nonroot:x:65532:\n"
        passwd = after.subject.filesystem.get("etc/passwd")
        home = after.subject.filesystem.get("home/nonroot")
        assert passwd is not None
        assert home is not None
        assert (passwd.inode.mode, passwd.inode.uid) == (0o640, 3)
        assert (home.inode.mode, home.inode.uid, home.inode.gid) == (0o700, 65532, 65532)


def test_a_file_without_a_last_newline_is_not_glued_together(tmp_path: Path) -> None:
    layer: dict[str, Any] = {"etc/passwd": PASSWD.rstrip(b"\n"), "etc/group": b"root:x:0:"}
    with _built(tmp_path, layer) as result:
        assert list(_passwd(result)) == ["root", "nonroot"]
        assert _groups(result) == {"root": 0, "nonroot": 65532}


@pytest.mark.parametrize("squash", [False, True])
def test_an_image_from_scratch_gets_an_account_too(squash: bool, tmp_path: Path) -> None:
    options = replace(AUTO, squash=squash)
    with _built(tmp_path, _PROGRAM, options=options, Cmd=["/app"]) as result:
        assert result.config["config"]["User"] == "65532:65532"
        assert _passwd(result) == {"nonroot": (65532, 65532, "/home/nonroot")}
        assert _groups(result) == {"nonroot": 65532}
        with result.after(quiet=True) as after:
            shape = {
                node.path: (node.inode.mode, node.inode.uid)
                for node in after.subject.filesystem.walk()
            }
        assert shape == {
            "app": (0o755, 0),
            "etc": (0o755, 0),
            "etc/passwd": (0o644, 0),
            "etc/group": (0o644, 0),
            "home": (0o755, 0),
            "home/nonroot": (0o700, 65532),
        }
        assert result.warnings == ""


def test_an_account_that_is_there_is_used(tmp_path: Path) -> None:
    passwd = PASSWD + b"app:x:65532:65532::/srv:/bin/sh\n"
    with _built(tmp_path, {"etc/passwd": passwd, "etc/group": b"app:x:65532:\n"}) as result:
        assert result.outcome.plan.written == ()
        assert result.outcome.plan.folders == ()
        assert result.config["config"]["User"] == "65532:65532"


def test_a_known_user_gets_the_group_it_lacks(tmp_path: Path) -> None:
    with _built(tmp_path, _ACCOUNTS, "1001:4000") as result:
        assert _read(result, "etc/passwd") == _ACCOUNTS["etc/passwd"]
        assert _groups(result)["nonroot"] == 4000
        assert result.outcome.plan.folders == ()


def test_a_group_number_that_is_taken_is_used_again(tmp_path: Path) -> None:
    with _built(tmp_path, _ACCOUNTS, "4000:101") as result:
        assert _passwd(result)["nonroot"] == (4000, 101, "/home/nonroot")
        assert _read(result, "etc/group") == _ACCOUNTS["etc/group"]


def test_another_account_of_the_same_name_is_left_alone(tmp_path: Path) -> None:
    passwd = PASSWD + b"nonroot:x:7:7::/x:/bin/sh\nnonroot2:x:8:8::/y:/bin/sh\n"
    layer: dict[str, Any] = {"etc/passwd": passwd, "etc/group": b"nonroot:x:7:\n"}
    with _built(tmp_path, layer) as result:
        accounts = _passwd(result)
        assert accounts["nonroot"] == (7, 7, "/x")
        assert accounts["nonroot3"] == (65532, 65532, "/home/nonroot")
        assert _groups(result) == {"nonroot": 7, "nonroot2": 65532}


def test_a_home_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    layer: dict[str, Any] = {**_ACCOUNTS, "home/nonroot": Folder(0o750, 7, 7)}
    with _built(tmp_path, layer) as result, result.after(quiet=True) as after:
        home = after.subject.filesystem.get("home/nonroot")
        assert home is not None
        assert (home.inode.mode, home.inode.uid) == (0o750, 7)


@pytest.mark.parametrize("link", ["../usr/etc/passwd", "/usr/etc/passwd"])
def test_accounts_behind_a_link_are_written_where_they_are(link: str, tmp_path: Path) -> None:
    layer: dict[str, Any] = {"usr/etc/passwd": _ACCOUNTS["etc/passwd"], "etc/passwd": Symlink(link)}
    with _built(tmp_path, layer) as result, result.after(quiet=True) as after:
        node = after.subject.filesystem.get("etc/passwd")
        assert node is not None
        assert (node.is_symlink, node.inode.link) == (True, link)
        assert "nonroot" in _passwd(result)
        assert len(_passwd(result)) == 7


def test_folders_behind_links_are_followed(tmp_path: Path) -> None:
    layer: dict[str, Any] = {
        "etc": Symlink("usr/etc"),
        "usr/etc": Folder(),
        "home": Symlink("/var/home"),
    }
    layer = {**layer, "var/home": Folder()}
    with _built(tmp_path, layer) as result, result.after(quiet=True) as after:
        filesystem = after.subject.filesystem
        for path in ("etc", "home"):
            node = filesystem.get(path)
            assert node is not None
            assert node.is_symlink
        assert filesystem.get("usr/etc/passwd") is not None
        assert filesystem.get("var/home/nonroot") is not None


@pytest.mark.parametrize(
    "layer",
    [
        {"etc/passwd": Symlink("/run/passwd")},
        {"etc/passwd": Symlink("passwd")},
        {"etc/passwd": Folder()},
        {"etc": b"a file"},
        {"etc": Symlink("/nowhere")},
        {"home": b"a file", "etc/passwd": PASSWD},
        {"home": Symlink("home"), "etc/passwd": PASSWD},
        {"home/nonroot": b"a file", "etc/passwd": PASSWD},
    ],
)
def test_what_stands_in_the_way_is_not_replaced(layer: Layer, tmp_path: Path) -> None:
    with _built(tmp_path, layer) as result, result.after(quiet=True) as after:
        for path in layer:
            old = result.before.subject.filesystem.get(path)
            new = after.subject.filesystem.get(path)
            assert old is not None
            assert new is not None
            assert (old.kind, old.inode.link) == (new.kind, new.inode.link)
        assert result.config["config"]["User"] == "65532:65532"
        assert "nonroot" not in _passwd(result) or "etc/passwd" in layer


def test_other_names_of_the_accounts_file_keep_what_they_have(tmp_path: Path) -> None:
    layer: dict[str, Any] = {"etc/passwd": PASSWD, "srv/copy": Hardlink("etc/passwd")}
    layer |= {"usr/share/doc/x/README": b"the layer changes for another reason"}
    with _built(tmp_path, layer) as result:
        assert _read(result, "srv/copy") == PASSWD
        assert "nonroot" in _passwd(result)


def test_an_accounts_file_that_is_dropped_is_not_brought_back(tmp_path: Path) -> None:
    options = replace(AUTO, drop=("etc/passwd",))
    with _built(tmp_path, _ACCOUNTS, options=options) as result:
        assert _read(result, "etc/passwd") is None


# --- rights -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "uid", "gid", "rights"),
    [
        (0o700, 7, 0, READ | WRITE | EXECUTE),
        (0o077, 7, 0, 0),
        (0o070, 7, 7, 0),
        (0o050, 0, 7, READ | EXECUTE),
        (0o707, 0, 7, 0),
        (0o040, 0, 9, READ),
        (0o004, 0, 0, READ),
        (0o770, 0, 0, 0),
    ],
)
def test_mode_bits(mode: int, uid: int, gid: int, rights: int, tmp_path: Path) -> None:
    user = UserChoice("7", 7, 7, "", changed=True, groups=frozenset({9}))
    with _built(tmp_path, {"d/f": File(b"", mode, uid, gid)}, "keep") as result:
        node = result.before.subject.filesystem.get("d/f")
        assert node is not None
        for want in (READ, WRITE, EXECUTE):
            assert can(node, user, want) is bool(rights & want)
        assert can(node, replace(user, uid=0), READ | WRITE)


def test_a_closed_folder_on_the_way_closes_all_below(tmp_path: Path) -> None:
    user = UserChoice("7", 7, 7, "", changed=True)
    layer: dict[str, Any] = {"a": Folder(0o700), "a/b": Folder(0o777), "a/b/f": File(b"", 0o777)}
    with _built(tmp_path, layer, "keep") as result:
        node = result.before.subject.filesystem.get("a/b/f")
        assert node is not None
        assert can(node, user, READ)
        assert not may(node, user, READ)


# --- warnings -----------------------------------------------------------------------------------


def _warnings(tmp_path: Path, layer: Layer, user: str = "65532", **config: Any) -> list[str]:
    with _built(tmp_path, {**_ACCOUNTS, **layer}, user, **config) as result:
        return list(result.outcome.plan.warnings)


def test_a_user_that_can_do_all_it_must_is_told_nothing(tmp_path: Path) -> None:
    layer: dict[str, Any] = {
        "srv/app": Folder(uid=65532),
        "srv/app/run": File(b"#!/bin/sh\n", 0o755),
        "srv/app/page.html": b"x",
        "data": Folder(0o777),
        "bin/sh": File(b"x", 0o711),
        # Not of the application.
        "etc/shadow": File(b"x", 0o600),
        "srv/other": File(b"x", 0o600),
    }
    config: Mapping[str, Any] = {
        "Cmd": ["./run"],
        "WorkingDir": "/srv/app",
        "Volumes": {"/data": {}},
        "ExposedPorts": {"1024/tcp": {}, "8080": {}, "8000-9000/udp": {}, "x/tcp": {}},
    }
    assert _warnings(tmp_path, layer, **config) == []


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        ({"run": File(b"x", 0o744)}, True),
        ({"run": File(b"x", 0o711)}, False),
        # The interpreter has to read a script.
        ({"run": File(b"#!/bin/sh\n", 0o711)}, True),
        ({"run": File(b"#!/bin/sh\n", 0o755)}, False),
        ({"run": File(b"x", 0o700, uid=65532)}, False),
        ({"run": File(b"x", 0o070, gid=65532)}, False),
    ],
)
def test_programs_it_cannot_run(layer: Layer, said: bool, tmp_path: Path) -> None:
    expected = ["user 65532:65532 cannot run /run, which ENTRYPOINT names"] if said else []
    assert _warnings(tmp_path, layer, Entrypoint=["/run"]) == expected


def test_a_program_in_a_closed_folder(tmp_path: Path) -> None:
    layer: dict[str, Any] = {"root": Folder(0o700), "root/run": File(b"x", 0o755)}
    (warning,) = _warnings(tmp_path, layer, Cmd=["/root/run"])
    assert warning == "user 65532:65532 cannot run /root/run, which CMD names"


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        ({"data": Folder(0o755)}, True),
        ({"data": Folder(0o1777)}, False),
        ({"data": Folder(0o755, uid=65532)}, False),
        ({"var/data": Folder(0o777), "data": Symlink("var/data")}, False),
        # A runtime makes it, and root owns it.
        ({}, True),
    ],
)
def test_volumes_it_cannot_write(layer: Layer, said: bool, tmp_path: Path) -> None:
    text = "user 65532:65532 cannot write to volume /data; mount it owned by that user"
    assert _warnings(tmp_path, layer, Volumes={"/data": {}}) == ([text] if said else [])


@pytest.mark.parametrize("count", [0, 1, 5, 6, 40])
def test_application_files_it_cannot_read_are_capped_with_a_count(
    count: int, tmp_path: Path
) -> None:
    closed = {f"srv/app/{number:02}": File(b"x", 0o600) for number in range(count)}
    layer: dict[str, Any] = {"srv/app": Folder(uid=65532), "srv/app/open": b"x", **closed}
    warnings = _warnings(tmp_path, layer, WorkingDir="/srv/app")
    each = [f"user 65532:65532 cannot read /{path}" for path in list(closed)[:5]]
    rest = [f"user 65532:65532 cannot read {count - 5} more files below /srv/app"]
    assert warnings == each + (rest if count > 5 else [])


def test_a_file_that_goes_is_not_missed(tmp_path: Path) -> None:
    layer: dict[str, Any] = {"srv/app": Folder(uid=65532), "srv/app/.git/index": File(b"x", 0o600)}
    assert _warnings(tmp_path, layer, WorkingDir="/srv/app") == []


def test_a_working_directory_it_cannot_write(tmp_path: Path) -> None:
    layer: dict[str, Any] = {"srv/app/page": b"x"}
    (warning,) = _warnings(tmp_path, layer, WorkingDir="/srv/app")
    assert warning == "user 65532:65532 cannot write to the working directory /srv/app"
    # Of the system's own folders nobody expects that.
    assert _warnings(tmp_path, layer, WorkingDir="/usr") == []
    assert _warnings(tmp_path, layer, WorkingDir="/not/there") == []


@pytest.mark.parametrize(
    ("port", "said"),
    [("80/tcp", True), ("1023", True), ("1/udp", True), ("1024/tcp", False), ("0/tcp", False)],
)
def test_ports_it_may_not_bind(port: str, said: bool, tmp_path: Path) -> None:
    warnings = _warnings(tmp_path, {}, ExposedPorts={port: {}})
    assert len(warnings) == said
    if said:
        assert warnings[0].startswith(f"port {port} is below 1024: ")


@pytest.mark.parametrize(("user", "now"), [("0", "shop"), ("keep", ""), ("keep", "shop")])
def test_root_and_users_that_stay_are_not_warned_about(user: str, now: str, tmp_path: Path) -> None:
    layer: dict[str, Any] = {"run": File(b"x", 0o700), "data": Folder(0o700)}
    config: dict[str, Any] = {"Cmd": ["/run"], "Volumes": {"/data": {}}, "User": now}
    config["ExposedPorts"] = {"80/tcp": {}}
    assert _warnings(tmp_path, layer, user, **config) == []


def test_what_is_given_to_the_user_is_not_warned_about(tmp_path: Path) -> None:
    layer: dict[str, Any] = {**_ACCOUNTS, "data": Folder(), "srv/app/page": b"x"}
    config: dict[str, Any] = {"Volumes": {"/data": {}}, "WorkingDir": "/srv/app"}
    with _built(tmp_path, layer, "keep", **config) as result:
        subject = result.before.subject
        user = UserChoice("7", 7, 7, "", changed=True)
        assert len(list(access_warnings(subject, Startup(), user, frozenset()))) == 2
        granted = {"data", "srv/app"}
        assert list(access_warnings(subject, Startup(), user, frozenset(), granted)) == []
