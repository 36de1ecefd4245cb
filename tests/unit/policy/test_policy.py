"""Each rule of a policy, kept and broken, and what is let through."""

from datetime import date

import pytest
from detect.subjects import QUIET, Layer, program, subject_of
from support import planted
from support.layers import File

from slimmer.detect.catalogue import detect_all
from slimmer.detect.interface import Subject
from slimmer.policy.policy import Sizes, Verdict, judge, percent
from slimmer.policy.policy_file import parse_policy

TODAY = date(2026, 6, 15)
SIZES = Sizes(download=5_000, unpacked=20_000)
STATUS = b"".join(
    b"Package: %s\nStatus: install ok installed\nVersion: %s\nArchitecture: amd64\n\n" % pair
    for pair in ((b"telnet", b"1.0-2"), (b"libc6", b"2.36"))
)
KEY = planted.rsa_private_key("policy").encode()
BASE: Layer = {
    "app/server": program(),
    "etc/os-release": b"ID=debian\n",
    "var/lib/dpkg/status": STATUS,
    "etc/ssl/x.key": KEY,
    "srv/a.key": KEY,
    "bin/su": File(program("su").data, 0o4755),
}
UPPER: Layer = {"srv/.wh.a.key": b""}


def subject(user: str = "10001", labels: dict[str, str] | None = None) -> Subject:
    config = {**QUIET, "User": user, "Labels": labels or {"team": "shop", "empty": " "}}
    return subject_of(BASE, UPPER, config=config)


SUBJECT = subject()


def held(text: str, of: Subject = SUBJECT, sizes: Sizes = SIZES) -> Verdict:
    policy = parse_policy(text.encode(), "p.toml")
    return judge(policy, of, detect_all(of), sizes, TODAY)


def broken(text: str, of: Subject = SUBJECT, sizes: Sizes = SIZES) -> list[tuple[str, str]]:
    return [(item.rule, item.message) for item in held(text, of, sizes).broken]


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("", []),
        ("deny = ['shell', 'compiler']", []),
        ("deny = ['secret']", ["2 findings of secret: /etc/ssl/x.key and /srv/a.key"]),
        ("deny = ['setuid.*', 'setuid.setgid']", ["1 finding of setuid.*: /bin/su"]),
        ("deny = ['secret.private-key-pem']", [
            "2 findings of secret.private-key-pem: /etc/ssl/x.key and /srv/a.key"]),
        ("max-severity = 'high'", []),
        ("max-severity = 'critical'", []),
        ("max-severity = 'medium'", [
            "3 findings are worse than medium: /etc/ssl/x.key, /srv/a.key and /bin/su"]),
        ("max-size = 5000", []),
        ("max-size = 4999", ["5.0 kB (5,000) to download, 5.0 kB (4,999) are allowed"]),
        ("max-unpacked-size = '20 kB'", []),
        ("max-unpacked-size = '0 B'", ["20.0 kB (20,000) unpacked, 0 bytes are allowed"]),
        ("max-packages = 2", []),
        ("max-packages = 1", ["2 packages, 1 are allowed"]),
        ("min-efficiency = 0", []),
        ("required-labels = ['team']", []),
        ("required-labels = ['team', 'empty', 'none']", [
            "the label empty is missing or empty", "the label none is missing or empty"]),
        ("forbidden-packages = ['ssh', 'TELNET', 'libc']", []),
        ("forbidden-packages = ['tel*']", ["tel*: telnet 1.0-2"]),
        ("forbidden-packages = ['pkg:deb/debian/telnet']", [
            "pkg:deb/debian/telnet: telnet 1.0-2"]),
        ("forbidden-packages = ['pkg:deb/debian/*@2.36']", [
            "pkg:deb/debian/*@2.36: libc6 2.36"]),
        ("forbidden-packages = ['pkg:deb/debian/telnet@2*']", []),
        ("require-non-root = true", []),
    ],
)  # fmt: skip
def test_rules(text: str, messages: list[str]) -> None:
    rule = text.partition(" ")[0]
    assert broken(text) == [(rule, message) for message in messages]
    assert held(text).passed == (not messages)


