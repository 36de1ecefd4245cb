"""Manifests: descriptors, fields, and the JSON itself, also that of configs."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from support import images
from support.hostile.table import GZIP, ZEROS, add, one_layer
from support.images import Built

Edit = Callable[[Built], Any]


def _edited(name: str, accept: bool, edit: Edit) -> None:
    """A manifest after an edit of the image; what the edit returns, if anything, is written."""

    def write(place: Path) -> str:
        built = one_layer()
        document = edit(built)
        if document is None:
            return images.layout(place, built)
        raw = document if isinstance(document, bytes) else images.dump(document)
        top = images.index(built.blobs.add(raw, images.MANIFEST_TYPE))
        return images.write_layout(place, built.blobs, top)

    add(f"manifest-{name}", accept, write)


def _set(*where: str | int, to: Any) -> Edit:
    """Sets (or, with `...`, drops) one field of the manifest."""

    def edit(built: Built) -> None:
        target: Any = built.manifest
        for step in where[:-1]:
            target = target[step]
        if to is ...:
            del target[where[-1]]
        else:
            target[where[-1]] = to

    return edit


for _what, _digest in {
    "traversal": "sha256:../../../../../../etc/passwd",
    "slash": "sha256:" + "0" * 62 + "/a",
    "dots": "sha256:" + "." * 64,
    "upper-case": "sha256:" + "A" * 64,
    "upper-algorithm": "SHA256:" + ZEROS,
    "newline": "sha256:" + ZEROS + "\n",
    "nul": "sha256:" + "0" * 63 + "\0",
    "63": "sha256:" + "0" * 63,
    "65": "sha256:" + "0" * 65,
    "empty": "",
    "bare": ZEROS,
    "no-algorithm": ":" + ZEROS,
    "md5": "md5:" + "0" * 32,
    "unknown": "sha3-256:" + ZEROS,
    "not-there": "sha256:" + ZEROS,
    "sha512-short": "sha512:" + ZEROS,
    "full-width": "sha256:" + "\uff10" * 64,
    "number": 5,
    "null": None,
    "list": ["sha256:" + ZEROS],
}.items():
    _edited(f"layer-digest-{_what}", False, _set("layers", 0, "digest", to=_digest))
for _what, _size in {
    "negative": -1,
    "zero": 0,
    "one-more": len(GZIP) + 1,
    "one-less": len(GZIP) - 1,
    "2-to-the-63": 1 << 63,
    "huge": 10**30,
    "fraction": 1.5,
    "text": "100",
    "true": True,
    "null": None,
    "missing": ...,
}.items():
    _edited(f"layer-size-{_what}", False, _set("layers", 0, "size", to=_size))
    _edited(f"config-size-{_what}", False, _set("config", "size", to=_size))
for _what, _version in {
    "1": 1,
    "3": 3,
    "text": "2",
    "true": True,
    "missing": ...,
    "null": None,
}.items():
    _edited(f"schema-{_what}", False, _set("schemaVersion", to=_version))
for _what, _layers_value in {
    "null": None,
    "text": "x",
    "object": {},
    "of-null": [None],
    "missing": ...,
    "of-texts": ["sha256:" + ZEROS],
}.items():
    _edited(f"layers-{_what}", False, _set("layers", to=_layers_value))
for _what, _config_value in {"null": None, "text": "x", "list": [], "missing": ...}.items():
    _edited(f"config-{_what}", False, _set("config", to=_config_value))
for _what, _type_value in {
    "index": images.INDEX_TYPE,
    "parameters": images.MANIFEST_TYPE + "; charset=utf-8",
    "number": 5,
    "upper": images.MANIFEST_TYPE.upper(),
}.items():
    _edited(f"media-type-{_what}", False, _set("mediaType", to=_type_value))
_edited("media-type-missing", True, _set("mediaType", to=...))
_edited("media-type-null", True, _set("mediaType", to=None))
_edited("layer-media-type-unknown", False, _set("layers", 0, "mediaType", to="application/x-tar"))
_edited(
    "layer-media-type-of-manifest", False, _set("layers", 0, "mediaType", to=images.MANIFEST_TYPE)
)
_edited("layer-media-type-missing", False, _set("layers", 0, "mediaType", to=...))
_edited(
    "config-media-type-helm",
    False,
    _set("config", "mediaType", to="application/vnd.cncf.helm.config.v1+json"),
)
_edited(
    "config-media-type-empty",
    False,
    _set("config", "mediaType", to="application/vnd.oci.empty.v1+json"),
)
_edited(
    "layer-foreign-without-blob",
    False,
    lambda b: b.manifest.update(
        layers=[
            {
                "mediaType": images.OCI + ".layer.nondistributable.v1.tar+gzip",
                "digest": "sha256:" + ZEROS,
                "size": 9,
                "urls": ["http://127.0.0.1:9/x", "file:///etc/passwd"],
            }
        ]
    ),
)
_edited(
    "layer-urls", True, _set("layers", 0, "urls", to=["http://127.0.0.1:9/x", "file:///etc/passwd"])
)
_edited("layer-data-other", False, _set("layers", 0, "data", to="aGVsbG8="))
_edited("layer-data-not-base64", False, _set("layers", 0, "data", to="!!"))
_edited("layer-data-number", False, _set("layers", 0, "data", to=5))
_edited("annotations-null", True, _set("annotations", to=None))
_edited("annotations-of-numbers", False, _set("annotations", to={"a": 1}))
_edited("annotations-list", False, _set("annotations", to=["a"]))
_edited("annotations-hostile", True, _set("annotations", to={"\x1b[31m\u202e\n": "<script>\0"}))
_edited("unknown-fields", True, _set("layerz", to={"a": [1, 2.5, None, True]}))
_edited(
    "subject", True, lambda b: b.manifest.update(subject=b.blobs.add(b"{}", images.MANIFEST_TYPE))
)
_edited("manifests-too", False, _set("manifests", to=[]))
_edited("manifests-null-too", False, _set("manifests", to=None))
_edited("fslayers-too", False, _set("fsLayers", to=[]))
_edited("case-of-a-name", False, lambda b: b.manifest.update(Layers=b.manifest["layers"]))
_edited("layers-1001", False, lambda b: b.manifest.update(layers=b.manifest["layers"] * 1001))
_edited("layers-fewer-than-diff-ids", False, _set("layers", to=[]))
_edited("config-not-there", False, _set("config", "digest", to="sha256:" + ZEROS))
_edited(
    "config-is-the-layer",
    False,
    lambda b: b.manifest["config"].update(
        {k: v for k, v in b.manifest["layers"][0].items() if k != "mediaType"}
    ),
)
_edited(
    "layer-is-the-config",
    False,
    lambda b: b.manifest["layers"][0].update(
        {k: v for k, v in b.manifest["config"].items() if k != "mediaType"}
    ),
)

Text = Callable[[str], str | bytes]


def _text(name: str, accept: bool, edit: Text) -> None:
    """The manifest's and the config's own bytes after an edit."""

    def manifest(built: Built) -> bytes:
        changed = edit(json.dumps(built.manifest))
        return changed if isinstance(changed, bytes) else changed.encode()

    _edited(f"json-{name}", accept, manifest)

    def config(built: Built) -> None:
        changed = edit(json.dumps(built.config))
        raw = changed if isinstance(changed, bytes) else changed.encode()
        built.manifest["config"] = built.blobs.add(raw, images.CONFIG_TYPE)

    _edited(f"config-json-{name}", accept, config)


_text("white-space", True, lambda t: f"\n\t {t} \r\n")
_text("empty", False, lambda t: "")
_text("null", False, lambda t: "null")
_text("list", False, lambda t: f"[{t}]")
_text("string", False, lambda t: json.dumps(t))
_text("cut", False, lambda t: t[:-1])
_text("twice", False, lambda t: t + t)
_text("bytes-after", False, lambda t: t.encode() + b"\0")
_text("byte-order-mark", False, lambda t: b"\xef\xbb\xbf" + t.encode())
_text("utf-16", False, lambda t: t.encode("utf-16"))
_text("not-utf8", False, lambda t: t.encode().replace(b"{", b'{"a":"\xff",', 1))
_text("nan", False, lambda t: t.replace("{", '{"a":NaN,', 1))
_text("infinity", False, lambda t: t.replace("{", '{"a":1e999,', 1))
_text("comment", False, lambda t: "// c\n" + t)
_text("trailing-comma", False, lambda t: t[:-1] + ",}")
_text("single-quotes", False, lambda t: t.replace('"', "'"))
_text("name-twice", False, lambda t: t.replace("{", '{"a":1,"a":2,', 1))
_text("name-twice-by-escape", False, lambda t: t.replace("{", '{"a":1,"\\u0061":2,', 1))
_text("half-a-surrogate", False, lambda t: t.replace("{", '{"a":"\\ud800",', 1))
_text("control-in-string", False, lambda t: t.replace("{", '{"a":"\n",', 1))
_text("depth-200", False, lambda t: t.replace("{", '{"a":' + "[" * 200 + "]" * 200 + ",", 1))
_text("depth-100000", False, lambda t: t.replace("{", '{"a":' + "[" * 100_000 + ",", 1))
_text("number-of-5000-digits", False, lambda t: t.replace("{", '{"a":' + "9" * 5000 + ",", 1))
_text(
    "values-over-a-million", False, lambda t: t.replace("{", '{"a":[' + "0," * 1_000_001 + "0],", 1)
)
_text("of-17-mib", False, lambda t: t + " " * (17 << 20))
