"""What an inspection of the output will say, worked out from the plan without reading a byte.

The same merge, package readers and detectors look at the entries that are left, so "after" is
found, not assumed.
"""

from collections.abc import Mapping
from dataclasses import replace

import msgspec

from slimmer.build.layer_edit import Drop, Edit, Replace
from slimmer.build.layers import LayerEdits
from slimmer.build.plan import Plan, Written
from slimmer.detect.catalogue import detect_all
from slimmer.detect.interface import Finding, Subject
from slimmer.filesystem.merge import merge
from slimmer.filesystem.tree import Filesystem
from slimmer.formats.tar import Kind, TarEntry
from slimmer.image.image import Image, Layer
from slimmer.image.index import NO_FACTS, FileFacts, LayerIndex
from slimmer.limits import DEFAULT_LIMITS, Limits
from slimmer.oci import media_types
from slimmer.oci.config import ImageConfig
from slimmer.oci.descriptor import Descriptor
from slimmer.oci.digest import Digest
from slimmer.packages.catalogue import read_packages


def foresee(
    subject: Subject,
    plan: Plan,
    edits: LayerEdits,
    *,
    joined_from: int | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> tuple[Subject, tuple[Finding, ...]]:
    """The subject and the findings of the image that this plan makes.

    The image has as many layers as before and one more: emptied layers are still counted, so
    that layer numbers mean the same on both sides. Layers from `joined_from` on are all in the
    last.
    """
    indexes = [
        _left(index, changes)
        for index, changes in zip(subject.indexes, edits.by_layer, strict=True)
    ]
    indexes.append(_top(edits, subject))
    filesystem = merge(indexes, limits)
    if joined_from is not None:
        last = _squashed(filesystem) if joined_from == 0 else _joined(indexes[joined_from:])
        emptied = (replace(index, entries=[], facts={}) for index in indexes[joined_from:-1])
        indexes = [*indexes[:joined_from], *emptied, last]
        filesystem = merge(indexes, limits)
    image = _image(subject.image, plan.config)
    packages = read_packages(filesystem)
    after = Subject(image, tuple(indexes), filesystem, packages, subject.scanner)
    return after, tuple(detect_all(after))


def _image(image: Image, config: ImageConfig) -> Image:
    number = len(image.layers)
    top = Layer(number, Descriptor.of(media_types.OCI_LAYER, b""), Digest.of(b""), None)
    return replace(image, config=config, layers=(*image.layers, top), digest=None)


def _left(index: LayerIndex, edits: Mapping[int, Edit]) -> LayerIndex:
    entries: list[TarEntry] = []
    facts: dict[int, FileFacts] = {}
    for number, entry in enumerate(index.entries):
        edit = edits.get(number)
        known = index.facts.get(number)
        match edit:
            case Drop():
                continue
            case Replace():
                entry, known = edit.entry, edit.facts
            case None:
                pass
        if known is not None and known is not NO_FACTS:
            facts[len(entries)] = known
        entries.append(entry)
    return replace(index, entries=entries, facts=facts)


def _with_content(entry: TarEntry, item: Written) -> tuple[TarEntry, FileFacts]:
    size = len(item.content)
    new = msgspec.structs.replace(entry, path=item.path, kind=Kind.FILE, size=size, sparse=None)
    return new, FileFacts(content=item.content)


def _top(edits: LayerEdits, subject: Subject) -> LayerIndex:
    entries = [
        TarEntry(f.path, Kind.DIRECTORY, f.mode, f.uid, f.gid, 0, 0, 0, 0, 0) for f in edits.folders
    ]
    facts: dict[int, FileFacts] = {}
    for item in edits.homeless:
        node = subject.filesystem.get(item.path)
        old = node.inode.entry if node is not None else None
        base = old or TarEntry(item.path, Kind.FILE, item.mode, item.uid, item.gid, 0, 0, 0, 0, 0)
        entry, facts[len(entries)] = _with_content(base, item)
        entries.append(entry)
    return _index(entries, facts)


def _joined(indexes: list[LayerIndex]) -> LayerIndex:
    entries: list[TarEntry] = []
    facts: dict[int, FileFacts] = {}
    for index in indexes:
        facts.update({len(entries) + number: known for number, known in index.facts.items()})
        entries += index.entries
    return _index(entries, facts)


def _squashed(filesystem: Filesystem) -> LayerIndex:
    entries: list[TarEntry] = []
    facts: dict[int, FileFacts] = {}
    first_names: dict[int, str] = {}
    for node in filesystem.walk():
        entry = node.inode.entry or TarEntry(node.path, Kind.DIRECTORY, 0o755, 0, 0, 0, 0, 0, 0, 0)
        first = first_names.setdefault(id(node.inode), node.path)
        if first != node.path:
            entry = msgspec.structs.replace(entry, kind=Kind.HARDLINK, link=first, size=0)
        elif node.is_file:
            facts[len(entries)] = node.facts
        entries.append(msgspec.structs.replace(entry, path=node.path))
    return _index(entries, facts)


def _index(entries: list[TarEntry], facts: dict[int, FileFacts]) -> LayerIndex:
    nothing = Digest.of(b"")
    return LayerIndex(nothing, 0, nothing, 0, "none", entries, facts)
