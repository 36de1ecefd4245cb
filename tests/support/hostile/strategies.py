"""Hypothesis strategies for what the table has no line for: documents and tar streams bent at
random, in ways that keep most of them near what is right.
"""

from typing import Any

from hypothesis import strategies as st

from support import tars
from support.images import CONFIG_TYPE, Built, Json, image

_TEXT = st.text(max_size=20) | st.sampled_from(
    ["", "\0", "\x1b[2J", "\u202e", "../../etc/passwd", "sha256:" + "0" * 64, "/", "a" * 5000]
)
_NUMBER = st.integers() | st.sampled_from([-1, 0, 1 << 31, 1 << 63, 10**40]) | st.floats()
_VALUE = st.recursive(
    st.none() | st.booleans() | _NUMBER | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)
_NAME = st.sampled_from(
    [b"f", b"d/f", b"./d//f", b"/f", b"../f", b"d/../f", b".wh.f", b"d/.wh..wh..opq", b".wh.", b"d"]
) | st.binary(min_size=1, max_size=100)
_NUMBER_FIELD = st.sampled_from(
    [b"0000000\0", b"7777777\0", b"       \0", b"\x80" + b"\0" * 7, b"\xff" * 8, b"-1", b"0x1"]
) | st.binary(min_size=8, max_size=8)
_PAX_KEYS = [b"path", b"linkpath", b"size", b"uid", b"gid", b"mtime", b"SCHILY.xattr.user.a"]
_PAX_KEYS += [f"GNU.sparse.{name}".encode() for name in ("map", "size", "major", "realsize")]
_PAX_VALUES = st.sampled_from([b"", b"0", b"1", b"-1", b"512", b"9" * 19, b"f", b"0,1", b"../x"])


@st.composite
def bent(draw: st.DrawFn, document: Json) -> Json:
    """`document` with one to three fields, at any depth, replaced, left out or added."""
    result: Json = _copied(document)
    for _ in range(draw(st.integers(1, 3))):
        target: Any = result
        while isinstance(target, dict | list) and target:
            keys = list(target) if isinstance(target, dict) else list(range(len(target)))
            key = draw(st.sampled_from(keys))
            if draw(st.booleans()) and isinstance(target[key], dict | list) and target[key]:
                target = target[key]
                continue
            match draw(st.sampled_from(["replace", "drop", "add"])):
                case "drop":
                    del target[key]
                case "add" if isinstance(target, dict):
                    target[draw(_TEXT)] = draw(_VALUE)
                case _:
                    target[key] = draw(_VALUE)
            break
    return result


def _copied(value: Any) -> Any:
    match value:
        case dict():
            return {key: _copied(item) for key, item in value.items()}
        case list():
            return [_copied(item) for item in value]
        case _:
            return value


@st.composite
def _entry(draw: st.DrawFn) -> bytes:
    kind = draw(st.sampled_from([b"0", b"1", b"2", b"3", b"5", b"6", b"7", b"S", b"\0"]))
    size = draw(st.sampled_from([0, 1, 512, 513]))
    fields = {
        name: draw(_NUMBER_FIELD)
        for name in draw(st.sets(st.sampled_from(["mode", "uid", "gid", "major"]), max_size=1))
    }
    block = tars.header(draw(_NAME)[:100], kind, size, link=draw(_NAME)[:100], **fields)
    data = tars.padded(b"x" * size) if kind in (b"0", b"7", b"S", b"\0") else b""
    special = b""
    if draw(st.booleans()):
        keys = st.tuples(st.sampled_from(_PAX_KEYS), _PAX_VALUES)
        records = draw(st.lists(keys, min_size=1, max_size=3))
        special = tars.pax_header(b"".join(tars.pax_record(*record) for record in records))
    return special + block + data


@st.composite
def tar_streams(draw: st.DrawFn) -> bytes:
    """Entries of all kinds with right checksums and odd fields; sometimes cut or flipped."""
    data = b"".join(draw(st.lists(_entry(), max_size=6))) + tars.END
    match draw(st.sampled_from(["as it is"] * 4 + ["cut", "flip"])):
        case "cut":
            return data[: draw(st.integers(0, len(data)))]
        case "flip":
            place = draw(st.integers(0, len(data) - 1))
            return data[:place] + bytes([data[place] ^ 0x41]) + data[place + 1 :]
        case _:
            return data


@st.composite
def hostile_images(draw: st.DrawFn) -> Built:
    """Up to three layers, and at most one of the documents bent."""
    layers = draw(st.lists(tar_streams(), max_size=3))
    built = image(*layers, compression=draw(st.sampled_from(["none", "gzip", "zstd"])))
    match draw(st.sampled_from(["layers", "config", "manifest"])):
        case "config":
            config = draw(bent(built.config))
            built.manifest["config"] = built.blobs.add_json(config, CONFIG_TYPE)
        case "manifest":
            built.manifest = draw(bent(built.manifest))
    return built
