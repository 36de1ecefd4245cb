"""Builds for tests: an image in a folder, rebuilt into another folder, and both looked at."""

import hashlib
import io
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, Self

import zstandard
from support import images
from support.layers import Layer, tar_of
from support.opened import QuietScanner, link_groups

from slimmer.build.build import Build, Outcome
from slimmer.build.options import BuildOptions
from slimmer.detect.catalogue import detect_all
from slimmer.detect.inspection import Inspection
from slimmer.detect.interface import Finding, Subject
from slimmer.filesystem.merge import merge
from slimmer.filesystem.tree import Node
from slimmer.image.open import open_image
from slimmer.image.reader import LayerReader
from slimmer.oci import media_types
from slimmer.oci.descriptor import Descriptor
from slimmer.packages.catalogue import read_packages
from slimmer.secrets.engine import Scanner
from slimmer.store.interface import Location, OpenBlob, Sink, Source
from slimmer.store.locate import StoreOptions, holds_oci_only, open_sink, open_source
from slimmer.store.verify import VerifiedStream

PLAIN = BuildOptions("safe", user="keep")
PASSWD = b"root:x:0:0:root:/root:/bin/sh\n"
GROUP = b"root:x:0:\n"


@cache
def scanner() -> Scanner:
    return Scanner()


class Memory(Source, Sink):
    """One image in memory: where tests read from and write to without a disk to wait for."""

    def __init__(self, blobs: Mapping[str, bytes] | None = None, root: str = "") -> None:
        self.location = Location("memory:image")
        self.content = dict(blobs or {})
        self.root = root
        self.finished = False

    def roots(self) -> tuple[Descriptor, ...]:
        return (Descriptor.of(media_types.OCI_MANIFEST, self.content[self.root]),)

    def open(self, descriptor: Descriptor) -> BinaryIO:
        return io.BytesIO(self.content[str(descriptor.digest)])

    def has(self, descriptor: Descriptor) -> bool:
        return str(descriptor.digest) in self.content

    def put(self, descriptor: Descriptor, content: OpenBlob) -> None:
        with VerifiedStream(content(), descriptor) as stream:
            self.content[str(descriptor.digest)] = stream.read_all()

    def finish(self, manifest: Descriptor, raw: bytes) -> Location:
        self.root = str(manifest.digest)
        self.content[self.root] = raw
        self.finished = True
        return self.location

    def abort(self) -> None:
        if not self.finished:
            self.content.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.abort()


Place = str | Memory
"""A reference, or an image in memory."""


@contextmanager
def _opened(place: Place, work_dir: Path) -> Iterator[Source]:
    if isinstance(place, Memory):
        yield place
        return
    with open_source(place, StoreOptions(work_dir)) as source:
        yield source


@contextmanager
def inspected(place: Place, work_dir: Path, *, quiet: bool = False) -> Iterator[Inspection]:
    """As `inspect_image`, with one scanner for all tests; a quiet one sees no secrets in files."""
    with _opened(place, work_dir) as source:
        image = open_image(source)
        rules = QuietScanner() if quiet else scanner()
        with LayerReader(image, source, work_dir, scanner=rules, keep_bytes=True) as reader:
            indexes = tuple(reader.indexes())
            filesystem = merge(indexes)
            packages = read_packages(filesystem)
            subject = Subject(image, indexes, filesystem, packages, scanner())
            findings = () if quiet else tuple(detect_all(subject))
            yield Inspection(subject, findings, source, reader)


@dataclass
class Result:
    """One build, and where its image is."""

    before: Inspection
    build: Build
    outcome: Outcome
    out: Place
    work_dir: Path

    @property
    def dropped(self) -> frozenset[str]:
        return frozenset(self.build._decisions.by_path)

    @property
    def rules(self) -> dict[str, str]:
        """The rule that took each path."""
        return {path: why.rule for path, why in self.build._decisions.by_path.items()}

    @property
    def warnings(self) -> str:
        return "\n".join(self.outcome.plan.warnings)

    @contextmanager
    def after(self, *, quiet: bool = False) -> Iterator[Inspection]:
        with inspected(self.out, self.work_dir, quiet=quiet) as inspection:
            yield inspection

    @property
    def manifest(self) -> dict[str, Any]:
        assert self.outcome.image is not None
        return json.loads(self.outcome.image.manifest.raw)  # type: ignore[no-any-return]

    @property
    def config(self) -> dict[str, Any]:
        assert self.outcome.image is not None
        return json.loads(self.outcome.image.config.raw)  # type: ignore[no-any-return]

    @property
    def blobs(self) -> dict[str, bytes]:
        """Everything the output holds, by digest."""
        assert isinstance(self.out, Memory)
        return self.out.content

    @property
    def everything(self) -> bytes:
        """All that the output holds, layers inflated."""
        return b"\n".join(inflated(data) for data in self.blobs.values())

    def written(self, path: str) -> bytes:
        """The new content of a file, as planned."""
        return next(item.content for item in self.outcome.plan.written if item.path == path)


