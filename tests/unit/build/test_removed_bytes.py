"""What goes is in no blob of the output: no layer, no config, no manifest."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support import planted
from support.layers import File, Hardlink, Symlink
from support.tars import Member, make_tar, whiteout

from slimmer.build.options import BuildOptions
from slimmer.build.redact import redactor

from .building import PLAIN, built, debian, scanner

_TOKEN = planted.github_token("history")
_KEY = planted.ed25519_private_key("app")


@pytest.mark.parametrize("squash", [False, True])
@pytest.mark.parametrize("compression", [None, "zstd"])
def test_markers_of_everything_that_goes(
    squash: bool, compression: str | None, tmp_path: Path
) -> None:
    lower = {
        "usr/share/doc/tool/README": b"MARKER-documentation",
        "var/cache/apt/pkgcache.bin": b"MARKER-cache",
        "srv/hidden": b"MARKER-deleted",
        "srv/replaced": b"MARKER-replaced",
        "srv/folder/file": b"MARKER-in-folder",
        "srv/opaque/file": b"MARKER-opaque",
        "srv/link": Symlink("MARKER-target"),
        "srv/first": b"MARKER-hard-link",
        "srv/second": Hardlink("srv/first"),
        "app/.git/objects/aa/bb": b"MARKER-git",
        "app/.env": f"STRIPE={planted.stripe_key('env')}\nX=MARKER-env\n".encode(),
        "app/key.pem": _KEY.encode(),
        "usr/bin/make": b"MARKER-package",
        **debian({"make": ["usr/bin/make"], "tool": ["usr/share/doc/tool/README", "srv/stays"]}),
        "srv/stays": b"STAYS-file",
        "srv/dropped": b"MARKER-dropped",
    }
    upper = make_tar(
        whiteout("srv/hidden"),
        Member("srv/replaced", data=b"STAYS-replacement"),
        whiteout("srv/folder"),
        Member("srv/opaque/.wh..wh..opq"),
        whiteout("srv/link"),
        whiteout("srv/first"),
        whiteout("srv/second"),
    )
    options = BuildOptions("safe", squash=squash, compression=compression, drop=("srv/dropped",))
    with built(tmp_path, lower, upper, options=options) as result:
        everything = result.everything
        assert b"MARKER" not in everything
        assert b"PRIVATE KEY" not in everything
        assert planted.stripe_key("env").encode() not in everything
        assert b"Package: make" not in everything
        assert everything.count(b"STAYS") == 2
        assert result.rules["app/.env"] == result.rules["app/key.pem"] == "secret"


def test_a_secret_inside_a_program_stays_and_is_told(tmp_path: Path) -> None:
    layer = {"app/main.py": f"token = '{_TOKEN}'\nprint('hello')\n".encode()}
    with built(tmp_path, layer) as result:
        assert result.rules == {}
        assert "a secret stays in /app/main.py" in result.warnings


def test_a_removed_secret_is_told(tmp_path: Path) -> None:
    with built(tmp_path, {"app/key.pem": _KEY.encode(), "x": b""}) as result:
        assert "/app/key.pem is removed because it holds a secret" in result.warnings


def test_a_key_that_a_package_ships_stays(tmp_path: Path) -> None:
    path = "usr/share/tool/example.pem"
    sums = f"{hashlib.md5(_KEY.encode()).hexdigest()}  {path}\n".encode()
    layer = {
        path: _KEY.encode(),
        **debian({"tool": [path]}),
        "var/lib/dpkg/info/tool.md5sums": sums,
    }
    with built(tmp_path, layer) as result:
        assert path not in result.rules


# --- documents ----------------------------------------------------------------------------------


def _config(**more: Any) -> dict[str, Any]:
    return {
        "history": [
            {"created_by": f"RUN curl -H 'Authorization: token {_TOKEN}' x", "comment": "c"},
            {"created_by": f"ARG T={_TOKEN}", "comment": f"said {_TOKEN}", "empty_layer": True},
        ],
        "container_config": {"Cmd": ["/bin/sh", "-c", f"#(nop) ENV T={_TOKEN}"], "Tty": False},
        "moby.buildkit.buildinfo.v1": "e30=",
        "moby.buildkit.cache.v0": [1],
        "docker_version": "20.10",
        **more,
    }


@pytest.mark.parametrize("squash", [False, True])
def test_secrets_of_history_are_in_no_document(squash: bool, tmp_path: Path) -> None:
    options = replace(PLAIN, squash=squash)
    with built(tmp_path, {"srv/a": b"a"}, options=options, **_config()) as result:
        assert _TOKEN.encode() not in result.everything
        assert result.config["history"][0]["created_by"].startswith("RUN curl -H 'Authorization: ")
        assert "[removed by slim]" in result.config["history"][1]["comment"]
        assert result.config["container_config"]["Tty"] is False
        assert result.config["docker_version"] == "20.10"
        assert not any(name.startswith("moby.") for name in result.config)
        assert "stays in the config" not in result.warnings


def test_environment_is_not_history(tmp_path: Path) -> None:
    config = {"Env": [f"TOKEN={_TOKEN}"], "Labels": {"a": "b"}}
    with built(tmp_path, {"srv/a": b"a"}, config=config) as result:
        assert result.config["config"] == config
        assert "a secret stays in the config" in result.warnings


def test_redaction_finds_every_secret() -> None:
    redact = redactor(scanner())
    many = " ".join(f"--token {planted.github_token(str(n))}" for n in range(250))
    cleaned = redact(many)
    assert "ghp_" not in cleaned
    assert cleaned.count("--token") == 250
    assert redact("RUN apt-get install -y curl") == "RUN apt-get install -y curl"


def test_files_that_only_look_secret_by_name_stay(tmp_path: Path) -> None:
    layer = {"app/settings.py": File(b"DEBUG = False\n"), "app/id_rsa.pub": b"ssh-ed25519 AAAA me"}
    with built(tmp_path, layer) as result:
        assert result.rules == {}
