"""An extra: odd and hostile images kept outside the project, each with its verdict and listing.

Runs where `../shared/hostile/cases.tar.gz` lies beside the project; the project's own cases are
the other tests here. Unpacked as root, so that FIFOs and device links are there.
"""

import hashlib
import json
import multiprocessing
import os
import resource
import tarfile
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from support.opened import Opened, open_everything

from slimmer.errors import SlimError

ARCHIVE = Path(__file__).parents[3] / "shared/hostile/cases.tar.gz"
pytestmark = pytest.mark.skipif(
    not ARCHIVE.exists() or os.geteuid() != 0, reason="needs ../shared/hostile and root"
)

MAX_SECONDS = 20
MAX_MEMORY = 512 * 1024 * 1024
_TRANSPORTS = {"oci-dir": "oci", "oci-archive": "oci-archive", "docker-archive": "docker-archive"}
_TYPES = {"dir": "directory", "char": "character"}


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="hostile-")


@cache
def cases() -> list[dict[str, Any]]:
    if not ARCHIVE.exists():
        return []
    with tarfile.open(ARCHIVE) as tar:
        member = next(info for info in tar if info.name.endswith("cases/corpus.json"))
        document = json.load(tar.extractfile(member))  # type: ignore[arg-type]
    return list(document["cases"])


@pytest.fixture(scope="module")
def root() -> Path:
    folder = Path(_folder().name)
    with tarfile.open(ARCHIVE) as tar:
        tar.extractall(folder, filter="fully_trusted")
    return next(folder.rglob("corpus.json")).parent


def verdict_of(reference: str, work_dir: Path) -> tuple[str, Any]:
    """Run in a process of its own, so that memory and time are this case's."""
    with multiprocessing.get_context("fork").Pool(1) as pool:
        result: tuple[str, Any] = pool.apply_async(_judge, (reference, work_dir)).get(MAX_SECONDS)
        return result


def _judge(reference: str, work_dir: Path) -> tuple[str, Any]:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    result: tuple[str, Any]
    try:
        result = "accept", _listing(open_everything(reference, work_dir))
    except SlimError as error:
        result = "reject", str(error)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    assert after - before < MAX_MEMORY
    return result


def _listing(opened: Opened) -> dict[str, dict[str, Any]]:
    files: dict[str, dict[str, Any]] = {}
    for node in opened.filesystem.walk():
        inode = node.inode
        row: dict[str, Any] = {"type": str(node.kind), "uid": inode.uid, "gid": inode.gid}
        if inode.entry is not None:
            row |= {"mode": f"{inode.mode:04o}", "mtime": inode.entry.mtime}
        if node.is_file:
            row["size"] = node.size
        if node.path in opened.files:
            row["sha256"] = hashlib.sha256(opened.files[node.path]).hexdigest()
        if node.is_symlink:
            row["link"] = inode.link
        files[node.path] = row
    return files


@pytest.mark.parametrize("case", cases(), ids=lambda case: case["name"])
def test_verdict_and_listing(case: dict[str, Any], root: Path, tmp_path: Path) -> None:
    transport = _TRANSPORTS[case["kind"]]
    verdict, found = verdict_of(f"{transport}:{root / case['path']}", tmp_path)
    assert verdict == (case["prefer"] if case["expect"] == "either" else case["expect"]), found
    assert os.listdir(tmp_path) == []
    if verdict == "accept" and case.get("files"):
        _check_listing(case["files"], found)


def _check_listing(expected: list[dict[str, Any]], found: dict[str, dict[str, Any]]) -> None:
    implied = {path for path, row in found.items() if "mode" not in row}
    wanted = {row["path"]: row for row in expected}
    assert found.keys() - implied <= wanted.keys()
    assert {path for path, row in wanted.items() if not row.get("implied")} <= found.keys()
    for path in wanted.keys() & found.keys() - implied:
        row = {**wanted[path], "type": _TYPES.get(wanted[path]["type"], wanted[path]["type"])}
        shared = (row.keys() & found[path].keys()) - {"path", "implied"}
        assert {key: found[path][key] for key in shared} == {key: row[key] for key in shared}
