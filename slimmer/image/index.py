"""What one pass over a layer yields: its entries and the facts every later step needs.

A `LayerIndex` is a pure function of the layer's bytes, so it can be kept by digest: a base layer
that three hundred images share is looked at once.
"""

from dataclasses import dataclass

import msgspec
import zstandard

from slimmer.errors import FormatError
from slimmer.formats.elf import ElfFacts
from slimmer.formats.gemspec import GemSpecification
from slimmer.formats.go_build_info import GoBuildInfo
from slimmer.formats.jar import JarFacts
from slimmer.formats.node_package import NodePackage
from slimmer.formats.python_dist import PythonMetadata
from slimmer.formats.rust_audit import RustCrate
from slimmer.formats.shebang import Shebang
from slimmer.formats.tar import TarEntry
from slimmer.oci.digest import Digest
from slimmer.secrets.match import FileSecrets

# Raised whenever an analyzer learns something new: older stored indexes are then not used.
INDEX_VERSION = 3


class FileFacts(msgspec.Struct, array_like=True, omit_defaults=True):
    """What is known of one regular file from its bytes.

    `kind` is `formats.kind`'s word. `content` holds the bytes of the few small files that later
    steps read whole (package databases, passwd). `unread` says why a parser gave up. `crc32` of the
    content tells equal large files (`facts.LEAST_CHECKED`) apart from others of their size; None
    for smaller ones.
    """

    kind: str = ""
    elf: ElfFacts | None = None
    shebang: Shebang | None = None
    secrets: FileSecrets | None = None
    content: bytes | None = None
    python: PythonMetadata | None = None
    node: NodePackage | None = None
    gem: GemSpecification | None = None
    jar: JarFacts | None = None
    go: GoBuildInfo | None = None
    rust: tuple[RustCrate, ...] = ()
    unread: str = ""
    crc32: int | None = None


NO_FACTS = FileFacts()
_ENCODER = msgspec.msgpack.Encoder()
# About how many bytes of memory an encoded byte of short strings becomes.
_EXPANSION = 8


def weight_of(facts: FileFacts) -> int:
    """About how many bytes of memory these facts take: a hostile file can name a million things."""
    content = len(facts.content or b"")
    return content + _EXPANSION * (len(_ENCODER.encode(facts)) - content)


@dataclass(frozen=True)
class LayerIndex:
    """The entries of one layer in tar order, `path` in normal form, and facts by entry number.

    Sizes are bytes; `size` is of the blob, `uncompressed_size` of the tar.
    """

    digest: Digest
    size: int
    diff_id: Digest
    uncompressed_size: int
    compression: str
    entries: list[TarEntry]
    facts: dict[int, FileFacts]


class _Stored(msgspec.Struct, array_like=True):
    """The form on disk. Names that are not UTF-8 cannot be MessagePack text: they go aside."""

    digest: str
    size: int
    diff_id: str
    uncompressed_size: int
    compression: str
    entries: list[TarEntry]
    facts: dict[int, FileFacts]
    odd_paths: dict[int, bytes]
    odd_links: dict[int, bytes]


_DECODER = msgspec.msgpack.Decoder(_Stored)


def encode_index(index: LayerIndex) -> bytes:
    """Serialise for the cache."""
    odd_paths: dict[int, bytes] = {}
    odd_links: dict[int, bytes] = {}
    entries = index.entries
    for number, entry in enumerate(entries):
        if entry.path.isascii() and entry.link.isascii():
            continue
        path, link = _to_bytes(entry.path), _to_bytes(entry.link)
        clean_path, clean_link = path.decode(errors="replace"), link.decode(errors="replace")
        if clean_path == entry.path and clean_link == entry.link:
            continue
        if entries is index.entries:
            entries = list(entries)
        odd_paths[number], odd_links[number] = path, link
        entries[number] = msgspec.structs.replace(entry, path=clean_path, link=clean_link)
    stored = _Stored(
        str(index.digest),
        index.size,
        str(index.diff_id),
        index.uncompressed_size,
        index.compression,
        entries,
        index.facts,
        odd_paths,
        odd_links,
    )
    return zstandard.ZstdCompressor(level=1).compress(_ENCODER.encode(stored))


def decode_index(data: bytes) -> LayerIndex:
    """The inverse of `encode_index`; `FormatError` for anything else."""
    try:
        stored = _DECODER.decode(zstandard.ZstdDecompressor().decompress(data))
    except (msgspec.MsgspecError, zstandard.ZstdError, ValueError, MemoryError):
        raise FormatError("stored layer index is damaged") from None
    try:
        for number, path in stored.odd_paths.items():
            stored.entries[number].path = _to_text(path)
            stored.entries[number].link = _to_text(stored.odd_links[number])
    except LookupError:
        raise FormatError("stored layer index is damaged") from None
    return LayerIndex(
        Digest(stored.digest),
        stored.size,
        Digest(stored.diff_id),
        stored.uncompressed_size,
        stored.compression,
        stored.entries,
        stored.facts,
    )


def _to_bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def _to_text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")
