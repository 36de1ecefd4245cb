"""The merged view against what umoci unpacks: paths, types, owners, modes, content, hard links."""

import gzip
import hashlib
import shutil
from pathlib import Path

import pytest
from harness import peers, runtime, tools
from harness.peers import Entry
from support.images import image, layout
from support.opened import QuietScanner, link_groups
from support.tars import (
    Member,
    file,
    folder,
    hardlink,
    make_tar,
    opaque,
    symlink,
    whiteout,
)

from slimmer.filesystem.merge import merge
from slimmer.filesystem.tree import Filesystem, Node
from slimmer.formats.tar import Kind
from slimmer.image.content import reader_of_entry
from slimmer.image.open import open_image
from slimmer.image.reader import LayerReader
from slimmer.store.locate import StoreOptions, open_source

pytestmark = pytest.mark.skipif(
    bool(tools.why_not(runtime.TOOLS, root=True)),
    reason=tools.why_not(runtime.TOOLS, root=True) or "ready",
)

PROJECT = Path(__file__).parents[2]
BUILT = PROJECT / ".cache/images"
# Public test images beside the project: an extra, where they are.
SHARED = PROJECT.parent / "shared/images"
_PIECE = 1024 * 1024


def _builds() -> list[str]:
    return sorted(path.parent.name for path in BUILT.glob("*/index.json"))


def _archives() -> list[str]:
    return sorted(path.name for path in SHARED.glob("*.tar*") if "two-images" not in path.name)


def test_an_image_of_every_rule(tmp_path: Path) -> None:
    """One small image that uses each rule of layer.md."""
    base = make_tar(
        folder("./"),
        folder("etc", 0o700, 1, 2),
        file("etc/a", b"a", 0o4755, 3, 4),
        file("etc/b", b"bb"),
        hardlink("etc/b2", "etc/b"),
        symlink("etc/link", "a"),
        hardlink("etc/link2", "etc/link"),
        file("implied/parent/file", b"x"),
        folder("opaque", 0o711),
        file("opaque/old"),
        file("opaque/deep/old"),
        folder("usr/bin"),
        symlink("bin", "usr/bin"),
        file("replaced/by/file"),
        file("replaced-by-folder"),
        folder("tmp", 0o1777),
        Member("dev/null", b"3", device=(1, 3), mode=0o666),
        Member("dev/disk", b"4", device=(8, 1), mode=0o660, gid=6),
        Member("run/pipe", b"6", mode=0o600),
        file("names/" + "n" * 200, b"long"),
        file("names/é\udcff", b"odd"),
    )
    upper = make_tar(
        file("opaque/new"),
        opaque("opaque"),
        whiteout("etc/a"),
        file("etc/b", b"changed"),
        file("bin/tool", b"through a link", 0o755),
        file("replaced", b"now a file"),
        folder("replaced-by-folder", 0o750),
        file("replaced-by-folder/in", b"side"),
        folder("tmp", 0o1770, 7, 8),
    )
    top = make_tar(hardlink("etc/b3", "etc/b2"), whiteout("names/" + "n" * 200), file("etc/a"))
    where = tmp_path / "image"
    layout(where, image(base, upper, top), "tag")
    compare(f"oci:{where}:tag", where, "tag", tmp_path)


@pytest.mark.parametrize("name", _builds())
def test_a_built_image(name: str, tmp_path: Path) -> None:
    where = BUILT / name
    compare(f"oci:{where}:orig", where, "orig", tmp_path)


@pytest.mark.parametrize("name", _archives())
def test_a_shared_image(name: str, tmp_path: Path) -> None:
    transport = "oci-archive" if ".oci." in name or name.startswith(_OCI) else "docker-archive"
    source = f"{transport}:{SHARED / name}"
    converted = tmp_path / "converted"
    peers.copy(f"{transport}:{_inflated(SHARED / name, tmp_path)}", f"oci:{converted}:tag")
    compare(source, converted, "tag", tmp_path)


def _inflated(archive: Path, tmp_path: Path) -> Path:
    """The archive as skopeo reads it: not compressed as a whole."""
    if archive.suffix != ".gz":
        return archive
    plain = tmp_path / archive.stem
    with gzip.open(archive) as source, plain.open("wb") as target:
        shutil.copyfileobj(source, target)
    return plain


_OCI = ("garden", "estargz", "uncompressed", "zstd")


def compare(reference: str, where: Path, tag: str, tmp_path: Path) -> None:
    """Both readers' listings of one image, content by SHA-256."""
    bundle = runtime.unpack(where, tag, tmp_path / "bundle")
    theirs, their_links = peers.listing(bundle), peers.hardlink_groups(bundle)
    runtime.remove(bundle)
    work_dir = tmp_path / "work"
    work_dir.mkdir()
    ours, our_links = _read(reference, work_dir)
    assert ours.keys() == theirs.keys()
    assert {path: pair for path in ours if len(set(pair := (ours[path], theirs[path]))) > 1} == {}
    files = {path for path, entry in ours.items() if entry.kind == "file"}
    assert [group for group in our_links if group <= files] == their_links


def _read(reference: str, work_dir: Path) -> tuple[dict[str, Entry], list[frozenset[str]]]:
    with open_source(reference, StoreOptions(work_dir=work_dir)) as source:
        opened = open_image(source)
        with LayerReader(
            opened, source, work_dir, scanner=QuietScanner(), keep_bytes=True
        ) as reader:
            filesystem = merge(reader.indexes())
            entries = {f"/{node.path}": _entry(node, reader) for node in filesystem.walk()}
            return entries, _groups(filesystem)


def _groups(filesystem: Filesystem) -> list[frozenset[str]]:
    return [frozenset(f"/{path}" for path in group) for group in link_groups(filesystem)]


def _entry(node: Node, reader: LayerReader) -> Entry:
    inode = node.inode
    kind, content, mode = "other", "", inode.mode
    match node.kind:
        case Kind.FILE:
            kind, content = "file", _sha256(node, reader)
        case Kind.SYMLINK:
            # Linux gives every link the mode 0777, whatever the tar says.
            kind, content, mode = "symlink", inode.link, 0o777
        case Kind.DIRECTORY:
            kind = "directory"
        case Kind.CHARACTER | Kind.BLOCK_DEVICE:
            device = inode.entry.device if inode.entry else (0, 0)
            kind, content = "device", f"{device[0]}:{device[1]}"
        case _:
            pass
    return Entry(kind, mode, inode.uid, inode.gid, node.size, content)


def _sha256(node: Node, reader: LayerReader) -> str:
    hasher = hashlib.sha256()
    if node.inode.entry is not None:
        read = reader_of_entry(reader.read_at(node.inode.layer), node.inode.entry)
        for offset in range(0, node.size, _PIECE):
            hasher.update(read(offset, _PIECE))
    return hasher.hexdigest()
