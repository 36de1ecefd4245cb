"""Version control folders, also those that a higher layer hides."""

from collections.abc import Iterator

from slimmer.detect.interface import Detector, Finding, Subject
from slimmer.detect.place_table import Place, place_table
from slimmer.detect.policy import check
from slimmer.detect.words import count, sentence, size
from slimmer.filesystem.tree import Node


class RepositoryDetector(Detector):
    """One finding for each `.git` and its like, by the lowest layer that holds a part of it."""

    categories = ("version-control",)

    def detect(self, subject: Subject) -> Iterator[Finding]:
        table = place_table()
        for node in subject.survey.directories:
            place = table.folder(node.path)
            if place is not None and place.each and node.children:
                yield from _in_view(subject, node, place)
        yield from _hidden(subject)


def _in_view(subject: Subject, node: Node, place: Place) -> Iterator[Finding]:
    assert node.children is not None
    if not any(name in node.children for name in place.holding):
        return
    files = [below.inode for below in subject.filesystem.walk(node) if below.is_file]
    if files:
        weight = sum(inode.size for inode in files)
        yield check(place.check).finding(
            f"{sentence(place.what)}: {count(len(files), 'file')}, {size(weight)}",
            path=node.path,
            layer=min(inode.layer for inode in files),
            size=weight,
        )


def _hidden(subject: Subject) -> Iterator[Finding]:
    """Repositories gone from view. One still there is told of there."""
    heads = {
        f"{folder}/{name}": place
        for place in place_table().places
        if place.each
        for folder in place.folders
        for name in place.holding
    }
    found: dict[tuple[str, int], tuple[Place, int]] = {}
    for hidden in subject.filesystem.hidden:
        path = hidden.path
        marker = path.rpartition("/")[2]
        folder = path[: -len(marker) - 1]
        place = heads.get(f"{folder.rpartition('/')[2]}/{marker}")
        if place is not None and subject.filesystem.get(folder) is None:
            found.setdefault((folder, hidden.layer), (place, hidden.by_layer))
    for (folder, layer), (place, by_layer) in sorted(found.items(), key=lambda item: item[0]):
        yield check(place.check).finding(
            f"{sentence(place.what)}; layer {by_layer} hides it, layer {layer} still holds it",
            path=folder,
            layer=layer,
            in_final_filesystem=False,
        )
