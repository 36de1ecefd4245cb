"""Layers and a config put together as an OCI archive or as `docker save` wrote them of old."""

import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import zstandard

from recipes.layers import MTIME, Layer, gzipped

CREATED = "2024-01-02T03:04:05Z"
_OCI = "application/vnd.oci.image"
_COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "+gzip": gzipped,
    "+zstd": zstandard.ZstdCompressor(level=19).compress,
}


@dataclass
class Image:
    """An image in the making: `steps` are (created_by, layer, compression); no layer, no blob."""

    config: dict[str, Any]
    steps: list[tuple[str, Layer | None, str]] = field(default_factory=list)

    def step(self, created_by: str, layer: Layer | None = None, compression: str = "gzip") -> None:
        self.steps.append((created_by, layer, f"+{compression}" if compression else ""))


@dataclass(frozen=True)
class _Built:
    config: bytes
    tars: list[bytes]
    compressions: list[str]


def _build(image: Image) -> _Built:
    full = [(layer.tar(), compression) for _, layer, compression in image.steps if layer]
    tars = [tar for tar, _ in full]
    history = [
        {"created": CREATED, "created_by": by} | ({} if layer else {"empty_layer": True})
        for by, layer, _ in image.steps
    ]
    document = {
        "created": CREATED,
        "architecture": "amd64",
        "os": "linux",
        "config": image.config,
        "rootfs": {"type": "layers", "diff_ids": [_digest(tar) for tar in tars]},
        "history": history,
    }
    return _Built(_json(document), tars, [compression for _, compression in full])


def write_oci_archive(image: Image, tag: str, path: Path) -> None:
    """An OCI image layout in one tar, with one manifest named `tag`."""
    built = _build(image)
    blobs: dict[str, bytes] = {}

    def store(data: bytes, media_type: str) -> dict[str, Any]:
        blobs[_digest(data)] = data
        return {"mediaType": media_type, "digest": _digest(data), "size": len(data)}

    layers = [
        store(_COMPRESSIONS[kind](tar), f"{_OCI}.layer.v1.tar{kind}")
        for tar, kind in zip(built.tars, built.compressions, strict=True)
    ]
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{_OCI}.manifest.v1+json",
        "config": store(built.config, f"{_OCI}.config.v1+json"),
        "layers": layers,
    }
    named = store(_json(manifest), f"{_OCI}.manifest.v1+json") | {
        "annotations": {"org.opencontainers.image.ref.name": tag},
        "platform": {"architecture": "amd64", "os": "linux"},
    }
    index = {"schemaVersion": 2, "mediaType": f"{_OCI}.index.v1+json", "manifests": [named]}
    files = {"oci-layout": _json({"imageLayoutVersion": "1.0.0"}), "index.json": _json(index)}
    files |= {f"blobs/{digest.replace(':', '/')}": blobs[digest] for digest in sorted(blobs)}
    _write_tar(files, path)


def write_docker_archive(image: Image, repository: str, tag: str, path: Path) -> None:
    """What `docker save` wrote before version 25: layer folders, uncompressed layer.tar files."""
    built = _build(image)
    config_name = f"{_digest(built.config).removeprefix('sha256:')}.json"
    files: dict[str, bytes] = {config_name: built.config}
    identifier = ""
    identifiers = []
    for tar in built.tars:
        parent = {"parent": identifier} if identifier else {}
        identifier = hashlib.sha256(identifier.encode() + tar).hexdigest()
        identifiers.append(identifier)
        legacy = {"id": identifier, **parent, "created": CREATED, "os": "linux"}
        files[f"{identifier}/VERSION"] = b"1.0"
        files[f"{identifier}/json"] = _json(legacy)
        files[f"{identifier}/layer.tar"] = tar
    names = [f"{one}/layer.tar" for one in identifiers]
    manifest = {"Config": config_name, "RepoTags": [f"{repository}:{tag}"], "Layers": names}
    files["manifest.json"] = _json([manifest])
    files["repositories"] = _json({repository: {tag: identifier}})
    _write_tar(files, path)


def _write_tar(files: dict[str, bytes], path: Path) -> None:
    """Folders get entries of their own: some readers (syft) unpack, and make none by themselves."""
    folders = {str(parent) for name in files for parent in PurePosixPath(name).parents} - {"."}
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(folders):
            archive.addfile(_archive_entry(name, tarfile.DIRTYPE, 0o755))
        for name, data in files.items():
            entry = _archive_entry(name, tarfile.REGTYPE, 0o644)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))


def _archive_entry(name: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode, entry.mtime = kind, mode, MTIME
    return entry


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _json(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()
