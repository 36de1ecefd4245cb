"""Indexes."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from support import images
from support.hostile.table import ZEROS, add, one_layer
from support.images import Built, Json


def _index(name: str, accept: bool, make: Callable[[Built], Any]) -> None:
    def write(place: Path) -> str:
        built = one_layer()
        top = make(built)
        files = images.layout_files(built.blobs, {})
        files["index.json"] = top if isinstance(top, bytes) else images.dump(top)
        return _write_files(place, files)

    add(f"index-{name}", accept, write)


def _write_files(place: Path, files: Mapping[str, bytes]) -> str:
    for name, data in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return f"oci:{place}"


def _nested(depth: int) -> Callable[[Built], Json]:
    def make(built: Built) -> Json:
        child = built.descriptor()
        for _ in range(depth):
            child = built.blobs.add_json(images.index(child), images.INDEX_TYPE)
        return images.index(child)

    return make


def _fan_out(built: Built) -> Json:
    child = built.descriptor()
    for level in range(7):
        document = images.index(*[child] * 500)
        child = built.blobs.add_json(
            {**document, "annotations": {"a": str(level)}}, images.INDEX_TYPE
        )
    return images.index(child)


def _many(built: Built) -> Json:
    wide = [
        built.blobs.add_json({**built.manifest, "annotations": {"n": str(n)}}, images.MANIFEST_TYPE)
        for n in range(1001)
    ]
    return images.index(built.blobs.add_json(images.index(*wide), images.INDEX_TYPE))


_index("null", False, lambda b: b"null")
_index("manifests-null", False, lambda b: images.bent(images.index(), manifests=None))
_index("manifests-missing", False, lambda b: images.bent(images.index(), manifests=...))
_index("manifests-empty", False, lambda b: images.index())
_index("manifests-of-null", False, lambda b: images.bent(images.index(), manifests=[None]))
_index("layers-too", False, lambda b: {**images.index(b.descriptor()), "layers": []})
_index("is-a-manifest", False, lambda b: b.manifest)
_index("schema-1", False, lambda b: {**images.index(b.descriptor()), "schemaVersion": 1})
_index(
    "media-type-missing", True, lambda b: images.bent(images.index(b.descriptor()), mediaType=...)
)
_index(
    "media-type-of-manifest",
    False,
    lambda b: {**images.index(b.descriptor()), "mediaType": images.MANIFEST_TYPE},
)
_index(
    "media-type-of-docker",
    True,
    lambda b: {
        **images.index(b.descriptor()),
        "mediaType": "application/vnd.docker.distribution.manifest.list.v2+json",
    },
)
_index(
    "child-says-index",
    False,
    lambda b: images.index({**b.descriptor(), "mediaType": images.INDEX_TYPE}),
)
_index(
    "child-unknown-only", False, lambda b: images.index(b.blobs.add(b"{}", "application/x-other"))
)
_index(
    "child-unknown-too",
    True,
    lambda b: images.index(
        b.blobs.add_json(
            images.index(b.blobs.add(b"{}", "application/x-other"), b.descriptor()),
            images.INDEX_TYPE,
        )
    ),
)
_index(
    "child-not-there",
    False,
    lambda b: images.index({**b.descriptor(), "digest": "sha256:" + ZEROS}),
)
_index(
    "child-schema-1",
    False,
    lambda b: images.index(
        b.blobs.add(
            b'{"schemaVersion":1,"fsLayers":[]}',
            "application/vnd.docker.distribution.manifest.v1+prettyjws",
        )
    ),
)
_index(
    "child-artifact", False, lambda b: images.index(b.descriptor(artifactType="application/x-sbom"))
)
_index(
    "child-attestation-only",
    False,
    lambda b: images.index(images.attestation(b.blobs, b.descriptor())),
)
_index(
    "child-digest-of-other",
    False,
    lambda b: images.index(
        {
            **b.descriptor(),
            "digest": b.manifest["config"]["digest"],
            "size": b.manifest["config"]["size"],
        }
    ),
)
_index("platform-text", False, lambda b: images.index(b.descriptor(platform="linux/amd64")))
_index(
    "platform-of-numbers",
    False,
    lambda b: images.index(b.descriptor(platform={"os": 1, "architecture": 2})),
)
_index(
    "platform-hostile",
    True,
    lambda b: images.index(b.descriptor(platform={"os": "\x1b[2J", "architecture": "\n"})),
)
_index(
    "names-hostile",
    True,
    lambda b: images.index(b.descriptor(annotations={images.REF_NAME: "../../x\x1b[31m\n\u202e"})),
)
_index("same-child-twice", True, lambda b: images.index(b.descriptor(), b.descriptor()))
_index("nested-7", True, _nested(7))
_index("nested-8", True, _nested(8))
_index("nested-9", False, _nested(9))
_index("nested-60", False, _nested(60))
_index("fan-out-500-to-the-7", True, _fan_out)
_index("children-1001", False, _many)
_index("of-17-mib", False, lambda b: images.dump(images.index(b.descriptor())) + b" " * (17 << 20))
