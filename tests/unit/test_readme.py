"""What README shows is what the program prints.

`SLIM_UPDATE_GOLDEN=1 pytest tests/unit/test_readme.py` writes the blocks anew.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
BLOCK = re.compile(r"```console\n\$ slim (?P<words>[^\n]*)\n(?P<output>.*?)```\n", re.DOTALL)


def _blocks() -> list[str]:
    return [match["words"] for match in BLOCK.finditer(README.read_text())]


def _run(words: str, folder: Path) -> str:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "HOME": str(folder),
        "SLIM_CACHE_DIR": str(folder / "cache"),
        "LC_ALL": "C.UTF-8",
    }
    done = subprocess.run(
        [sys.executable, "-m", "slimmer", *shlex.split(words)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("words", _blocks())
def test_a_block_shows_what_the_program_prints(words: str, tmp_path: Path) -> None:
    (tmp_path / "sample-images").symlink_to(ROOT / "sample-images")
    printed = _run(words, tmp_path)
    text = README.read_text()
    match = next(found for found in BLOCK.finditer(text) if found["words"] == words)
    if os.environ.get("SLIM_UPDATE_GOLDEN"):
        README.write_text(text[: match.start("output")] + printed + text[match.end("output") :])
        return
    assert _comparable(words, match["output"]) == _comparable(words, printed)


def _comparable(words: str, output: str) -> str:
    """What a build compresses to depends on the compressor's version: its figures are left out."""
    if not words.startswith("build ") or "--help" in words:
        return output
    output = re.sub(r"sha256:[0-9a-f]{64}", "DIGEST", output)
    output = re.sub(r"[-+]?[0-9][0-9.,]*", "N", output)
    return re.sub(r" +", " ", output)


def test_there_are_blocks_to_check() -> None:
    words = _blocks()
    assert len(words) >= 7
    assert {command for command in ("inspect --help", "build --help") if command in words}


def test_readme_names_only_files_that_exist() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README.read_text())
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
