"""Large images made in code and written as streams, so that how time grows can be measured.

    write_image(folder, [entries(100_000)], Cmd=["/bin/start"])

A layer is an iterable of tar blocks; nothing of it is held in memory.
"""

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from support.images import CONFIG_TYPE, LAYER_TYPE, MANIFEST_TYPE, Json, dump, index, sha256
from support.tars import END, header, padded, pax_header, pax_record

Blocks = Iterable[bytes]
GIB = 1 << 30
SCRIPT = b"#!/bin/sh\nexec true\n"
_SUM = slice(148, 156)
_PLAIN = header(b"")


def member(
    path: str, data: bytes = b"", kind: bytes = b"0", mode: int = 0o644, link: str = ""
) -> bytes:
    """One entry: as `tars.header` has it, twenty times as fast. Names have up to 100 bytes."""
    name, target = path.encode(), link.encode()
    assert len(name) <= 100 >= len(target)
    block = bytearray(_PLAIN)
    block[: len(name)] = name
    block[100:107] = b"%07o" % mode
    block[124:135] = b"%011o" % len(data)
    block[156:157] = kind
    block[157 : 157 + len(target)] = target
    block[_SUM] = b" " * 8
    block[_SUM] = b"%06o\0 " % sum(block)
    return bytes(block) + padded(data)


def entries(count: int) -> Iterator[bytes]:
    """Small files of an application, a thousand in a folder."""
    yield member("bin/start", SCRIPT, mode=0o755)
    for number in range(count):
        yield member(f"app/{number // 1000:04d}/f{number:07d}", b"line %d\n" % number)


def layer(number: int) -> Iterator[bytes]:
    """A hundred files, ten of them in the place of the layer's below."""
    yield member("bin/start", SCRIPT, mode=0o755)
    for part in range(100):
        folder = "shared" if part < 10 else f"{number:04d}"
        yield member(f"app/{folder}/f{part:03d}", b"layer %d\n" % number)


def sparse_pax(size: int) -> Iterator[bytes]:
    """One file of `size` bytes with 512 of them stored, as PAX sparse 1.0."""
    yield member("bin/start", SCRIPT, mode=0o755)
    data = padded(b"1\n%d\n512\n" % (size - 512)) + b"x" * 512
    records = (
        (b"GNU.sparse.major", b"1"),
        (b"GNU.sparse.minor", b"0"),
        (b"GNU.sparse.name", b"disk"),
        (b"GNU.sparse.realsize", b"%d" % size),
    )
    yield pax_header(b"".join(pax_record(key, value) for key, value in records))
    yield header(b"GNUSparseFile.0/disk", b"0", len(data)) + data


def sparse_gnu(size: int) -> Iterator[bytes]:
    """The same as old GNU tar writes it: the map lies in the header."""
    yield member("bin/start", SCRIPT, mode=0o755)
    block = bytearray(header(b"disk", b"S", 512, magic=b"ustar  \0"))
    segments = (_octal(size - 512), _octal(512))
    block[386:410] = b"".join(segments)
    block[483:495] = _octal(size)
    block[_SUM] = b" " * 8
    block[_SUM] = b"%06o\0 " % sum(block)
    yield bytes(block) + b"x" * 512


def _octal(value: int) -> bytes:
    if value < 8**11:
        return b"%011o\0" % value
    return b"\x80" + value.to_bytes(11, "big")


def debian(files: int, packages: int) -> Iterator[bytes]:
    """A Debian of so many files in so many packages, each with a program and a dependency."""
    yield member("etc/os-release", b'ID=debian\nVERSION_ID="12"\n')
    status: list[bytes] = []
    for number in range(packages):
        name = f"p{number:05d}"
        own = files // packages + (number < files % packages)
        paths = [f"usr/bin/{name}", *(f"usr/share/{name}/{part:05d}" for part in range(own - 1))]
        for path in paths:
            yield member(path, SCRIPT if path.startswith("usr/bin") else b"data", mode=0o755)
        listed = "".join(f"/{path}\n" for path in paths)
        yield member(f"var/lib/dpkg/info/{name}.list", f"/.\n/usr\n{listed}".encode())
        status.append(
            f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n"
            f"Depends: p{number // 2:05d}\n\n".encode()
        )
    yield member("var/lib/dpkg/status", b"".join(status))


def write_image(folder: Path, layers: Iterable[Blocks], **run: Any) -> str:
    """Write an OCI layout whose config's `config` has the keywords; gives its reference."""
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    written = [_layer(blobs, blocks) for blocks in layers]
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Cmd": ["/usr/bin/p00000"], **run},
        "rootfs": {"type": "layers", "diff_ids": [diff_id for _, diff_id in written]},
        "history": [{"created_by": f"step {number}"} for number in range(len(written))],
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": _document(blobs, config, CONFIG_TYPE),
        "layers": [descriptor for descriptor, _ in written],
    }
    top = index(_document(blobs, manifest, MANIFEST_TYPE))
    (folder / "oci-layout").write_text(json.dumps({"imageLayoutVersion": "1.0.0"}))
    (folder / "index.json").write_bytes(dump(top))
    return f"oci:{folder}"


def _document(blobs: Path, document: Json, media_type: str) -> Json:
    data = dump(document)
    digest = sha256(data)
    (blobs / digest[7:]).write_bytes(data)
    return {"mediaType": media_type, "digest": digest, "size": len(data)}


def _layer(blobs: Path, blocks: Blocks) -> tuple[Json, str]:
    """Write one layer; its descriptor and diff_id."""
    plain, packed = hashlib.sha256(), hashlib.sha256()
    press = zlib.compressobj(1, wbits=31)
    path = blobs / "new"
    size = 0
    with path.open("wb") as out:
        for block in chain(blocks, (END, b"")):
            plain.update(block)
            piece = press.compress(block) if block else press.flush()
            packed.update(piece)
            size += out.write(piece)
    digest = packed.hexdigest()
    path.rename(blobs / digest)
    descriptor = {"mediaType": f"{LAYER_TYPE}+gzip", "digest": f"sha256:{digest}", "size": size}
    return descriptor, f"sha256:{plain.hexdigest()}"
