"""The result of a build as JSON, versioned; `schema/build-1.json` describes it."""

from collections import Counter

from slimmer.build.build import Outcome
from slimmer.build.ledger import plan_json
from slimmer.build.rebuild import NewImage
from slimmer.policy.policy import Verdict
from slimmer.report.audit_json import policy_json
from slimmer.report.build_text import not_smaller
from slimmer.report.comparison_text import comparison_json
from slimmer.report.document import Document, text_of
from slimmer.report.largest import largest_kept
from slimmer.report.sides import summaries
from slimmer.report.summary import Summary

SCHEMA_VERSION = "1.0"


def build_document(outcome: Outcome, verdict: Verdict | None = None) -> Document:
    """Source, output, both sides in figures, what went by rule, what stayed, warnings."""
    before, after = summaries(outcome)
    plan = plan_json(outcome.plan, outcome.before)
    document = {
        "schema_version": SCHEMA_VERSION,
        "source": plan["image"],
        "output": _output(outcome),
        "profile": plan["profile"],
        "user": plan["user"],
        "writable": plan["writable"],
        "grants": plan["grants"],
        "modes": plan["modes"],
        "before": _side(before),
        "after": _side(after) if outcome.image is not None else None,
        "removed": _removed(outcome),
        "largest": _largest(outcome),
        "kept": plan["kept"],
        "warnings": [text_of(line) for line in plan["warnings"]],
        "not_smaller": _not_smaller(outcome, before, after),
        "comparison": comparison_json(outcome),
    }
    if verdict is not None:
        document["policy"] = policy_json(verdict)
    return document


def _output(outcome: Outcome) -> Document | None:
    image, location = outcome.image, outcome.location
    if image is None or location is None:
        return None
    return {
        "reference": text_of(location.reference),
        "digest": str(image.manifest.digest),
        "config_digest": str(image.manifest.config.digest),
        "media_type": image.manifest.media_type,
        "layers": _layers(image),
    }


def _layers(image: NewImage) -> list[Document]:
    return [
        {
            "digest": str(layer.descriptor.digest),
            "diff_id": str(layer.diff_id),
            "size": layer.descriptor.size,
            "uncompressed_size": layer.uncompressed_size,
            "source_layer": layer.origin,
            "unchanged": layer.blob is None,
        }
        for layer in image.layers
    ]


def _side(summary: Summary) -> Document:
    findings = Counter(finding.category for finding in summary.findings)
    return {
        "size": summary.size,
        "uncompressed_size": summary.uncompressed_size,
        "layers": len(summary.layers),
        "files": summary.files,
        "packages": dict(summary.packages),
        "findings": dict(sorted(findings.items())),
    }


def _removed(outcome: Outcome) -> list[Document]:
    files: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for removal in outcome.plan.removals:
        files[removal.rule] += removal.kind != "directory"
        sizes[removal.rule] += removal.size
    return [{"rule": rule, "files": files[rule], "bytes": sizes[rule]} for rule in sorted(files)]


def _largest(outcome: Outcome) -> list[Document]:
    return [
        {
            "name": text_of(thing.name),
            "path": text_of(f"/{thing.path}"),
            "files": thing.files,
            "bytes": thing.size,
            "reason": text_of(thing.reason),
        }
        for thing in largest_kept(outcome)
    ]


def _not_smaller(outcome: Outcome, before: Summary, after: Summary) -> str | None:
    if outcome.image is None or after.size < before.size:
        return None
    return not_smaller(outcome)
