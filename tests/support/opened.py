"""From a reference to what slim sees there, without the secret rules: they are tried elsewhere."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slimmer.filesystem.merge import merge
from slimmer.filesystem.tree import Filesystem
from slimmer.image.image import Image
from slimmer.image.index import LayerIndex
from slimmer.image.open import open_image
from slimmer.image.reader import LayerReader
from slimmer.limits import DEFAULT_LIMITS, Limits
from slimmer.oci.platform import Platform
from slimmer.secrets.budget import Budget
from slimmer.secrets.engine import Scanner
from slimmer.store.locate import StoreOptions, open_source


class QuietScanner(Scanner):
    """Reads what it is given and finds nothing."""

    def __init__(self) -> None:
        self._budget = Budget()

    def clone(self) -> "QuietScanner":
        return self

    def scan_file(self, *_: object, **__: object) -> None:
        return None

    def scan_chunks(self, path: str, chunks: Iterable[bytes | memoryview], **__: object) -> None:
        for _ in chunks:
            pass


@dataclass(frozen=True)
class Opened:
    image: Image
    indexes: list[LayerIndex]
    filesystem: Filesystem
    files: dict[str, bytes]
    """The content of every regular file up to 1 MiB."""


def open_everything(
    reference: str,
    work_dir: Path,
    *,
    platform: Platform | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Opened:
    """Locate, open, verify, scan and merge."""
    options = StoreOptions(work_dir=work_dir, limits=limits)
    with open_source(reference, options) as source:
        image = open_image(source, platform, limits)
        with LayerReader(
            image, source, work_dir, scanner=QuietScanner(), keep_bytes=True, limits=limits
        ) as reader:
            indexes = reader.indexes()
            filesystem = merge(indexes, limits)
            return Opened(image, indexes, filesystem, _contents(filesystem, reader))


def _contents(filesystem: Filesystem, reader: LayerReader) -> dict[str, bytes]:
    return {
        node.path: reader.read(node.inode.layer, node.inode.entry, node.size)
        for node in filesystem.files()
        if node.inode.entry is not None and node.size <= 1024 * 1024
    }


def listing(filesystem: Filesystem) -> dict[str, tuple[Any, ...]]:
    """Path to (kind, mode, uid, gid, size, link) of every node."""
    return {
        node.path: (
            str(node.kind),
            node.inode.mode,
            node.inode.uid,
            node.inode.gid,
            node.size,
            node.inode.link if node.is_symlink else "",
        )
        for node in filesystem.walk()
    }


def link_groups(filesystem: Filesystem) -> list[frozenset[str]]:
    """The sets of paths that are one file."""
    groups: dict[int, set[str]] = {}
    for node in filesystem.walk():
        if not node.is_directory:
            groups.setdefault(id(node.inode), set()).add(node.path)
    return sorted((frozenset(group) for group in groups.values() if len(group) > 1), key=min)
