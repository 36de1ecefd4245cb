"""The cache of layer indexes: by digest and analyzer, bounded, safe beside others."""

import os
import time
from pathlib import Path

import pytest
from support.layers import index_of

from slimmer.image import cache as cache_module
from slimmer.image.cache import IndexCache


def _stored(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_what_was_put_is_got_until_the_analyzer_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = index_of({"etc/hostname": b"shop\n"})
    cache = IndexCache(tmp_path)
    assert cache.get(index.digest) is None
    cache.put(index)
    assert IndexCache(tmp_path).get(index.digest) == index
    monkeypatch.setattr(cache_module, "analyzer_version", lambda: "another")
    assert IndexCache(tmp_path).get(index.digest) is None


def test_damage_is_forgotten(tmp_path: Path) -> None:
    index = index_of({"etc/hostname": b"shop\n"})
    cache = IndexCache(tmp_path)
    cache.put(index)
    (path,) = _stored(tmp_path)
    path.write_bytes(path.read_bytes()[:-9])
    assert cache.get(index.digest) is None
    assert _stored(tmp_path) == []


def test_an_index_of_another_layer_is_not_believed(tmp_path: Path) -> None:
    one, other = index_of({"a": b"1"}), index_of({"a": b"2"})
    cache = IndexCache(tmp_path)
    cache.put(one)
    cache.put(other)
    first, second = _stored(tmp_path)
    first.write_bytes(second.read_bytes())
    found = [cache.get(one.digest), cache.get(other.digest)]
    assert None in found
    assert one not in found or other not in found


def test_the_least_recently_used_goes_first(tmp_path: Path) -> None:
    indexes = [index_of({"a": bytes([number])}) for number in range(3)]
    cache = IndexCache(tmp_path)
    for age, index in zip((300, 200), indexes, strict=False):
        cache.put(index)
        newest = max(_stored(tmp_path), key=lambda path: path.stat().st_mtime)
        os.utime(newest, (time.time() - age, time.time() - age))
    assert cache.get(indexes[0].digest) is not None  # used again: now the younger one
    size = max(path.stat().st_size for path in _stored(tmp_path))
    small = IndexCache(tmp_path, max_size=2 * size + 8)
    small.put(indexes[2])
    assert small.get(indexes[1].digest) is None
    assert small.get(indexes[0].digest) is not None
    assert small.get(indexes[2].digest) is not None


def test_use_and_clear_count_what_is_there(tmp_path: Path) -> None:
    cache = IndexCache(tmp_path)
    for number in range(2):
        cache.put(index_of({"a": bytes([number])}))
    (tmp_path / "keep.txt").write_text("not ours")
    use = cache.use()
    assert use.layers == 2
    assert use.size == sum(path.stat().st_size for path in _stored(tmp_path)) - len("not ours")
    assert cache.clear() == use
    assert [path.name for path in _stored(tmp_path)] == ["keep.txt"]


def test_what_killed_runs_left_behind_goes_with_time(tmp_path: Path) -> None:
    cache = IndexCache(tmp_path)
    one, other = index_of({"a": b"1"}), index_of({"a": b"2"})
    cache.put(one)
    (stored,) = _stored(tmp_path)
    old, young = stored.with_name(".new-old"), stored.with_name(".new-young")
    for path, age in ((old, 7200), (young, 60)):
        path.write_bytes(b"half")
        os.utime(path, (time.time() - age, time.time() - age))
    assert cache.use().layers == 1, "a file that is not whole is no layer"
    cache.put(other)
    assert not old.exists()
    assert young.exists(), "another run may be writing it"
    cache.clear()
    assert _stored(tmp_path) == []


def test_ctrl_c_while_writing_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cache_module.os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        IndexCache(tmp_path).put(index_of({"a": b""}))
    assert _stored(tmp_path) == []


def test_a_folder_that_cannot_be_written_costs_nothing(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    cache = IndexCache(blocked / "cache")
    index = index_of({"a": b""})
    cache.put(index)
    assert cache.get(index.digest) is None


def test_a_seen_file_is_told_by_its_stamp(tmp_path: Path) -> None:
    digest = index_of({"a": b""}).digest
    cache = IndexCache(tmp_path)
    assert not cache.is_seen(digest, "file:1:2")
    cache.mark_seen(digest, "file:1:2")
    assert cache.is_seen(digest, "file:1:2")
    assert not cache.is_seen(digest, "file:1:3")
    for number in range(40):
        cache.mark_seen(digest, f"other:{number}")
    assert not cache.is_seen(digest, "file:1:2"), "the list is bounded"
    assert cache.use().layers == 0
