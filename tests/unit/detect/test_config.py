"""ENTRYPOINT, HEALTHCHECK and EXPOSE."""

from typing import Any

import pytest

from slimmer.detect.command import shell_line
from slimmer.detect.entrypoint import EntrypointDetector
from slimmer.detect.healthcheck import HealthcheckDetector
from slimmer.detect.ports import PortDetector

from .subjects import brief, found, ids, program, subject_of

ENTRYPOINT, HEALTHCHECK, PORTS = EntrypointDetector(), HealthcheckDetector(), PortDetector()
LAYER = {"app/server": program(), "bin/sh": program(), "usr/bin/curl": program()}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"Cmd": ["/bin/sh", "-c", "app $PORT"]}, "CMD goes through a shell (sh -c)"),
        ({"Entrypoint": ["/bin/sh", "-c", "app"]}, "ENTRYPOINT goes through a shell (sh -c)"),
        (
            {"Entrypoint": ["/bin/bash", "-o", "pipefail", "-ec", "a | b"], "Cmd": ["x"]},
            "ENTRYPOINT goes through a shell (bash -c)",
        ),
        (
            {"Entrypoint": ["sh", "-c", "a"], "Cmd": ["sh", "-c", "b"]},
            "ENTRYPOINT goes through a shell (sh -c)",
        ),
        (
            {"Entrypoint": ["/entrypoint.sh"], "Cmd": ["sh", "-c", "b"]},
            "CMD goes through a shell (sh -c)",
        ),
    ],
)
def test_shell_form(config: dict[str, Any], message: str) -> None:
    assert brief(found(ENTRYPOINT, subject_of(LAYER, config=config))) == [
        ("low", "entrypoint.shell-form", None, message)
    ]


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"Cmd": ["/app/server", "-c", "config"]},
        {"Entrypoint": ["/entrypoint.sh"], "Cmd": ["bash"]},
        {"Cmd": ["sh", "start.sh"]},
        {"Cmd": ["sh", "-c"]},
        {"Entrypoint": []},
    ],
)
def test_exec_form(config: dict[str, Any]) -> None:
    assert found(ENTRYPOINT, subject_of(LAYER, config=config)) == []


def test_shell_line() -> None:
    assert shell_line(["sh", "-c", "a b"]) == "a b"
    assert shell_line(["/bin/bash", "-lc", "a", "name"]) == "a"
    assert shell_line(["sh", "--norc", "-x"]) is None
    assert shell_line(["env", "-c", "a"]) is None


def health(*test: str, shell: list[str] | None = None) -> list[tuple[str, str, str | None, str]]:
    config: dict[str, Any] = {"Healthcheck": {"Test": list(test)}, "Shell": shell or []}
    return brief(found(HEALTHCHECK, subject_of(LAYER, config=config)))


def test_no_healthcheck() -> None:
    missing = ("low", "healthcheck.missing", None)
    assert brief(found(HEALTHCHECK, subject_of(LAYER, config={}))) == [
        (*missing, "No HEALTHCHECK in the config")
    ]
    assert health("NONE") == [(*missing, "HEALTHCHECK NONE: switched off")]


def test_healthchecks_that_work() -> None:
    assert health("CMD", "/app/server", "health") == []
    assert health("CMD", "curl", "-f", "http://127.0.0.1/") == []


def test_healthchecks_that_do_not() -> None:
    assert health("CMD-SHELL", "curl -f http://127.0.0.1/") == [
        (
            "low",
            "healthcheck.shell-form",
            None,
            "HEALTHCHECK is in shell form and needs /bin/sh",
        )
    ]
    assert health("CMD-SHELL", "x", shell=["/bin/bash", "-c"])[1:] == [
        (
            "medium",
            "healthcheck.broken",
            None,
            "HEALTHCHECK starts /bin/bash, which is not in the image",
        )
    ]
    assert health("CMD", "wget")[0][1] == "healthcheck.broken"


def ports(*names: str) -> list[tuple[str, str]]:
    config: dict[str, Any] = {"ExposedPorts": {name: {} for name in names}}
    findings = found(PORTS, subject_of(LAYER, config=config))
    return [(finding.id, finding.message.partition(":")[0]) for finding in findings]


def test_ports() -> None:
    assert ports("80/tcp", "22", "8080/tcp", "9229/tcp", "53/udp", "443") == [
        ("port.sensitive", "Exposes 22"),
        ("port.privileged", "Exposes 443"),
        ("port.privileged", "Exposes 53/udp"),
        ("port.privileged", "Exposes 80/tcp"),
        ("port.sensitive", "Exposes 9229/tcp"),
    ]
    assert ports("20-25/tcp", "8000-9000") == [("port.sensitive", "Exposes 20-25/tcp")]
    subject = subject_of(LAYER, config={"ExposedPorts": {"22/tcp": {}}})
    assert brief(found(PORTS, subject)) == [
        ("medium", "port.sensitive", None, "Exposes 22/tcp: SSH")
    ]


def test_ports_that_are_right_or_no_ports() -> None:
    assert ports("8080/tcp", "1024", "65535/udp", "3306", "2375/udp") == []
    assert ports("0", "http", "", "80/tcp/udp", "-1", "99999999999", "80 ", "٢٢") == []


def test_nothing_of_the_config_has_a_place() -> None:
    subject = subject_of(LAYER, config={"ExposedPorts": {"80": {}}})
    assert ids(found(PORTS, subject)) == [("port.privileged", None)]
