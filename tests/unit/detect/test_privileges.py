"""setuid, capabilities and permissions."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.layers import Content, File, Folder, Hardlink, Symlink

from slimmer.detect.capabilities import CapabilityDetector
from slimmer.detect.file_capabilities import capability_name, parse_capabilities
from slimmer.detect.permissions import PermissionDetector
from slimmer.detect.setuid import SetuidDetector
from slimmer.errors import FormatError

from .subjects import Layer, brief, found, ids, program, subject_of

SETUID, CAPABILITIES, PERMISSIONS = SetuidDetector(), CapabilityDetector(), PermissionDetector()


def apk(*files: str) -> dict[str, Content]:
    """An apk database whose one package owns these files."""
    lines = ["P:shadow", "V:1-r0", "A:x86_64"]
    for file in files:
        folder, _, name = file.rpartition("/")
        lines += [f"F:{folder}", f"R:{name}"]
    return {"lib/apk/db/installed": ("\n".join(lines) + "\n\n").encode()}


def test_setuid_and_setgid() -> None:
    layer: Layer = {
        "bin/su": program(mode=0o4755),
        "bin/chage": program(mode=0o2755, gid=42),
        "bin/both": program(mode=0o6755, uid=5, gid=6),
    }
    assert brief(found(SETUID, subject_of({"a": b""}, layer))) == [
        (
            "medium",
            "setuid.setuid",
            "bin/both",
            "Runs as user 5 and group 6 whoever starts it (mode 6755, owner 5:6)",
        ),
        (
            "low",
            "setuid.setgid",
            "bin/chage",
            "Runs as group 42 whoever starts it (mode 2755, owner 0:42)",
        ),
        (
            "medium",
            "setuid.setuid",
            "bin/su",
            "Runs as root whoever starts it (mode 4755, owner 0:0)",
        ),
    ]


def test_setuid_of_packages_and_of_nobody() -> None:
    layer = {
        **apk("bin/su"),
        "bin/su": program(mode=0o4755),
        "app/helper": program(mode=0o4755),
        "app/open": program(mode=0o4757),
    }
    findings = found(SETUID, subject_of(layer))
    assert [(f.severity.label, *pair) for f, pair in zip(findings, ids(findings), strict=True)] == [
        ("high", "setuid.unowned", "app/helper"),
        ("high", "setuid.writable", "app/open"),
        ("medium", "setuid.setuid", "bin/su"),
    ]
    assert findings[2].message.endswith("owner 0:0, package shadow)")


def test_what_is_not_setuid() -> None:
    layer: Layer = {
        "var/mail": Folder(0o2775),
        "tmp": Folder(0o1777),
        "bin/plain": program(),
        "bin/never": File(b"x", 0o4644),
        "bin/link": Symlink("plain"),
    }
    assert found(SETUID, subject_of(layer)) == []


def test_setuid_once_for_hard_links_and_gone_when_hidden() -> None:
    layer: Layer = {"bin/a": program(mode=0o4755), "bin/b": Hardlink("bin/a")}
    assert ids(found(SETUID, subject_of(layer))) == [("setuid.setuid", "bin/a")]
    assert ids(found(SETUID, subject_of(layer, {"bin/.wh.a": b""}))) == [("setuid.setuid", "bin/b")]
    assert found(SETUID, subject_of(layer, {"bin/a": program(), "bin/b": program()})) == []


def attribute(revision: int, *words: int, effective: bool = True) -> bytes:
    return struct.pack(f"<{1 + len(words)}I", revision << 24 | effective, *words)


def bit(*numbers: int) -> int:
    return sum(1 << number for number in numbers)


def test_revisions() -> None:
    assert parse_capabilities(attribute(1, bit(10), 0)).permitted == (10,)
    second = parse_capabilities(attribute(2, bit(13), bit(1), bit(7), 0, effective=False))
    assert (second.permitted, second.inheritable) == ((13, 39), (1,))
    assert (second.effective, second.root_uid) == (False, None)
    third = parse_capabilities(attribute(3, bit(21), 0, 0, 0, 100000))
    assert (third.permitted, third.root_uid) == ((21,), 100000)


def test_names() -> None:
    assert [capability_name(n) for n in (0, 7, 12, 21, 31, 40, 41)] == [
        *("cap_chown", "cap_setuid", "cap_net_admin", "cap_sys_admin", "cap_setfcap"),
        *("cap_checkpoint_restore", "cap_41"),
    ]


@pytest.mark.parametrize(
    "data", [b"", b"\0", attribute(4, 0, 0), attribute(2, 0, 0), attribute(3, 0, 0, 0, 0)]
)
def test_damaged_attributes(data: bytes) -> None:
    with pytest.raises(FormatError):
        parse_capabilities(data)


@given(st.binary(max_size=40))
def test_any_attribute(data: bytes) -> None:
    try:
        found = parse_capabilities(data)
    except FormatError:
        return
    assert all(0 <= number < 64 for number in (*found.permitted, *found.inheritable))


def capable(data: bytes) -> File:
    return program(xattrs={"security.capability": data})


def test_capabilities() -> None:
    layer: Layer = {
        "bin/admin": capable(attribute(2, bit(21, 13), 0, 0, 0)),
        "bin/bad": capable(b"?"),
        "bin/caddy": capable(attribute(2, bit(10), 0, 0, 0)),
        "bin/later": capable(attribute(2, 0, bit(13), 0, 0, effective=False)),
        "bin/none": capable(attribute(2, 0, 0, 0, 0)),
        "bin/ping": capable(attribute(2, bit(13), 0, 0, 0, effective=False)),
        "bin/selinux": program(xattrs={"security.selinux": b"system_u:object_r:bin_t:s0"}),
    }
    assert brief(found(CAPABILITIES, subject_of(layer))) == [
        (
            "high",
            "capabilities.file",
            "bin/admin",
            "Whoever starts it, it has cap_net_raw and cap_sys_admin",
        ),
        (
            "low",
            "capabilities.unreadable",
            "bin/bad",
            "Its security.capability attribute cannot be read: "
            "file capabilities of an unknown revision",
        ),
        (
            "low",
            "capabilities.file",
            "bin/caddy",
            "Whoever starts it, it has cap_net_bind_service",
        ),
        (
            "medium",
            "capabilities.file",
            "bin/later",
            "Whoever starts it, it may inherit cap_net_raw",
        ),
        ("medium", "capabilities.file", "bin/ping", "Whoever starts it, it may take cap_net_raw"),
    ]


def test_world_writable() -> None:
    layer: Layer = {
        "app/data": Folder(0o777),
        "app/data/list": File(b"x", 0o666),
        "app/data/deep/list": File(b"x", 0o666),
        "etc/app.conf": File(b"x", 0o666),
        "srv/log": File(b"x", 0o646),
        "usr/bin/tool": File(b"#!/bin/sh\n", 0o777),
    }
    assert brief(found(PERMISSIONS, subject_of({"a": b""}, layer))) == [
        (
            "medium",
            "permissions.world-writable",
            "app/data",
            "Everyone may write 1 folder and 2 files here",
        ),
        (
            "high",
            "permissions.world-writable-program",
            "etc/app.conf",
            "Everyone may write this file (mode 0666)",
        ),
        (
            "medium",
            "permissions.world-writable",
            "srv/log",
            "Everyone may write this file (mode 0646)",
        ),
        (
            "high",
            "permissions.world-writable-program",
            "usr/bin/tool",
            "Everyone may write this file (mode 0777)",
        ),
    ]


def test_chmod_of_a_tree_is_one_finding_for_each_layer() -> None:
    base: Layer = {f"app/{n}/file": File(b"x", 0o666) for n in range(50)}
    above: Layer = {f"app/{n}/other": File(b"x", 0o666) for n in range(50)}
    findings = found(PERMISSIONS, subject_of(base, above))
    assert [(f.path, f.layer) for f in findings] == [("app", 0), ("app", 1)]


def test_what_may_be_writable() -> None:
    layer: Layer = {
        "tmp": Folder(0o1777),
        "dev/null": File(b"", 0o666),
        "bin/sh": Symlink("dash"),
        "bin/dash": program(),
        "app": Folder(0o775),
    }
    assert found(PERMISSIONS, subject_of(layer)) == []


def test_the_root_folder() -> None:
    assert ids(found(PERMISSIONS, subject_of({"./": Folder(0o777), "a": b""}))) == [
        ("permissions.world-writable", "")
    ]
