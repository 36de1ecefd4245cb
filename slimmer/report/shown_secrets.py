"""The secrets themselves, whole, for whoever asked to see them: to revoke one, one must know it."""

from collections.abc import Iterable, Iterator

from slimmer.detect.interface import Finding, Located, Subject
from slimmer.filesystem.tree import Hidden, Node
from slimmer.formats.tar import Kind, TarEntry
from slimmer.image.content import reader_of_entry
from slimmer.image.reader import LayerReader
from slimmer.report.document import container_path
from slimmer.report.escape import escape, escape_name
from slimmer.secrets.match import SecretMatch

# A private key of 16,384 bits is some 13 kB.
_MOST = 16 * 1024


def shown_secrets(
    subject: Subject, findings: Iterable[Finding], reader: LayerReader
) -> Iterator[str]:
    """Lines `PLACE: SECRET`, control characters escaped. Reads the layers that hold them again."""
    places = {
        (finding.path.lstrip("/"), finding.layer)
        for finding in findings
        if finding.category == "secret" and finding.path is not None
    }
    yield ""
    yield "Secrets, whole"
    for path, layer, entry, matches in _files(subject):
        if (path, layer) not in places:
            continue
        read = reader_of_entry(reader.read_at(layer), entry)
        for match in matches:
            if match.length:
                place = f"{escape_name(container_path(path))}:{match.line}"
                value = read(match.offset, min(match.length, _MOST))
                yield f"  {place}: {escape(value.decode('utf-8', 'surrogateescape'))}"
    yield from _config(subject)


def _files(
    subject: Subject,
) -> Iterator[tuple[str, int, TarEntry, tuple[SecretMatch, ...]]]:
    places: list[Located] = [*subject.filesystem.walk(), *subject.filesystem.hidden]
    for found in places:
        secrets = found.facts.secrets
        if secrets is None:
            continue
        match found:
            case Node(inode=inode) if inode.entry is not None:
                yield found.path, inode.layer, inode.entry, secrets.matches
            case Hidden(entry=entry) if entry.kind is Kind.FILE:
                yield found.path, found.layer, entry, secrets.matches


def _config(subject: Subject) -> Iterator[str]:
    config, scanner = subject.image.config, subject.scanner
    for name, value in config.environment.items():
        for match in scanner.scan_text(name, value, "env"):
            yield f"  ENV {escape(name)}: {_cut(value, match)}"
    for number, entry in enumerate(config.history, 1):
        for match in scanner.scan_text("", entry.created_by, "history"):
            yield f"  history line {number}: {_cut(entry.created_by, match)}"


def _cut(text: str, match: SecretMatch) -> str:
    data = text.encode("utf-8", "surrogateescape")[match.offset : match.offset + match.length]
    return escape(data.decode("utf-8", "surrogateescape"))
