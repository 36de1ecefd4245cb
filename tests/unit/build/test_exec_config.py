"""Shell-form commands that need no shell are started directly; the rest are left alone."""

from pathlib import Path
from typing import Any

import pytest
from support.layers import Content, File, Symlink

from slimmer.build.options import BuildOptions

from .building import built

_APP = File(b"\x7fELF", 0o755)
FILES: dict[str, Content] = {
    "usr/bin/app": _APP,
    "usr/bin/tini": _APP,
    "usr/bin/sh": _APP,
    "bin": Symlink("usr/bin"),
    "start.sh": File(b'#!/bin/sh\nexec "$@"\n', 0o755),
}
SHELL = ["/bin/sh", "-c"]


def _config(tmp_path: Path, profile: str = "package", **config: Any) -> tuple[dict[str, Any], str]:
    options = BuildOptions(profile, user="keep")
    with built(tmp_path, FILES, config=config, options=options, quiet=True) as result:
        return result.config["config"], result.warnings


def test_a_plain_command_is_started_directly(tmp_path: Path) -> None:
    config, said = _config(tmp_path, Cmd=[*SHELL, "exec app --name 'two words'"])
    assert config["Cmd"] == ["app", "--name", "two words"]
    assert 'CMD starts ["app", "--name", "two words"] without a shell' in said


def test_what_a_shell_entrypoint_ignored_does_not_become_arguments(tmp_path: Path) -> None:
    config, _ = _config(tmp_path, Entrypoint=[*SHELL, "app"], Cmd=["ignored"])
    assert config["Entrypoint"] == ["app"]
    assert not config["Cmd"]


def test_a_check_is_started_directly(tmp_path: Path) -> None:
    check = {"Test": ["CMD-SHELL", "app --check || exit 1"], "Interval": 5}
    config, _ = _config(tmp_path, Cmd=["app"], Healthcheck=check)
    assert config["Healthcheck"] == {"Test": ["CMD", "app", "--check"], "Interval": 5}


def test_a_command_behind_a_wrapper_is_started_directly(tmp_path: Path) -> None:
    config, _ = _config(tmp_path, Entrypoint=["tini", "--"], Cmd=[*SHELL, "app"])
    assert config["Cmd"] == ["app"]


@pytest.mark.parametrize(
    "command",
    [
        {"Cmd": [*SHELL, "app $PORT"]},
        {"Cmd": [*SHELL, "cd /srv && app"]},
        {"Cmd": [*SHELL, "missing --flag"]},
        {"Entrypoint": ["/start.sh"], "Cmd": [*SHELL, "app"]},
        {"Cmd": ["app"], "Healthcheck": {"Test": ["CMD-SHELL", "app | sh"]}},
    ],
)
def test_what_needs_a_shell_or_may_look_at_its_arguments_is_left_alone(
    tmp_path: Path, command: dict[str, Any]
) -> None:
    config, said = _config(tmp_path, **command)
    assert {name: config[name] for name in command} == command
    assert "without a shell" not in said


def test_profile_safe_leaves_commands_alone(tmp_path: Path) -> None:
    command = [*SHELL, "exec app"]
    assert _config(tmp_path, "safe", Cmd=command)[0]["Cmd"] == command
