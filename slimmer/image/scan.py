"""One pass over a layer: verify, inflate, verify again, walk the headers, collect the facts."""

from pathlib import Path

from slimmer.errors import FormatError, SlimError
from slimmer.formats.read import ReadAt
from slimmer.formats.tar import Global, Kind, TarEntry, read_tar
from slimmer.image.content import reader_of_entry
from slimmer.image.facts import facts_of
from slimmer.image.index import FileFacts, LayerIndex, weight_of
from slimmer.image.path import normalise
from slimmer.image.spool import CompressedStream, Spool
from slimmer.limits import MIB, Limits
from slimmer.oci.descriptor import Descriptor
from slimmer.oci.digest import Digest
from slimmer.secrets.engine import Scanner

_USUAL_HEADERS = 8192
# Zeros that a layer does not store, read all the same: a sparse file can claim any size.
_MAX_HOLES = 256 * MIB


def scan_layer(
    stream: CompressedStream,
    descriptor: Descriptor,
    diff_id: Digest,
    scanner: Scanner,
    work_dir: Path,
    limits: Limits,
) -> tuple[LayerIndex, Spool]:
    """Read one layer. The caller owns the `Spool`, which gives the layer's bytes by offset.

    Raises `DigestError` when the blob or the tar is not the one the image names, `FormatError`
    when it is no layer, `LimitError` when it is larger than allowed.
    """
    spool = Spool(stream, diff_id, work_dir, limits)
    try:
        try:
            entries, facts = _walk(spool.read_at, scanner, limits)
        except FormatError:
            spool.finish()  # a wrong or damaged blob explains more than what was read from it
            raise
        size = spool.finish()
    except BaseException as error:
        spool.close()
        if isinstance(error, SlimError) and error.where is None:
            raise type(error)(
                error.what, where=f"layer {descriptor.digest}", hint=error.hint
            ) from None
        raise
    index = LayerIndex(
        digest=descriptor.digest,
        size=descriptor.size,
        diff_id=diff_id,
        uncompressed_size=size,
        compression=str(spool.compression),
        entries=entries,
        facts=facts,
    )
    return index, spool


def _walk(
    read_at: ReadAt, scanner: Scanner, limits: Limits
) -> tuple[list[TarEntry], dict[int, FileFacts]]:
    entries: list[TarEntry] = []
    facts: dict[int, FileFacts] = {}
    names = holes = weight = 0
    scanner.start_layer()
    for entry in read_tar(read_at, limits=limits):
        if isinstance(entry, Global):
            continue
        entry.path = normalise(entry.path)
        if not entry.path and entry.kind is not Kind.DIRECTORY:
            raise FormatError("the root of the filesystem is not a folder")
        names += _weight(entry)
        limits.check("names", names)
        if entry.kind is Kind.FILE and entry.size:
            _check_present(read_at, entry)
            holes += entry.size - _stored(entry)
            if entry.sparse is not None and holes > _MAX_HOLES:
                known: FileFacts | None = FileFacts("binary", unread="sparse, mostly holes")
            else:
                known = facts_of(entry.path, entry.size, reader_of_entry(read_at, entry), scanner)
            if known is not None:
                facts[len(entries)] = known
                weight += weight_of(known)
                limits.check("facts", weight)
        entries.append(entry)
        limits.check("entries", len(entries))
    return entries, facts


def _weight(entry: TarEntry) -> int:
    """About how many bytes of memory the entry's names, attributes and map take."""
    weight = len(entry.path) + len(entry.link)
    # Headers of thousands of records take time even when nothing of them is kept.
    weight += 4 * max(0, entry.data_offset - entry.header_offset - _USUAL_HEADERS)
    if entry.xattrs:
        weight += sum(len(name) + len(value) for name, value in entry.xattrs.items())
    return weight + 100 * len(entry.sparse or ())


def _stored(entry: TarEntry) -> int:
    if entry.sparse is None:
        return entry.size
    return sum(length for _, length in entry.sparse)


def _check_present(read_at: ReadAt, entry: TarEntry) -> None:
    """The stream must really hold what the header says, before anything is made of the size."""
    if entry.end_offset > entry.data_offset and not read_at(entry.end_offset - 1, 1):
        # The last block may be cut short of its padding, never of its data.
        stored = _stored(entry)
        if stored and not read_at(entry.data_offset + stored - 1, 1):
            raise FormatError(f"ends in the middle of {entry.path[:200]!r}")
