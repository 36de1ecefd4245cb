"""Findings as SARIF 2.1.0 (OASIS), which code hosts and editors show.

A file is a physical location relative to the image's root; what the config says is located in the
config's blob. The layer is a logical location.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from slimmer import __version__
from slimmer.detect.inspection import Inspection
from slimmer.detect.interface import Finding, Severity
from slimmer.detect.words import sentence
from slimmer.image.image import Image
from slimmer.policy.audit import NO_AUDIT, Audit
from slimmer.report.document import Document, raw_name, text_of
from slimmer.report.escape import escape, one_line
from slimmer.report.redact import Redactor

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
}
# GitHub's scale: critical from 9.0, high from 7.0, medium from 4.0.
_SCORES = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
}


def sarif_document(inspection: Inspection, redactor: Redactor, audit: Audit = NO_AUDIT) -> Document:
    """One run with a rule for each check that found something.

    What a policy lets through is there, marked as suppressed.
    """
    findings = inspection.findings
    rules = _worst_of_each(findings)
    numbers = {finding.id: number for number, finding in enumerate(rules)}
    allowed = audit.policy.allowed if audit.policy else {}
    image = inspection.subject.image
    results = _Results(image, numbers, redactor, allowed)
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "slim",
                        "semanticVersion": __version__,
                        "rules": [_rule(finding) for finding in rules],
                    }
                },
                "originalUriBaseIds": {
                    "IMAGE": {"description": {"text": "The root of the image's filesystem."}}
                },
                "automationDetails": {"id": _category(image)},
                "invocations": [{"executionSuccessful": True}],
                "properties": _image_properties(image),
                "columnKind": "unicodeCodePoints",
                "results": [results.result(finding) for finding in findings],
            }
        ],
    }


def _category(image: Image) -> str:
    """Names the image, not its digest: code hosts compare a run with the last one of that name.

    The part after the last slash would be a run's own name; this leaves it empty.
    """
    return text_of(f"slim/{image.location.name}/{image.platform}/")


def _image_properties(image: Image) -> Document:
    return {
        "reference": text_of(image.location.reference),
        "digest": image.digest,
        "configDigest": image.manifest.config.digest,
        "platform": text_of(str(image.platform)),
    }


def _worst_of_each(findings: Sequence[Finding]) -> list[Finding]:
    """One finding for each check, the worst; by the checks' ids."""
    first: dict[str, Finding] = {}
    for finding in findings:
        first.setdefault(finding.id, finding)
    return [first[name] for name in sorted(first)]


def _rule(finding: Finding) -> Document:
    title = sentence(finding.id.replace(".", ": ").replace("-", " "))
    advice = escape(finding.advice)
    return {
        "id": finding.id,
        "name": finding.id,
        "shortDescription": {"text": title},
        "fullDescription": {"text": f"{title}. {advice}"},
        "help": {"text": advice, "markdown": _markdown(advice, finding.references)},
        "defaultConfiguration": {"level": _LEVELS[finding.severity]},
        "properties": {
            "category": finding.category,
            "precision": finding.confidence.label,
            "security-severity": _SCORES[finding.severity],
            "tags": list(dict.fromkeys(("security", *finding.references))),
        },
    }


def _markdown(advice: str, references: Sequence[str]) -> str:
    """Advice is our own text: only what Markdown would take for a tag has to be escaped."""
    text = advice.replace("&", "&amp;").replace("<", "&lt;")
    if references:
        text += f"\n\nReferences: {', '.join(references)}"
    return text


class _Results:
    """Makes results; equal findings in one place get fingerprints of their own."""

    def __init__(
        self,
        image: Image,
        rules: dict[str, int],
        redactor: Redactor,
        allowed: Mapping[Finding, str],
    ) -> None:
        self._image = image
        self._allowed = allowed
        self._rules = rules
        self._redactor = redactor
        self._seen: Counter[tuple[str, str]] = Counter()

    def result(self, finding: Finding) -> Document:
        fingerprint = self._fingerprint(finding)
        result: Document = {
            "ruleId": finding.id,
            "ruleIndex": self._rules[finding.id],
            "level": _LEVELS[finding.severity],
            "message": {"text": escape(finding.message)},
            "locations": [self._location(finding)],
            "partialFingerprints": {
                "slimFinding/v1": fingerprint,
                # The one GitHub compares; it cannot make it where it does not have the file.
                "primaryLocationLineHash": f"{fingerprint}:1",
            },
            "properties": self._properties(finding),
        }
        reason = self._allowed.get(finding)
        if reason is not None:
            result["suppressions"] = [{"kind": "external", "justification": escape(reason)}]
        return result

    def _location(self, finding: Finding) -> Document:
        config = self._image.manifest.config.digest
        if finding.path is None:
            file = {"uri": f"blobs/{config.algorithm}/{config.encoded}"}
            return {
                "physicalLocation": {"artifactLocation": file, "region": {"startLine": 1}},
                "logicalLocations": [{"name": "config", "kind": "object"}],
            }
        # Quoting also the colon keeps the first name from being read as a scheme (RFC 3986, 4.2).
        file = {"uri": quote(raw_name(finding.path.lstrip("/"))), "uriBaseId": "IMAGE"}
        # Code hosts show nothing that has no line; the first one stands for the file.
        region = {"startLine": finding.line or 1}
        location: Document = {"physicalLocation": {"artifactLocation": file, "region": region}}
        if finding.layer is not None:
            location["logicalLocations"] = [self._layer(finding.layer)]
        return location

    def _layer(self, number: int) -> Document:
        digest = self._image.layers[number].descriptor.digest
        return {"name": f"layer {number}", "fullyQualifiedName": digest, "kind": "module"}

    def _properties(self, finding: Finding) -> Document:
        properties: Document = {
            "category": finding.category,
            "severity": finding.severity.label,
            "confidence": finding.confidence.label,
            "inFinalFilesystem": finding.in_final_filesystem,
            "bytes": finding.bytes,
        }
        if finding.layer is not None:
            layer = self._image.layers[finding.layer]
            properties["layer"] = {
                "number": finding.layer,
                "digest": layer.descriptor.digest,
                "createdBy": one_line(self._redactor.history(layer.created_by)),
            }
        return properties

    def _fingerprint(self, finding: Finding) -> str:
        """The same for the same thing in the next build of the image, whatever its layers."""
        key = finding.id, finding.path or ""
        self._seen[key] += 1
        parts = (finding.id.encode(), raw_name(key[1]), b"%d" % self._seen[key])
        return hashlib.sha256(b"\0".join(parts)).hexdigest()[:32]
