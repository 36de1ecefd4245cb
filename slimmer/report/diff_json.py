"""A difference for programs, described by `schema/diff-1.json`."""

from slimmer.detect.inspection import Inspection
from slimmer.detect.interface import Finding
from slimmer.filesystem.tree import Node
from slimmer.report.diff import Difference, FileChange
from slimmer.report.document import Document, container_path, path_fields, text_of
from slimmer.report.inspect_json import finding_path
from slimmer.report.summary import Summary

SCHEMA_VERSION = "1.0"


def diff_document(before: Inspection, after: Inspection, difference: Difference) -> Document:
    """Everything that differs; lists are in an order that does not change."""
    return {
        "schema_version": SCHEMA_VERSION,
        "before": _image(before, difference.before),
        "after": _image(after, difference.after),
        "files": [_file(change) for change in difference.files],
        "packages": [
            {
                "type": change.type,
                "name": text_of(change.name),
                "before": [text_of(version) for version in change.before],
                "after": [text_of(version) for version in change.after],
            }
            for change in difference.packages
        ],
        "config": [
            {"field": text_of(change.field), "before": change.before, "after": change.after}
            for change in difference.config
        ],
        "findings": {
            "new": [_finding(finding) for finding in difference.new_findings],
            "fixed": [_finding(finding) for finding in difference.fixed_findings],
        },
    }


def _image(inspection: Inspection, summary: Summary) -> Document:
    image = inspection.subject.image
    return {
        "reference": text_of(image.location.reference),
        "digest": image.digest,
        "config_digest": image.manifest.config.digest,
        "platform": text_of(str(image.platform)),
        "layers": len(summary.layers),
        "size": summary.size,
        "uncompressed_size": summary.uncompressed_size,
        "wasted_bytes": summary.wasted,
        "files": summary.files,
        "packages": sum(summary.packages.values()),
        "findings": len(summary.findings),
    }


def _file(change: FileChange) -> Document:
    return {
        **path_fields(container_path(change.path)),
        "changed": list(change.what),
        "before": _node(change.before),
        "after": _node(change.after),
    }


def _node(node: Node | None) -> Document | None:
    if node is None:
        return None
    inode = node.inode
    return {
        "kind": str(inode.kind),
        "mode": f"{inode.mode:04o}",
        "uid": inode.uid,
        "gid": inode.gid,
        "size": inode.size,
        "link": text_of(inode.link) if inode.link else None,
        "layer": inode.layer,
    }


def _finding(finding: Finding) -> Document:
    return {
        "id": finding.id,
        "category": finding.category,
        "severity": finding.severity.label,
        "message": text_of(finding.message),
        **finding_path(finding),
        "in_final_filesystem": finding.in_final_filesystem,
    }
