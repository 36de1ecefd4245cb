"""`slim ls`."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from slimmer.cli.context import Session, open_session
from slimmer.cli.options import Settings, format_option, schema_option, shared_options
from slimmer.errors import UsageError
from slimmer.filesystem.merge import merge
from slimmer.image.cache import IndexCache
from slimmer.image.open import open_image
from slimmer.image.reader import LayerReader
from slimmer.report.document import dump
from slimmer.report.listing import Item, list_filesystem, list_layer
from slimmer.report.ls_json import ls_document
from slimmer.report.ls_text import Owners, long_lines, nul_separated, plain_lines
from slimmer.secrets.engine import Scanner
from slimmer.store.locate import open_source


@click.command()
@click.argument("reference", metavar="REF")
@click.argument("path", default="")
@click.option("-l", "--long", is_flag=True, help="Mode, owner, size, layer and package as well.")
@click.option("-0", "--null", is_flag=True, help="Names as they are, a NUL after each.")
@click.option("--layer", type=click.IntRange(min=0), metavar="N", help="Only what layer N holds.")
@format_option("text", "json")
@schema_option("ls")
@shared_options
def ls(
    settings: Settings,
    reference: str,
    path: str,
    long: bool,
    null: bool,
    layer: int | None,
    form: str,
) -> None:
    """List the files of the image REF as a container sees them.

    With PATH, only what is in that folder of the image. Names that would not print as themselves
    are escaped; -0 and --format json have them as they are. With --layer, the entries of one layer
    in their order, and the whiteouts (.wh.NAME) that remove what lower layers brought.
    """
    if null and (long or form == "json"):
        raise UsageError("-0 goes with neither -l nor --format json")
    with open_session(settings) as session, _open_reader(session, reference) as reader:
        listing = _list(reader, path, layer)
        if null:
            session.console.raw(nul_separated(listing))
        elif not long and form == "text":
            session.console.lines(plain_lines(listing))
        else:
            _describe(session, reader, listing, layer, form)


@contextmanager
def _open_reader(session: Session, reference: str) -> Iterator[LayerReader]:
    store = session.store
    cache = IndexCache(session.cache_dir) if session.cache_dir else None
    with open_source(reference, store) as source:
        image = open_image(source, session.platform, store.limits)
        with LayerReader(
            image,
            source,
            store.work_dir,
            cache=cache,
            scanner=Scanner(session.cache_dir),
            limits=store.limits,
            progress=store.progress,
        ) as reader:
            yield reader


def _list(reader: LayerReader, path: str, layer: int | None) -> Iterator[Item]:
    if layer is None:
        return list_filesystem(merge(reader.indexes(), reader.limits), path)
    count = len(reader.image.layers)
    if layer >= count:
        raise UsageError(f"no layer {layer}", hint=f"the image has {count}, counted from 0")
    return list_layer(reader.index(layer), layer, path)


def _describe(
    session: Session, reader: LayerReader, listing: Iterator[Item], layer: int | None, form: str
) -> None:
    """What needs more than names: the image's accounts and packages."""
    from slimmer.packages.catalogue import read_packages

    filesystem = merge(reader.indexes(), reader.limits)
    packages = read_packages(filesystem)
    if form == "json":
        session.console.text(dump(ls_document(reader.image, listing, packages, layer)))
    else:
        session.console.lines(long_lines(listing, Owners.of(filesystem), packages))
