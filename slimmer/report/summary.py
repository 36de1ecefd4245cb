"""What every report of an inspection counts, counted once."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from slimmer.detect.interface import Finding, Severity, Subject
from slimmer.formats.tar import Kind
from slimmer.image.index import LayerIndex
from slimmer.image.path import is_whiteout


@dataclass(frozen=True)
class LayerSummary:
    """Sizes are bytes. `stored` is of the files in the layer, `wasted` of those in no view."""

    files: int
    uncompressed_size: int
    stored: int
    wasted: int


@dataclass(frozen=True)
class Summary:
    """`findings` are worst first. `files` are regular files in the container's view, by name."""

    findings: tuple[Finding, ...]
    layers: tuple[LayerSummary, ...]
    size: int
    uncompressed_size: int
    files: int
    packages: Mapping[str, int]

    @property
    def wasted(self) -> int:
        return sum(layer.wasted for layer in self.layers)

    @property
    def worst(self) -> Severity | None:
        return self.findings[0].severity if self.findings else None

    def count(self, severity: Severity) -> int:
        return sum(finding.severity is severity for finding in self.findings)


def summarise(subject: Subject, findings: Iterable[Finding]) -> Summary:
    """Count what there is. Nothing is read but what the inspection holds already."""
    layers = tuple(
        LayerSummary(_files(index), index.uncompressed_size, use.stored, use.wasted)
        for index, use in zip(subject.indexes, subject.efficiency.layers, strict=True)
    )
    return Summary(
        findings=tuple(findings),
        layers=layers,
        size=subject.image.size,
        uncompressed_size=sum(layer.uncompressed_size for layer in layers),
        files=sum(1 for _ in subject.filesystem.files()),
        packages=Counter(sorted(package.type for package in subject.packages.all)),
    )


def _files(index: LayerIndex) -> int:
    return sum(
        entry.kind in (Kind.FILE, Kind.HARDLINK) and not is_whiteout(entry.path)
        for entry in index.entries
    )
