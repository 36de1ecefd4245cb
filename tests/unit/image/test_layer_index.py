"""Layer indexes: what is stored is what is read back, whatever the names; damage costs nothing."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slimmer.errors import FormatError
from slimmer.formats.tar import Kind, TarEntry
from slimmer.image.cache import IndexCache
from slimmer.image.index import FileFacts, LayerIndex, decode_index, encode_index
from slimmer.oci.digest import Digest

_NAME = st.binary(max_size=20).map(lambda data: data.decode("utf-8", "surrogateescape")) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=20
)
_ENTRIES = st.builds(
    TarEntry,
    path=_NAME,
    kind=st.sampled_from(Kind),
    mode=st.integers(0, 0o7777),
    uid=st.integers(0, 0xFFFFFFFE),
    gid=st.integers(0, 0xFFFFFFFE),
    size=st.integers(0, 1 << 62),
    mtime=st.floats(allow_nan=False) | st.just(float(1 << 88)),
    header_offset=st.integers(0, 1 << 62),
    data_offset=st.integers(0, 1 << 62),
    end_offset=st.integers(0, 1 << 62),
    link=_NAME,
    xattrs=st.dictionaries(st.text("a.é", max_size=5), st.binary(max_size=5), max_size=2),
    device=st.tuples(st.integers(0, 1 << 62), st.integers(0, 1 << 62)),
    sparse=st.none() | st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9))).map(tuple),
)


def index_of(entries: list[TarEntry], facts: dict[int, FileFacts] | None = None) -> LayerIndex:
    return LayerIndex(Digest.of(b"a"), 1, Digest.of(b"b"), 2, "gzip", entries, facts or {})


@given(st.lists(_ENTRIES, max_size=5), st.binary(max_size=9))
def test_round_trip(entries: list[TarEntry], content: bytes) -> None:
    index = index_of(entries, {0: FileFacts("elf", content=content, unread="why")})
    paths = [entry.path for entry in entries]
    assert decode_index(encode_index(index)) == index
    assert [entry.path for entry in entries] == paths


@given(st.binary(max_size=100))
def test_anything_else_is_a_format_error(data: bytes) -> None:
    with pytest.raises(FormatError):
        decode_index(data)


@given(st.data())
def test_damage_is_a_format_error_or_harmless(data: st.DataObject) -> None:
    entry = TarEntry("a\udcff", Kind.FILE, 0, 0, 0, 0, 0.0, 0, 0, 0)
    blob = bytearray(encode_index(index_of([entry])))
    blob[data.draw(st.integers(0, len(blob) - 1))] = data.draw(st.integers(0, 255))
    with suppress(FormatError):
        decode_index(bytes(blob))


class TestCache:
    INDEX = index_of([TarEntry("etc/a", Kind.FILE, 0o644, 0, 0, 0, 1.0, 0, 512, 512)])

    def files(self, folder: Path) -> list[Path]:
        return [path for path in folder.rglob("*") if path.is_file()]

    def test_gives_back_what_it_was_given(self, tmp_path: Path) -> None:
        cache = IndexCache(tmp_path)
        assert cache.get(self.INDEX.digest) is None
        cache.put(self.INDEX)
        assert cache.get(self.INDEX.digest) == self.INDEX

    def test_is_private(self, tmp_path: Path) -> None:
        IndexCache(tmp_path / "new").put(self.INDEX)
        [path] = self.files(tmp_path)
        assert path.stat().st_mode & 0o077 == 0
        assert (tmp_path / "new").stat().st_mode & 0o022 == 0

    def test_damage_is_dropped(self, tmp_path: Path) -> None:
        cache = IndexCache(tmp_path)
        cache.put(self.INDEX)
        [path] = self.files(tmp_path)
        path.write_bytes(path.read_bytes()[:-3])
        assert cache.get(self.INDEX.digest) is None
        assert self.files(tmp_path) == []

    def test_an_index_of_another_layer_is_not_believed(self, tmp_path: Path) -> None:
        cache = IndexCache(tmp_path)
        cache.put(self.INDEX)
        [path] = self.files(tmp_path)
        other = Digest.of(b"other")
        target = cache._path(other)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
        assert cache.get(other) is None

    @pytest.mark.parametrize("broken", ["mkstemp", "replace", "write"])
    def test_a_full_disk_costs_no_more_than_time(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
    ) -> None:
        def full(*_: Any, **__: Any) -> Any:
            raise OSError(28, "No space left on device")

        target = {
            "mkstemp": "slimmer.image.cache.tempfile.mkstemp",
            "replace": "slimmer.image.cache.os.replace",
            "write": "slimmer.image.cache.os.fdopen",
        }[broken]
        with monkeypatch.context() as patch:
            patch.setattr(target, full)
            IndexCache(tmp_path).put(self.INDEX)
        assert self.files(tmp_path) == []

    @pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
    def test_a_folder_one_may_not_write_to(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o500)
        IndexCache(tmp_path).put(self.INDEX)
        tmp_path.chmod(0o700)
        assert self.files(tmp_path) == []
