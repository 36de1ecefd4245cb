"""What could not be looked at: told, so that silence is not taken for cleanliness."""

from collections.abc import Iterator

from slimmer.detect.interface import Detector, Finding, Subject
from slimmer.detect.policy import check
from slimmer.detect.words import count, listed, shown

_MAX_RECORDS = 100


class UnreadDetector(Detector):
    """Each package database that cannot be read, and one finding for all other files."""

    categories = ("unread",)

    def detect(self, subject: Subject) -> Iterator[Finding]:
        for record in subject.packages.unread[:_MAX_RECORDS]:
            yield check("unread.package-database").finding(
                f"Packages could not be read: {shown(record, 300)}"
            )
        nodes = subject.survey.unread
        if nodes:
            reasons = sorted({shown(node.facts.unread) for node in nodes})
            message = f"{count(len(nodes), 'file')} could not be read: {listed(reasons, 3)}"
            yield check("unread.files").finding(
                message, path=nodes[0].path, layer=nodes[0].inode.layer
            )
