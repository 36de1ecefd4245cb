"""Images made in code, scanned and merged by slim itself, ready for the detectors."""

import json
import zlib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from formats.elf_builder import Elf
from support.layers import Content, File, index_of, tar_of

from slimmer.detect.interface import Detector, Finding, Subject
from slimmer.filesystem.merge import merge
from slimmer.image.image import Image, image_of
from slimmer.oci.config import ImageConfig
from slimmer.oci.descriptor import Descriptor
from slimmer.oci.manifest import Manifest, parse_document
from slimmer.packages.catalogue import read_packages
from slimmer.packages.interface import Packages
from slimmer.secrets.engine import Scanner
from slimmer.store.interface import Location, Source

Layer = Mapping[str, Content]

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"

# The config of an image that there is nothing to say about.
QUIET: dict[str, Any] = {
    "User": "10001",
    "Healthcheck": {"Test": ["CMD", "/app/server", "health"]},
    "Entrypoint": ["/app/server"],
}


def program(name: str = "program", mode: int = 0o755, size: int = 0, **more: Any) -> File:
    """An ELF executable that starts nothing; `size` zero bytes make it heavier."""
    return File(Elf(type=2, data=name.encode() + bytes(size)).build(), mode, **more)


def library() -> File:
    """A shared object with the executable bit, as some packages ship them."""
    return File(Elf(type=3, soname=b"lib.so").build(), 0o755)


def script(interpreter: str = "/bin/sh", mode: int = 0o755) -> File:
    return File(f"#!{interpreter}\n:\n".encode(), mode)


def noise(size: int) -> bytes:
    """Bytes that look like nothing to any parser."""
    return bytes(zlib.crc32(number.to_bytes(4, "big")) % 93 + 33 for number in range(size))


def subject_of(
    *layers: Layer,
    config: Mapping[str, Any] | None = None,
    history: Sequence[Mapping[str, Any]] = (),
    packages: Packages | None = None,
) -> Subject:
    """The subject of an image with these layers, base first, and this `config` in its config."""
    indexes = tuple(index_of(layer) for layer in layers)
    document = {
        "os": "linux",
        "architecture": "amd64",
        "config": dict(QUIET if config is None else config),
        "rootfs": {"type": "layers", "diff_ids": [str(index.diff_id) for index in indexes]},
        "history": list(history),
    }
    filesystem = merge(indexes)
    return Subject(
        _image(json.dumps(document).encode(), layers),
        indexes,
        filesystem,
        packages or read_packages(filesystem),
        scanner(),
    )


def _image(config: bytes, layers: Sequence[Layer]) -> Image:
    described = [Descriptor.of(LAYER, tar_of(layer)) for layer in layers]
    raw = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": _json(Descriptor.of(CONFIG, config)),
            "layers": [_json(descriptor) for descriptor in described],
        }
    ).encode()
    manifest = parse_document(raw, MANIFEST, "test")
    assert isinstance(manifest, Manifest)
    return image_of(_Nowhere(), manifest, ImageConfig.parse(config, "test"))


def _json(descriptor: Descriptor) -> dict[str, Any]:
    return {
        "mediaType": descriptor.media_type,
        "digest": str(descriptor.digest),
        "size": descriptor.size,
    }


class _Nowhere(Source):
    location = Location("test")

    def roots(self) -> tuple[Descriptor, ...]:
        raise NotImplementedError

    def open(self, descriptor: Descriptor) -> Any:
        raise NotImplementedError


def found(detector: Detector, subject: Subject) -> list[Finding]:
    """What one detector finds, and it finds nothing of a category it does not name."""
    findings = list(detector.detect(subject))
    assert {finding.category for finding in findings} <= set(detector.categories)
    return findings


def brief(findings: Sequence[Finding]) -> list[tuple[str, str, str | None, str]]:
    """(severity, id, path, message) of each."""
    return [(item.severity.label, item.id, item.path, item.message) for item in findings]


def ids(findings: Sequence[Finding]) -> list[tuple[str, str | None]]:
    """(id, path) of each."""
    return [(item.id, item.path) for item in findings]


@cache
def scanner() -> Scanner:
    return Scanner()
