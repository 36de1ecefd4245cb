"""An inspection as a document for programs, described by `schema/inspect-1.json`.

Names and texts out of the image stand in it as they are (JSON escapes what a terminal would
obey), but for credentials, which are cut out of settings and commands.
"""

from slimmer.detect.inspection import Inspection
from slimmer.detect.interface import Finding, Severity
from slimmer.image.image import Image, Layer
from slimmer.packages.interface import Package
from slimmer.policy.audit import NO_AUDIT, Audit
from slimmer.report.audit_json import (
    benchmark_json,
    efficiency_json,
    policy_json,
    score_number,
)
from slimmer.report.document import Document, container_path, path_fields, text_of
from slimmer.report.redact import Redactor
from slimmer.report.summary import Summary, summarise

SCHEMA_VERSION = "1.1"


def inspect_document(
    inspection: Inspection, redactor: Redactor, audit: Audit = NO_AUDIT
) -> Document:
    """Everything the inspection found; lists are in an order that does not change."""
    subject = inspection.subject
    summary = summarise(subject, inspection.findings)
    layers = _layers(inspection, summary, redactor)
    document = {
        "schema_version": SCHEMA_VERSION,
        "image": _image(subject.image, redactor),
        "layers": layers,
        "packages": [_package(package) for package in sorted(subject.packages.all, key=_name)],
        "findings": [_finding(finding, layers) for finding in summary.findings],
        "efficiency": efficiency_json(subject.efficiency),
        "summary": _summary(inspection, summary),
    }
    if audit.benchmark:
        document["benchmark"] = benchmark_json(audit.benchmark)
    if audit.policy is not None:
        document["policy"] = policy_json(audit.policy)
    return document


def _image(image: Image, redactor: Redactor) -> Document:
    return {
        "reference": text_of(image.location.reference),
        "digest": image.digest,
        "config_digest": image.manifest.config.digest,
        "platform": str(image.platform),
        "config": config_document(image, redactor),
    }


def config_document(image: Image, redactor: Redactor) -> Document:
    """What a container is started with. Lists and objects are there also when they are empty."""
    config = image.config
    check = config.healthcheck
    return {
        "user": config.user,
        "entrypoint": redactor.command(config.entrypoint),
        "cmd": redactor.command(config.cmd),
        "env": redactor.environment(config.environment),
        "working_dir": config.working_dir,
        "exposed_ports": sorted(config.exposed_ports),
        "volumes": sorted(config.volumes),
        "labels": redactor.labels(config.labels),
        "healthcheck": redactor.command(check.test) if check else None,
        "stop_signal": config.stop_signal,
        "created": config.created or None,
    }


def _layers(inspection: Inspection, summary: Summary, redactor: Redactor) -> list[Document]:
    subject = inspection.subject
    return [
        _layer(layer, subject.indexes[layer.number].compression, summary, redactor)
        for layer in subject.image.layers
    ]


def _layer(layer: Layer, compression: str, summary: Summary, redactor: Redactor) -> Document:
    counted = summary.layers[layer.number]
    return {
        "number": layer.number,
        "digest": layer.descriptor.digest,
        "diff_id": layer.diff_id,
        "media_type": layer.descriptor.media_type,
        "compression": compression,
        "size": layer.descriptor.size,
        "uncompressed_size": counted.uncompressed_size,
        "created_by": redactor.history(layer.created_by),
        "stored_bytes": counted.stored,
        "wasted_bytes": counted.wasted,
        "files": counted.files,
    }


def _name(package: Package) -> tuple[str, str, str, str, str]:
    return package.type, package.name, package.version, package.purl, package.database


def _package(package: Package) -> Document:
    return {
        "type": package.type,
        "name": text_of(package.name),
        "version": text_of(package.version),
        "purl": text_of(package.purl),
        "layer": package.layer,
        "files": len(package.files),
    }


def _finding(finding: Finding, layers: list[Document]) -> Document:
    return {
        "id": finding.id,
        "category": finding.category,
        "severity": finding.severity.label,
        "confidence": finding.confidence.label,
        "message": text_of(finding.message),
        **finding_path(finding),
        "line": finding.line,
        "layer": None if finding.layer is None else _layer_of_finding(layers[finding.layer]),
        "in_final_filesystem": finding.in_final_filesystem,
        "bytes": finding.bytes,
        "advice": finding.advice,
        "references": list(finding.references),
    }


def finding_path(finding: Finding) -> Document:
    """`path`, and `path_base64` where it takes one."""
    return path_fields(None if finding.path is None else container_path(finding.path))


def _layer_of_finding(layer: Document) -> Document:
    return {name: layer[name] for name in ("number", "digest", "created_by")}


def _summary(inspection: Inspection, summary: Summary) -> Document:
    subject = inspection.subject
    categories = sorted({finding.category for finding in summary.findings})
    return {
        "findings": len(summary.findings),
        "by_severity": {s.label: summary.count(s) for s in reversed(Severity)},
        "by_category": {
            category: sum(finding.category == category for finding in summary.findings)
            for category in categories
        },
        "worst_severity": summary.worst.label if summary.worst else None,
        "layers": len(summary.layers),
        "size": summary.size,
        "uncompressed_size": summary.uncompressed_size,
        "wasted_bytes": summary.wasted,
        "efficiency": score_number(subject.efficiency),
        "files": summary.files,
        "packages": len(subject.packages.all),
        "user": subject.image.config.user or "root",
        "unread": [text_of(line) for line in subject.packages.unread],
    }
