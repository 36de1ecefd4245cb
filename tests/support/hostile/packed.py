"""Layers: how they are compressed."""

import gzip
from pathlib import Path

import zstandard

from support import images
from support.hostile.table import GZIP, TAR, ZSTD, add
from support.tars import (
    file,
    make_tar,
)

_STREAMED = zstandard.ZstdCompressor(write_content_size=False, write_checksum=False).compress(TAR)
_SKIPPED = b"\x5f\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"12345"


def _packed(name: str, accept: bool, blob: bytes, tar: bytes = TAR, suffix: str = "+gzip") -> None:
    def write(place: Path) -> str:
        built = images.image(tar)
        built.manifest["layers"] = [built.blobs.add(blob, images.LAYER_TYPE + suffix)]
        return images.layout(place, built)

    add(f"packed-{name}", accept, write, ("f" if tar is TAR else "") if accept else None)


_packed("plain-said-gzip", True, TAR)
_packed("gzip-said-plain", True, GZIP, suffix="")
_packed("gzip-said-zstd", True, GZIP, suffix="+zstd")
_packed("zstd-said-gzip", True, ZSTD)
_packed("gzip-members", True, gzip.compress(TAR[:700]) + gzip.compress(TAR[700:]))
_packed("gzip-empty-members", True, gzip.compress(b"") * 50 + GZIP + gzip.compress(b""))
_packed("gzip-zeros-after", True, GZIP + bytes(5000))
_packed("gzip-garbage-after", False, GZIP + b"garbage")
_packed("gzip-cut-in-data", False, GZIP[:40])
_packed("gzip-cut-in-trailer", False, GZIP[:-3])
_packed("gzip-wrong-crc", False, GZIP[:-8] + b"\0\0\0\0" + GZIP[-4:])
_packed("gzip-wrong-length", False, GZIP[:-4] + b"\0\0\0\1")
_packed("gzip-method-9", False, GZIP[:2] + b"\x09" + GZIP[3:])
_packed("gzip-in-gzip", False, gzip.compress(GZIP))
_packed("gzip-in-zstd", False, zstandard.ZstdCompressor().compress(GZIP))
_packed("gzip-magic-only", False, b"\x1f\x8b")
_packed(
    "zstd-frames",
    True,
    zstandard.ZstdCompressor().compress(TAR[:700]) + zstandard.ZstdCompressor().compress(TAR[700:]),
)
_packed("zstd-skippable-first", True, _SKIPPED + ZSTD)
_packed("zstd-skippable-between", True, _STREAMED + _SKIPPED * 3)
_packed("zstd-skippable-only", True, _SKIPPED, b"")
_packed("zstd-skippable-says-4-gib", False, b"\x50\x2a\x4d\x18\xff\xff\xff\xff" + ZSTD)
_packed("zstd-skippable-cut", False, ZSTD + _SKIPPED[:-1])
_packed("zstd-cut-in-frame", False, ZSTD[:-20])
_packed("zstd-cut-in-checksum", False, ZSTD[:-1])
_packed("zstd-cut-before-last-block", False, _STREAMED[: len(_STREAMED) // 2])
_packed("zstd-cut-in-header", False, ZSTD[:5])
_packed("zstd-wrong-checksum", False, ZSTD[:-1] + bytes([ZSTD[-1] ^ 1]))
_packed("zstd-zeros-after", False, ZSTD + bytes(512))
_packed("zstd-garbage-after", False, ZSTD + b"garbage!")
_packed("zstd-window-2-tib", False, b"\x28\xb5\x2f\xfd\x00" + bytes([31 << 3]) + b"\x01\x00\x00")
_packed("zstd-content-size-lies", False, ZSTD[:5] + bytes([ZSTD[5] ^ 1]) + ZSTD[6:])
_packed("zstd-old-magic", False, b"\x27\xb5\x2f\xfd" + ZSTD[4:])
_packed("xz", False, b"\xfd7zXZ\0" + bytes(600))
_packed("bzip2", False, b"BZh91AY&SY" + bytes(600))
_packed("lz4", False, b"\x04\x22\x4d\x18" + bytes(600))
_packed("zlib", False, b"\x78\x9c" + GZIP[10:-8])
_packed("other-content-than-the-diff-id", False, gzip.compress(make_tar(file("g"))))
