"""Images of every shape, from every kind of place to every kind of place."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from formats.elf_builder import Elf
from support import images
from support.layers import File, Folder, Layer, tar_of

from slimmer.build.build import Build
from slimmer.build.options import BuildOptions
from slimmer.errors import SlimError
from slimmer.oci.descriptor import Descriptor
from slimmer.store.interface import Location, OpenBlob

from .building import PLAIN, Memory, built, image_of, inspected, memory_of, rebuilt, told, view_of

AUTO = BuildOptions("safe")
_STATIC = File(Elf(type=2).build(), 0o755)
_GONE: Layer = {"usr": Folder(), "usr/share": Folder(), "usr/share/doc/x": b"x"}


def _told_layers(config: dict[str, Any]) -> int:
    return sum(not entry.get("empty_layer") for entry in config["history"])


def test_one_static_file_from_scratch(tmp_path: Path) -> None:
    with built(tmp_path, {"server": _STATIC}, config={"Cmd": ["/server"]}, options=AUTO) as result:
        assert result.config["config"] == {"Cmd": ["/server"], "User": "65532:65532"}
        with result.after() as after:
            assert set(view_of(after)) == {
                *("server", "etc", "etc/passwd", "etc/group", "home", "home/nonroot")
            }
        assert result.manifest["layers"][0]["digest"] == str(
            result.before.subject.image.layers[0].descriptor.digest
        )


def test_no_layers_at_all(tmp_path: Path) -> None:
    with built(tmp_path, config={}, options=AUTO, history=[]) as result:
        assert len(result.manifest["layers"]) == 1
    with built(tmp_path, config={}, history=[]) as result:
        assert result.manifest["layers"] == []


def test_everything_goes(tmp_path: Path) -> None:
    layers = [{"a/b/c/d": b"1"}, {"a/b/c/e": b"2"}]
    options = replace(PLAIN, drop=("a",))
    with built(tmp_path, *layers, options=options) as result, result.after() as after:
        assert view_of(after) == {}
        assert len(result.manifest["layers"]) == _told_layers(result.config) == 1


@pytest.mark.parametrize("squash", [False, True])
def test_many_layers(squash: bool, tmp_path: Path) -> None:
    layers = [{f"srv/{n}": b"x", "usr/share/doc/a": str(n).encode()} for n in range(127)]
    options = BuildOptions("safe", squash=squash)
    with built(tmp_path, *layers, options=options, quiet=True) as result:
        assert len(result.manifest["layers"]) == _told_layers(result.config)
        assert len(result.manifest["layers"]) == (1 if squash else 128)


def test_an_empty_layer_and_one_that_is_there_twice(tmp_path: Path) -> None:
    same = {"srv/a": b"same", "usr/share/doc/x": b"x"}
    with built(tmp_path, same, {}, same) as result, result.after() as after:
        expected = view_of(result.before)
        for path in result.dropped:
            del expected[path]
        assert view_of(after) == expected
        assert result.everything.count(b"same") == 1


_HISTORIES = {
    "none": [],
    "too short": [{"created_by": "one"}],
    "too long": [{"created_by": str(number)} for number in range(5)],
    "all empty": [{"created_by": "one", "empty_layer": True}],
}


@pytest.mark.parametrize("history", _HISTORIES.values(), ids=_HISTORIES)
@pytest.mark.parametrize("squash", [False, True])
def test_a_history_that_tells_other_layers(
    history: list[dict[str, Any]], squash: bool, tmp_path: Path
) -> None:
    layers = [{"srv/a": b"a"}, {"srv/gone": b"x"}]
    options = replace(PLAIN, squash=squash, drop=("srv/gone",))
    with built(tmp_path, *layers, options=options, history=history) as result:
        if squash and history:
            assert _told_layers(result.config) == len(result.manifest["layers"]) == 1
        elif history:
            # Nothing tells which entry was the layer's, so none is left out.
            assert len(result.manifest["layers"]) == 2
            assert result.config["history"] == history
        else:
            assert not result.config.get("history")


def test_no_time_is_made_up(tmp_path: Path) -> None:
    with built(tmp_path, {"x": b""}, options=AUTO) as result:
        assert "created" not in result.config
        assert all("created" not in entry for entry in result.config["history"])


def test_source_date_epoch(tmp_path: Path) -> None:
    options = replace(AUTO, epoch=1_600_000_000)
    with built(tmp_path, {"x": b""}, options=options, created="2020-01-01T00:00:00Z") as result:
        assert result.config["created"] == "2020-09-13T12:26:40Z"
        assert result.config["history"][-1]["created"] == "2020-09-13T12:26:40Z"
        with result.after() as after:
            node = after.subject.filesystem.get("home/nonroot")
            assert node is not None
            assert node.inode.entry is not None
            assert node.inode.entry.mtime == 1_600_000_000


# --- media types --------------------------------------------------------------------------------

_DOCKER = "application/vnd.docker"
_OCI = "application/vnd.oci.image"


@pytest.mark.parametrize(
    ("out", "compression", "manifest", "layer"),
    [
        ("oci:{}/new", None, _OCI, f"{_OCI}.layer.v1.tar+gzip"),
        ("oci-archive:{}/new.tar", None, _OCI, f"{_OCI}.layer.v1.tar+gzip"),
        ("oci:{}/new", "zstd", _OCI, f"{_OCI}.layer.v1.tar+zstd"),
        ("docker-archive:{}/new.tar", None, _DOCKER, f"{_DOCKER}.image.rootfs.diff.tar.gzip"),
        ("docker-archive:{}/new.tar", "zstd", _OCI, f"{_OCI}.layer.v1.tar+zstd"),
        (None, None, _DOCKER, f"{_DOCKER}.image.rootfs.diff.tar.gzip"),
    ],
)
def test_from_a_docker_archive(
    out: str | None, compression: str | None, manifest: str, layer: str, tmp_path: Path
) -> None:
    source = images.old_docker_archive(
        tmp_path / "in.tar", image_of([{"srv/a": b"a", **_GONE}]), ["shop:1"]
    )
    options = replace(PLAIN, compression=compression)
    if out is None:
        # A registry takes any media type.
        with inspected(source, tmp_path) as inspection:
            sink = Memory()
            Build(inspection, options).write(sink, tmp_path, oci=False)
            document = json.loads(sink.content[sink.root])
    else:
        with rebuilt(source, tmp_path, options, out=out.format(tmp_path)) as result:
            document = result.manifest
            with result.after() as after:
                assert "srv/a" in view_of(after)
    assert document["mediaType"].startswith(manifest)
    assert document["config"]["mediaType"].startswith(manifest)
    assert document["layers"][0]["mediaType"] == layer
    assert "annotations" in document


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_source_layers_of_every_compression(compression: str, tmp_path: Path) -> None:
    layers = [{"srv/a": b"a", **_GONE}, {"srv/b": b"b"}]
    with built(tmp_path, *layers, compression=compression) as result:
        before = images.image(*map(tar_of, layers), compression=compression).manifest["layers"]
        changed, kept = result.manifest["layers"]
        assert kept == before[1]
        suffix = "zstd" if compression == "zstd" else "gzip"
        assert changed["mediaType"] == f"{_OCI}.layer.v1.tar+{suffix}"


def test_unknown_fields_and_annotations_stay(tmp_path: Path) -> None:
    image = image_of([{"srv/a": b"a", **_GONE}], {"Cmd": ["/a"], "OnBuild": ["RUN x"]}, author="me")
    image.manifest["annotations"] = {"org.example": "kept"}
    image.manifest["subject"] = image.manifest["config"]
    image.manifest["x-ours"] = 1
    with rebuilt(memory_of(image), tmp_path) as result:
        assert result.manifest["annotations"]["org.example"] == "kept"
        assert result.manifest["x-ours"] == 1
        assert "subject" not in result.manifest
        assert result.config["author"] == "me"
        assert result.config["config"]["OnBuild"] == ["RUN x"]
        digest = result.manifest["annotations"]["org.opencontainers.image.base.digest"]
        assert digest == str(result.before.subject.image.digest)


def test_the_name_of_the_source_has_no_place_of_this_machine(tmp_path: Path) -> None:
    source = images.layout(tmp_path / "in", image_of([{"srv/a": b"a"}]), "shop:1")
    with rebuilt(source, tmp_path) as result:
        name = result.manifest["annotations"]["org.opencontainers.image.base.name"]
        assert name == "shop:1"
        assert str(tmp_path).encode() not in result.everything


# --- all or nothing -----------------------------------------------------------------------------


class _Failing(Memory):
    """Takes a blob or two and then no more."""

    def __init__(self, left: int) -> None:
        super().__init__()
        self.left = left

    def put(self, descriptor: Descriptor, content: OpenBlob) -> None:
        self.left -= 1
        if self.left < 0:
            raise SlimError("no room")
        super().put(descriptor, content)

    def finish(self, manifest: Descriptor, raw: bytes) -> Location:
        if self.left < 1:
            raise SlimError("no room")
        return super().finish(manifest, raw)


@pytest.mark.parametrize("left", [0, 1, 2, 3])
def test_a_sink_that_fails_holds_nothing(left: int, tmp_path: Path) -> None:
    place = memory_of(image_of([{"srv/a": b"a", **_GONE}, {"srv/b": b"b"}]))
    with inspected(place, tmp_path) as inspection:
        sink = _Failing(left)
        with pytest.raises(SlimError, match="no room"), sink:
            Build(inspection, PLAIN).write(sink, tmp_path, oci=True)
        assert sink.content == {}


# --- the forecast -------------------------------------------------------------------------------


@pytest.mark.parametrize("squash", [False, True])
def test_findings_and_packages_are_those_of_a_real_inspection(squash: bool, tmp_path: Path) -> None:
    lower = {
        "etc/passwd": b"root:x:0:0::/root:/bin/sh\n",
        "bin/sh": _STATIC,
        "usr/bin/gcc": _STATIC,
        "usr/bin/curl": _STATIC,
        "usr/bin/su": File(_STATIC.data, 0o4755),
        "usr/share/doc/tool/README": b"x" * 9000,
        "var/lib/dpkg/status": (
            b"Package: gcc\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n\n"
            b"Package: curl\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n\n"
        ),
        "var/lib/dpkg/info/gcc.list": b"/usr/bin/gcc\n",
        "var/lib/dpkg/info/curl.list": b"/usr/bin/curl\n/usr/bin/gone\n",
        "app/.env": b"",
    }
    upper = {"app/server": _STATIC, "usr/bin/.wh.su": b"", "root/.bash_history": b"ls\n"}
    options = BuildOptions("safe", squash=squash)
    config = {"Entrypoint": ["/app/server"], "ExposedPorts": {"80/tcp": {}}}
    with (
        built(tmp_path, lower, upper, options=options, config=config) as result,
        result.after() as after,
    ):
        assert told(result.outcome.findings_after) == told(after.findings)
        assert [p.purl for p in result.outcome.after.packages.all] == [
            p.purl for p in after.subject.packages.all
        ]
        assert set(view_of(after)) == {node.path for node in result.outcome.after.filesystem.walk()}


def test_a_pattern_that_covers_nothing_is_said(tmp_path: Path) -> None:
    options = BuildOptions("safe", keep=("/etc/shopp.conf", "/etc/*.conf"), drop=("/nowhere/**",))
    with built(tmp_path, {"etc/shop.conf": b"x"}, options=options) as result:
        said = [line for line in result.outcome.plan.warnings if "covers nothing" in line]
        assert said == [
            "--keep /etc/shopp.conf covers nothing in this image",
            "--drop /nowhere/** covers nothing in this image",
        ]
