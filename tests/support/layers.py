"""Layers made in code and read by slim itself: real tar bytes through the real scan and merge.

filesystem = filesystem_of(
    {"etc/os-release": b"ID=debian", "bin": Symlink("usr/bin")},
    {"etc/.wh.os-release": b""},
)
"""

import io
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from slimmer.filesystem.merge import merge
from slimmer.filesystem.tree import Filesystem
from slimmer.image.index import LayerIndex
from slimmer.image.scan import scan_layer
from slimmer.limits import DEFAULT_LIMITS
from slimmer.oci.descriptor import Descriptor
from slimmer.oci.digest import Digest
from slimmer.secrets.engine import Scanner

MTIME = 1_700_000_000


@dataclass(frozen=True)
class File:
    """A regular file; plain bytes are one with the mode 0644 that belongs to root.

    `xattrs` must be ASCII: the standard library writes text into PAX records.
    """

    data: bytes
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    xattrs: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Folder:
    """A folder with attributes of its own; the parents of a file need no entry."""

    mode: int = 0o755
    uid: int = 0
    gid: int = 0


@dataclass(frozen=True)
class Symlink:
    target: str


@dataclass(frozen=True)
class Hardlink:
    target: str


Content = bytes | File | Folder | Symlink | Hardlink
Layer = Mapping[str, Content]


def tar_of(layer: Layer) -> bytes:
    """The uncompressed tar of a layer, its entries in the order of the mapping."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path, content in layer.items():
            info, data = _entry(path, content)
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def _entry(path: str, content: Content) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(path)
    info.mtime = MTIME
    data = b""
    match content:
        case bytes():
            data = content
        case File(data, mode, uid, gid, xattrs):
            info.mode, info.uid, info.gid = mode, uid, gid
            info.pax_headers = {f"SCHILY.xattr.{k}": v.decode("ascii") for k, v in xattrs.items()}
        case Folder(mode, uid, gid):
            info.type = tarfile.DIRTYPE
            info.mode, info.uid, info.gid = mode, uid, gid
        case Symlink(target):
            info.type, info.linkname, info.mode = tarfile.SYMTYPE, target, 0o777
        case Hardlink(target):
            info.type, info.linkname = tarfile.LNKTYPE, target
    info.size = len(data)
    return info, data


def index_of(layer: Layer) -> LayerIndex:
    """What slim's one pass over the layer yields."""
    data = tar_of(layer)
    descriptor = Descriptor.of("application/vnd.oci.image.layer.v1.tar", data)
    index, spool = scan_layer(
        io.BytesIO(data),
        descriptor,
        Digest.of(data),
        _scanner(),
        Path(tempfile.gettempdir()),
        DEFAULT_LIMITS,
    )
    spool.close()
    return index


def filesystem_of(*layers: Layer) -> Filesystem:
    """The merged filesystem of the layers, base first."""
    return merge(index_of(layer) for layer in layers)


@cache
def _scanner() -> Scanner:
    return Scanner()
