"""From a source to one image: every form it comes in, platforms, indexes, and what is no image."""

import base64
import gzip
from pathlib import Path
from typing import Any

import pytest
from support.images import (
    CONFIG_TYPE,
    INDEX_TYPE,
    MANIFEST_TYPE,
    Blobs,
    attestation,
    bent,
    docker_archive,
    dump,
    image,
    index,
    layout,
    oci_archive,
    old_docker_archive,
    platform,
    sha256,
    write_layout,
)
from support.opened import open_everything
from support.tars import file, make_tar

from slimmer.errors import (
    DigestError,
    FormatError,
    InputError,
    LimitError,
    NotFoundError,
    UsageError,
)
from slimmer.image.open import open_image
from slimmer.limits import Limits
from slimmer.oci.platform import Platform
from slimmer.store.locate import StoreOptions, open_source

BASE = make_tar(file("etc/a", b"base"))
TOP = make_tar(file("app", b"top"))


def open_at(reference: str, work_dir: Path, wanted: str | None = None, **limits: int) -> Any:
    bounds = Limits(**limits)
    with open_source(reference, StoreOptions(work_dir=work_dir, limits=bounds)) as source:
        return open_image(source, Platform.parse(wanted) if wanted else None, bounds)


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
@pytest.mark.parametrize("write", [oci_archive, docker_archive, old_docker_archive, layout])
def test_every_form_gives_the_same_files(tmp_path: Path, write: Any, compression: str) -> None:
    built = image(BASE, TOP, compression=compression)
    found = open_everything(write(tmp_path / "image", built), tmp_path)
    assert found.files == {"etc/a": b"base", "app": b"top"}
    assert [layer.created_by for layer in found.image.layers] == ["step 0", "step 1"]
    assert found.image.config.cmd == ("/app",)
    has_digest = write in (oci_archive, layout)
    assert (found.image.digest is not None) == has_digest
    if has_digest:
        assert found.image.digest == sha256(dump(built.manifest))


def test_an_image_without_layers(tmp_path: Path) -> None:
    assert open_everything(layout(tmp_path / "i", image()), tmp_path).files == {}


def two_platforms(folder: Path) -> tuple[str, dict[str, str]]:
    blobs = Blobs()
    entries, digests = [], {}
    for architecture in ("amd64", "arm64"):
        built = image(make_tar(file(architecture)), architecture=architecture)
        entry = built.descriptor(platform=platform(architecture))
        blobs.content |= built.blobs.content
        entries += [entry, attestation(blobs, entry)]
        digests[architecture] = entry["digest"]
    top = blobs.add_json(index(*entries), INDEX_TYPE)
    return write_layout(folder, blobs, index(top)), digests


