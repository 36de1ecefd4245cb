"""`slim diff`."""

from contextlib import AbstractContextManager

import click

from slimmer.cli.context import Session, open_session
from slimmer.cli.options import Settings, format_option, schema_option, shared_options
from slimmer.detect.inspection import Inspection, inspect_image
from slimmer.filesystem.tree import Inode
from slimmer.formats.read import ReadAt
from slimmer.image.content import reader_of_entry
from slimmer.report.diff import compare
from slimmer.report.diff_json import diff_document
from slimmer.report.diff_text import diff_text
from slimmer.report.document import dump
from slimmer.report.redact import Redactor

_PIECE = 1024 * 1024


@click.command()
@click.argument("before", metavar="REF")
@click.argument("after", metavar="REF")
@format_option("text", "json")
@schema_option("diff")
@shared_options
def diff(settings: Settings, before: str, after: str, form: str) -> None:
    """Say what differs between two images: files, sizes, packages, config, findings.

    Files are compared by what they are and hold, not by their times.
    """
    with (
        open_session(settings) as session,
        _inspect(session, before) as old,
        _inspect(session, after) as new,
    ):
        difference = compare(old, new, _Comparer(old, new), Redactor(old.subject.scanner))
        if form == "json":
            session.console.text(dump(diff_document(old, new, difference)))
        else:
            session.console.lines(diff_text(old, new, difference, session.style))


def _inspect(session: Session, reference: str) -> AbstractContextManager[Inspection]:
    return inspect_image(
        reference,
        session.store,
        platform=session.platform,
        cache_dir=session.cache_dir,
        keep_bytes=True,
    )


class _Comparer:
    """Compares files byte by byte; a layer is unpacked when the first file of it is asked for."""

    def __init__(self, before: Inspection, after: Inspection) -> None:
        self._before = before
        self._after = after

    def __call__(self, was: Inode, now: Inode) -> bool:
        one, other = _content(self._before, was), _content(self._after, now)
        for offset in range(0, was.size, _PIECE):
            if one(offset, _PIECE) != other(offset, _PIECE):
                return False
        return True


def _content(inspection: Inspection, inode: Inode) -> ReadAt:
    assert inode.entry is not None
    return reader_of_entry(inspection.reader.read_at(inode.layer), inode.entry)
