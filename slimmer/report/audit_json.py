"""Benchmarks, a policy's verdict and the layers' efficiency as JSON."""

from collections.abc import Iterable

from slimmer.detect.interface import Finding
from slimmer.filesystem.efficiency import Duplicate, Efficiency, StoredFile
from slimmer.policy.benchmarks import Result
from slimmer.policy.policy import Exempted, Verdict
from slimmer.report.document import Document, container_path, path_fields, text_of


def benchmark_json(results: Iterable[Result]) -> list[Document]:
    """In the order of the benchmarks."""
    return [
        {
            "benchmark": result.benchmark.id,
            "id": result.check.id,
            "title": result.check.title,
            "reference": result.reference,
            "result": result.outcome,
            "evidence": [_evidence(finding) for finding in result.findings],
            "notes": [text_of(note) for note in result.notes],
        }
        for result in results
    ]


def policy_json(verdict: Verdict) -> Document:
    """Which rules are broken by what; what was let through and why; what no longer is."""
    return {
        "file": text_of(verdict.file),
        "passed": verdict.passed,
        "broken": [
            {
                "rule": broken.rule,
                "message": text_of(broken.message),
                "findings": [_evidence(finding) for finding in broken.findings],
            }
            for broken in verdict.broken
        ],
        "ignored": [_exempted(item) for item in verdict.ignored],
        "expired": [_exempted(item) for item in verdict.expired],
        "unchecked": list(verdict.unchecked),
    }


def _exempted(item: Exempted) -> Document:
    allow = item.allow
    return {
        "path": None if allow.path is None else text_of(allow.path),
        "finding": allow.finding,
        "reason": text_of(allow.reason),
        "expires": allow.expires.isoformat() if allow.expires else None,
        "findings": [_evidence(finding) for finding in item.findings],
    }


def _evidence(finding: Finding) -> Document:
    return {
        "id": finding.id,
        **path_fields(None if finding.path is None else container_path(finding.path)),
        "layer": finding.layer,
        "message": text_of(finding.message),
    }


def efficiency_json(efficiency: Efficiency) -> Document:
    """The score from 0 to 1 in four places, cut; sizes are bytes."""
    return {
        "score": score_number(efficiency),
        "stored_bytes": efficiency.stored,
        "seen_bytes": efficiency.seen,
        "wasted_bytes": efficiency.wasted,
        "duplicate_bytes": efficiency.duplicate_bytes,
        "duplicates": [_duplicate(duplicate) for duplicate in efficiency.duplicates],
        "biggest_files": [_file(file) for file in efficiency.biggest],
    }


def score_number(efficiency: Efficiency) -> float:
    """Cut and not rounded: 1.0 is all of it."""
    return int(efficiency.score * 10_000) / 10_000


def _duplicate(duplicate: Duplicate) -> Document:
    return {
        "size": duplicate.size,
        "wasted_bytes": duplicate.wasted,
        "files": [_file(file) for file in duplicate.files],
    }


def _file(file: StoredFile) -> Document:
    return {
        **path_fields(container_path(file.path)),
        "layer": file.layer,
        "size": file.size,
        "in_final_filesystem": file.in_view,
    }
