"""Images for tests: documents and blobs made in code, written in every form slim reads."""

import copy
import gzip
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zstandard

OCI = "application/vnd.oci.image"
MANIFEST_TYPE = f"{OCI}.manifest.v1+json"
INDEX_TYPE = f"{OCI}.index.v1+json"
CONFIG_TYPE = f"{OCI}.config.v1+json"
LAYER_TYPE = f"{OCI}.layer.v1.tar"
REF_NAME = "org.opencontainers.image.ref.name"

Json = dict[str, Any]


def sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def dump(document: Any) -> bytes:
    return json.dumps(document).encode()


def compress(data: bytes, compression: str) -> bytes:
    """`compression` is none, gzip or zstd."""
    match compression:
        case "gzip":
            return gzip.compress(data, mtime=0)
        case "zstd":
            return zstandard.ZstdCompressor().compress(data)
        case _:
            return data


@dataclass
class Blobs:
    """Content by digest, as it lies under `blobs/`."""

    content: dict[str, bytes] = field(default_factory=dict)

    def add(self, data: bytes, media_type: str, **more: Any) -> Json:
        """Keep `data` and give its descriptor."""
        digest = sha256(data)
        self.content[digest] = data
        return {"mediaType": media_type, "digest": digest, "size": len(data), **more}

    def add_json(self, document: Any, media_type: str, **more: Any) -> Json:
        return self.add(dump(document), media_type, **more)


@dataclass
class Built:
    """An image: its documents before they are written, so that a test can bend any of them."""

    layers: list[bytes]
    compression: str = "gzip"
    config: Json = field(default_factory=dict)
    manifest: Json = field(default_factory=dict)
    blobs: Blobs = field(default_factory=Blobs)

    def __post_init__(self) -> None:
        suffix = "" if self.compression == "none" else f"+{self.compression}"
        self.config = {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Cmd": ["/app"]},
            "rootfs": {"type": "layers", "diff_ids": [sha256(layer) for layer in self.layers]},
            "history": [{"created_by": f"step {number}"} for number in range(len(self.layers))],
            **self.config,
        }
        self.manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": self.blobs.add_json(self.config, CONFIG_TYPE),
            "layers": [
                self.blobs.add(compress(layer, self.compression), LAYER_TYPE + suffix)
                for layer in self.layers
            ],
            **self.manifest,
        }

    def descriptor(self, **more: Any) -> Json:
        """Store the manifest as it is now and give its descriptor."""
        return self.blobs.add_json(self.manifest, MANIFEST_TYPE, **more)


def image(*layers: bytes, compression: str = "gzip", **config: Any) -> Built:
    """An image of these layer tars; keywords replace fields of its config."""
    return Built(list(layers), compression, config)


def platform(architecture: str, os: str = "linux", variant: str = "") -> Json:
    said = {"os": os, "architecture": architecture}
    return {**said, "variant": variant} if variant else said


def attestation(blobs: Blobs, subject: Json) -> Json:
    """BuildKit's attestation manifest for `subject`: an index entry that is no platform."""
    config = blobs.add_json({"architecture": "unknown", "os": "unknown"}, CONFIG_TYPE)
    layer = blobs.add(b"{}", "application/vnd.in-toto+json")
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": config,
        "layers": [layer],
    }
    return blobs.add_json(
        document,
        MANIFEST_TYPE,
        platform=platform("unknown", "unknown"),
        annotations={
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": subject["digest"],
        },
    )


def index(*manifests: Json) -> Json:
    return {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": list(manifests)}


def layout_files(blobs: Blobs, top: Json) -> dict[str, bytes]:
    """The files of an OCI layout by name."""
    files = {"oci-layout": dump({"imageLayoutVersion": "1.0.0"}), "index.json": dump(top)}
    for digest, data in blobs.content.items():
        files[f"blobs/{digest.replace(':', '/')}"] = data
    return files


def write_layout(folder: Path, blobs: Blobs, top: Json) -> str:
    """Write an OCI layout; gives its reference."""
    for name, data in layout_files(blobs, top).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return f"oci:{folder}"


def write_tar(path: Path, files: dict[str, bytes]) -> None:
    with tarfile.open(path, "w") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def layout(folder: Path, built: Built, ref: str | None = None) -> str:
    """Write one image as a layout; gives its reference."""
    annotations = {"annotations": {REF_NAME: ref}} if ref else {}
    top = index(built.descriptor(**annotations))
    return write_layout(folder, built.blobs, top) + (f":{ref}" if ref else "")


def oci_archive(path: Path, built: Built) -> str:
    write_tar(path, layout_files(built.blobs, index(built.descriptor())))
    return f"oci-archive:{path}"


def docker_archive(path: Path, built: Built, tags: list[str] | None = None) -> str:
    """What current `docker save` writes: an OCI layout with a manifest.json beside it."""
    files = layout_files(built.blobs, index(built.descriptor()))
    names = [f"blobs/{item['digest'].replace(':', '/')}" for item in built.manifest["layers"]]
    config = f"blobs/{built.manifest['config']['digest'].replace(':', '/')}"
    files["manifest.json"] = dump([{"Config": config, "RepoTags": tags, "Layers": names}])
    write_tar(path, files)
    return f"docker-archive:{path}"


def old_docker_archive(path: Path, built: Built, tags: list[str] | None = None) -> str:
    """What `docker save` wrote before: plain layer.tar files in folders, no digests anywhere."""
    config = dump(built.config)
    files = {f"{sha256(config)[7:]}.json": config}
    names = []
    for number, layer in enumerate(built.layers):
        name = f"{number:064x}/layer.tar"
        files[name] = layer
        names.append(name)
    entry = {"Config": f"{sha256(config)[7:]}.json", "RepoTags": tags, "Layers": names}
    files["manifest.json"] = dump([entry])
    write_tar(path, files)
    return f"docker-archive:{path}"


def bent(document: Json, **changes: Any) -> Json:
    """A deep copy with some fields replaced, or left out where the change is `...`."""
    result = {**copy.deepcopy(document), **changes}
    return {name: value for name, value in result.items() if value is not ...}
