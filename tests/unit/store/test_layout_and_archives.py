"""Reading layouts and archives: required files, choosing by ref, and links that lead nowhere."""

import gzip
import io
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest
import zstandard
from support.images import (
    CONFIG_TYPE,
    MANIFEST_TYPE,
    REF_NAME,
    Blobs,
    Built,
    bent,
    docker_archive,
    dump,
    image,
    index,
    layout,
    layout_files,
    oci_archive,
    old_docker_archive,
    platform,
    sha256,
    write_layout,
    write_tar,
)
from support.opened import open_everything
from support.tars import file, make_tar

from slimmer.errors import FormatError, InputError, LimitError, NotFoundError, SlimError, UsageError
from slimmer.limits import Limits
from slimmer.oci.descriptor import Descriptor
from slimmer.oci.digest import Digest
from slimmer.store.locate import StoreOptions, open_source

LAYER = make_tar(file("a", b"1"))


def roots(reference: str, work_dir: Path, **limits: int) -> list[str]:
    options = StoreOptions(work_dir=work_dir, limits=Limits(**limits))
    with open_source(reference, options) as source:
        return [descriptor.digest for descriptor in source.roots()]


class TestLayout:
    @pytest.mark.parametrize("name", ["oci-layout", "index.json"])
    def test_required_files(self, tmp_path: Path, name: str) -> None:
        reference = layout(tmp_path / "i", image(LAYER))
        (tmp_path / "i" / name).unlink()
        with pytest.raises(InputError, match=name):
            roots(reference, tmp_path)

    @pytest.mark.parametrize(
        "content",
        [b"", b"{}", b"[]", b'{"imageLayoutVersion":"2.0.0"}', b'{"imageLayoutVersion":1}'],
    )
    def test_the_version_is_known(self, tmp_path: Path, content: bytes) -> None:
        reference = layout(tmp_path / "i", image(LAYER))
        (tmp_path / "i/oci-layout").write_bytes(content)
        with pytest.raises(FormatError):
            roots(reference, tmp_path)

    @pytest.mark.parametrize(
        "change",
        [
            {"manifests": None},
            {"manifests": ...},
            {"schemaVersion": 1},
            {"schemaVersion": ...},
            {"layers": []},
            {"mediaType": MANIFEST_TYPE},
            {"Manifests": []},
        ],
        ids=str,
    )
    def test_the_index_is_an_index(self, tmp_path: Path, change: dict[str, Any]) -> None:
        built = image(LAYER)
        top = bent(index(built.descriptor()), **change)
        with pytest.raises(FormatError):
            roots(write_layout(tmp_path / "i", built.blobs, top), tmp_path)

    def test_the_index_may_leave_out_its_type(self, tmp_path: Path) -> None:
        built = image(LAYER)
        top = bent(index(built.descriptor()), mediaType=...)
        assert roots(write_layout(tmp_path / "i", built.blobs, top), tmp_path)

    def test_unknown_files_are_tolerated(self, tmp_path: Path) -> None:
        reference = layout(tmp_path / "i", image(LAYER))
        (tmp_path / "i/README").write_text("hello")
        (tmp_path / "i/blobs/sha256/.partial").write_text("x")
        assert open_everything(reference, tmp_path).files == {"a": b"1"}

    def two(self, folder: Path) -> tuple[str, list[str]]:
        blobs, entries = Blobs(), []
        for name in ("one", "two"):
            built = image(make_tar(file(name)))
            entries.append(built.descriptor(annotations={REF_NAME: name}))
            blobs.content |= built.blobs.content
        reference = write_layout(folder, blobs, index(*entries))
        return reference, [entry["digest"] for entry in entries]

    def test_choosing_by_name_or_digest(self, tmp_path: Path) -> None:
        reference, digests = self.two(tmp_path / "i")
        assert roots(f"{reference}:two", tmp_path) == [digests[1]]
        assert roots(f"{reference}@{digests[0]}", tmp_path) == [digests[0]]
        assert roots(f"{tmp_path}/i:one", tmp_path) == [digests[0]]

    def test_the_choices_are_told(self, tmp_path: Path) -> None:
        reference, _ = self.two(tmp_path / "i")
        with pytest.raises(UsageError, match="choose one of: one, two"):
            roots(reference, tmp_path)
        with pytest.raises(NotFoundError, match="choose one of: one, two"):
            roots(f"{reference}:three", tmp_path)

    def test_platforms_of_one_image_are_one_choice(self, tmp_path: Path) -> None:
        blobs, entries = Blobs(), []
        for architecture in ("amd64", "arm64"):
            built = image(LAYER, architecture=architecture)
            entries.append(built.descriptor(platform=platform(architecture)))
            blobs.content |= built.blobs.content
        reference = write_layout(tmp_path / "i", blobs, index(*entries))
        assert len(roots(reference, tmp_path)) == 2

    def test_an_empty_one_has_no_image(self, tmp_path: Path) -> None:
        with pytest.raises(NotFoundError, match="no image"):
            roots(write_layout(tmp_path / "i", Blobs(), index()), tmp_path)

    def test_other_folders_are_not_layouts(self, tmp_path: Path) -> None:
        (tmp_path / "src").mkdir()
        with pytest.raises(SlimError, match=r"not an OCI layout.*docker://"):
            roots(str(tmp_path / "src"), tmp_path)

    @pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
    def test_a_folder_one_may_not_read(self, tmp_path: Path) -> None:
        reference = layout(tmp_path / "i", image(LAYER))
        (tmp_path / "i").chmod(0)
        with pytest.raises(InputError):
            roots(reference, tmp_path)
        (tmp_path / "i").chmod(0o700)


