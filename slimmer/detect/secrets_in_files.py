"""Credentials in files: in those a container sees, and in those that lie hidden in lower layers."""

from collections.abc import Iterable, Iterator

from slimmer.detect.interface import Confidence, Detector, Finding, Located, Severity, Subject
from slimmer.detect.words import count, sentence
from slimmer.filesystem.tree import Hidden
from slimmer.packages.interface import Packages
from slimmer.secrets.match import FileSecrets, SecretMatch
from slimmer.secrets.suppression import PackagedDigests, is_packaged


class SecretFileDetector(Detector):
    """One finding for each rule and file, however often the rule matches in it.

    Files that are still as their package installed them are left out: what everyone can download
    is no secret.
    """

    categories = ("secret",)

    def detect(self, subject: Subject) -> Iterator[Finding]:
        packaged = _Packaged(subject)
        for place, layer, secrets in _located(subject):
            if not is_packaged(place.path, secrets, packaged):
                for matches in _by_rule(secrets.matches):
                    yield _finding(subject, place, layer, matches)


class _Packaged(PackagedDigests):
    """What the package databases say of a path.

    An index has no digest of files without matches. Such a file counts as intact while it comes
    from the layer that brought its package.
    """

    def __init__(self, subject: Subject) -> None:
        self._packages: Packages = subject.packages
        self._filesystem = subject.filesystem

    def digests(self, path: str) -> Iterable[str]:
        owner = self._packages.owner(path)
        recorded = owner.digests.get(path) if owner is not None else None
        return () if recorded is None else (recorded,)

    def intact(self, path: str) -> bool:
        owner = self._packages.owner(path)
        node = self._filesystem.get(path)
        return owner is not None and node is not None and node.inode.layer <= owner.layer


def _located(subject: Subject) -> Iterator[tuple[Located, int, FileSecrets]]:
    """Every file with matches once, with the layer that holds its bytes."""
    seen: set[int] = set()
    for node in subject.survey.secrets:
        secrets = node.facts.secrets
        if secrets is not None and id(node.inode.entry) not in seen:
            seen.add(id(node.inode.entry))
            yield node, node.inode.layer, secrets
    for hidden in subject.filesystem.hidden:
        secrets = hidden.facts.secrets
        if secrets is not None and id(hidden.entry) not in seen:
            seen.add(id(hidden.entry))
            yield hidden, hidden.layer, secrets


def _by_rule(matches: Iterable[SecretMatch]) -> Iterable[list[SecretMatch]]:
    rules: dict[str, list[SecretMatch]] = {}
    for match in matches:
        rules.setdefault(match.rule, []).append(match)
    return rules.values()


def _finding(subject: Subject, place: Located, layer: int, matches: list[SecretMatch]) -> Finding:
    rule = subject.scanner.rule(matches[0].rule)
    hidden = isinstance(place, Hidden)
    message = describe(rule.title, matches)
    if isinstance(place, Hidden):
        message += f"; layer {place.by_layer} hides the file, layer {layer} still holds it"
    return Finding(
        id=f"secret.{rule.id}",
        category="secret",
        severity=max(Severity[match.severity.upper()] for match in matches),
        confidence=max(Confidence[match.confidence.upper()] for match in matches),
        message=message,
        advice=subject.scanner.advice(rule.id),
        path=place.path,
        layer=layer,
        in_final_filesystem=not hidden,
        line=matches[0].line or None,
        references=rule.references,
    )


def describe(title: str, matches: list[SecretMatch]) -> str:
    """`GitHub token (ghp_...) in line 3`, never more of it than the scanner shows."""
    first = matches[0]
    text = sentence(title)
    if first.redacted:
        text += f" ({first.redacted})"
    if first.line:
        text += f" in line {first.line}"
    if len(matches) > 1:
        values = len({match.fingerprint for match in matches})
        text += f", the first of {len(matches)} places with {count(values, 'value')}"
    return text
