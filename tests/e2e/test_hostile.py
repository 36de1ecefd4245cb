"""An extra: odd and hostile images kept outside the project, given to the commands like any other.

Each case is inspected twice and built twice, in processes of their own without a network. Runs
where `../shared/hostile/cases.tar.gz` lies beside the project, as root, so that FIFOs and device
links can be unpacked. The project's own cases are in tests/unit/test_hostile_cases.py.
"""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
ARCHIVE = ROOT.parent / "shared" / "hostile" / "cases.tar.gz"
pytestmark = pytest.mark.skipif(
    not ARCHIVE.exists() or os.geteuid() != 0, reason="needs ../shared/hostile and root"
)

MAX_SECONDS = 20
MAX_MEMORY = 512 << 20
_TRANSPORTS = {"oci-dir": "oci", "oci-archive": "oci-archive", "docker-archive": "docker-archive"}
# Where some cases point at, outside of themselves.
CANARY = Path("/tmp/hostile-canary/secret")
MARKER = b"a canary that no image may read"
# All a terminal obeys, but for the line feed.
_CONTROL = frozenset(range(32)) - {10} | {127}
# A process is charged for what its parent held when it was forked, so a small one stands between.
_WATCH = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[2:])
_, status, usage = os.wait4(process.pid, 0)
with open(sys.argv[1], "w") as file:
    file.write(str(usage.ru_maxrss))
os._exit(os.waitstatus_to_exitcode(status))
"""
_NO_NETWORK = ["unshare", "-n"] if shutil.which("unshare") else []


@dataclass(frozen=True)
class Run:
    code: int
    out: bytes
    err: bytes
    seconds: float
    memory: int


@cache
def cases() -> list[dict[str, Any]]:
    if not ARCHIVE.exists():
        return []
    with tarfile.open(ARCHIVE) as tar:
        member = next(info for info in tar if info.name.endswith("cases/corpus.json"))
        document = json.load(tar.extractfile(member))  # type: ignore[arg-type]
    return list(document["cases"])


@pytest.fixture(scope="module")
def root() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="hostile-") as folder:
        with tarfile.open(ARCHIVE) as tar:
            tar.extractall(folder, filter="fully_trusted")
        yield next(Path(folder).rglob("corpus.json")).parent


@pytest.fixture(autouse=True)
def canary() -> Iterator[None]:
    made = not CANARY.parent.exists()
    CANARY.parent.mkdir(exist_ok=True)
    CANARY.write_bytes(MARKER)
    os.utime(CANARY, (1, 2))  # reading it would move the first, where the file system keeps times
    yield
    assert CANARY.stat().st_atime == 1
    assert os.listdir(CANARY.parent) == [CANARY.name]
    if made:
        shutil.rmtree(CANARY.parent)


def _slim(place: Path, *words: str) -> Run:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "HOME": str(place / "home"),
        "SLIM_CACHE_DIR": str(place / "cache"),
        "SLIM_TMPDIR": str(place / "tmp"),
        "LC_ALL": "C.UTF-8",
    }
    command = [*_NO_NETWORK, sys.executable, "-m", "slimmer", *words]
    start = time.monotonic()
    with (place / "out").open("w+b") as out, (place / "err").open("w+b") as err:
        watch = [sys.executable, "-c", _WATCH, str(place / "memory"), *command]
        done = subprocess.run(
            watch, cwd=place / "work", env=environment, stdout=out, stderr=err, check=False
        )
        seconds = time.monotonic() - start
        out.seek(0)
        err.seek(0)
        memory = int((place / "memory").read_text()) * 1024
        return Run(done.returncode, out.read(), err.read(), seconds, memory)


def _check(run: Run, verdict: str, place: Path) -> None:
    assert run.code == (0 if verdict == "accept" else 3), run.err
    assert run.seconds < MAX_SECONDS
    assert run.memory < MAX_MEMORY
    assert not _CONTROL & set(run.out + run.err)
    assert b"Traceback" not in run.err
    assert MARKER not in run.out + run.err
    assert not os.listdir(place / "tmp")
    assert not os.listdir(place / "work")
    if verdict == "reject":
        assert run.out == b""
        assert run.err.startswith(b"slim: error: ")
        assert run.err.count(b"\n") == 1


@pytest.fixture(scope="module", autouse=True)
def worst() -> Iterator[dict[str, tuple[float, str]]]:
    """The slowest and the largest, for the summary."""
    found: dict[str, tuple[float, str]] = {}
    yield found
    for what, (value, name) in found.items():
        print(f"\nworst {what}: {value:.2f} ({name})", end="")


def _note(worst: dict[str, tuple[float, str]], what: str, value: float, name: str) -> None:
    worst[what] = max(worst.get(what, (0.0, "")), (value, name))


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["name"])
def test_verdict_of_the_commands(
    case: dict[str, Any], root: Path, tmp_path: Path, worst: dict[str, tuple[float, str]]
) -> None:
    verdict = case["prefer"] if case["expect"] == "either" else case["expect"]
    reference = f"{_TRANSPORTS[case['kind']]}:{root / case['path']}"
    output = tmp_path / "made" / "image.tar"
    for folder in ("home", "cache", "tmp", "work", "made"):
        (tmp_path / folder).mkdir()
    for words in (
        ("inspect", reference),
        ("inspect", "--format", "json", reference),
        ("build", reference, "--output", f"oci-archive:{output}"),
        ("build", reference, "--output", f"oci-archive:{output}", "--no-cache"),
    ):
        run = _slim(tmp_path, *words)
        _check(run, verdict, tmp_path)
        _note(worst, f"seconds of {words[0]}", run.seconds, case["name"])
        _note(worst, f"MB of {words[0]}", run.memory / 1e6, case["name"])
        wanted = [output.name] if words[0] == "build" and verdict == "accept" else []
        assert os.listdir(tmp_path / "made") == wanted
    if verdict == "accept":
        assert _slim(tmp_path, "ls", f"oci-archive:{output}").code == 0
