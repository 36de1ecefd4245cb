"""A run that is killed leaves the whole output or none of it, and tidies up where it can."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from harness.faults import Fault, Trickle
from harness.lying_registry import LyingRegistry
from support import images, tars

from .conftest import Run, Spawn, hear_interrupts

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL]
_CODES = {
    signal.SIGINT: 130,
    signal.SIGTERM: 143,
    signal.SIGHUP: 129,
    signal.SIGKILL: -signal.SIGKILL,
}
# slim, but slow at writing its output, so that it can be caught in the middle.
_SLOW = """
import sys, time
from slimmer.cli.main import run
from slimmer.store.staging import Replacement
write = Replacement.write
def slowly(self, data):
    write(self, data)
    self.file.flush()
    time.sleep(0.3)
Replacement.write = slowly
sys.exit(run(sys.argv[1:]))
"""


@pytest.fixture
def server() -> Iterator[LyingRegistry]:
    """Serves one image, its layer a byte at a time."""
    with LyingRegistry() as running:
        layer = tars.make_tar(tars.file("f", b"x" * 5000))
        built = images.image(layer, compression="none")
        descriptor = built.descriptor()
        running.content.blobs.update(built.blobs.content)
        manifest = built.blobs.content[descriptor["digest"]]
        running.content.add_manifest("app", "1", manifest, images.MANIFEST_TYPE)
        blob = f"GET .*/blobs/{images.sha256(layer)}"
        running.faults.append(Fault(blob, Trickle(0.05), None))
        yield running


def _wait_for(process: subprocess.Popen[bytes], found: object) -> None:
    assert callable(found)
    end = time.monotonic() + 60
    while not found():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.network
@pytest.mark.parametrize("number", SIGNALS)
def test_during_the_download(
    number: signal.Signals,
    spawn: Spawn,
    server: LyingRegistry,
    place: Path,
    environment: Mapping[str, str],
) -> None:
    temporary = Path(environment["SLIM_TMPDIR"])
    made = place / "made"
    made.mkdir()
    process = spawn("build", f"{server.address}/app:1", "--output", "oci-archive:made/out.tar")
    _wait_for(process, lambda: any(path.stat().st_size for path in temporary.rglob("blob-*")))
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == _CODES[number]
    assert err.count(b"\n") == (0 if number == signal.SIGKILL else 1)
    assert os.listdir(made) == []
    if number != signal.SIGKILL:
        assert not list(temporary.iterdir())


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize(
    "output", ["oci-archive:made/out", "docker-archive:made/out", "oci:made/out:v"]
)
@pytest.mark.parametrize("before", [False, True])
def test_while_the_output_is_written(
    number: signal.Signals,
    output: str,
    before: bool,
    run: Run,
    place: Path,
    environment: Mapping[str, str],
) -> None:
    made = place / "made"
    made.mkdir()
    if before:
        assert run("build", "shop", "--output", output, "--user", "keep").code == 0
    seen = _contents(made)
    command = [sys.executable, "-c", _SLOW, "build", "shop", "--output", output]
    process = subprocess.Popen(
        command,
        cwd=place,
        env={**environment, "PYTHONPATH": str(Path(__file__).parents[3])},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        preexec_fn=hear_interrupts,
    )
    _wait_for(process, lambda: _contents(made) != seen)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == _CODES[number]
    if number == signal.SIGKILL:
        # What is left has another name, or is a blob that no index names: it is in nobody's way.
        assert run("inspect", output).code == (0 if before else 3)
        again = run("build", "shop", "--output", output)
        assert again.code == 0, again.err
        assert run("inspect", output).code == 0
        for path in Path(environment["SLIM_TMPDIR"]).iterdir():
            subprocess.run(["rm", "-r", path], check=True)
    else:
        assert err.count(b"\n") == 1
        assert _contents(made) == seen


def _contents(folder: Path) -> dict[str, bytes]:
    """Every file by name, with those that are only on their way."""
    found = {}
    for path in folder.rglob("*"):
        with suppress(OSError):  # renamed at this very moment, or a folder
            found[str(path)] = path.read_bytes()
    return found
