"""Reports: whole or not at all, and a device stays a device."""

import os
import stat
import threading
from pathlib import Path

import pytest

from slimmer.store.staging import write_file


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    target = tmp_path / "report"
    target.write_text("old")

    def failing() -> "list[bytes]":
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_file(target, (piece for piece in failing()))
    assert target.read_text() == "old"
    write_file(target, [b"new ", b"text"])
    assert target.read_text() == "new text"
    assert os.listdir(tmp_path) == ["report"]


def test_a_pipe_is_written_to_and_stays(tmp_path: Path) -> None:
    """As root, replacing /dev/null by a file once broke every other program."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_file(pipe, [b"one ", b"two"])
    reader.join(10)
    assert read == [b"one two"]
    assert stat.S_ISFIFO(pipe.lstat().st_mode)


def test_the_null_device_survives() -> None:
    before = os.stat("/dev/null")
    write_file(Path("/dev/null"), [b"nothing"])
    after = os.stat("/dev/null")
    assert stat.S_ISCHR(after.st_mode)
    assert after.st_rdev == before.st_rdev