class TestPlatforms:
    @pytest.mark.parametrize("architecture", ["amd64", "arm64"])
    def test_the_one_asked_for(self, tmp_path: Path, architecture: str) -> None:
        reference, digests = two_platforms(tmp_path / "i")
        found = open_at(reference, tmp_path, f"linux/{architecture}")
        assert found.digest == digests[architecture]

    def test_without_a_wish_it_is_the_hosts(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        reference, digests = two_platforms(tmp_path / "i")
        monkeypatch.setattr("platform.machine", lambda: "aarch64")
        assert open_at(reference, tmp_path).digest == digests["arm64"]
        monkeypatch.setattr("platform.machine", lambda: "s390x")
        with pytest.raises(UsageError, match=r"linux/amd64, linux/arm64"):
            open_at(reference, tmp_path)

    def test_one_that_is_not_there(self, tmp_path: Path) -> None:
        reference, _ = two_platforms(tmp_path / "i")
        with pytest.raises(NotFoundError, match=r"there is: linux/amd64, linux/arm64\)"):
            open_at(reference, tmp_path, "linux/riscv64")

    def test_a_single_image_of_another_platform(self, tmp_path: Path) -> None:
        reference = layout(tmp_path / "i", image(BASE))
        with pytest.raises(NotFoundError, match="linux/amd64"):
            open_at(reference, tmp_path, "linux/arm64")

    def test_configs_tell_where_the_index_does_not(self, tmp_path: Path) -> None:
        blobs, entries = Blobs(), []
        for architecture in ("amd64", "arm64"):
            built = image(BASE, architecture=architecture)
            entries.append(built.descriptor())
            blobs.content |= built.blobs.content
        helm = image(BASE)
        helm.manifest["config"] = helm.blobs.add(b"{}", "application/vnd.cncf.helm.config.v1+json")
        entries.append(helm.descriptor())
        blobs.content |= helm.blobs.content
        top = blobs.add_json(index(*entries), INDEX_TYPE)
        reference = write_layout(tmp_path / "i", blobs, index(top))
        found = open_at(reference, tmp_path, "linux/arm64")
        assert str(found.platform) == "linux/arm64"

    def test_the_first_that_matches_wins(self, tmp_path: Path) -> None:
        blobs, entries = Blobs(), []
        for number in range(2):
            built = image(make_tar(file(f"{number}")))
            entries.append(built.descriptor(platform=platform("amd64")))
            blobs.content |= built.blobs.content
        top = blobs.add_json(index(*entries), INDEX_TYPE)
        reference = write_layout(tmp_path / "i", blobs, index(top))
        assert open_at(reference, tmp_path, "linux/amd64").digest == entries[0]["digest"]


class TestIndexes:
    def nested(self, folder: Path, depth: int) -> str:
        built = image(BASE)
        entry = built.descriptor()
        for _ in range(depth):
            entry = built.blobs.add_json(index(entry), INDEX_TYPE)
        return write_layout(folder, built.blobs, index(entry))

    def test_nested_ones_work(self, tmp_path: Path) -> None:
        assert len(open_at(self.nested(tmp_path / "i", 4), tmp_path).layers) == 1

    def test_nesting_is_bounded(self, tmp_path: Path) -> None:
        with pytest.raises(LimitError, match="index_depth"):
            open_at(self.nested(tmp_path / "i", 20), tmp_path)

    def test_one_that_repeats_itself_is_read_once(self, tmp_path: Path) -> None:
        """An index bomb: each level names the one below twelve times."""
        built = image(BASE)
        entry = built.descriptor()
        for _ in range(7):
            entry = built.blobs.add_json(index(*[entry] * 12), INDEX_TYPE)
        reference = write_layout(tmp_path / "i", built.blobs, index(entry))
        assert len(open_at(reference, tmp_path).layers) == 1

    def test_their_number_is_bounded(self, tmp_path: Path) -> None:
        blobs = Blobs()
        entries = [
            blobs.add_json(bent(index(), annotations={"n": str(n)}), INDEX_TYPE) for n in range(12)
        ]
        reference = write_layout(
            tmp_path / "i", blobs, index(blobs.add_json(index(*entries), INDEX_TYPE))
        )
        with pytest.raises(LimitError, match="manifests"):
            open_at(reference, tmp_path, manifests=10)

    def test_unknown_types_and_artifacts_are_skipped(self, tmp_path: Path) -> None:
        built = image(BASE)
        other = built.blobs.add(b"{}", "application/x-new")
        artifact = {**built.blobs.add(b"[]", MANIFEST_TYPE), "artifactType": "application/x"}
        top = built.blobs.add_json(index(other, artifact, built.descriptor()), INDEX_TYPE)
        assert open_at(write_layout(tmp_path / "i", built.blobs, index(top)), tmp_path).layers

    def test_only_unknown_types_are_no_image(self, tmp_path: Path) -> None:
        blobs = Blobs()
        top = blobs.add_json(index(blobs.add(b"{}", "application/x-new")), INDEX_TYPE)
        with pytest.raises(NotFoundError, match="no image"):
            open_at(write_layout(tmp_path / "i", blobs, index(top)), tmp_path)

    def test_a_manifest_called_an_index_is_refused(self, tmp_path: Path) -> None:
        built = image(BASE)
        for said in ({}, {"mediaType": ...}):
            top = built.blobs.add_json(bent(built.manifest, **said), INDEX_TYPE)
            with pytest.raises(FormatError):
                open_at(write_layout(tmp_path / "i", built.blobs, index(top)), tmp_path)


class TestManifest:
    def test_an_unknown_config_type_is_not_parsed(self, tmp_path: Path) -> None:
        built = image(BASE)
        built.manifest["config"] = built.blobs.add(b"\xff not JSON", "application/x-config")
        with pytest.raises(FormatError, match="not a container image"):
            open_at(layout(tmp_path / "i", built), tmp_path)

    def test_an_unknown_layer_type_is_named(self, tmp_path: Path) -> None:
        built = image(BASE)
        built.manifest["layers"][0]["mediaType"] = "application/x-encrypted"
        with pytest.raises(FormatError, match="x-encrypted"):
            open_at(layout(tmp_path / "i", built), tmp_path)

    @pytest.mark.parametrize("diff_ids", [[], [sha256(b"1"), sha256(b"2"), sha256(b"3")], None])
    def test_layers_and_diff_ids_must_align(self, tmp_path: Path, diff_ids: object) -> None:
        built = image(BASE, TOP, rootfs={"type": "layers", "diff_ids": diff_ids})
        with pytest.raises(FormatError, match="diff_ids"):
            open_at(layout(tmp_path / "i", built), tmp_path)

    def test_the_number_of_layers_is_bounded(self, tmp_path: Path) -> None:
        with pytest.raises(LimitError, match="layers"):
            open_at(layout(tmp_path / "i", image(*[BASE] * 6)), tmp_path, layers=5)

    def test_data_serves_for_a_missing_blob(self, tmp_path: Path) -> None:
        built = image(BASE)
        config = built.manifest["config"]
        raw = built.blobs.content.pop(config["digest"])
        config["data"] = base64.b64encode(raw).decode()
        assert open_at(layout(tmp_path / "i", built), tmp_path).config.cmd == ("/app",)

    @pytest.mark.parametrize("which", ["config", "layers"])
    def test_a_missing_blob_is_named(self, tmp_path: Path, which: str) -> None:
        built = image(BASE)
        part = built.manifest[which]
        gone = (part[0] if which == "layers" else part)["digest"]
        del built.blobs.content[gone]
        with pytest.raises(NotFoundError, match=gone.partition(":")[2]):
            open_everything(layout(tmp_path / "i", built), tmp_path)


class TestContent:
    """Everything asked for by digest is verified before it is used."""

    @pytest.mark.parametrize("which", ["manifest", "config", "layer"])
    @pytest.mark.parametrize("damage", ["flipped", "shorter", "longer"])
    def test_damage_is_refused(self, tmp_path: Path, which: str, damage: str) -> None:
        built = image(BASE)
        entry = built.descriptor()
        digest = {
            "manifest": entry["digest"],
            "config": built.manifest["config"]["digest"],
            "layer": built.manifest["layers"][0]["digest"],
        }[which]
        data = built.blobs.content[digest]
        built.blobs.content[digest] = {
            "flipped": data[:-1] + bytes([data[-1] ^ 1]),
            "shorter": data[:-1],
            "longer": data + b"\0",
        }[damage]
        reference = write_layout(tmp_path / "i", built.blobs, index(entry))
        with pytest.raises(DigestError) as caught:
            open_everything(reference, tmp_path)
        assert digest in str(caught.value)

    def test_a_wrong_diff_id_is_refused(self, tmp_path: Path) -> None:
        built = image(BASE, rootfs={"type": "layers", "diff_ids": [sha256(TOP)]})
        with pytest.raises(DigestError, match="diff_id"):
            open_everything(layout(tmp_path / "i", built), tmp_path)

    def test_a_layer_compressed_twice_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(FormatError, match="tar header"):
            open_everything(layout(tmp_path / "i", image(gzip.compress(BASE))), tmp_path)

    def test_content_beyond_what_the_header_says_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(FormatError, match="ends in the middle"):
            open_everything(layout(tmp_path / "i", image(BASE[:514])), tmp_path)

    def test_a_large_document_is_not_read(self, tmp_path: Path) -> None:
        built = image(BASE)
        built.manifest["config"]["size"] = 1 << 40
        with pytest.raises(LimitError, match="document"):
            open_at(layout(tmp_path / "i", built), tmp_path)


def test_every_error_says_where(tmp_path: Path) -> None:
    """A person must know which of many things is meant."""
    built = image(b"x" * 600)
    with pytest.raises(InputError) as caught:
        open_everything(layout(tmp_path / "i", built), tmp_path)
    assert caught.value.where is not None
    assert built.manifest["layers"][0]["digest"] in caught.value.where


def test_config_type_is_what_the_builders_write() -> None:
    assert image().manifest["config"]["mediaType"] == CONFIG_TYPE
