"""The tag by which the image was asked for."""

from collections.abc import Iterator

from slimmer.detect.interface import Detector, Finding, Subject
from slimmer.detect.policy import check


class TagDetector(Detector):
    """`latest`, in a registry or as the name of an image in a layout or an archive."""

    categories = ("tag",)

    def detect(self, subject: Subject) -> Iterator[Finding]:
        if tag_of(subject) == "latest":
            yield check("tag.latest").finding("The image is named by the tag latest")


def tag_of(subject: Subject) -> str | None:
    """The tag that was asked for; None for a digest, or a file that names no image."""
    location = subject.image.location
    if location.repository is not None:
        return location.repository.tag
    return location.ref.rpartition(":")[2] if location.ref else None
