"""A listing for programs, described by `schema/ls-1.json`."""

from collections.abc import Iterable

from slimmer.image.image import Image
from slimmer.packages.interface import Packages
from slimmer.report.document import Document, path_fields, text_of
from slimmer.report.listing import Item

SCHEMA_VERSION = "1.0"


def ls_document(
    image: Image, items: Iterable[Item], packages: Packages, layer: int | None
) -> Document:
    """`layer` is the number of the one that was asked for, None for the merged view."""
    return {
        "schema_version": SCHEMA_VERSION,
        "reference": text_of(image.location.reference),
        "digest": image.digest,
        "platform": text_of(str(image.platform)),
        "layer": layer,
        "entries": [_entry(item, packages) for item in items],
    }


def _entry(item: Item, packages: Packages) -> Document:
    package = packages.owner(item.path)
    return {
        **path_fields(item.path),
        "kind": item.kind,
        "mode": f"{item.mode:04o}",
        "uid": item.uid,
        "gid": item.gid,
        "size": item.size,
        "mtime": item.entry.mtime if item.entry else None,
        "link": text_of(item.link) if item.link else None,
        "layer": item.layer,
        "package": text_of(package.purl) if package else None,
    }
