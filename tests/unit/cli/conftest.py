"""Runs command lines in this process or in one of their own, with nothing of the real world."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from slimmer.cli.main import run as run_command

from .shop import write_layout


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str
    raw: bytes = b""


Run = Callable[..., Result]


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def environment(tmp_path: Path, cache: Path) -> dict[str, str]:
    """All that a command may know of its surroundings."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path / "home"),
        "LANG": "C.UTF-8",
        "SLIM_CACHE_DIR": str(cache),
        "SLIM_TMPDIR": str(temporary),
    }


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The working folder, with the image `shop` in it."""
    folder = tmp_path / "work"
    folder.mkdir()
    write_layout(folder / "shop")
    return folder


@pytest.fixture
def run(
    place: Path,
    environment: Mapping[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> Iterator[Run]:
    """A command line run in this process, in `place`."""
    monkeypatch.chdir(place)
    for name in os.environ:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def call(*arguments: str) -> Result:
        code = run_command(arguments)
        out, err = capfdbinary.readouterr()
        return Result(code, out.decode("utf-8", "replace"), err.decode(), out)

    yield call
    assert not list(Path(environment["SLIM_TMPDIR"]).iterdir()), "temporary files were left behind"


Spawn = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def spawn(place: Path, environment: Mapping[str, str]) -> Spawn:
    """Starts a command line in a process of its own."""
    source = str(Path(__file__).parents[3])

    def start(*arguments: str, **options: object) -> subprocess.Popen[bytes]:
        settings: dict[str, object] = {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "cwd": place,
            "preexec_fn": hear_interrupts,
            "env": {**environment, "PYTHONPATH": source},
            **options,
        }
        return subprocess.Popen([sys.executable, "-m", "slimmer", *arguments], **settings)  # type: ignore[call-overload, no-any-return]

    return start


def hear_interrupts() -> None:
    """What a shell starts in the background is deaf to Ctrl-C, and so are the tests it runs."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
