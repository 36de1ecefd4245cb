"""Python bytecode whose source is there: it can be made again, and costs space."""

from collections.abc import Iterator

from slimmer.detect.heap import Heap, top_folder
from slimmer.detect.interface import Detector, Finding, Subject
from slimmer.detect.policy import check
from slimmer.filesystem.tree import Node

_FOLDER = "__pycache__"
_LEAST = 1_000_000


class BytecodeDetector(Detector):
    """One finding for each layer and part of the tree with a megabyte of it (PEP 3147)."""

    categories = ("cache",)

    def detect(self, subject: Subject) -> Iterator[Finding]:
        heaps: dict[tuple[int, str], Heap] = {}
        for folder in subject.survey.directories:
            if folder.name == _FOLDER:
                for node in _cached(folder):
                    key = (node.inode.layer, top_folder(folder.path))
                    heaps.setdefault(key, Heap()).add(node.inode, folder.path)
        for (layer, _), heap in heaps.items():
            if heap.bytes >= _LEAST:
                yield check("cache.bytecode").finding(
                    f"Python bytecode beside its source: {heap.describe()}",
                    path=heap.path,
                    layer=layer,
                    size=heap.bytes,
                )


def _cached(folder: Node) -> Iterator[Node]:
    """The bytecode files whose module lies beside the folder."""
    sources = (folder.parent.children or {}) if folder.parent is not None else {}
    for name, node in (folder.children or {}).items():
        if node.is_file and name.endswith(".pyc") and f"{name.partition('.')[0]}.py" in sources:
            yield node
