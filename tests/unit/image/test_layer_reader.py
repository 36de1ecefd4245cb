"""Layers are read once, verified each time, and kept no longer than asked."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier

import pytest
from support.images import Built, image, layout
from support.opened import QuietScanner
from support.tars import file, header, make_tar, pax_header, pax_record

from slimmer.errors import DigestError, FormatError, LimitError
from slimmer.image.cache import IndexCache
from slimmer.image.open import open_image
from slimmer.image.reader import LayerReader
from slimmer.limits import Limits
from slimmer.oci.descriptor import Descriptor
from slimmer.store.interface import Source
from slimmer.store.locate import StoreOptions, open_source
from slimmer.store.verify import VerifiedStream

ONE = make_tar(file("a", b"content"))
TWO = make_tar(file("b", b"x" * 2000))


class Counting(Source):
    """A source that remembers which blobs were opened."""

    def __init__(self, inner: Source) -> None:
        self.inner = inner
        self.location = inner.location
        self.opened: list[str] = []

    def roots(self) -> tuple[Descriptor, ...]:
        return self.inner.roots()

    def open(self, descriptor: Descriptor):  # type: ignore[no-untyped-def]
        return self.inner.open(descriptor)

    def stamp(self, descriptor: Descriptor) -> str | None:
        return self.inner.stamp(descriptor)

    def blob(self, descriptor: Descriptor) -> VerifiedStream:
        self.opened.append(descriptor.digest)
        return super().blob(descriptor)


@contextmanager
def reading(
    tmp_path: Path,
    built: Built,
    cache: IndexCache | None = None,
    *,
    keep: bool = False,
    limits: Limits | None = None,
) -> Iterator[tuple[LayerReader, Counting]]:
    reference = layout(tmp_path / "image", built)
    with open_source(reference, StoreOptions(work_dir=tmp_path)) as source:
        counting = Counting(source)
        opened = open_image(counting)
        counting.opened.clear()
        with LayerReader(
            opened,
            counting,
            tmp_path,
            cache=cache,
            scanner=QuietScanner(),
            keep_bytes=keep,
            limits=limits or Limits(),
        ) as reader:
            yield reader, counting


@pytest.mark.parametrize(("keep", "times"), [(True, 1), (False, 2)])
def test_bytes_are_kept_when_asked(tmp_path: Path, keep: bool, times: int) -> None:
    with reading(tmp_path, image(ONE), keep=keep) as (reader, source):
        [index] = reader.indexes()
        assert reader.read(0, index.entries[0], 100) == b"content"
        assert reader.read(0, index.entries[0], 3) == b"con"
        assert reader.read_at(0)(0, 512) == ONE[:512]
        assert len(source.opened) == times


def test_a_blob_that_is_many_layers_is_read_once(tmp_path: Path) -> None:
    """A small manifest can name one large blob a thousand times."""
    with reading(tmp_path, image(*[ONE] * 50)) as (reader, source):
        assert len(reader.indexes()) == 50
        assert len(source.opened) == 1


def test_a_second_run_verifies_and_does_not_scan(tmp_path: Path) -> None:
    cache = IndexCache(tmp_path / "cache")
    with reading(tmp_path, image(ONE, TWO), cache) as (reader, _):
        first = reader.indexes()
    with reading(tmp_path, image(ONE, TWO), cache) as (reader, source):
        assert reader.indexes() == first
        assert reader.indexes() == first
        assert len(source.opened) == 2


def test_a_cached_index_does_not_excuse_a_damaged_blob(tmp_path: Path) -> None:
    cache = IndexCache(tmp_path / "cache")
    with reading(tmp_path, image(ONE), cache) as (reader, _):
        reader.indexes()
    built = image(ONE)
    digest = built.manifest["layers"][0]["digest"]
    built.blobs.content[digest] = built.blobs.content[digest][:-1] + b"\xff"
    with (
        reading(tmp_path, built, cache) as (reader, _),
        pytest.raises(DigestError, match=digest.partition(":")[2]),
    ):
        reader.indexes()


def test_bytes_of_a_layer_nobody_scanned_are_verified_too(tmp_path: Path) -> None:
    built = image(ONE, rootfs={"type": "layers", "diff_ids": ["sha256:" + "0" * 64]})
    with reading(tmp_path, built) as (reader, _), pytest.raises(DigestError, match="diff_id"):
        reader.read_at(0)


def sparse(name: bytes, size: int) -> bytes:
    records = [
        (b"GNU.sparse.major", b"0"),
        (b"GNU.sparse.name", name),
        (b"GNU.sparse.size", b"%d" % size),
        (b"GNU.sparse.map", b"0,0"),
    ]
    return pax_header(b"".join(pax_record(*record) for record in records)) + header()


def test_holes_are_not_read_for_ever(tmp_path: Path) -> None:
    """Two kilobytes that claim an exabyte of zeros."""
    with reading(tmp_path, image(sparse(b"big", 1 << 60) + sparse(b"small", 100))) as (reader, _):
        [index] = reader.indexes()
        assert [(entry.path, entry.size) for entry in index.entries] == [
            ("big", 1 << 60),
            ("small", 100),
        ]
        assert "hole" in index.facts[0].unread
        assert reader.read(0, index.entries[0], 10) == bytes(10)


def test_a_size_that_lies_is_not_believed(tmp_path: Path) -> None:
    layer = header(b"huge", size=7 << 30) + bytes(1024)
    with (
        reading(tmp_path, image(layer)) as (reader, _),
        pytest.raises(FormatError, match="ends in the middle"),
    ):
        reader.indexes()


@pytest.mark.parametrize(
    ("limits", "name"),
    [
        (Limits(layer_size=5000), "layer_size"),
        (Limits(entries=10), "entries"),
        (Limits(names=100), "names"),
    ],
    ids=lambda value: str(value)[:16],
)
def test_limits_hold_and_are_named(tmp_path: Path, limits: Limits, name: str) -> None:
    layer = make_tar(*(file(f"some/path/{number}") for number in range(20)))
    with (
        reading(tmp_path, image(layer), limits=limits) as (reader, _),
        pytest.raises(LimitError, match=f"limit {name}"),
    ):
        reader.indexes()


def test_attributes_and_headers_count_as_names(tmp_path: Path) -> None:
    for key in (b"SCHILY.xattr.user.x", b"comment"):
        one = pax_header(pax_record(key, b"v" * 20_000)) + header()
        with (
            reading(tmp_path, image(one * 10), limits=Limits(names=100_000)) as (reader, _),
            pytest.raises(LimitError, match="names"),
        ):
            reader.indexes()


def test_nothing_stays_in_the_work_folder(tmp_path: Path) -> None:
    with reading(tmp_path, image(ONE, TWO), keep=True) as (reader, _):
        reader.indexes()
    assert [path.name for path in tmp_path.iterdir()] == ["image"]


def test_a_file_that_was_hashed_before_is_hashed_again_when_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("slimmer.store.files._SETTLED", 0)
    reference = layout(tmp_path / "image", image(ONE))
    cache = IndexCache(tmp_path / "cache")

    def opened_blobs() -> list[str]:
        with open_source(reference, StoreOptions(work_dir=tmp_path)) as source:
            counting = Counting(source)
            found = open_image(counting)
            counting.opened.clear()
            with LayerReader(
                found, counting, tmp_path, cache=cache, scanner=QuietScanner()
            ) as reader:
                reader.indexes()
            return counting.opened

    assert len(opened_blobs()) == 1  # scanned
    assert opened_blobs() == []  # known, and the very file that was hashed then
    blobs = (tmp_path / "image" / "blobs" / "sha256").iterdir()
    largest = max(blobs, key=lambda path: path.stat().st_size)
    damaged = bytearray(largest.read_bytes())
    damaged[-1] ^= 1
    largest.write_bytes(damaged)
    with pytest.raises(DigestError):
        opened_blobs()


class Meeting(Counting):
    """Gives no byte of a blob before as many blobs are open as are to meet."""

    def __init__(self, inner: Source, blobs: int) -> None:
        super().__init__(inner)
        self._barrier = Barrier(blobs, timeout=20)

    def blob(self, descriptor: Descriptor) -> VerifiedStream:
        stream = super().blob(descriptor)
        self._barrier.wait()
        return stream


def test_layers_are_read_side_by_side_and_given_in_order(tmp_path: Path) -> None:
    reference = layout(tmp_path / "image", image(ONE, TWO))
    with open_source(reference, StoreOptions(work_dir=tmp_path)) as source:
        found = open_image(source)
        meeting = Meeting(source, 2)
        with LayerReader(found, meeting, tmp_path, scanner=QuietScanner()) as reader:
            names = [[entry.path for entry in index.entries] for index in reader.indexes()]
    assert names == [["a"], ["b"]]
    assert len(meeting.opened) == 2


def test_the_lowest_layer_at_fault_is_told_and_nothing_is_left_behind(tmp_path: Path) -> None:
    """Several times: whichever thread is first must not matter."""
    short = header(b"huge", size=7 << 30) + bytes(1024)
    odd = make_tar(file("one"), file("two"))
    for number in range(10):
        folder = tmp_path / str(number)
        folder.mkdir()
        with (
            reading(folder, image(ONE, odd, short), keep=True, limits=Limits(entries=1)) as (it, _),
            pytest.raises(LimitError, match="limit entries"),
        ):
            it.indexes()
        assert [path.name for path in folder.iterdir()] == ["image"]
