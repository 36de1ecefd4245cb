"""`slim inspect`."""

from pathlib import Path

import click

from slimmer.cli.context import Session, open_session
from slimmer.cli.options import (
    Settings,
    format_option,
    output_option,
    schema_option,
    shared_options,
)
from slimmer.cli.policy import hold, policy_option, read_policy, tell
from slimmer.detect.inspection import Inspection, inspect_image
from slimmer.detect.interface import Severity
from slimmer.errors import EXIT_GATE, UsageError
from slimmer.policy.audit import Audit
from slimmer.policy.benchmarks import run_benchmark
from slimmer.policy.policy import Policy, Sizes
from slimmer.report.document import dump
from slimmer.report.inspect_json import inspect_document
from slimmer.report.inspect_text import inspect_text
from slimmer.report.redact import Redactor
from slimmer.report.sarif import sarif_document
from slimmer.report.shown_secrets import shown_secrets
from slimmer.report.style import PLAIN, Style

_GATES = ("none", *(severity.label for severity in Severity))


@click.command()
@click.argument("reference", metavar="REF")
@format_option("text", "json", "sarif", "markdown", "html")
@output_option
@click.option(
    "--fail-on",
    type=click.Choice(_GATES),
    default="none",
    show_default=True,
    help="Exit with 1 when a finding is at least that severe.",
)
@click.option(
    "--benchmark",
    type=click.Choice(("cis", "nist", "practice", "all")),
    help="Answer the checks of CIS Docker section 4, of NIST SP 800-190 section 4.1, of good "
    "practice beyond them.",
)
@policy_option("Exit with 1 when the image breaks a rule of this TOML file; README shows one.")
@click.option(
    "--show-secrets",
    is_flag=True,
    help="Add the secrets themselves, whole, to the text: to revoke one, one must know it.",
)
@schema_option("inspect")
@shared_options
def inspect(
    settings: Settings,
    reference: str,
    form: str,
    output: Path | None,
    fail_on: str,
    benchmark: str | None,
    policy: Path | None,
    show_secrets: bool,
) -> None:
    """Say what is in the image REF and what is wrong with it, the worst first."""
    if show_secrets and form != "text":
        raise UsageError("--show-secrets is for text only", hint="reports are passed on")
    rules = read_policy(policy)
    with (
        open_session(settings) as session,
        inspect_image(
            reference, session.store, platform=session.platform, cache_dir=session.cache_dir
        ) as inspection,
    ):
        style = session.style if output is None else PLAIN
        audit = _audit(inspection, benchmark, rules)
        text = _render(form, inspection, audit, style)
        if show_secrets:
            lines = shown_secrets(inspection.subject, inspection.findings, inspection.reader)
            text += "".join(f"{line}\n" for line in lines)
        session.deliver(text, output)
        fired = _gate(fail_on, inspection, session)
        tell(audit.policy, session.console)
        if fired:
            raise click.exceptions.Exit(EXIT_GATE)


def _audit(inspection: Inspection, benchmark: str | None, rules: Policy | None) -> Audit:
    subject, findings = inspection.subject, inspection.findings
    unpacked = sum(index.uncompressed_size for index in subject.indexes)
    return Audit(
        run_benchmark(benchmark, subject, findings) if benchmark else (),
        hold(rules, subject, findings, Sizes(subject.image.size, unpacked)),
    )


def _render(form: str, inspection: Inspection, audit: Audit, style: Style) -> str:
    redactor = Redactor(inspection.subject.scanner)
    match form:
        case "json":
            return dump(inspect_document(inspection, redactor, audit))
        case "sarif":
            return dump(sarif_document(inspection, redactor, audit))
        case "markdown":
            from slimmer.report.markdown import inspect_markdown

            return inspect_markdown(inspection, redactor, audit)
        case "html":
            from slimmer.report.html.html import inspect_html

            return inspect_html(inspection, redactor, audit)
        case _:
            lines = inspect_text(inspection, redactor, style, audit)
            return "".join(f"{line}\n" for line in lines)


def _gate(fail_on: str, inspection: Inspection, session: Session) -> bool:
    """Whether `--fail-on` fires, after saying so."""
    if fail_on == "none":
        return False
    limit = Severity[fail_on.upper()]
    count = sum(finding.severity >= limit for finding in inspection.findings)
    if count:
        session.console.flush()
        noun = "finding is" if count == 1 else "findings are"
        session.console.gate(f"{count} {noun} {fail_on} or worse")
    return count > 0
