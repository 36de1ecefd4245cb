"""`slim why`."""

from pathlib import Path
from typing import Any

import click

from slimmer.build.options import BuildOptions
from slimmer.build.planning import make_plan
from slimmer.cli.choices import selection_options
from slimmer.cli.config_file import config_options, with_config
from slimmer.cli.context import Session, open_session
from slimmer.cli.options import Settings, format_option, schema_option, shared_options
from slimmer.detect.inspection import Inspection, inspect_image
from slimmer.errors import EXIT_GATE
from slimmer.report.document import dump
from slimmer.report.redact import Redactor
from slimmer.report.why import Answer, Explainer, NoAnswer
from slimmer.report.why_json import why_document
from slimmer.report.why_text import absent_line, why_text


@click.command()
@click.argument("reference", metavar="REF")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option("--all", "every", is_flag=True, help="Every reason that is known, at full length.")
@selection_options
@config_options
@format_option("text", "json")
@schema_option("why")
@shared_options
def why(
    settings: Settings,
    reference: str,
    paths: tuple[str, ...],
    every: bool,
    config: Path | None,
    no_config: bool,
    form: str,
    **choices: Any,
) -> None:
    """Say why `slim build` with these options keeps each PATH of the image REF, or removes it.

    For a file that stays: the chain of reasons from what the container starts. For one that goes:
    the rule, and what came nearest to keeping it. For a folder: how much of it stays and goes.
    Nothing is written.
    """
    options = BuildOptions(**with_config(choices, config, no_config, settings))
    with (
        open_session(settings) as session,
        inspect_image(
            reference,
            session.store,
            platform=session.platform,
            cache_dir=session.cache_dir,
            keep_bytes=True,
        ) as inspection,
    ):
        _explain(session, inspection, options, paths, every, form)


def _explain(
    session: Session,
    inspection: Inspection,
    options: BuildOptions,
    paths: tuple[str, ...],
    every: bool,
    form: str,
) -> None:
    subject = inspection.subject
    planned = make_plan(inspection, options)
    assert planned.evidence is not None  # only a saved plan has none
    explainer = Explainer(subject, planned.plan, planned.decisions, planned.evidence)
    answers: list[Answer] = []
    absent: list[NoAnswer] = []
    for path in dict.fromkeys(paths):
        match explainer.ask(path):
            case NoAnswer() as nothing:
                absent.append(nothing)
            case found:
                answers += (answer for answer in found if answer not in answers)
    redactor = Redactor(subject.scanner)
    if form == "json":
        document = why_document(subject, planned.plan, answers, absent, redactor)
        session.console.text(dump(document))
    else:
        lines = why_text(answers, subject.filesystem, redactor, session.style, every=every)
        session.console.lines(lines)
    session.console.flush()
    for item in absent:
        session.console.error(absent_line(item))
    if absent:
        raise click.exceptions.Exit(EXIT_GATE)
