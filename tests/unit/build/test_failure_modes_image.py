"""Rows 12, 13, 15, 19 and 20 of the ways in which slimmed images break, for profiles `package` and
`file`: rights, the config, what is said of the output, and what must be in no blob."""

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from reach.elves import program
from support import images, planted
from support.layers import Content, File, Layer, Symlink, tar_of
from support.tars import Member, folder, make_tar

from slimmer.build.options import BuildOptions
from slimmer.report.build_json import build_document
from slimmer.report.build_text import build_text
from slimmer.report.style import Style

from .building import built, inflated, memory_of, rebuilt, view_of
from .reach_images import (
    BOTH,
    UNUSED,
    Package,
    check,
    content_of,
    debian_layer,
    programs,
    script,
    slimmed,
)

SQUASH = pytest.mark.parametrize("squash", [False, True])
_SERVER: Package = {"usr/sbin/server": program(needed="libc.so.6")}
_RUN: Mapping[str, Any] = {"Cmd": ["server"]}


# --- 12 -----------------------------------------------------------------------------------------


@BOTH
@SQUASH
def test_12_owners_modes_and_attributes_stay(
    squash: bool, options: BuildOptions, tmp_path: Path
) -> None:
    capability = {"SCHILY.xattr.security.capability": "\x01\x00\x00\x02\x00\udc80"}
    members = [
        folder("tmp", 0o1777),
        folder("var/tmp", 0o1777),
        folder("root", 0o700),
        folder("srv/data", 0o2750, 999, 4_000_000),
        Member("srv/data/db", data=b"x", mode=0o600, uid=999, pax={"SCHILY.xattr.user.k": "v"}),
        Member("srv/fifo", kind=b"6", mode=0o620, uid=9),
        Member("dev/null", kind=b"3", mode=0o666, device=(1, 3)),
        Member("tmp/left", data=b"x", mode=0o000, mtime=1.25),
        Member("opt/ping", data=program().data, mode=0o755, pax=capability),
        folder("etc/ssl/private", 0o710, 0, 101),
        folder("home/me", 0o700, 1000, 1000),
    ]
    layers = [tar_of(debian_layer({"server": _SERVER})), make_tar(*members)]
    options = replace(options, squash=squash)
    with built(tmp_path, *layers, config=_RUN, options=options, quiet=True) as result:
        check(result, stays=[member.path for member in members], goes=UNUSED)


@BOTH
def test_12_the_new_user_has_a_number_a_name_and_is_told_what_it_cannot_do(
    options: BuildOptions, tmp_path: Path
) -> None:
    files: dict[str, Content] = {
        "srv/secretive": File(b"x", 0o600),
        "start": script("cat /srv/secretive", 'exec server "$@"'),
    }
    packages = {
        "server": _SERVER,
        "dash": {**programs("usr/bin/dash", "usr/bin/cat"), "usr/bin/sh": Symlink("dash")},
    }
    config = {"Entrypoint": ["/start"], "Volumes": {"/data": {}}}
    for user in ("auto", "1234"):
        options = replace(options, user=user)
        place = tmp_path / user
        place.mkdir()
        with slimmed(place, options, packages, files, **config) as result:
            number = "65532" if user == "auto" else user
            assert result.config["config"]["User"].split(":")[0] == number
            with result.after(quiet=True) as after:
                assert f":x:{number}:".encode() in content_of(after, "etc/passwd")
            assert "cannot read /srv/secretive" in result.warnings


@BOTH
def test_12_setuid_programs_are_left_to_root_and_lose_nothing_else(
    options: BuildOptions, tmp_path: Path
) -> None:
    su = File(program(needed="libc.so.6").data, 0o4755)
    files = {"opt/helper": su, "start": script("su app -c server")}
    packages = {
        "dash": {**programs("usr/bin/dash"), "usr/bin/sh": Symlink("dash")},
        "login": {"usr/bin/su": su, "usr/bin/chsh": su},
        "server": _SERVER,
    }
    with slimmed(tmp_path, options, packages, files, Cmd=["/start"]) as result:
        check(result, stays=["usr/bin/su"], goes=["usr/bin/chsh"])
        # Nothing starts it: it stays without the bit, and that is said.
        assert [(change.path, change.mode) for change in result.outcome.plan.modes] == [
            ("opt/helper", 0o755)
        ]
        with result.after(quiet=True) as after:
            assert view_of(after)["opt/helper"][1] == 0o755