class TestBlobsThatAreNoFiles:
    """GHSA-hpxr-w9w7-g4gv: nothing but a plain file inside the layout is ever opened."""

    @pytest.fixture
    def built(self, tmp_path: Path) -> tuple[str, Path]:
        one = image(LAYER, compression="none")
        reference = layout(tmp_path / "i", one)
        blob = tmp_path / "i/blobs" / one.manifest["layers"][0]["digest"].replace(":", "/")
        return reference, blob

    def refused(self, reference: str, tmp_path: Path) -> None:
        with pytest.raises(FormatError, match=r"link or a device|not a plain file"):
            open_everything(reference, tmp_path)

    def test_links(self, built: tuple[str, Path], tmp_path: Path) -> None:
        reference, blob = built
        blob.rename(tmp_path / "outside")
        blob.symlink_to(tmp_path / "outside")
        self.refused(reference, tmp_path)
        blob.unlink()
        blob.symlink_to("../../index.json")
        self.refused(reference, tmp_path)

    def test_fifos_do_not_make_it_wait(self, built: tuple[str, Path], tmp_path: Path) -> None:
        reference, blob = built
        blob.unlink()
        os.mkfifo(blob)
        self.refused(reference, tmp_path)

    def test_folders(self, built: tuple[str, Path], tmp_path: Path) -> None:
        reference, blob = built
        blob.unlink()
        blob.mkdir()
        self.refused(reference, tmp_path)

    @pytest.mark.parametrize("level", ["blobs", "blobs/sha256"])
    def test_links_on_the_way(self, built: tuple[str, Path], tmp_path: Path, level: str) -> None:
        reference, _ = built
        (tmp_path / "i" / level).rename(tmp_path / "moved")
        (tmp_path / "i" / level).symlink_to(tmp_path / "moved")
        self.refused(reference, tmp_path)

    @pytest.mark.parametrize("name", ["index.json", "oci-layout"])
    def test_documents(self, built: tuple[str, Path], tmp_path: Path, name: str) -> None:
        reference, _ = built
        (tmp_path / "i" / name).rename(tmp_path / "moved")
        (tmp_path / "i" / name).symlink_to(tmp_path / "moved")
        self.refused(reference, tmp_path)

    def test_devices(self, built: tuple[str, Path], tmp_path: Path) -> None:
        reference, blob = built
        blob.unlink()
        blob.symlink_to("/dev/zero")
        self.refused(reference, tmp_path)


def add_members(path: Path, *members: tarfile.TarInfo, data: bytes = b"") -> None:
    with tarfile.open(path, "a") as tar:
        for member in members:
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))


