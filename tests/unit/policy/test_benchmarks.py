"""Each check of each benchmark: what makes it fail, and that nothing else does."""

from collections.abc import Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

import pytest
from detect.subjects import QUIET, Layer, program, subject_of
from support import planted
from support.layers import File, Folder

from slimmer.detect.catalogue import CATEGORIES, detect_all
from slimmer.detect.interface import Subject
from slimmer.detect.policy import checks
from slimmer.detect.tool_table import tool_table
from slimmer.policy.benchmarks import ALL, benchmarks, run_benchmark
from slimmer.policy.conditions import NEEDS, SAYS
from slimmer.store.interface import Location

APK = b"P:musl\nV:1.2\nA:x86_64\n\n"
# An image that nothing is wrong with and every check can be answered for.
CLEAN: Layer = {
    "app/server": program(),
    "etc/passwd": b"root:x:0:0:::\napp:x:10001:10001:::\n",
    "etc/group": b"root:x:0:\n",
    "lib/apk/db/installed": APK,
}
HISTORY = ("COPY rootfs / # buildkit",)


def image(
    layer: Layer | None = None,
    config: Mapping[str, Any] | None = None,
    history: tuple[str, ...] = HISTORY,
    ref: str = "app:1.0",
) -> Subject:
    subject = subject_of(
        {**CLEAN, **(layer or {})},
        config={"Volumes": {"/data": {}}, **QUIET, **(config or {})},
        history=[{"created_by": line} for line in history],
    )
    location = Location("app", file="app.tar", ref=ref)
    return replace(subject, image=replace(subject.image, location=location))


def answers(subject: Subject, name: str = ALL) -> dict[str, str]:
    results = run_benchmark(name, subject, detect_all(subject))
    return {f"{result.benchmark.id} {result.check.id}": result.outcome for result in results}


UNANSWERED = {
    "cis 4.2": "not-checked",
    "cis 4.4": "not-applicable",
    "cis 4.5": "not-checked",
    "nist 4.1.1": "not-checked",
    "nist 4.1.3": "not-checked",
    "nist 4.1.5": "not-checked",
}


def test_an_image_without_faults_passes_whatever_can_be_answered() -> None:
    seen = answers(image())
    assert {check: answer for check, answer in seen.items() if answer != "pass"} == UNANSWERED


