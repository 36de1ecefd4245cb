"""Static libraries: `ar` archives that only a linker reads."""

from collections.abc import Iterator

from slimmer.detect.heap import Heap, top_folder
from slimmer.detect.interface import Detector, Finding, Subject
from slimmer.detect.policy import check
from slimmer.image.path import parent


class StaticLibraryDetector(Detector):
    """One finding for all static libraries of one layer and one part of the tree."""

    categories = ("compiler",)

    def detect(self, subject: Subject) -> Iterator[Finding]:
        heaps: dict[tuple[int, str], Heap] = {}
        for node in subject.survey.archives:
            if node.path.endswith(".a"):
                key = (node.inode.layer, top_folder(node.path))
                heaps.setdefault(key, Heap()).add(node.inode, parent(node.path))
        for (layer, _), heap in heaps.items():
            yield check("compiler.static-libraries").finding(
                f"Static libraries: {heap.describe()}",
                path=heap.path,
                layer=layer,
                size=heap.bytes,
            )