# --- 13 -----------------------------------------------------------------------------------------

_CONFIG: dict[str, Any] = {
    "Cmd": ["--serve"],
    "Entrypoint": ["/usr/sbin/server"],
    "Env": ["PATH=/usr/sbin:/bin", "A=1=2", "EMPTY=", "NOT-EVEN-AN-ASSIGNMENT"],
    "Labels": {"a.b": "c", "empty": "", "\u00fc": "\u2603"},
    "Healthcheck": {"Test": ["CMD", "server", "ok"], "Interval": 30000000000, "StartInterval": 1},
    "StopSignal": "SIGQUIT",
    "StopTimeout": 30,
    "Volumes": {"/data": {}, "/logs": {}},
    "ExposedPorts": {"8080/tcp": {}, "53/udp": {}},
    "WorkingDir": "/srv",
    "User": "7:7",
    "Shell": ["/bin/bash", "-c"],
    "OnBuild": ["RUN x"],
    "ArgsEscaped": True,
    "MemorySwap": 0,
    "NetworkDisabled": None,
    "x-unknown": {"deep": [1, {"er": None}]},
}


@BOTH
@pytest.mark.parametrize(
    ("change", "meant"),
    [
        ({}, {}),
        (
            {"Entrypoint": ["/bin/sh", "-c", "server --x"]},
            {"Entrypoint": ["server", "--x"], "Cmd": None},
        ),
        (
            {"Healthcheck": {"Test": ["CMD-SHELL", "server ok || exit 1"], "Retries": 3}},
            {"Healthcheck": {"Test": ["CMD", "server", "ok"], "Retries": 3}},
        ),
    ],
)
def test_13_the_config_is_edited_not_rebuilt(
    change: Mapping[str, Any], meant: Mapping[str, Any], options: BuildOptions, tmp_path: Path
) -> None:
    document = {"created": "2026-01-02T03:04:05.678Z", "author": "somebody", "x-top": [{"a": 1}]}
    config = {**_CONFIG, **change}
    layers: list[Layer] = [
        {"usr/share/doc/a/README": b"x"},
        debian_layer({"server": _SERVER}, {"srv/a": b"x"}),
    ]
    with built(tmp_path, *layers, config=config, options=options, quiet=True, **document) as result:
        check(result, stays=["usr/sbin/server"], goes=UNUSED)
        before, after = json.loads(result.before.subject.image.config.raw), result.config
        changed = {k for k in before.keys() | after.keys() if before.get(k) != after.get(k)}
        assert changed - {"config"} == {"rootfs", "history"}
        run = after["config"]
        assert {k: run.get(k) for k in config if config[k] != run.get(k)} == meant
        assert run.keys() <= config.keys()


# --- 15 -----------------------------------------------------------------------------------------


@BOTH
def test_15_the_output_says_what_it_is_and_was_made_from(
    options: BuildOptions, tmp_path: Path
) -> None:
    layer = tar_of(debian_layer({"server": _SERVER}))
    image = images.image(layer, architecture="arm64", variant="v8", config=dict(_RUN))
    for described in image.manifest["layers"]:
        described["annotations"] = {"toc.digest": described["digest"]}
    image.manifest |= {
        "subject": image.blobs.add_json({"a": "subject"}, images.MANIFEST_TYPE),
        "annotations": {
            "org.opencontainers.image.source": "s",
            "org.opencontainers.image.base.digest": "old",
        },
    }
    source = images.dump(image.manifest)
    attached = images.attestation(image.blobs, image.descriptor())
    platform = images.platform("arm64", variant="v8")
    top = images.index(image.descriptor(platform=platform), attached)
    place = images.write_layout(tmp_path / "in", image.blobs, top)
    with rebuilt(place, tmp_path, options, quiet=True) as result:
        check(result, goes=UNUSED)
        with result.after(quiet=True) as after:
            assert str(after.subject.image.config.platform) == "linux/arm64/v8"
        annotations = result.manifest["annotations"]
        assert annotations["org.opencontainers.image.base.digest"] == images.sha256(source)
        assert annotations["org.opencontainers.image.source"] == "s"
        assert "subject" not in result.manifest
        old = (
            attached["digest"].encode(),
            b"vnd.docker.reference",
            b'"a": "subject"',
            b"toc.digest",
        )
        assert [text for text in old if text in result.everything] == []


