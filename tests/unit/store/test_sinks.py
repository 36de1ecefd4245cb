"""Writing: all of an image or nothing of it, the same bytes each time, others' images untouched."""

import io
import json
import os
import stat
import tarfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from support.images import MANIFEST_TYPE, REF_NAME, Built, image, layout
from support.opened import open_everything
from support.tars import file, make_tar

from slimmer.errors import DigestError, SlimError, UsageError
from slimmer.limits import DEFAULT_LIMITS
from slimmer.oci.descriptor import Descriptor
from slimmer.oci.digest import Digest
from slimmer.oci.fields import Fields
from slimmer.store.interface import Sink
from slimmer.store.locate import StoreOptions, open_sink
from slimmer.store.staging import WriteError

ONE = image(make_tar(file("one", b"1" * 5000)))
TWO = image(make_tar(file("two", b"2" * 7000)), make_tar(file("three")))

# Every kind of place, new and written over; {} is a folder of the test's own.
NEW = ["oci:{}/out:tag", "oci-archive:{}/out.tar:tag", "docker-archive:{}/out.tar:app:1"]


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every path below the folder with its mode and its bytes."""
    return {
        str(path.relative_to(folder)): (
            path.lstat().st_mode,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in sorted(folder.rglob("*"))
    }


def descriptors(built: Built) -> list[tuple[Descriptor, bytes]]:
    items = [built.manifest["config"], *built.manifest["layers"]]
    return [
        (Descriptor.from_fields(Fields(item, "test")), built.blobs.content[item["digest"]])
        for item in items
    ]


def put_all(sink: Sink, built: Built) -> None:
    for descriptor, data in descriptors(built):
        if not sink.has(descriptor):
            sink.put(descriptor, partial(io.BytesIO, data))


def write(reference: str, built: Built) -> str:
    raw = json.dumps(built.manifest).encode()
    with open_sink(reference, StoreOptions(work_dir=Path("/nonexistent"))) as sink:
        put_all(sink, built)
        return sink.finish(Descriptor.of(MANIFEST_TYPE, raw), raw).reference


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "place"
    folder.mkdir()
    return folder


@pytest.fixture(params=NEW)
def reference(request: pytest.FixtureRequest, place: Path) -> str:
    text: str = request.param
    return text.format(place)


def test_what_is_written_can_be_read(reference: str, tmp_path: Path) -> None:
    found = open_everything(write(reference, TWO), tmp_path)
    assert found.files == {"two": b"2" * 7000, "three": b""}


def test_archives_for_docker_have_both_forms(place: Path, tmp_path: Path) -> None:
    write(f"docker-archive:{place}/out.tar:app", TWO)
    for transport in ("oci-archive", "docker-archive"):
        found = open_everything(f"{transport}:{place}/out.tar", tmp_path)
        assert set(found.files) == {"two", "three"}
    with tarfile.open(place / "out.tar") as tar:
        [entry] = json.load(tar.extractfile("manifest.json"))  # type: ignore[arg-type]
        assert entry["RepoTags"] == ["app:latest"]


def test_the_same_image_gives_the_same_bytes(reference: str, place: Path) -> None:
    write(reference, TWO)
    first = snapshot(place)
    for path in sorted(place.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    write(reference, TWO)
    assert snapshot(place) == first


def test_nothing_is_visible_before_the_end(reference: str, place: Path) -> None:
    with open_sink(reference, StoreOptions(work_dir=place)) as sink:
        put_all(sink, TWO)
        assert all(path.name.startswith(".") for path in place.iterdir())
    assert snapshot(place) == {}


@pytest.mark.parametrize("umask", [0o022, 0o027, 0o077])
def test_the_umask_is_respected(reference: str, place: Path, umask: int) -> None:
    old = os.umask(umask)
    try:
        write(reference, ONE)
    finally:
        os.umask(old)
    for mode, _ in snapshot(place).values():
        usual = 0o777 if stat.S_ISDIR(mode) else 0o666
        assert stat.S_IMODE(mode) == usual & ~umask


class Failing(io.BytesIO):
    def read(self, size: int | None = -1) -> bytes:
        if self.tell() >= 1000:
            raise OSError("the line went dead")
        return super().read(min(size or 1000, 1000))


def wrong(data: bytes) -> BinaryIO:
    return io.BytesIO(data[:-1] + bytes([data[-1] ^ 1]))


FAILURES: dict[str, Any] = {
    "the stream fails": lambda data: Failing(bytes(5000)),
    "wrong content": wrong,
    "too short": lambda data: io.BytesIO(data[:-1]),
    "too long": lambda data: io.BytesIO(data + b"x"),
}


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("before", [None, ONE])
def test_a_failing_put_leaves_everything_as_it_was(
    reference: str, place: Path, failure: str, before: Built | None
) -> None:
    if before:
        write(reference, before)
    old = snapshot(place)
    (config, raw), (layer, data), *_ = descriptors(image(make_tar(file("new", b"n" * 5000))))
    with open_sink(reference, StoreOptions(work_dir=place)) as sink:
        sink.put(config, lambda: io.BytesIO(raw))
        with pytest.raises((DigestError, OSError)):
            sink.put(layer, lambda: FAILURES[failure](data))
    assert snapshot(place) == old


@pytest.mark.parametrize("broken", ["replace", "fsync"])
@pytest.mark.parametrize("before", [None, ONE])
def test_a_failing_finish_leaves_everything_as_it_was(
    reference: str,
    place: Path,
    before: Built | None,
    broken: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if before:
        write(reference, before)
    old = snapshot(place)
    raw = json.dumps(TWO.manifest).encode()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with open_sink(reference, StoreOptions(work_dir=place)) as sink:
        put_all(sink, TWO)
        with monkeypatch.context() as patch:
            patch.setattr(os, broken, full)
            with pytest.raises(WriteError, match="No space left"):
                sink.finish(Descriptor.of(MANIFEST_TYPE, raw), raw)
    assert snapshot(place) == old


def test_a_new_layout_that_cannot_take_its_name_is_gone(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", full)
        with pytest.raises(WriteError, match="No space left"):
            write(f"oci:{place}/out", TWO)
    assert snapshot(place) == {}


def test_aborting_twice_is_safe(reference: str, place: Path) -> None:
    sink = open_sink(reference, StoreOptions(work_dir=place))
    put_all(sink, ONE)
    sink.abort()
    sink.abort()
    assert snapshot(place) == {}


def test_aborting_after_the_end_takes_nothing_back(reference: str, tmp_path: Path) -> None:
    where = write(reference, ONE)
    assert open_everything(where, tmp_path).files


class TestExistingLayouts:
    def test_other_images_stay(self, place: Path, tmp_path: Path) -> None:
        layout(place / "i", ONE, "one")
        write(f"oci:{place}/i:two", TWO)
        assert set(open_everything(f"oci:{place}/i:one", tmp_path).files) == {"one"}
        assert set(open_everything(f"oci:{place}/i:two", tmp_path).files) == {"two", "three"}

    def test_a_name_moves_to_the_new_image(self, place: Path, tmp_path: Path) -> None:
        layout(place / "i", ONE, "tag")
        write(f"oci:{place}/i:tag", TWO)
        index = json.loads((place / "i/index.json").read_bytes())
        assert [entry["annotations"][REF_NAME] for entry in index["manifests"]] == ["tag"]
        assert set(open_everything(f"oci:{place}/i:tag", tmp_path).files) == {"two", "three"}

    def test_writing_again_changes_nothing(self, place: Path) -> None:
        for reference in (f"oci:{place}/i:tag", f"oci:{place}/j"):
            write(reference, TWO)
            first = snapshot(place)
            write(reference, TWO)
            assert snapshot(place) == first

    def test_what_the_index_says_besides_stays(self, place: Path) -> None:
        layout(place / "i", ONE, "one")
        path = place / "i/index.json"
        document = {**json.loads(path.read_bytes()), "annotations": {"a": "b"}, "own": [1]}
        path.write_text(json.dumps(document))
        write(f"oci:{place}/i:two", TWO)
        after = json.loads(path.read_bytes())
        assert (after["annotations"], after["own"]) == ({"a": "b"}, [1])
        assert after["manifests"][0] == document["manifests"][0]

    def test_a_damaged_blob_is_written_anew(self, place: Path, tmp_path: Path) -> None:
        """Same size, other bytes: to believe it would make an image that cannot be pulled."""
        write(f"oci:{place}/i:tag", ONE)
        digest = ONE.manifest["layers"][0]["digest"]
        path = place / "i/blobs" / digest.replace(":", "/")
        path.write_bytes(bytes(path.stat().st_size))
        write(f"oci:{place}/i:tag", ONE)
        assert set(open_everything(f"oci:{place}/i:tag", tmp_path).files) == {"one"}

    @pytest.mark.parametrize("level", ["blobs", "blobs/sha256"])
    def test_links_do_not_lead_the_output_elsewhere(
        self, place: Path, tmp_path: Path, level: str
    ) -> None:
        layout(place / "i", ONE, "one")
        elsewhere = tmp_path / "elsewhere"
        (place / "i" / level).rename(elsewhere)
        (place / "i" / level).symlink_to(elsewhere)
        before = snapshot(elsewhere)
        descriptor, data = descriptors(TWO)[0]
        with open_sink(f"oci:{place}/i:two", StoreOptions(work_dir=place)) as sink:
            with pytest.raises(SlimError, match="link"):
                sink.has(descriptor)
            with pytest.raises(SlimError, match="link"):
                sink.put(descriptor, partial(io.BytesIO, data))
        assert snapshot(elsewhere) == before

    def test_a_linked_index_is_replaced_not_followed(self, place: Path, tmp_path: Path) -> None:
        layout(place / "i", ONE, "one")
        (place / "i/index.json").rename(tmp_path / "index.json")
        (place / "i/index.json").symlink_to(tmp_path / "index.json")
        before = (tmp_path / "index.json").read_bytes()
        with pytest.raises(SlimError, match="link"):
            write(f"oci:{place}/i:two", TWO)
        assert (tmp_path / "index.json").read_bytes() == before


class TestRefusedOutputs:
    @pytest.mark.parametrize("transport", ["oci", "oci-archive", "docker-archive"])
    def test_files_that_are_no_images(self, place: Path, transport: str) -> None:
        (place / "notes").write_text("not an image")
        with pytest.raises(UsageError, match="exists"):
            write(f"{transport}:{place}/notes", ONE)
        assert (place / "notes").read_text() == "not an image"

    def test_folders_with_something_else(self, place: Path) -> None:
        (place / "src").mkdir()
        (place / "src/main.py").touch()
        for transport in ("oci", "oci-archive"):
            with pytest.raises(UsageError, match="folder"):
                write(f"{transport}:{place}/src", ONE)
        assert os.listdir(place) == ["src"]

    def test_special_files(self, place: Path) -> None:
        os.mkfifo(place / "pipe")
        os.symlink("nowhere", place / "dangling")
        for name in ("pipe", "dangling"):
            for transport in ("oci", "oci-archive"):
                with pytest.raises(UsageError):
                    write(f"{transport}:{place}/{name}", ONE)
        assert sorted(os.listdir(place)) == ["dangling", "pipe"]

    def test_an_empty_folder_is_taken(self, place: Path, tmp_path: Path) -> None:
        (place / "i").mkdir()
        assert open_everything(write(f"oci:{place}/i", ONE), tmp_path).files

    @pytest.mark.parametrize("transport", ["oci", "oci-archive"])
    def test_a_place_where_nothing_can_be(self, place: Path, transport: str) -> None:
        (place / "file").touch()
        with pytest.raises(WriteError):
            write(f"{transport}:{place}/file/out.tar", ONE)


def test_no_temporary_file_is_ever_left(reference: str, place: Path) -> None:
    write(reference, TWO)
    names: Iterator[str] = (path.name for path in place.rglob("*"))
    assert not [name for name in names if name.startswith(".")]


def test_sha512_blobs_are_stored_by_their_algorithm(reference: str, tmp_path: Path) -> None:
    built = image(make_tar(file("one", b"1")))
    [layer] = built.manifest["layers"]
    data = built.blobs.content[layer["digest"]]
    hasher = Digest("sha512:" + "0" * 128).hasher()
    hasher.update(data)
    layer["digest"] = str(Digest.from_hasher(hasher))
    built.blobs.content[layer["digest"]] = data
    assert open_everything(write(reference, built), tmp_path).files == {"one": b"1"}


def test_limits_are_the_defaults_here() -> None:
    assert StoreOptions(work_dir=Path()).limits is DEFAULT_LIMITS
