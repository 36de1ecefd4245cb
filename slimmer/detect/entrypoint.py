"""ENTRYPOINT and CMD that go through a shell."""

from collections.abc import Iterator

from slimmer.detect.command import shell_line
from slimmer.detect.interface import Detector, Finding, Subject
from slimmer.detect.policy import check
from slimmer.image.path import basename


class EntrypointDetector(Detector):
    """Shell form, told once: the ENTRYPOINT's hides the CMD, which is then never read."""

    categories = ("entrypoint",)

    def detect(self, subject: Subject) -> Iterator[Finding]:
        config = subject.image.config
        for name, argv in (("ENTRYPOINT", config.entrypoint), ("CMD", config.cmd)):
            if shell_line(argv) is not None:
                message = f"{name} goes through a shell ({basename(argv[0])} -c)"
                yield check("entrypoint.shell-form").finding(message)
                return