def inflated(data: bytes) -> bytes:
    if data[:2] == b"\x1f\x8b":
        return zlib.decompress(data, 31)
    if data[:4] == b"\x28\xb5\x2f\xfd":
        return zstandard.ZstdDecompressor().decompressobj().decompress(data)
    return data


@contextmanager
def rebuilt(
    place: Place,
    work_dir: Path,
    options: BuildOptions = PLAIN,
    *,
    out: str | None = None,
    quiet: bool = False,
) -> Iterator[Result]:
    """Build from anywhere, into memory or to a reference."""
    scratch = work_dir / "scratch"
    scratch.mkdir(exist_ok=True)
    with inspected(place, scratch, quiet=quiet) as inspection:
        build = Build(inspection, options)
        target = Memory()
        if out is None:
            outcome = build.write(target, scratch, oci=True)
        else:
            with open_sink(out, StoreOptions(scratch)) as sink:
                outcome = build.write(sink, scratch, oci=holds_oci_only(out))
        yield Result(inspection, build, outcome, out or target, scratch)


def image_of(
    layers: Sequence[Layer | bytes],
    config: Mapping[str, Any] | None = None,
    *,
    compression: str = "gzip",
    **document: Any,
) -> images.Built:
    """An image of layers (mappings, or tars); keywords are fields of its config document."""
    tars = [layer if isinstance(layer, bytes) else tar_of(layer) for layer in layers]
    run = {"config": dict(config)} if config is not None else {}
    return images.image(*tars, compression=compression, **run, **document)


def memory_of(image: images.Built) -> Memory:
    descriptor = image.descriptor()
    return Memory(image.blobs.content, descriptor["digest"])


@contextmanager
def built(
    work_dir: Path,
    *layers: Layer | bytes,
    config: Mapping[str, Any] | None = None,
    options: BuildOptions = PLAIN,
    quiet: bool = False,
    **document: Any,
) -> Iterator[Result]:
    """Make an image and build from it, all in memory."""
    image = image_of(layers, config, **document)
    with rebuilt(memory_of(image), work_dir, options, quiet=quiet) as result:
        yield result


View = dict[str, tuple[object, ...]]


def view_of(inspection: Inspection) -> View:
    """Path to all that a container can tell of it: kind, attributes, target, content."""
    reader = inspection.reader

    def content(node: Node) -> str:
        entry = node.inode.entry
        if not node.is_file or entry is None:
            return ""
        return hashlib.sha256(reader.read(node.inode.layer, entry, node.size)).hexdigest()

    return {
        node.path: (
            str(node.kind),
            node.inode.mode,
            node.inode.uid,
            node.inode.gid,
            node.size,
            node.inode.entry.mtime if node.inode.entry and not node.is_directory else None,
            node.inode.entry.xattrs if node.inode.entry else {},
            node.inode.entry.device if node.inode.entry else (0, 0),
            node.inode.link if node.is_symlink else "",
            content(node),
        )
        for node in inspection.subject.filesystem.walk()
    }


def groups_of(
    inspection: Inspection, without: frozenset[str] = frozenset()
) -> list[frozenset[str]]:
    groups = (group - without for group in link_groups(inspection.subject.filesystem))
    return sorted((group for group in groups if len(group) > 1), key=min)


def told(findings: Sequence[Finding]) -> list[tuple[object, ...]]:
    """What findings say, without the layers' numbers: emptied layers are counted in a forecast."""
    return sorted(
        (f.id, f.path or "", int(f.severity), f.in_final_filesystem, f.bytes) for f in findings
    )


def status(*names: str) -> bytes:
    """A dpkg status database of installed packages."""
    return b"".join(paragraph(name) for name in names)


def paragraph(name: str, **fields: str) -> bytes:
    lines = {
        "Package": name,
        "Status": "install ok installed",
        "Priority": "optional",
        "Section": fields.pop("section", "misc"),
        "Architecture": "amd64",
        "Version": "1.0-1",
        **{key.replace("_", "-"): value for key, value in fields.items()},
    }
    return "".join(f"{key}: {value}\n" for key, value in lines.items()).encode() + b"\n"


def debian(packages: Mapping[str, Sequence[str]], **paragraphs: bytes) -> dict[str, bytes]:
    """dpkg's database for packages and their files; a package's paragraph may be given."""
    files = {
        f"var/lib/dpkg/info/{name}.list": "".join(f"/{path}\n" for path in (".", *paths)).encode()
        for name, paths in packages.items()
    }
    records = [paragraphs.get(name.replace("-", "_"), paragraph(name)) for name in packages]
    return {"var/lib/dpkg/status": b"".join(records), **files}
