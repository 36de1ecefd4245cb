"""Archives: layouts in a tar, and what `docker save` writes."""

import gzip
import os
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import zstandard

from support import images
from support.hostile.table import GZIP, ZSTD, add, one_layer
from support.images import Built, Json
from support.tars import (
    END,
    Member,
    file,
    folder,
    make_tar,
    symlink,
)


def _files_of(built: Built) -> dict[str, bytes]:
    return images.layout_files(built.blobs, images.index(built.descriptor()))


def _archive(
    name: str,
    accept: bool,
    make: Callable[[Built], bytes],
    transport: str = "oci-archive",
    suffix: str = ".tar",
) -> None:
    def write(place: Path) -> str:
        place.mkdir(parents=True, exist_ok=True)
        path = place / f"image{suffix}"
        path.write_bytes(make(one_layer()))
        return f"{transport}:{path}"

    add(f"{transport}-{name}", accept, write)


def _tar_of(files: Mapping[str, bytes], *more: Member) -> bytes:
    return make_tar(*(file(name, data) for name, data in files.items()), *more)


def _blob(built: Built) -> str:
    return f"blobs/{built.manifest['layers'][0]['digest'].replace(':', '/')}"


def _instead_of_blob(kind: bytes, link: str = "") -> Callable[[Built], bytes]:
    def make(built: Built) -> bytes:
        files = _files_of(built)
        blob = _blob(built)
        real = files.pop(blob)
        return _tar_of({**files, "real": real}, Member(blob, kind, link=link))

    return make


def _renamed(change: Callable[[str], str]) -> Callable[[Built], bytes]:
    return lambda b: _tar_of({change(name): data for name, data in _files_of(b).items()})


_archive("plain", True, lambda b: _tar_of(_files_of(b)))
_archive("no-bytes", False, lambda b: b"")
_archive("end-blocks-only", False, lambda b: END)
_archive("not-a-tar", False, lambda b: b"hello " * 500)
_archive("cut", False, lambda b: _tar_of(_files_of(b))[:1500])
_archive("names-with-dot", True, _renamed(lambda name: f"./{name}"))
_archive("names-absolute", True, _renamed(lambda name: f"/{name}"))
_archive("in-a-folder", False, _renamed(lambda name: f"image/{name}"))
_archive("index-twice", False, lambda b: _tar_of(_files_of(b), file("index.json", b"{}")))
_archive(
    "index-twice-by-spelling", False, lambda b: _tar_of(_files_of(b), file("./index.json", b"{}"))
)
_archive(
    "marker-missing",
    False,
    lambda b: _tar_of({k: v for k, v in _files_of(b).items() if k != "oci-layout"}),
)
_archive(
    "blob-missing",
    False,
    lambda b: _tar_of({k: v for k, v in _files_of(b).items() if k != _blob(b)}),
)
_archive("blob-as-link", True, _instead_of_blob(tarfile.SYMTYPE, "../../real"))
_archive("blob-as-hardlink", True, _instead_of_blob(tarfile.LNKTYPE, "real"))
_archive("blob-as-link-to-host", False, _instead_of_blob(tarfile.SYMTYPE, "/etc/hostname"))
_archive(
    "blob-as-link-out", False, _instead_of_blob(tarfile.SYMTYPE, "../../../../../../etc/hostname")
)
_archive("blob-as-hardlink-to-host", False, _instead_of_blob(tarfile.LNKTYPE, "/etc/hostname"))
_archive(
    "blob-as-link-to-itself",
    False,
    lambda b: _instead_of_blob(tarfile.SYMTYPE, os.path.basename(_blob(b)))(b),
)
_archive("blob-as-folder", False, _instead_of_blob(tarfile.DIRTYPE))
_archive("blob-as-fifo", False, _instead_of_blob(tarfile.FIFOTYPE))
_archive("blob-as-device", False, _instead_of_blob(tarfile.CHRTYPE))
_archive(
    "blobs-below-a-link",
    False,
    lambda b: make_tar(symlink("blobs", "/tmp"), *(file(k, v) for k, v in _files_of(b).items())),
)
_archive(
    "other-members",
    True,
    lambda b: _tar_of(
        _files_of(b), file("../../etc/cron.d/x", b"x"), Member("dev", tarfile.CHRTYPE)
    ),
)
_archive("in-gzip", True, lambda b: gzip.compress(_tar_of(_files_of(b))), suffix=".tar.gz")
_archive(
    "in-zstd",
    True,
    lambda b: zstandard.ZstdCompressor().compress(_tar_of(_files_of(b))),
    suffix=".tar.zst",
)
_archive(
    "in-gzip-cut", False, lambda b: gzip.compress(_tar_of(_files_of(b)))[:-9], suffix=".tar.gz"
)
_archive(
    "in-gzip-twice",
    False,
    lambda b: gzip.compress(gzip.compress(_tar_of(_files_of(b)))),
    suffix=".tar.gz",
)
_archive("in-xz", False, lambda b: b"\xfd7zXZ\0" + bytes(99), suffix=".tar.xz")
_archive(
    "checksum-wrong",
    False,
    lambda b: bytes([_tar_of(_files_of(b))[0] ^ 1]) + _tar_of(_files_of(b))[1:],
)


