"""What a reference means: transports first, then what lies on the disk, then registries."""

import os
from pathlib import Path

import pytest
from support.images import docker_archive, image, layout, oci_archive, old_docker_archive
from support.tars import file, make_tar

from slimmer.errors import FormatError, InputError, NotFoundError, UsageError
from slimmer.oci.reference import (
    DockerArchiveReference,
    LayoutReference,
    OciArchiveReference,
    PathReference,
    RegistryReference,
)
from slimmer.store.archive import ArchiveSink, DockerArchiveSource
from slimmer.store.layout import LayoutSink, LayoutSource
from slimmer.store.locate import StoreOptions, locate, open_sink, open_source

BUILT = image(make_tar(file("a")))


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def options(tmp_path: Path) -> StoreOptions:
    return StoreOptions(work_dir=tmp_path)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("oci:x.tar", LayoutReference),
        ("oci-archive:x.tar", OciArchiveReference),
        ("docker-archive:/a/x.tar.gz", DockerArchiveReference),
        ("docker://a.example/x.tar", RegistryReference),
        ("x.tar", PathReference),
        ("alpine", RegistryReference),
        ("./alpine", PathReference),
        (f"a.example/x.tar@sha256:{'0' * 64}", RegistryReference),
    ],
)
def test_without_anything_on_the_disk(text: str, kind: type) -> None:
    assert isinstance(locate(text), kind)


@pytest.mark.parametrize("name", ["oci", "oci-archive", "docker-archive", "docker"])
def test_a_folder_named_like_a_transport_changes_nothing(name: str) -> None:
    os.mkdir(name)
    text = f"{name}://a.example/b" if name == "docker" else f"{name}:dir"
    assert not isinstance(locate(text), PathReference)


def test_what_exists_is_meant() -> None:
    os.mkdir("alpine")
    Path("a:b").touch()
    assert locate("alpine") == PathReference("alpine")
    assert locate("alpine:3") == PathReference("alpine:3")
    assert locate("a:b") == PathReference("a:b")


def test_kinds_are_told_by_content(tmp_path: Path, options: StoreOptions) -> None:
    layout(tmp_path / "folder", BUILT, "tag")
    oci_archive(tmp_path / "oci", BUILT)
    docker_archive(tmp_path / "new", BUILT)
    old_docker_archive(tmp_path / "old", BUILT, ["app:1"])
    for text, kind, reference in (
        ("folder", LayoutSource, "oci:folder"),
        ("folder:tag", LayoutSource, "oci:folder:tag"),
        ("oci", LayoutSource, "oci-archive:oci"),
        ("new", LayoutSource, "oci-archive:new"),
        ("old", DockerArchiveSource, "docker-archive:old"),
        ("old:app:1", DockerArchiveSource, "docker-archive:old:app:1"),
    ):
        with open_source(text, options) as source:
            assert isinstance(source, kind)
            assert source.location.reference == reference
            assert len(source.roots()) == 1


@pytest.mark.parametrize("text", ["./x", "oci:x", "oci-archive:x", "docker-archive:x", "x.tar"])
def test_what_is_not_there(options: StoreOptions, text: str) -> None:
    with pytest.raises(NotFoundError):
        open_source(text, options)


@pytest.mark.parametrize("transport", ["", "oci-archive:", "docker-archive:"])
def test_special_files_are_not_opened(options: StoreOptions, transport: str) -> None:
    os.mkfifo("pipe.tar")
    with pytest.raises(InputError):
        open_source(f"{transport}pipe.tar", options)
    with pytest.raises(InputError):
        open_source(f"{transport}/dev/zero", options)


def test_sinks(tmp_path: Path, options: StoreOptions) -> None:
    Path("here.img").write_bytes(b"")
    for text, kind, reference in (
        ("oci:out:tag", LayoutSink, "oci:out:tag"),
        ("oci-archive:o.tar", ArchiveSink, "oci-archive:o.tar"),
        ("docker-archive:d.tar:app:1", ArchiveSink, "docker-archive:d.tar:app:1"),
        ("out.docker.tar", ArchiveSink, "docker-archive:out.docker.tar"),
        ("out.tar", ArchiveSink, "oci-archive:out.tar"),
        ("./folder", LayoutSink, "oci:folder"),
        ("here.img", ArchiveSink, "oci-archive:here.img"),
    ):
        with open_sink(text, options) as sink:
            assert isinstance(sink, kind)
            assert sink.location.reference == reference
    assert sorted(os.listdir()) == ["here.img"]


@pytest.mark.parametrize("text", ["out.tar.gz", "./out.tgz", "out.tar.zst"])
def test_outputs_that_would_be_compressed_twice(options: StoreOptions, text: str) -> None:
    with pytest.raises(UsageError, match="uncompressed"):
        open_sink(text, options)


@pytest.mark.parametrize("text", ["webshop-slim", "app:1.0"])
def test_an_output_without_a_place_is_not_pushed_to_docker_hub(text: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="without a place"):
        open_sink(text, StoreOptions(work_dir=tmp_path))


@pytest.mark.parametrize("text", ["docker:/srv/app.tar", "https://example.com/app.tar"])
def test_an_unknown_scheme_is_no_file(text: str) -> None:
    with pytest.raises(UsageError):
        locate(text)


def test_a_text_is_called_no_archive(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not an image\n" * 100)
    with pytest.raises(FormatError, match="not an image archive"):
        open_source(str(text), StoreOptions(work_dir=tmp_path))
