"""HEALTHCHECK: whether there is one, and whether it can work."""

from collections.abc import Iterator

from slimmer.detect.interface import Detector, Finding, Subject
from slimmer.detect.policy import check
from slimmer.detect.words import shown

_DEFAULT_SHELL = "/bin/sh"


class HealthcheckDetector(Detector):
    """A missing or disabled check, one in shell form, one whose program is not in the image."""

    categories = ("healthcheck",)

    def detect(self, subject: Subject) -> Iterator[Finding]:
        config = subject.image.config
        healthcheck = config.healthcheck
        if healthcheck is None:
            yield check("healthcheck.missing").finding("No HEALTHCHECK in the config")
            return
        if healthcheck.disabled:
            yield check("healthcheck.missing").finding("HEALTHCHECK NONE: switched off")
            return
        program = healthcheck.test[1] if len(healthcheck.test) > 1 else ""
        if healthcheck.shell_form:
            program = config.shell[0] if config.shell else _DEFAULT_SHELL
            message = f"HEALTHCHECK is in shell form and needs {shown(program)}"
            yield check("healthcheck.shell-form").finding(message)
        if program and subject.programs.find(program, config.working_dir) is None:
            message = f"HEALTHCHECK starts {shown(program)}, which is not in the image"
            yield check("healthcheck.broken").finding(message)
