"""Exit codes, one line an error, options, the environment."""

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from slimmer import __version__
from slimmer.cli import main
from slimmer.cli.options import Settings
from slimmer.errors import EXIT_GATE, EXIT_INPUT, EXIT_USAGE, DigestError

from .conftest import Run
from .shop import write_layout


@pytest.mark.parametrize(
    ("limit", "code"), [("none", 0), ("low", 1), ("medium", 1), ("high", 1), ("critical", 1)]
)
def test_gate(limit: str, code: int, run: Run) -> None:
    result = run("inspect", "--fail-on", limit, "shop")
    assert result.code == code
    assert result.out.startswith("oci:shop\n")
    if code:
        assert result.err.startswith("slim: failed: ")
        assert result.err.count("\n") == 1


def test_gate_lets_less_through(run: Run, place: Path) -> None:
    write_layout(place / "fair", [{"app": b"x"}], {"User": "1000"})
    assert run("inspect", "--fail-on", "medium", "fair").code == 0
    assert run("inspect", "--fail-on", "low", "fair").code == EXIT_GATE


def test_output_to_a_file(run: Run, place: Path) -> None:
    shown = run("inspect", "--format", "json", "shop")
    result = run("inspect", "--format", "json", "--output", "new/report.json", "shop")
    assert (result.code, result.out, result.err) == (0, "", "")
    assert (place / "new" / "report.json").read_text() == shown.out
    assert [path.name for path in (place / "new").iterdir()] == ["report.json"]


def test_output_that_cannot_be_written(run: Run) -> None:
    result = run("inspect", "--output", "/proc/nowhere/report", "shop")
    assert result.code == EXIT_INPUT
    assert result.err.startswith("slim: error: /proc/nowhere/report: cannot write")


def test_version(run: Run) -> None:
    assert run("--version").out == f"slim {__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["inspect", "--help"], ["ls", "-h"], ["diff", "-h"]])
def test_help(arguments: list[str], run: Run) -> None:
    result = run(*arguments)
    assert result.code == (0 if arguments else EXIT_USAGE)
    assert result.out.startswith("Usage: slim")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    if shell == "bash" and shutil.which("bash") is None:
        pytest.skip("click asks bash for its version")
    result = run("completion", shell)
    assert result.code == 0
    assert "_SLIM_COMPLETE" in result.out


@pytest.mark.parametrize(
    ("error", "line", "code"),
    [
        (DigestError("wrong\nbytes", where="a\x1b"), "a\\x1b: wrong\\x0abytes", EXIT_INPUT),
        (MemoryError(), "not enough memory", EXIT_INPUT),
        (OSError(errno.ENOSPC, "No space", "/tmp/x"), "/tmp/x: no space left", EXIT_INPUT),
        (
            PermissionError(errno.EACCES, "Permission denied", "f"),
            "f: Permission denied",
            EXIT_INPUT,
        ),
        (RecursionError("deep"), "internal error: RecursionError: deep", EXIT_INPUT),
        (KeyboardInterrupt(), "interrupted", 130),
        (main.Stopped(15), "stopped by SIGTERM", 143),
    ],
)
def test_one_line_for_whatever_happens(
    error: BaseException, line: str, code: int, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> NoReturn:
        raise error

    monkeypatch.setattr(Settings, "wanted_platform", property(fail))
    result = run("ls", "shop")
    assert (result.code, result.out) == (code, "")
    assert result.err.startswith(f"slim: error: {line}")
    assert result.err.count("\n") == 1
    verbose = run("ls", "--verbose", "shop")
    assert ("Traceback" in verbose.err) == (not isinstance(error, DigestError))


def test_every_command_is_there(run: Run) -> None:
    for name, (_, summary) in main.COMMANDS.items():
        assert summary.endswith(".")
        assert run(name, "--help").code == 0


def test_no_cache_leaves_nothing(
    run: Run, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = tmp_path / "fresh"
    monkeypatch.setenv("SLIM_CACHE_DIR", str(fresh))
    assert run("ls", "--no-cache", "shop").code == 0
    assert not fresh.exists()
    assert run("ls", "shop").code == 0
    assert fresh.stat().st_mode & 0o777 == 0o700


def test_cache_others_may_write_is_not_used(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    monkeypatch.setenv("SLIM_CACHE_DIR", str(shared))
    result = run("ls", "shop")
    assert result.code == 0
    assert "no cache" in result.err
    assert not list(shared.iterdir())
    assert run("ls", "--quiet", "shop").err == ""


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch) -> None:
    from slimmer.cli.context import cache_path

    home = {"HOME": "/h"}
    assert cache_path({}) is None
    assert cache_path(home) == Path("/h/.cache/slim")
    assert cache_path({**home, "XDG_CACHE_HOME": "/x"}) == Path("/x/slim")
    assert cache_path({**home, "XDG_CACHE_HOME": "relative"}) == Path("/h/.cache/slim")
    assert cache_path({**home, "XDG_CACHE_HOME": "/x", "SLIM_CACHE_DIR": "/s"}) == Path("/s")


def test_no_place_for_temporary_files(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = os.environ["SLIM_TMPDIR"]
    monkeypatch.setenv("SLIM_TMPDIR", "/nowhere")
    result = run("ls", "shop")
    assert result.code == EXIT_INPUT
    assert result.err == (
        "slim: error: /nowhere: no folder for temporary files: No such file or directory "
        "(SLIM_TMPDIR or TMPDIR names another)\n"
    )
    monkeypatch.setenv("SLIM_TMPDIR", temporary)


HEAVY = {"msgspec", "oras", "zstandard", "hyperscan", "requests", "tqdm", "isal", "ssl"}


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from slimmer.cli.main import run; code = run(['--help']); "
        f"loaded = {HEAVY} & sys.modules.keys(); assert not loaded, loaded; sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
