"""What differs between two inspected images."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from slimmer.detect.inspection import Inspection
from slimmer.detect.interface import Finding
from slimmer.filesystem.tree import Filesystem, Inode, Node
from slimmer.packages.interface import Package
from slimmer.report.inspect_json import config_document
from slimmer.report.redact import Redactor
from slimmer.report.summary import Summary, summarise

SameContent = Callable[[Inode, Inode], bool]
"""Whether two regular files of one size, of the first image and the second, hold the same."""


@dataclass(frozen=True)
class FileChange:
    """`before` is None for an added name, `after` for a removed one.

    `what` says what changed of a name that both have: kind, content, mode, owner, target, device,
    attributes. Times are not compared.
    """

    path: str
    before: Node | None
    after: Node | None
    what: tuple[str, ...] = ()

    @property
    def bytes(self) -> int:
        """How much larger the file is now; what hard links share counts for the first of them."""
        return _bytes(self.after) - _bytes(self.before)


def _bytes(node: Node | None) -> int:
    return node.size if node is not None and next(iter(node.inode.names)) is node else 0


@dataclass(frozen=True)
class PackageChange:
    """The installed versions of one package, mostly one; none where it is not there."""

    type: str
    name: str
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True)
class ConfigChange:
    """`field` is named as in the JSON of an inspection, with the key of a map: `env.PATH`."""

    field: str
    before: object
    after: object


@dataclass(frozen=True)
class Difference:
    """All of it, in an order that does not change."""

    before: Summary
    after: Summary
    files: tuple[FileChange, ...]
    packages: tuple[PackageChange, ...]
    config: tuple[ConfigChange, ...]
    new_findings: tuple[Finding, ...]
    fixed_findings: tuple[Finding, ...]

    @property
    def is_empty(self) -> bool:
        """Whether containers of both see the same. The layers may still be others."""
        return not (self.files or self.packages or self.config or self.new_findings) and not (
            self.fixed_findings
        )


def compare(
    before: Inspection, after: Inspection, same_content: SameContent, redactor: Redactor
) -> Difference:
    """Compare what containers of the two images see, and what the detectors say of them."""
    old, new = before.subject, after.subject
    same_entry = _same_entry(before, after)
    return Difference(
        before=summarise(old, before.findings),
        after=summarise(new, after.findings),
        files=tuple(_files(old.filesystem, new.filesystem, same_entry, same_content)),
        packages=tuple(_packages(old.packages.all, new.packages.all)),
        config=tuple(_config(before, after, redactor)),
        new_findings=_only_in(after.findings, before.findings),
        fixed_findings=_only_in(before.findings, after.findings),
    )


def _same_entry(before: Inspection, after: Inspection) -> Callable[[Inode, Inode], bool]:
    """Tells inodes that are one entry of one layer that both images have."""
    old = [index.diff_id for index in before.subject.indexes]
    new = [index.diff_id for index in after.subject.indexes]
    return lambda was, now: was.number == now.number and old[was.layer] == new[now.layer]


def _files(
    before: Filesystem,
    after: Filesystem,
    same_entry: Callable[[Inode, Inode], bool],
    same_content: SameContent,
) -> Iterator[FileChange]:
    old = {node.path: node for node in before.walk()}
    new = {node.path: node for node in after.walk()}
    for path in sorted(old.keys() | new.keys()):
        was, now = old.get(path), new.get(path)
        if was is None or now is None:
            yield FileChange(path, was, now)
        elif not same_entry(was.inode, now.inode):
            what = tuple(_changes(was.inode, now.inode, same_content))
            if what:
                yield FileChange(path, was, now, what)


def _changes(was: Inode, now: Inode, same_content: SameContent) -> Iterator[str]:
    if was.kind is not now.kind:
        yield "kind"
        return
    if was.size != now.size or (was.size and not same_content(was, now)):
        yield "content"
    if was.mode != now.mode:
        yield "mode"
    if (was.uid, was.gid) != (now.uid, now.gid):
        yield "owner"
    if was.link != now.link:
        yield "target"
    if was.entry and now.entry:
        if was.entry.device != now.entry.device:
            yield "device"
        if was.entry.xattrs != now.entry.xattrs:
            yield "attributes"


def _packages(before: Iterable[Package], after: Iterable[Package]) -> Iterator[PackageChange]:
    old, new = _versions(before), _versions(after)
    for key in sorted(old.keys() | new.keys()):
        was, now = old.get(key, ()), new.get(key, ())
        if was != now:
            yield PackageChange(*key, was, now)


def _versions(packages: Iterable[Package]) -> Mapping[tuple[str, str], tuple[str, ...]]:
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for package in packages:
        found[package.type, package.name].append(package.version)
    return {key: tuple(sorted(versions)) for key, versions in found.items()}


def _config(before: Inspection, after: Inspection, redactor: Redactor) -> Iterator[ConfigChange]:
    old, new = _fields(before, redactor), _fields(after, redactor)
    for field in sorted(old.keys() | new.keys()):
        if old.get(field) != new.get(field):
            yield ConfigChange(field, old.get(field), new.get(field))


def _fields(inspection: Inspection, redactor: Redactor) -> dict[str, object]:
    image = inspection.subject.image
    fields: dict[str, object] = {"platform": str(image.platform)}
    for name, value in config_document(image, redactor).items():
        if isinstance(value, dict):
            fields |= {f"{name}.{key}": item for key, item in value.items()}
        elif name != "created":
            fields[name] = value
    return fields


def _only_in(some: Iterable[Finding], others: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings of the same check at the same path are the same, whatever layer they are in."""
    known = Counter((finding.id, finding.path) for finding in others)
    only = []
    for finding in some:
        key = finding.id, finding.path
        if known[key] > 0:
            known[key] -= 1
        else:
            only.append(finding)
    return tuple(only)