def link_member(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


class TestArchives:
    @pytest.mark.parametrize("compress", [gzip.compress, zstandard.ZstdCompressor().compress])
    def test_compressed_as_a_whole(self, tmp_path: Path, compress: Any) -> None:
        oci_archive(tmp_path / "i.tar", image(LAYER))
        path = tmp_path / "i.tar.z"
        path.write_bytes(compress((tmp_path / "i.tar").read_bytes()))
        assert open_everything(f"oci-archive:{path}", tmp_path).files == {"a": b"1"}
        assert open_everything(str(path), tmp_path).files == {"a": b"1"}

    def test_inflated_size_is_limited(self, tmp_path: Path) -> None:
        path = tmp_path / "i.tar.gz"
        path.write_bytes(gzip.compress(bytes(10 << 20)))
        with pytest.raises(LimitError, match="archive_size"):
            roots(f"oci-archive:{path}", tmp_path, archive_size=1 << 20)

    def test_a_truncated_compressed_archive_is_refused(self, tmp_path: Path) -> None:
        oci_archive(tmp_path / "i.tar", image(LAYER))
        blob = zstandard.ZstdCompressor().compress((tmp_path / "i.tar").read_bytes())
        (tmp_path / "i.tar.zst").write_bytes(blob[:-4])
        with pytest.raises(FormatError, match="cut short"):
            roots(f"oci-archive:{tmp_path}/i.tar.zst", tmp_path)

    @pytest.mark.parametrize("data", [b"", bytes(1024), b"x" * 600, b"\xfd7zXZ\0", b"\x1f\x8b"])
    def test_other_files_are_no_archives(self, tmp_path: Path, data: bytes) -> None:
        (tmp_path / "i.tar").write_bytes(data)
        for transport in ("oci-archive:", "docker-archive:", ""):
            with pytest.raises(FormatError) as caught:
                roots(f"{transport}{tmp_path}/i.tar", tmp_path)
            assert "i.tar" in str(caught.value)

    def test_what_is_missing_is_named(self, tmp_path: Path) -> None:
        write_tar(tmp_path / "i.tar", {"readme": b""})
        for transport, name in (
            ("oci-archive:", "oci-layout"),
            ("docker-archive:", "manifest.json"),
            ("", "neither"),
        ):
            with pytest.raises(InputError, match=name):
                roots(f"{transport}{tmp_path}/i.tar", tmp_path)

    def test_member_names_in_any_spelling(self, tmp_path: Path) -> None:
        built = image(LAYER)
        files = layout_files(built.blobs, index(built.descriptor()))
        for prefix in ("./", "/"):
            write_tar(tmp_path / "i.tar", {prefix + name: data for name, data in files.items()})
            assert open_everything(f"oci-archive:{tmp_path}/i.tar", tmp_path).files == {"a": b"1"}

    def test_one_document_twice_is_refused(self, tmp_path: Path) -> None:
        """One reader takes the first, another the last: two images in one archive."""
        docker_archive(tmp_path / "i.tar", image(LAYER))
        for name in ("index.json", "manifest.json", "./index.json"):
            path = tmp_path / "twice.tar"
            path.write_bytes((tmp_path / "i.tar").read_bytes())
            add_members(path, tarfile.TarInfo(name), data=b"[]")
            with pytest.raises(FormatError, match="twice"):
                roots(f"docker-archive:{path}", tmp_path)

    @pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.REGTYPE])
    def test_files_below_a_link_are_refused(self, tmp_path: Path, kind: bytes) -> None:
        """CVE-2026-17106: whoever unpacks this writes into the link's target."""
        oci_archive(tmp_path / "i.tar", image(LAYER))
        add_members(tmp_path / "i.tar", link_member("blobs", "/tmp", kind))
        with pytest.raises(FormatError, match="blobs"):
            roots(f"oci-archive:{tmp_path}/i.tar", tmp_path)

    @pytest.mark.parametrize("name", ["index.json", "manifest.json"])
    @pytest.mark.parametrize("target", ["/etc/passwd", "../../../../etc/passwd", "/dev/zero"])
    def test_documents_behind_links_never_come_from_the_host(
        self, tmp_path: Path, name: str, target: str
    ) -> None:
        built = image(LAYER)
        files = layout_files(built.blobs, index(built.descriptor()))
        files.pop(name, None)
        write_tar(tmp_path / "i.tar", files)
        add_members(tmp_path / "i.tar", link_member(name, target))
        transport = "oci-archive" if name == "index.json" else "docker-archive"
        with pytest.raises(InputError):
            roots(f"{transport}:{tmp_path}/i.tar", tmp_path)

    def test_chains_of_links_end(self, tmp_path: Path) -> None:
        write_tar(tmp_path / "i.tar", {"x": b""})
        add_members(
            tmp_path / "i.tar",
            link_member("manifest.json", "other"),
            link_member("other", "manifest.json"),
        )
        with pytest.raises(FormatError, match="links"):
            roots(f"docker-archive:{tmp_path}/i.tar", tmp_path)

    def test_a_sparse_member_is_refused(self, tmp_path: Path) -> None:
        built = image(LAYER)
        write_tar(tmp_path / "i.tar", layout_files(built.blobs, index(built.descriptor())))
        with tarfile.open(tmp_path / "s.tar", "w", format=tarfile.PAX_FORMAT) as tar:
            info = tarfile.TarInfo("manifest.json")
            info.pax_headers = {
                "GNU.sparse.major": "0",
                "GNU.sparse.size": "100",
                "GNU.sparse.map": "0,0",
            }
            tar.addfile(info)
        with pytest.raises(FormatError, match="sparse"):
            roots(f"docker-archive:{tmp_path}/s.tar", tmp_path)


