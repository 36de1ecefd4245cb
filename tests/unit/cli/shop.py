"""A small image with something of everything, and with names that mean harm."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from support import planted
from support.layers import File, Folder, Hardlink, Layer, Symlink, tar_of

ESCAPE_NAME = "usr/bin/\x1b[31mred"
LATIN_NAME = b"srv/caf\xe9".decode("utf-8", "surrogateescape")
TOKEN = planted.github_token("shop")
PASSWORD = planted.password("shop")

LAYERS: tuple[Layer, ...] = (
    {
        "etc/passwd": b"root:x:0:0::/root:/bin/sh\nshop:x:1000:1000::/srv:/bin/false\n",
        "etc/group": b"root:x:0:\nshop:x:1000:\n",
        "var/lib/dpkg/status": (
            b"Package: tool\nStatus: install ok installed\nVersion: 1.2-3\nArchitecture: amd64\n\n"
        ),
        "var/lib/dpkg/info/tool.list": b"/.\n/usr\n/usr/bin\n/usr/bin/tool\n",
        "usr/bin/tool": File(b"#!/usr/bin/env none\n", mode=0o4755),
        "bin": Symlink("usr/bin"),
        "srv/.env": f"TOKEN={TOKEN}\n".encode(),
    },
    {
        ESCAPE_NAME: File(b"#!/usr/bin/env none\n", mode=0o4755),
        "usr/bin/gpj.\u202eexe": File(b"#!/usr/bin/env none\n", mode=0o4755),
        "srv/new\nline": Folder(mode=0o777),
        LATIN_NAME: Folder(mode=0o777),
        "srv/c1\u009bcsi": b"x",
        "srv/back\\slash": b"x",
        "srv/Äpfel": File(b"1234567", mode=0o640, uid=1000, gid=1000),
        "srv/same": Hardlink("srv/Äpfel"),
        "srv/.wh..env": b"",
    },
)

HISTORY = ("COPY . /", "RUN /bin/sh -c echo \x1b[2J\ttwo\nlines # buildkit")

CONFIG: dict[str, Any] = {
    "Entrypoint": ["/usr/bin/tool", "--title=\x1b]0;owned\x07"],
    "Env": ["PATH=/usr/bin", f"DB_PASSWORD={PASSWORD}", f"NPM_TOKEN={TOKEN}"],
    "Labels": {"note": "\u009b2J"},
    "ExposedPorts": {"8080/tcp": {}},
}


def write_layout(
    folder: Path,
    layers: Sequence[Layer] = LAYERS,
    config: Mapping[str, Any] = CONFIG,
    history: Sequence[str] = HISTORY,
    name: str | None = None,
) -> Path:
    """An OCI layout with one image of uncompressed layers; the same input gives the same digest.

    Called again with another `name`, it adds that image to the layout.
    """
    tars = [tar_of(layer) for layer in layers]
    document = {
        "architecture": "amd64",
        "os": "linux",
        "config": dict(config),
        "rootfs": {"type": "layers", "diff_ids": [_digest(tar) for tar in tars]},
        "history": [{"created_by": text} for text in history],
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": _blob(folder, _json(document), "config.v1+json"),
        "layers": [_blob(folder, tar, "layer.v1.tar") for tar in tars],
    }
    descriptor = _blob(folder, _json(manifest), "manifest.v1+json")
    if name is not None:
        descriptor["annotations"] = {"org.opencontainers.image.ref.name": name}
    index = folder / "index.json"
    known = json.loads(index.read_text())["manifests"] if index.exists() else []
    index.write_bytes(_json({"schemaVersion": 2, "manifests": [*known, descriptor]}))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return folder


def _json(document: object) -> bytes:
    return json.dumps(document).encode()


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _blob(folder: Path, data: bytes, kind: str) -> dict[str, Any]:
    digest = _digest(data)
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True, exist_ok=True)
    (blobs / digest.partition(":")[2]).write_bytes(data)
    return {
        "mediaType": f"application/vnd.oci.image.{kind}",
        "digest": digest,
        "size": len(data),
    }
