"""The way from a reference to findings, in one function that every command shares."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from slimmer.detect.catalogue import detect_all
from slimmer.detect.interface import Finding, Subject
from slimmer.filesystem.merge import merge
from slimmer.image.cache import IndexCache
from slimmer.image.open import open_image
from slimmer.image.reader import LayerReader
from slimmer.oci.platform import Platform
from slimmer.packages.catalogue import read_packages
from slimmer.secrets.engine import Scanner
from slimmer.store.interface import Source
from slimmer.store.locate import StoreOptions, open_source


@dataclass(frozen=True)
class Inspection:
    """Everything one look at an image tells. `reader` can still give the layers' bytes."""

    subject: Subject
    findings: tuple[Finding, ...]
    source: Source
    reader: LayerReader


@contextmanager
def inspect_image(
    reference: str,
    options: StoreOptions,
    *,
    platform: Platform | None = None,
    cache_dir: Path | None = None,
    keep_bytes: bool = False,
) -> Iterator[Inspection]:
    """Open the image, read its layers, merge them, list the packages, run the detectors.

    Layer indexes are kept in `cache_dir` when it is given. The source and the temporary files
    are released when the block ends.
    """
    cache = IndexCache(cache_dir) if cache_dir else None
    scanner = Scanner(cache_dir)
    with open_source(reference, options) as source:
        image = open_image(source, platform, options.limits)
        with LayerReader(
            image,
            source,
            options.work_dir,
            cache=cache,
            scanner=scanner,
            keep_bytes=keep_bytes,
            limits=options.limits,
            progress=options.progress,
        ) as reader:
            indexes = reader.indexes()
            filesystem = merge(indexes, options.limits)
            packages = read_packages(filesystem)
            subject = Subject(image, tuple(indexes), filesystem, packages, scanner)
            yield Inspection(subject, tuple(detect_all(subject)), source, reader)
