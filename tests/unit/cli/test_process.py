"""slim as a process among others: pipes, terminals, signals."""

import os
import pty
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from support.layers import Layer

from .conftest import Spawn
from .shop import write_layout


def test_streams_and_exit_code(spawn: Spawn) -> None:
    process = spawn("inspect", "--fail-on", "low", "--format", "json", "shop")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert out.startswith(b"{")
    assert err.startswith(b"slim: failed: ")


def test_a_reader_that_goes_away(spawn: Spawn, place: Path) -> None:
    layer: Layer = {f"{'long-name-' * 20}{number}": b"" for number in range(2000)}
    write_layout(place / "many", [layer], {})
    process = spawn("ls", "many")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    assert process.wait(60) == 128 + signal.SIGPIPE
    assert process.stderr.read() == b""


def test_output_that_does_not_fit(spawn: Spawn) -> None:
    with open("/dev/full", "wb") as full:
        process = spawn("ls", "shop", stdout=full)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 3
    assert err.startswith(b"slim: error: no space left")
    assert err.count(b"\n") == 1


def test_closed_streams(spawn: Spawn, place: Path) -> None:
    process = spawn("ls", "shop", preexec_fn=lambda: os.close(1))
    _, err = process.communicate(timeout=60)
    assert process.returncode == 3
    assert err == b"slim: error: cannot write: stdout is closed\n"
    quiet = spawn("ls", "nothing:here", preexec_fn=lambda: os.close(2))
    assert quiet.communicate(timeout=60)[0] == b""
    assert quiet.returncode in (2, 3)


def test_a_locale_without_the_letters(spawn: Spawn, environment: Mapping[str, str]) -> None:
    process = spawn(
        "ls", "shop", "/srv", env={**environment, **_SOURCE, "PYTHONIOENCODING": "ascii"}
    )
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"")
    assert b"srv/\\xc4pfel\n" in out


_SOURCE = {"PYTHONPATH": str(Path(__file__).parents[3])}


def on_terminal(spawn: Spawn, environment: Mapping[str, str], *arguments: str) -> str:
    """What stdout and stderr show when both are a terminal."""
    try:
        main, terminal = pty.openpty()
    except OSError as error:
        pytest.skip(f"this machine has no terminals to give: {error.strerror}")
    process = spawn(*arguments, stdout=terminal, stderr=terminal, env={**environment, **_SOURCE})
    os.close(terminal)
    seen = b""
    while True:
        try:
            data = os.read(main, 65536)
        except OSError:  # Linux says EIO when the other side is closed
            break
        if not data:
            break
        seen += data
    os.close(main)
    assert process.wait(60) == 0
    return seen.decode()


def test_colours_on_a_terminal_only(spawn: Spawn, environment: Mapping[str, str]) -> None:
    terminal = {**environment, "TERM": "xterm"}
    assert "\x1b[1moci:shop\x1b[0m" in on_terminal(spawn, terminal, "inspect", "shop")
    for plain in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert "\x1b" not in on_terminal(spawn, {**terminal, **plain}, "inspect", "--quiet", "shop")


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port where somebody takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize(
    ("number", "code", "line"),
    [
        (signal.SIGINT, 130, b"slim: error: interrupted\n"),
        (signal.SIGTERM, 143, b"slim: error: stopped by SIGTERM\n"),
    ],
)
def test_signals_leave_nothing_behind(
    number: signal.Signals,
    code: int,
    line: bytes,
    spawn: Spawn,
    silent_port: int,
    environment: Mapping[str, str],
) -> None:
    temporary = Path(environment["SLIM_TMPDIR"])
    process = spawn("inspect", f"127.0.0.1:{silent_port}/app:1")
    while not list(temporary.iterdir()) and process.poll() is None:
        time.sleep(0.01)
    time.sleep(0.1)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (code, line)
    assert not list(temporary.iterdir())


def test_module_is_the_command(spawn: Spawn) -> None:
    process: subprocess.Popen[bytes] = spawn("--help")
    assert process.communicate(timeout=60)[0].startswith(b"Usage: slim [OPTIONS] COMMAND")