class TestDockerArchives:
    @pytest.mark.parametrize("write", [docker_archive, old_docker_archive])
    @pytest.mark.parametrize(
        "ref", ["app:1", "example.org/app:2", "docker.io/library/app:1", "alpine"]
    )
    def test_choosing_by_tag(self, tmp_path: Path, write: Any, ref: str) -> None:
        tags = ["app:1", "example.org/app:2", "docker.io/library/app:1", "alpine:latest"]
        reference = write(tmp_path / "i.tar", image(LAYER), tags)
        assert open_everything(f"{reference}:{ref}", tmp_path).files == {"a": b"1"}

    def test_the_choices_are_told(self, tmp_path: Path) -> None:
        reference = old_docker_archive(tmp_path / "i.tar", image(LAYER), ["app:1"])
        with pytest.raises(NotFoundError, match="choose one of: app:1"):
            roots(f"{reference}:other", tmp_path)

    @pytest.mark.parametrize(
        "document",
        [
            None,
            [],
            {},
            [1],
            [{}],
            [{"Config": 1, "Layers": []}],
            [{"Config": "c", "Layers": [1]}],
            [{"Config": "c", "Layers": "x"}],
            [{"Config": "../../../etc/passwd", "Layers": []}],
            [{"Config": "/etc/passwd", "Layers": []}],
            [{"Config": "c\0", "Layers": []}],
            [{"Config": "manifest.json", "Layers": ["manifest.json"]}],
        ],
        ids=str,
    )
    def test_wrong_manifests_are_refused(self, tmp_path: Path, document: object) -> None:
        write_tar(tmp_path / "i.tar", {"manifest.json": dump(document)})
        with pytest.raises(InputError):
            roots(f"docker-archive:{tmp_path}/i.tar", tmp_path)

    def test_one_member_as_two_layers(self, tmp_path: Path) -> None:
        built = image(LAYER, LAYER)
        config = dump(built.config)
        files = {"c.json": config, "l/layer.tar": LAYER}
        files["manifest.json"] = dump([{"Config": "c.json", "Layers": ["l/layer.tar"] * 2}])
        write_tar(tmp_path / "i.tar", files)
        found = open_everything(f"docker-archive:{tmp_path}/i.tar", tmp_path)
        assert len(found.image.layers) == 2

    def test_a_repeated_layer_as_a_link(self, tmp_path: Path) -> None:
        """As docker save once wrote it."""
        built = image(LAYER, LAYER)
        layers = ["1/layer.tar", "2/layer.tar"]
        files = {"c.json": dump(built.config), "1/layer.tar": LAYER}
        files["manifest.json"] = dump([{"Config": "c.json", "Layers": layers}])
        write_tar(tmp_path / "i.tar", files)
        add_members(tmp_path / "i.tar", link_member("2/layer.tar", "../1/layer.tar"))
        found = open_everything(f"docker-archive:{tmp_path}/i.tar", tmp_path)
        assert len(found.image.layers) == 2

    def test_content_is_verified_by_diff_id(self, tmp_path: Path) -> None:
        built = Built([LAYER])
        built.layers = [LAYER.replace(b"1", b"2")]
        with pytest.raises(SlimError, match="digest"):
            open_everything(old_docker_archive(tmp_path / "i.tar", built), tmp_path)

    def test_current_archives_are_read_as_oci(self, tmp_path: Path) -> None:
        docker_archive(tmp_path / "i.tar", image(LAYER))
        found = open_everything(f"{tmp_path}/i.tar", tmp_path)
        assert found.image.digest is not None


def test_content_that_is_not_there_is_named(tmp_path: Path) -> None:
    missing = Descriptor(CONFIG_TYPE, Digest(sha256(b"missing")), 7)
    for write in (layout, oci_archive, old_docker_archive):
        reference = write(tmp_path / write.__name__, image(LAYER))
        with open_source(reference, StoreOptions(work_dir=tmp_path)) as source:
            source.roots()
            with pytest.raises(NotFoundError, match=missing.digest.encoded):
                source.open(missing)