def _saved(
    name: str,
    accept: bool,
    entries: Callable[[Json], Any] = lambda entry: [entry],
    files: Callable[[dict[str, bytes]], Any] = lambda files: None,
    more: tuple[Member, ...] = (),
) -> None:
    """A `docker save` archive: its manifest.json made of the usual entry, then its files bent."""

    def make(built: Built) -> bytes:
        config = images.dump(built.config)
        entry = {"Config": "config.json", "RepoTags": ["a:b"], "Layers": ["1/layer.tar"]}
        members = {
            "config.json": config,
            "1/layer.tar": built.layers[0],
            "manifest.json": images.dump(entries(entry)),
        }
        files(members)
        return _tar_of(members, *more)

    _archive(name, accept, make, "docker-archive")


_saved("plain", True)
_saved("manifest-null", False, lambda e: None)
_saved("manifest-empty", False, lambda e: [])
_saved("manifest-object", False, lambda e: e)
_saved("manifest-of-null", False, lambda e: [None])
_saved("manifest-missing", False, files=lambda f: f.pop("manifest.json"))
_saved("manifest-twice", False, more=(file("manifest.json", b"[]"),))
_saved("same-image-twice", True, lambda e: [e, e])
_saved("config-missing", False, lambda e: [{k: v for k, v in e.items() if k != "Config"}])
_saved("config-number", False, lambda e: [{**e, "Config": 5}])
_saved("config-absolute", False, lambda e: [{**e, "Config": "/etc/hostname"}])
_saved("config-traversal", False, lambda e: [{**e, "Config": "../../../../../etc/hostname"}])
_saved("config-empty-name", False, lambda e: [{**e, "Config": ""}])
_saved("config-is-a-layer", False, lambda e: [{**e, "Config": "1/layer.tar"}])
_saved("layers-null", False, lambda e: [{**e, "Layers": None}])
_saved("layers-of-numbers", False, lambda e: [{**e, "Layers": [1]}])
_saved("layers-twice", False, lambda e: [{**e, "Layers": e["Layers"] * 2}])
_saved("layer-missing", False, lambda e: [{**e, "Layers": ["2/layer.tar"]}])
_saved("layer-traversal", False, lambda e: [{**e, "Layers": ["../../../../etc/hostname"]}])
_saved("layer-is-the-config", False, lambda e: [{**e, "Layers": ["config.json"]}])
_saved("layer-gzip", True, files=lambda f: f.update({"1/layer.tar": GZIP}))
_saved("layer-zstd", True, files=lambda f: f.update({"1/layer.tar": ZSTD}))
_saved("layer-other", False, files=lambda f: f.update({"1/layer.tar": make_tar(file("g"))}))
_saved("layer-folder", False, files=lambda f: f.pop("1/layer.tar"), more=(folder("1/layer.tar"),))
_saved(
    "layer-link",
    True,
    lambda e: [{**e, "Layers": ["2/layer.tar"]}],
    more=(symlink("2/layer.tar", "../1/layer.tar"),),
)
_saved(
    "layer-link-to-host",
    False,
    lambda e: [{**e, "Layers": ["2/layer.tar"]}],
    more=(symlink("2/layer.tar", "/etc/hostname"),),
)
_saved(
    "layer-links-in-a-circle",
    False,
    lambda e: [{**e, "Layers": ["a"]}],
    more=(symlink("a", "b"), symlink("b", "a")),
)
_saved("tags-null", True, lambda e: [{**e, "RepoTags": None}])
_saved("tags-hostile", True, lambda e: [{**e, "RepoTags": ["\x1b[31m\u202e:\n", "../../x"]}])
_saved("tags-text", False, lambda e: [{**e, "RepoTags": "a:b"}])
