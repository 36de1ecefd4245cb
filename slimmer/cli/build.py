"""`slim build`."""

import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from slimmer.build.base import count_base_layers
from slimmer.build.build import Build, Outcome
from slimmer.build.compress import parse_compression
from slimmer.build.ledger import ledger_lines, plan_json
from slimmer.build.options import BuildOptions
from slimmer.build.plan_file import SavedPlan, read_plan
from slimmer.cli.choices import selection_options
from slimmer.cli.config_file import config_options, was_given, with_config
from slimmer.cli.context import Session, open_session
from slimmer.cli.options import Settings, format_option, schema_option, shared_options
from slimmer.cli.policy import hold, policy_option, read_policy, tell
from slimmer.detect.inspection import inspect_image
from slimmer.errors import UsageError
from slimmer.policy.policy import Policy, Sizes, Verdict
from slimmer.report.build_json import build_document
from slimmer.report.build_text import build_text
from slimmer.report.document import dump
from slimmer.report.html.html import build_html
from slimmer.report.markdown import build_markdown
from slimmer.report.redact import Redactor
from slimmer.store.locate import holds_oci_only, open_sink, refuse_same_place
from slimmer.store.staging import write_file

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("reference", metavar="REF")
@click.option("-o", "--output", metavar="REF", help="Where the new image goes.")
@selection_options
@click.option(
    "--user",
    default="auto",
    show_default=True,
    metavar="auto|keep|UID[:GID]",
    help="Who the container runs as. auto: the image's service account, else 65532.",
)
@click.option("--squash/--no-squash", default=False, help="Write all layers as one.")
@click.option(
    "--base",
    metavar="REF|auto",
    help="With --squash: join only what lies above the layers of this image. auto: the one that "
    "the annotations of REF name.",
)
@click.option(
    "--compression",
    metavar="gzip|zstd[:LEVEL]",
    help="Of the layers that change (else: as they were).",
)
@config_options
@click.option("--ledger", type=_FILE, help="Write each removed path and why, as JSON lines.")
@click.option("--plan", type=_FILE, help="Write the whole plan as JSON.")
@click.option(
    "--from-plan",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Do what a plan says that --plan wrote, and somebody may have taken lines out of.",
)
@click.option(
    "--report",
    type=_FILE,
    metavar="FILE.html|FILE.md",
    help="Write a report to look at, before and after.",
)
@policy_option("Write nothing and exit with 1 when the output breaks a rule of this TOML file.")
@click.option("--dry-run", is_flag=True, help="Plan and report, build nothing.")
@format_option("text", "json")
@schema_option("build")
@shared_options
def build(
    settings: Settings,
    reference: str,
    output: str | None,
    ledger: Path | None,
    plan: Path | None,
    from_plan: Path | None,
    config: Path | None,
    no_config: bool,
    report: Path | None,
    policy: Path | None,
    dry_run: bool,
    form: str,
    **choices: Any,
) -> None:
    """Rebuild the image REF without what it does not need, for a user that is not root.

    GLOBs are paths in the image: * stays in one folder, ** crosses folders, a folder covers what
    is in it. Nothing is written before everything was read and verified.
    """
    saved = None
    if from_plan is not None:
        _refuse_beside_a_plan((*choices, "config"))
        saved = read_plan(from_plan)
    options = (
        saved.options if saved else _options(with_config(choices, config, no_config, settings))
    )
    render = _report_writer(report)
    rules = read_policy(policy)
    if output is None and not dry_run:
        raise UsageError("--output is missing", hint="say where the new image goes, or --dry-run")
    with open_session(settings) as session:
        outcome, verdict, options = _build(
            session, reference, output if not dry_run else None, options, rules, saved
        )
        _write_records(outcome, options, ledger, plan)
        if report is not None:
            session.deliver(render(outcome, Redactor(outcome.before.scanner), verdict), report)
        if form == "json":
            session.console.text(dump(build_document(outcome, verdict)))
        else:
            session.console.lines(build_text(outcome, session.style, verdict))
        tell(verdict, session.console)


def _options(choices: dict[str, Any]) -> BuildOptions:
    compression, level = None, None
    if text := choices.pop("compression"):
        compression, level = parse_compression(text)
    options = BuildOptions(**choices, compression=compression, level=level, epoch=_epoch())
    if options.base is not None and not options.squash:
        raise UsageError("--base is for --squash", hint="give both, or neither")
    return options


def _refuse_beside_a_plan(names: tuple[str, ...]) -> None:
    """A plan has its own options: one more would be an option that does nothing."""
    given = [f"--{name.replace('_', '-')}" for name in names if was_given(name)]
    if given:
        hint = "the plan was made with its own options; edit it, or make another"
        raise UsageError(f"{given[0]} does not go with --from-plan", hint=hint)


def _epoch() -> int | None:
    text = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,10}", text) or int(text) >= 1 << 33:
        raise UsageError(f"SOURCE_DATE_EPOCH is not a number of seconds: {text[:40]!r}")
    return int(text)


def _build(
    session: Session,
    reference: str,
    output: str | None,
    options: BuildOptions,
    rules: Policy | None,
    saved: SavedPlan | None,
) -> tuple[Outcome, Verdict | None, BuildOptions]:
    """The outcome, the policy's verdict on it, which comes before anything is sent, and the
    options with the number of layers that the base has in this image."""
    store = session.store
    if output is not None:
        refuse_same_place(reference, output)
    with inspect_image(
        reference,
        store,
        platform=session.platform,
        cache_dir=session.cache_dir,
        keep_bytes=True,
    ) as inspection:
        if options.base is not None and saved is None:
            layers = count_base_layers(inspection.subject.image, options.base, store)
            options = replace(options, base_layers=layers)
        work = Build(inspection, options, saved)
        if output is None:
            return work.outcome, _verdict(rules, work.outcome), options
        verdicts: list[Verdict | None] = []

        def gate(outcome: Outcome) -> bool:
            verdicts.append(_verdict(rules, outcome))
            return verdicts[0] is None or verdicts[0].passed

        with open_sink(output, store) as sink:
            oci = holds_oci_only(output)
            outcome = work.write(sink, store.work_dir, oci=oci, progress=store.progress, gate=gate)
        return outcome, verdicts[0], options


def _verdict(rules: Policy | None, outcome: Outcome) -> Verdict | None:
    image = outcome.image
    unpacked = sum(layer.uncompressed_size for layer in image.layers) if image else None
    sizes = Sizes(image.size if image else None, unpacked)
    return hold(rules, outcome.after, outcome.findings_after, sizes)


def _report_writer(report: Path | None) -> Callable[[Outcome, Redactor, Verdict | None], str]:
    """By the name of the file, before any work is done."""
    match report.suffix.lower() if report else ".html":
        case ".html" | ".htm":
            return build_html
        case ".md" | ".markdown":
            return build_markdown
        case other:
            raise UsageError(
                f"no report of the kind {other[:20]!r}", hint="--report FILE.html or FILE.md"
            )


def _write_records(
    outcome: Outcome, options: BuildOptions, ledger: Path | None, plan: Path | None
) -> None:
    if ledger is not None:
        write_file(ledger, ledger_lines(outcome.plan, outcome.before))
    if plan is not None:
        write_file(plan, [dump(plan_json(outcome.plan, outcome.before, options)).encode()])
