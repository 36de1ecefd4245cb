"""Bytes that layers hold and no container sees."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from slimmer.detect.interface import Detector, Finding, Subject
from slimmer.detect.policy import check
from slimmer.detect.words import count, listed, size

# A block of most file systems: less is not worth a line of a report.
_LEAST = 4096


@dataclass(slots=True)
class _Waste:
    files: int = 0
    bytes: int = 0
    by_layers: set[int] = field(default_factory=set)
    largest: tuple[int, str] = (0, "")


class WastedSpaceDetector(Detector):
    """One finding for each layer whose files higher layers remove or replace.

    A file still in view under another hard link wastes nothing.
    """

    categories = ("wasted-space",)

    def detect(self, subject: Subject) -> Iterator[Finding]:
        counted: set[int] = set(subject.survey.entries)
        layers: dict[int, _Waste] = {}
        for hidden in subject.filesystem.hidden:
            entry = hidden.entry
            if entry.kind != "file" or not entry.size or id(entry) in counted:
                continue
            counted.add(id(entry))
            waste = layers.setdefault(hidden.layer, _Waste())
            waste.files += 1
            waste.bytes += entry.size
            waste.by_layers.add(hidden.by_layer)
            waste.largest = max(waste.largest, (entry.size, hidden.path))
        for layer in sorted(layers):
            if layers[layer].bytes >= _LEAST:
                yield _finding(layer, layers[layer])


def _finding(layer: int, waste: _Waste) -> Finding:
    above = sorted(waste.by_layers)
    names = listed([str(number) for number in above])
    message = (
        f"{count(waste.files, 'file')} of layer {layer}, {size(waste.bytes)}, removed or replaced "
        f"by {'layer' if len(above) == 1 else 'layers'} {names}"
    )
    return check("wasted-space.hidden").finding(
        message,
        path=waste.largest[1],
        layer=layer,
        in_final_filesystem=False,
        size=waste.bytes,
    )
