"""Build instructions, volumes, the tag, accounts that share a number, and sudo."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from slimmer.detect.history import HistoryDetector
from slimmer.detect.setuid import SetuidDetector
from slimmer.detect.tag import TagDetector
from slimmer.detect.user import UserDetector
from slimmer.detect.volumes import VolumeDetector
from slimmer.oci.reference import parse_registry_reference
from slimmer.store.interface import Location

from .subjects import brief, found, ids, program, subject_of


def judged(*lines: str) -> list[str]:
    history = [{"created_by": line} for line in lines]
    findings = found(HistoryDetector(), subject_of(*[{}] * len(lines), history=history))
    return [finding.id.removeprefix("history.") for finding in findings]


@pytest.mark.parametrize(
    ("line", "names"),
    [
        # update alone
        ("RUN apt-get update", ["update-alone"]),
        ("RUN apt update -y && rm -rf /x", ["update-alone"]),
        ("/bin/sh -c apk update", ["update-alone"]),
        ("RUN dnf makecache", ["update-alone"]),
        ("RUN zypper ref", ["update-alone"]),
        ("RUN sudo -E apt-get -qq update", ["sudo", "update-alone"]),
        ("RUN apt-get update && apt-get install -y x", []),
        ("RUN apt-get update; ./install-deps.sh", []),
        ("RUN apk update && apk add --no-cache x", []),
        ("RUN npm update", []),
        ("RUN echo apt-get update", []),
        # ADD
        ("ADD app.tar /srv # buildkit", ["add"]),
        ("/bin/sh -c #(nop) ADD file:1f in /etc/ ", ["add"]),
        ('ADD ["a", "/b"]', ["add"]),
        ("/bin/sh -c #(nop) ADD file:1f in / ", []),
        ("ADD rootfs.tar.xz / # buildkit", []),
        ("ADD --checksum=sha256:00 https://x /y # buildkit", []),
        ("COPY a /b", []),
        # dist-upgrade
        ("RUN apt-get update && apt-get -y dist-upgrade", ["dist-upgrade"]),
        ("RUN do-release-upgrade", ["dist-upgrade"]),
        ("RUN apt-get update && apt-get upgrade -y", []),
        # sudo
        ("RUN sudo make install", ["sudo"]),
        ("RUN apt-get install -y sudo", []),
        # apk
        ("RUN apk add curl", ["apk-cache"]),
        ("RUN apk add --no-cache curl", []),
        ("RUN apk --no-cache add curl", []),
        ("RUN apk add curl && rm -rf /var/cache/apk/*", []),
        # checks that are switched off
        ("RUN apt-get install --allow-unauthenticated x", ["unverified-package"]),
        ("RUN apt-get -o APT::Get::AllowUnauthenticated=true install x", ["unverified-package"]),
        ("RUN apt-get -oAcquire::AllowInsecureRepositories=1 install x", ["unverified-package"]),
        ("RUN apt-get -o APT::Get::AllowUnauthenticated=false install x", []),
        ("RUN yum install -y --nogpgcheck x", ["unverified-package"]),
        ("RUN dnf --setopt=gpgcheck=0 install x", ["unverified-package"]),
        ("RUN zypper --no-gpg-checks in x", ["unverified-package"]),
        ("RUN apk add --no-cache --allow-untrusted x.apk", ["unverified-package"]),
        ("RUN rpm -i --nosignature x.rpm", ["unverified-package"]),
        ("RUN curl -fsSLk https://x -o y", ["unverified-package"]),
        ("RUN curl --insecure https://x", ["unverified-package"]),
        ("RUN wget --no-check-certificate https://x", ["unverified-package"]),
        ("RUN pip install --trusted-host=x y", ["unverified-package"]),
        ("RUN git -c http.sslVerify=false clone x", ["unverified-package"]),
        ("RUN curl -fsSL https://x -o kube", []),
        ("RUN echo --nogpgcheck", []),
        # scripts from the network
        ("RUN curl -fsSL https://x | sh", ["unverified-script"]),
        ("RUN wget -qO- https://x | sudo -E bash -", ["sudo", "unverified-script"]),
        ("RUN curl https://x | python3 - --yes", ["unverified-script"]),
        ('RUN sh -c "$(curl -fsSL https://x)"', ["unverified-script"]),
        ("RUN curl -fsSL https://x | tar xz", []),
        ("RUN curl -fsSL https://x && sh y", []),
        ("CMD curl x | sh", []),
    ],
)
def test_instructions(line: str, names: Sequence[str]) -> None:
    assert judged(line) == list(names)


def test_only_the_first_layer_is_a_base() -> None:
    assert judged("ADD a /", "ADD b /") == ["add"]


def test_a_finding_tells_its_line_and_layer_and_no_words_of_the_command() -> None:
    history = [
        {"created_by": "ENV A=1", "empty_layer": True},
        {"created_by": "RUN curl -k https://me:hunter2@x | sh"},
        {"created_by": "RUN sudo x"},
    ]
    findings = found(HistoryDetector(), subject_of({}, history=history))
    assert [(finding.message, finding.layer) for finding in findings] == [
        ("RUN switches off a check: curl -k (history line 2)", 0),
        ("RUN starts a script as it comes from the network (history line 2)", 0),
        # The history tells of a layer that is not there.
        ("RUN calls sudo (history line 3)", None),
    ]


@pytest.mark.parametrize(
    ("volume", "check_id"),
    [
        ("/proc", "volume.sensitive"),
        ("/sys/fs/cgroup", "volume.sensitive"),
        ("//dev/./", "volume.sensitive"),
        ("/", "volume.sensitive"),
        ("/etc", "volume.sensitive"),
        ("/var/run/docker.sock", "volume.socket"),
        ("/dev/shm", None),
        ("/etc/app", None),
        ("/var/lib/data", None),
        ("/processed", None),
    ],
)
def test_volumes(volume: str, check_id: str | None) -> None:
    findings = found(VolumeDetector(), subject_of({}, config={"Volumes": {volume: {}}}))
    assert ids(findings) == ([(check_id, None)] if check_id else [])


DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("location", "latest"),
    [
        (Location("", parse_registry_reference("h.test/app:latest")), True),
        (Location("", parse_registry_reference(f"h.test/app:latest@{DIGEST}")), True),
        (Location("", parse_registry_reference("h.test/app:1.2")), False),
        (Location("", parse_registry_reference(f"h.test/app@{DIGEST}")), False),
        (Location("", file="app.tar", ref="app:latest"), True),
        (Location("", file="app", ref="latest"), True),
        (Location("", file="latest.tar", ref="app:7"), False),
        (Location("", file="latest"), False),
    ],
)
def test_tag(location: Location, latest: bool) -> None:
    subject = subject_of({})
    subject = replace(subject, image=replace(subject.image, location=location))
    assert ids(found(TagDetector(), subject)) == ([("tag.latest", None)] if latest else [])


def users(passwd: str, group: str = "") -> list[Any]:
    layer = {"etc/passwd": passwd.encode(), "etc/group": group.encode()}
    return brief(found(UserDetector(), subject_of(layer)))


def test_accounts_that_share() -> None:
    passwd = "root:x:0:0:::\na:x:7:7:::\nb:x:7:8:::\nb:x:9:9:::\n"
    assert users(passwd, "g:x:5:\nh:x:5:\n") == [
        ("medium", "user.duplicate-uid", "etc/passwd", "Several accounts have the number 7"),
        ("low", "user.duplicate-name", "etc/passwd", "Several accounts have the name b"),
        ("low", "user.duplicate-gid", "etc/group", "Several groups have the number 5"),
    ]


def test_accounts_that_do_not_share() -> None:
    assert users("root:x:0:0:::\na:x:7:7:::\nb:x:8:7:::\n", "g:x:5:\nh:x:6:\n") == []


def test_sudo() -> None:
    layer = {
        "usr/bin/sudo": program(mode=0o4755),
        "usr/bin/doas": program("d", mode=0o755),
        "usr/bin/su": program("su", mode=0o4755),
    }
    findings = found(SetuidDetector(), subject_of(layer))
    assert ids(findings) == [("setuid.setuid", "usr/bin/su"), ("setuid.sudo", "usr/bin/sudo")]
