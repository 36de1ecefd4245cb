"""Credentials in the config: ENV, labels, commands and history, which anyone who pulls can read."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from slimmer.detect.interface import Confidence, Detector, Finding, Severity, Subject
from slimmer.detect.words import listed, sentence, shown
from slimmer.oci.config import ImageConfig
from slimmer.secrets.engine import Origin
from slimmer.secrets.match import SecretMatch

# An image has a few dozen of each; a config of megabytes is not read to its end for their sake.
_MAX_TEXTS = 10_000


class _Text(NamedTuple):
    where: str
    name: str
    value: str
    origin: Origin


@dataclass(slots=True)
class _Secret:
    """One value: the match it was first found by, the worst that was said of it, its places."""

    match: SecretMatch
    severity: Severity = Severity.LOW
    where: list[str] = field(default_factory=list)


class SecretConfigDetector(Detector):
    """One finding for each secret value, with all the places of the config it stands in."""

    categories = ("secret",)

    def detect(self, subject: Subject) -> Iterator[Finding]:
        found: dict[str, _Secret] = {}
        for number, text in enumerate(_texts(subject.image.config)):
            if number >= _MAX_TEXTS:
                break
            for match in subject.scanner.scan_text(text.name, text.value, text.origin):
                secret = found.setdefault(match.fingerprint, _Secret(match))
                secret.severity = max(secret.severity, Severity[match.severity.upper()])
                if text.where not in secret.where:
                    secret.where.append(text.where)
        for secret in found.values():
            yield _finding(subject, secret)


def _texts(config: ImageConfig) -> Iterator[_Text]:
    for item in config.env:
        name, _, value = item.partition("=")
        yield _Text(f"ENV {shown(name)}", name, value, "env")
    for name, value in config.labels.items():
        yield _Text(f"LABEL {shown(name)}", name, value, "label")
    commands = (("ENTRYPOINT", config.entrypoint), ("CMD", config.cmd))
    for name, argv in commands:
        if argv:
            yield _Text(name, "", " ".join(argv), "history")
    if config.healthcheck is not None:
        yield _Text("HEALTHCHECK", "", " ".join(config.healthcheck.test), "history")
    for number, entry in enumerate(config.history, 1):
        yield _Text(f"history line {number}", "", entry.created_by, "history")
        yield _Text(f"history line {number}", "", entry.comment, "history")


def _finding(subject: Subject, secret: _Secret) -> Finding:
    match = secret.match
    rule = subject.scanner.rule(match.rule)
    shown = f" ({match.redacted})" if match.redacted else ""
    return Finding(
        id=f"secret.{rule.id}",
        category="secret",
        severity=secret.severity,
        confidence=Confidence[match.confidence.upper()],
        message=f"{sentence(rule.title)}{shown} in {listed(secret.where)}",
        advice=subject.scanner.advice(rule.id),
        references=tuple(dict.fromkeys((*rule.references, "CIS Docker 4.10"))),
    )