SECRET = planted.github_token("benchmark")
NIST = {"nist 4.1.2"}
CREDENTIALS = {"cis 4.10", "nist 4.1.4", "practice credentials"}
PASSWD = "root:x:0:0:::\napp:x:10001:10001:::\n"
FAULTS: dict[str, tuple[Subject, set[str]]] = {
    "root": (image(config={"User": "0"}), {"cis 4.1"} | NIST),
    "user without account": (image(config={"User": "who"}), {"cis 4.1"} | NIST),
    "compiler": (image({"usr/bin/gcc": program("gcc")}), {"cis 4.3"} | NIST),
    "git": (image({"usr/bin/git": program("git")}), {"cis 4.3", "practice leftovers"}),
    "no health check": (image(config={"Healthcheck": None}), {"cis 4.6"}),
    "update alone": (image(history=("RUN apt-get update",)), {"cis 4.7"}),
    "setuid": (image({"bin/su": program("su", 0o4755)}), {"cis 4.8", "nist 4.1.3"} | NIST),
    "ADD": (image(history=("ADD x /srv",)), {"cis 4.9"}),
    "secret file": (image({"app/.env": f"TOKEN={SECRET}\n".encode()}), CREDENTIALS),
    "secret setting": (image(config={"Env": [f"TOKEN={SECRET}"]}), CREDENTIALS),
    "unverified": (image(history=("RUN apk add --no-cache --allow-untrusted x",)), {"cis 4.11"}),
    "piped": (image(history=("RUN curl x | sh",)), {"cis 4.11"}),
    "port": (image(config={"ExposedPorts": {"22/tcp": {}}}), set(NIST)),
    "latest": (image(ref="app:latest"), {"practice tag", "nist 4.1.5"}),
    "sudo in history": (image(history=("RUN sudo x",)), {"practice sudo"}),
    "volume": (image(config={"Volumes": {"/proc": {}}}), {"practice volumes"} | NIST),
    "dist-upgrade": (image(history=("RUN apt-get dist-upgrade",)), {"practice dist-upgrade"}),
    "apk cache": (image(history=("RUN apk add x",)), {"practice apk-cache"}),
    "package index": (image({"var/cache/apk/x": b"x"}), {"practice caches"}),
    "no password": (
        image({"etc/passwd": (PASSWD + "a::7:7:::\n").encode()}),
        {"practice passwords"} | NIST,
    ),
    "number twice": (image({"etc/passwd": (PASSWD * 2).encode()}), {"practice accounts"}),
    "log": (image({"var/log/x.log": b"x" * 5000}), {"practice leftovers"}),
    "world-writable": (image({"srv/x": Folder(0o777)}), {"practice world-writable"} | NIST),
    "shell form": (
        image({"bin/sh": File(b"", 0o755)}, {"Entrypoint": ["/bin/sh", "-c", "/app/server"]}),
        {"practice exec-form"},
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_fails_its_checks_and_no_other(fault: str) -> None:
    subject, failing = FAULTS[fault]
    assert {check for check, answer in answers(subject).items() if answer == "fail"} == failing


def test_every_check_that_can_fail_is_tried() -> None:
    failing = {check for _, checks in FAULTS.values() for check in checks}
    can = {f"{b.id} {c.id}" for b in benchmarks() for c in b.check if c.fails_on}
    assert failing == can


def test_what_is_missing_is_said() -> None:
    subject = subject_of({"app/server": program()})
    seen = answers(subject)
    assert {check for check, answer in seen.items() if answer == "not-checked"} >= {
        "cis 4.7", "cis 4.9", "cis 4.11", "practice dist-upgrade",
    }  # fmt: skip
    assert {check for check, answer in seen.items() if answer == "not-applicable"} == {
        "cis 4.4", "practice tag", "practice volumes", "practice apk-cache", "practice passwords",
        "practice accounts",
    }  # fmt: skip
    results = run_benchmark(ALL, subject, ())
    assert all(result.notes for result in results if result.outcome.startswith("not-"))


def test_evidence_is_the_findings() -> None:
    subject = image({"bin/gcc": program("gcc"), "bin/nc": program("nc")})
    results = {
        result.check.id: result for result in run_benchmark("cis", subject, detect_all(subject))
    }
    assert [f.path for f in results["4.3"].findings] == ["bin/gcc", "bin/nc"]
    assert (results["4.3"].reference, results["4.3"].notes) == ("CIS Docker 4.3", ())


def test_a_base_that_is_told_is_shown() -> None:
    labels = {"org.opencontainers.image.base.name": "h.test/base:1"}
    results = run_benchmark("cis", image(config={"Labels": labels}), ())
    (base,) = (result for result in results if result.check.id == "4.2")
    assert base.notes[1] == "it says that its base is h.test/base:1"


def test_names() -> None:
    subject = image()
    assert {key.split()[0] for key in answers(subject, "cis")} == {"cis"}
    assert len(answers(subject, "cis")) == 11
    assert len(answers(subject, "nist")) == 5
    assert {b.id for b in benchmarks()} == {"cis", "nist", "practice"}


def test_the_table_names_what_there_is() -> None:
    table = tool_table()
    known = {*checks(), *(table.check(tool).id for tool in table.tool)}
    for benchmark in benchmarks():
        assert len({check.id for check in benchmark.check}) == len(benchmark.check)
        for check in benchmark.check:
            assert not check.needs or check.needs in NEEDS
            assert not check.says or check.says in SAYS
            assert check.fails_on or check.outcome
            for pattern in check.fails_on:
                assert pattern.partition(".")[0] in CATEGORIES
                if not pattern.startswith("secret."):
                    assert any(fnmatchcase(name, pattern) for name in known), pattern


def test_findings_that_cite_a_check_of_cis_fail_it() -> None:
    """Of section 4, but for 4.3, which many findings touch that alone are no package."""
    by_id = {check.id: check for b in benchmarks() if b.id == "cis" for check in b.check}
    for check_id, check in checks().items():
        for reference in check.references:
            section = reference.removeprefix("CIS Docker ")
            if not section.startswith("4.") or section == "4.3" or section not in by_id:
                continue
            if check_id in ("user.name", "healthcheck.shell-form", "version-control.repository"):
                continue  # advice that goes beyond what the benchmark asks
            patterns = by_id[section].fails_on
            assert any(fnmatchcase(check_id, pattern) for pattern in patterns), check_id
