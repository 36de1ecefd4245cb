"""A labelled development image, where it is at hand: every label must come out."""

import json
import tarfile
from pathlib import Path

import pytest

from slimmer.secrets.engine import Scanner

SAMPLE = Path(__file__).parents[3] / "../shared/secrets/image-synth.tar"
pytestmark = pytest.mark.skipif(not SAMPLE.exists(), reason="the labelled image is not at hand")


def _members() -> dict[str, bytes]:
    found = {}
    with tarfile.open(SAMPLE) as archive:
        for member in archive.getmembers():
            content = archive.extractfile(member) if member.isfile() else None
            if content is not None:
                found[member.name.removeprefix("./")] = content.read()
    return found


def _verdict(scanner: Scanner, path: str, data: bytes) -> str:
    secrets = scanner.scan_file(path, data)
    if secrets is None:
        return "clean"
    return "secret-low" if {m.severity for m in secrets.matches} == {"low"} else "secret"


def test_every_file_gets_its_label() -> None:
    members = _members()
    (labels,) = (data for name, data in members.items() if name.endswith("labels.tsv"))
    files = {name.partition("rootfs/")[2]: data for name, data in members.items()}
    rows = [line.split("\t") for line in labels.decode().splitlines()[1:]]
    scanner = Scanner()
    wrong = [row[:2] for row in rows if _verdict(scanner, row[0], files[row[0]]) != row[1]]
    assert len(rows) == 130
    assert wrong == []


def test_environment_and_history() -> None:
    (raw,) = (data for name, data in _members().items() if name.endswith("image-config.json"))
    document = json.loads(raw)
    scanner = Scanner()
    entries = [entry.partition("=") for entry in document["config"]["Env"]]
    named = {name for name, _, value in entries if scanner.scan_text(name, value, "env")}
    assert named == {"AWS_SECRET_ACCESS_KEY", "DB_PASSWORD"}
    lines = [entry["created_by"] for entry in document["history"]]
    assert [bool(scanner.scan_text("", line, "history")) for line in lines] == [
        True, False, True, False, False,
    ]  # fmt: skip
