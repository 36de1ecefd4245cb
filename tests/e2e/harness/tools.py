"""Finding and running the programs that the harness drives."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

_SYSTEM = ("/usr/local/sbin", "/usr/sbin", "/sbin")


class ToolError(Exception):
    """A program failed; the message holds the command and the end of what it said."""


def search_path() -> str:
    """PATH with the folders of system programs, which a plain user's may lack."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), *_SYSTEM])


def find(program: str) -> str | None:
    """The path of `program`: in the running virtual environment first, then on the PATH."""
    local = Path(sys.prefix) / "bin" / program
    return str(local) if local.exists() else shutil.which(program, path=search_path())


def why_not(programs: Iterable[str], *, root: bool = False) -> str:
    """Why these programs cannot be used here, for a test's skip; empty if they can."""
    missing = [program for program in programs if find(program) is None]
    if missing:
        return f"missing {', '.join(missing)} (scripts/install-e2e-tools installs them)"
    if root and os.geteuid() != 0:
        return "needs root"
    return ""


def run(
    command: Sequence[str | Path],
    *,
    timeout: float = 300,
    stdin: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> str:
    """Run a program to its end and give its standard output; ToolError if it fails."""
    program = find(str(command[0]))
    if program is None:
        raise ToolError(f"{command[0]} is not installed")
    words = [program, *(str(word) for word in command[1:])]
    done = subprocess.run(
        words,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=timeout,
        env={**os.environ, **(environment or {}), "PATH": search_path()},
        **({"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}),
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-2000:]
        raise ToolError(f"{' '.join(words)} exited with {done.returncode}: {said}")
    return done.stdout


def free_port() -> int:
    """A TCP port of the loopback address that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
