"""slim itself, run as a person runs it, and what an output should hold by the rules of truth."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]


class SlimFailedError(Exception):
    """slim ended with another code than 0; the message is what it said."""


@dataclass(frozen=True)
class Built:
    """One `slim build`: its JSON, the ledger, and how long it took."""

    output: str
    document: Mapping[str, Any]
    ledger: tuple[Mapping[str, Any], ...]
    seconds: float

    @property
    def before(self) -> int:
        return int(self.document["before"]["size"])

    @property
    def after(self) -> int:
        return int(self.document["after"]["size"])


def slim(*words: str | Path, environment: Mapping[str, str] | None = None) -> str:
    """Run slim with these words; its standard output. `SlimFailedError` unless it exits with 0."""
    done = run(*words, environment=environment)
    if done.returncode:
        raise SlimFailedError(f"exit {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def run(
    *words: str | Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run slim with these words, whatever comes of it."""
    command = [sys.executable, "-m", "slimmer", *(str(word) for word in words)]
    return subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )


def build(source: str, output: str, scratch: Path, *options: str) -> Built:
    """Build `source` into `output`; the ledger is kept in `scratch`."""
    ledger = scratch / "ledger.jsonl"
    start = time.monotonic()
    text = slim(
        "build", source, "--output", output, "--ledger", ledger, "--format", "json", *options
    )
    seconds = time.monotonic() - start
    lines = tuple(json.loads(line) for line in ledger.read_text().splitlines())
    return Built(output, json.loads(text), lines, seconds)


def inspect(image: str) -> dict[str, Any]:
    """`slim inspect` of an image, nothing taken from the cache."""
    document: dict[str, Any] = json.loads(slim("inspect", image, "--format", "json", "--no-cache"))
    return document
