"""Every bound can be set by name, and names itself where it is met."""

import io
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
import zstandard
from support import images, tars
from support.opened import open_everything

from slimmer.errors import LimitError, UsageError
from slimmer.limits import DEFAULT_LIMITS, Limits, limit_names


@pytest.mark.parametrize(
    ("text", "value"),
    [("entries=5", 5), ("entries=2k", 2048), ("entries=3M", 3 << 20), ("entries=1g", 1 << 30)],
)
def test_values(text: str, value: int) -> None:
    assert Limits.of([text]) == Limits(entries=value)


def test_nothing_said_and_the_last_said() -> None:
    assert Limits.of([]) == DEFAULT_LIMITS
    assert Limits.of(["layers=1", "names=7", "layers=2"]) == Limits(layers=2, names=7)


@pytest.mark.parametrize(
    "text",
    [
        "entries",
        "entries=",
        "entries=-1",
        "entries=1.5",
        "entries=0",
        "entries=1kk",
        "entries=٣",
        "entries=9999999999T",
        "entries=1_000",
        " entries=1",
        "entries=1 ",
    ],
)
def test_values_that_are_none(text: str) -> None:
    with pytest.raises(UsageError):
        Limits.of([text])


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UsageError) as caught:
        Limits.of(["size=1"])
    assert all(name in str(caught.value) for name in limit_names())


def _layers(*contents: bytes, compression: str = "gzip") -> Callable[[Path], str]:
    return lambda folder: images.layout(folder, images.image(*contents, compression=compression))


def _nested_index(folder: Path) -> str:
    built = images.image(tars.make_tar())
    inner = built.blobs.add_json(images.index(built.descriptor()), images.INDEX_TYPE)
    outer = built.blobs.add_json(images.index(inner), images.INDEX_TYPE)
    return images.write_layout(folder, built.blobs, images.index(outer))


def _two_platforms(folder: Path) -> str:
    built = images.image(tars.make_tar())
    one = built.descriptor(platform=images.platform("amd64"))
    other = images.bent(built.manifest, annotations={"a": "b"})
    two = built.blobs.add_json(other, images.MANIFEST_TYPE, platform=images.platform("arm64"))
    inner = built.blobs.add_json(images.index(one, two), images.INDEX_TYPE)
    return images.write_layout(folder, built.blobs, images.index(inner))


def _packed_archive(folder: Path) -> str:
    folder.mkdir()
    path = folder / "image.tar.zst"
    images.oci_archive(path, images.image(tars.make_tar()))
    path.write_bytes(zstandard.ZstdCompressor().compress(path.read_bytes()))
    return f"oci-archive:{path}"


def _wide_window() -> bytes:
    compressor = zstandard.ZstdCompressor(level=3, write_content_size=False)
    return compressor.compress(tars.make_tar(tars.file("f", bytes(3_000_000))))


def _wide(folder: Path) -> str:
    built = images.image(tars.make_tar(tars.file("f", bytes(3_000_000))))
    built.manifest["layers"] = [
        built.blobs.add(_wide_window(), images.LAYER_TYPE + "+zstd"),
    ]
    return images.layout(folder, built)


_SPARSE = tars.pax_header(
    tars.pax_record(b"GNU.sparse.major", b"1") + tars.pax_record(b"GNU.sparse.realsize", b"100")
)
_MAP = tars.padded(b"3\n1\n1\n3\n1\n5\n1\n") + b"abc"
_SPARSE_TAR = _SPARSE + tars.header(size=len(_MAP)) + tars.padded(_MAP) + tars.END
_LINKS = tars.make_tar(
    *(tars.symlink(f"l{number}", f"l{number + 1}") for number in range(3)),
    tars.folder("l3"),
    tars.file("l0/f"),
)
_FILES = tars.make_tar(tars.file("some/long/name"), tars.file("other/name"))

# The image, a value it is over, and one it is not.
MET: dict[str, tuple[Callable[[Path], str], int, int]] = {
    "layers": (_layers(tars.make_tar(), _FILES), 1, 2),
    "index_depth": (_nested_index, 1, 2),
    "manifests": (_two_platforms, 1, 2),
    "document_size": (_layers(_FILES), 100, 10_000),
    "json_depth": (_layers(_FILES), 2, 10),
    "json_values": (_layers(_FILES), 4, 1000),
    "layer_size": (_layers(_FILES), 512, 100_000),
    "archive_size": (_packed_archive, 512, 1_000_000),
    "header_size": (_layers(tars.make_tar(tars.file("n" * 300))), 100, 1000),
    "sparse_segments": (_layers(_SPARSE_TAR), 2, 3),
    "zstd_window": (_wide, 1024, 1 << 27),
    "entries": (_layers(_FILES), 1, 10),
    "names": (_layers(_FILES), 20, 1000),
    "facts": (_layers(tars.make_tar(tars.file("var/lib/dpkg/status", b"\n" * 1000))), 999, 5000),
    "links": (_layers(_LINKS), 2, 3),
    "lookups": (_layers(_FILES), 1, 100),
}


def test_every_limit_is_met_here() -> None:
    assert set(MET) == set(asdict(DEFAULT_LIMITS))


@pytest.mark.parametrize("name", MET)
def test_a_limit_names_itself_and_can_be_raised(name: str, tmp_path: Path) -> None:
    make, over, within = MET[name]
    reference = make(tmp_path / "image")
    work = tmp_path / "work"
    work.mkdir()
    with pytest.raises(Exception, match=f"--limit {name}=VALUE") as caught:
        open_everything(reference, work, limits=Limits.of([f"{name}={over}"]))
    assert isinstance(caught.value, LimitError) or name == "links"
    open_everything(reference, work, limits=Limits.of([f"{name}={within}"]))
    assert not list(work.iterdir())


def test_a_limit_is_only_text_until_it_is_met() -> None:
    error = LimitError("too much", limit="names", where="here")
    assert str(error) == "here: too much (--limit names=VALUE raises it)"
    assert io.StringIO(str(error)).getvalue().count("\n") == 0