# --- 19 -----------------------------------------------------------------------------------------


@BOTH
def test_19_nothing_claims_that_the_output_was_tried(options: BuildOptions, tmp_path: Path) -> None:
    """A build runs nothing: what it says is what it found, and its reports claim no more."""
    with slimmed(tmp_path, options, {"server": _SERVER}, **_RUN) as result:
        text = "\n".join(build_text(result.outcome, Style()))
        said = (text + json.dumps(build_document(result.outcome))).lower()
        assert "server" in said
        claims = ("proof", "proven", "verified", "tested", "works", "guarantee")
        assert [word for word in claims if word in said] == []


# --- 20 -----------------------------------------------------------------------------------------


@BOTH
@SQUASH
@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_20_what_was_removed_is_in_no_blob(
    compression: str, squash: bool, options: BuildOptions, tmp_path: Path
) -> None:
    key = planted.rsa_private_key("below").encode()
    later = planted.ed25519_private_key("on top").encode()
    noise = os.urandom(20_000)
    idle: Package = {"usr/share/idle/data": b"IDLE" + noise}
    layers: list[Layer] = [
        debian_layer(
            {"server": _SERVER, "idle": idle},
            {"root/.ssh/id_rsa": File(key, 0o600), "srv/old": b"REPLACED CONTENT"},
        ),
        {"root/.ssh/.wh.id_rsa": b"", "srv/old": b"new"},
        {"srv/key.pem": later},
    ]
    token, build_secret = planted.github_token("arg"), planted.npm_token("info")
    history: list[dict[str, Any]] = [
        {"created_by": "ARG TOKEN", "empty_layer": True},
        {"created_by": f"|1 TOKEN={token} /bin/sh -c make", "comment": f"by {token}"},
        {"created_by": "RUN rm /root/.ssh/id_rsa"},
        {"created_by": "COPY key.pem"},
    ]
    document: dict[str, Any] = {
        "history": history,
        "config": dict(_RUN),
        "container_config": {"Cmd": ["sh", "-c", f"TOKEN={token} make"]},
        "moby.buildkit.buildinfo.v1": json.dumps({"attrs": {"build-arg:T": build_secret}}),
    }
    image = images.image(*map(tar_of, layers), compression=compression, **document)
    with rebuilt(memory_of(image), tmp_path, replace(options, squash=squash)) as result:
        source = b"\n".join(inflated(data) for data in image.blobs.content.values())
        unused = Path("usr/share/unused/table").name.encode()
        lost = [key, later, b"REPLACED CONTENT", b"IDLE" + noise, noise[:64]]
        lost += [token.encode(), build_secret.encode(), b"usr/share/unused/" + unused]
        assert [text for text in lost if text not in source] == []
        assert [text for text in lost if text in result.everything] == []
        check(result, stays=["srv/old", "usr/sbin/server"], goes=["srv/key.pem", *idle, *UNUSED])
        assert "/srv/key.pem is removed because it holds a secret" in result.warnings
        lines = result.config["history"]
        told = [entry for entry in lines if not entry.get("empty_layer")]
        assert (
            len(told) == len(result.manifest["layers"]) == len(result.config["rootfs"]["diff_ids"])
        )
        assert lines[0] == history[0]
        assert lines[1]["created_by"] == "|1 TOKEN=[removed by slim] /bin/sh -c make"


@BOTH
def test_20_a_secret_that_stays_is_told_of(options: BuildOptions, tmp_path: Path) -> None:
    token = planted.github_token("in code")
    files = {"srv/a.py": f"TOKEN = '{token}'\nprint('run')\n".encode()}
    with slimmed(tmp_path, options, {"server": _SERVER}, files, quiet=False, **_RUN) as result:
        check(result, stays=files)
        assert "a secret stays in /srv/a.py" in result.warnings
        assert token not in result.warnings