def test_no_finding_at_all() -> None:
    ((rule, message),) = broken("max-severity = 'none'")
    assert rule == "max-severity"
    assert message.startswith(f"{len(detect_all(SUBJECT))} findings are not allowed: ")


def test_efficiency() -> None:
    score = SUBJECT.efficiency.score
    assert 0.5 < score < 1
    assert broken(f"min-efficiency = {score}") == []
    ((_, message),) = broken("min-efficiency = 1.0")
    assert message.startswith(f"{percent(score)}, at least 100% are demanded: ")
    assert message.endswith(f": {len(KEY)} bytes are wasted")


@pytest.mark.parametrize(("share", "text"), [(1, "100%"), (0.99999, "99.9%"), (0.5, "50%")])
def test_percent_does_not_round_up(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("user", "message"),
    [
        ("", "Runs as root: the config names no user"),
        ("0:7", "Runs as root: USER is 0"),
        ("4294967296", "USER 4294967296 is not a user number"),
    ],
)
def test_root(user: str, message: str) -> None:
    assert broken("require-non-root = true", subject(user)) == [("require-non-root", message)]
    assert broken("require-non-root = false", subject(user)) == []


def test_sizes_that_are_not_known() -> None:
    text = "max-size = 0\nmax-unpacked-size = 0"
    verdict = held(text, sizes=Sizes(None, None))
    assert (verdict.passed, verdict.unchecked) == (True, ("max-size", "max-unpacked-size"))
    assert held(text).unchecked == ()
    assert held("", sizes=Sizes(None, None)).unchecked == ()


DENY = "deny = ['secret']\n"


@pytest.mark.parametrize(
    ("allow", "left"),
    [
        ("path = '/srv/*'", ["etc/ssl/x.key"]),
        ("path = 'srv'", ["etc/ssl/x.key"]),
        ("path = '/**/*.key'", []),
        ("path = '/*.key'", ["etc/ssl/x.key", "srv/a.key"]),
        ("finding = 'secret'", []),
        ("finding = 'secret.private-*'", []),
        ("finding = 'setuid'", ["etc/ssl/x.key", "srv/a.key"]),
        ("finding = 'secret'\npath = '/etc/**'", ["srv/a.key"]),
        ("finding = 'setuid'\npath = '/etc/**'", ["etc/ssl/x.key", "srv/a.key"]),
        ("finding = 'secret'\nexpires = 2026-06-15", []),
        ("finding = 'secret'\nexpires = 2026-06-14", ["etc/ssl/x.key", "srv/a.key"]),
    ],
)
def test_what_is_let_through(allow: str, left: list[str]) -> None:
    verdict = held(f"{DENY}[[allow]]\nreason = 'r'\n{allow}")
    found = [finding.path for item in verdict.broken for finding in item.findings]
    assert found == left
    if "06-14" in allow:
        ((item,), ()) = verdict.expired, verdict.ignored
        assert len(item.findings) == 2
        assert verdict.allowed == {}
    else:
        ((item,), ()) = verdict.ignored, verdict.expired
        assert {
            finding.path: reason for finding, reason in verdict.allowed.items()
        } == dict.fromkeys((finding.path for finding in item.findings), "r")


def test_what_is_let_through_counts_for_no_rule_about_findings() -> None:
    text = (
        "max-severity = 'none'\nrequire-non-root = true\ndeny = ['*']\n"
        "[[allow]]\nreason = 'all'\nfinding = '*'"
    )
    assert held(text, subject("0")).passed


def test_what_the_config_says_has_no_path() -> None:
    verdict = held("deny = ['user']\n[[allow]]\nreason = 'r'\npath = '/**'", subject("0"))
    assert [item.rule for item in verdict.broken] == ["deny"]
