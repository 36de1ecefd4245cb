"""Secrets in files in view, in hidden ones, and in the config."""

import hashlib
from typing import Any

from support import planted
from support.layers import Content, Hardlink

from slimmer.detect.secrets_in_config import SecretConfigDetector
from slimmer.detect.secrets_in_files import SecretFileDetector

from .subjects import Layer, brief, found, ids, subject_of

FILES, CONFIG = SecretFileDetector(), SecretConfigDetector()
KEY = planted.rsa_private_key("deploy").encode()
TOKEN = planted.github_token("app")
PASSWORD = planted.password("shop")


def test_a_key_in_view() -> None:
    (finding,) = found(FILES, subject_of({"app/x": b"x"}, {"root/.ssh/id_rsa": KEY}))
    assert (finding.id, finding.path, finding.layer) == (
        "secret.private-key-pem",
        "root/.ssh/id_rsa",
        1,
    )
    assert finding.in_final_filesystem
    assert finding.severity.label == "high"
    assert "in line 1" in finding.message
    assert finding.advice
    assert "CWE-798" in " ".join(finding.references) or finding.references


def test_a_key_that_a_higher_layer_removed() -> None:
    subject = subject_of({"app/x": b"x"}, {"root/key": KEY}, {"root/.wh.key": b""})
    (finding,) = found(FILES, subject)
    assert (finding.path, finding.layer, finding.in_final_filesystem) == ("root/key", 1, False)
    assert finding.message.endswith("; layer 2 hides the file, layer 1 still holds it")


def test_a_key_that_a_higher_layer_replaced_is_told_for_each_layer() -> None:
    other = planted.rsa_private_key("other").encode()
    findings = found(FILES, subject_of({"key": KEY}, {"key": other}))
    assert [(f.layer, f.in_final_filesystem) for f in findings] == [(1, True), (0, False)]


def test_hard_links_are_one_file() -> None:
    base: Layer = {"a/key": KEY, "b/key": Hardlink("a/key")}
    assert ids(found(FILES, subject_of(base))) == [("secret.private-key-pem", "a/key")]
    # One name gone, the file is still in view under the other.
    findings = found(FILES, subject_of(base, {"a/.wh.key": b""}))
    assert [(f.path, f.in_final_filesystem) for f in findings] == [("b/key", True)]


def test_matches_of_one_rule_are_one_finding() -> None:
    tokens = [planted.github_token(label) for label in ("a", "b", "a")]
    text = "".join(f"token {token}\n" for token in tokens).encode()
    message = "GitHub token (ghp_...) in line 1, the first of 3 places with 2 values"
    assert brief(found(FILES, subject_of({"app/notes": text}))) == [
        ("critical", "secret.github-token", "app/notes", message)
    ]


def test_nothing_shows_a_whole_secret() -> None:
    text = f"GITHUB_TOKEN={TOKEN}\nDB_PASSWORD={PASSWORD}\n".encode()
    config = {"Env": [f"DB_PASSWORD={PASSWORD}", f"TOKEN={TOKEN}"]}
    subject = subject_of({"app/.env": text}, config=config)
    findings = [*found(FILES, subject), *found(CONFIG, subject)]
    assert len(findings) == 4
    for finding in findings:
        assert TOKEN not in str(finding)
        assert PASSWORD not in str(finding)


STATUS = b"Package: tool\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n\n"


def debian(path: str, recorded: bytes) -> dict[str, Content]:
    """The records of one package that owns `path` and wrote down the digest of `recorded`."""
    digest = hashlib.md5(recorded).hexdigest()
    return {
        "etc/os-release": b"ID=debian\n",
        "var/lib/dpkg/status": STATUS,
        "var/lib/dpkg/info/tool.list": f"/.\n/{path}\n".encode(),
        "var/lib/dpkg/info/tool.md5sums": f"{digest}  {path}\n".encode(),
    }


def test_what_a_package_shipped_is_no_secret() -> None:
    path = "usr/lib/tool/key.pem"
    assert found(FILES, subject_of({**debian(path, KEY), path: KEY})) == []
    # Changed since: no longer the package's.
    assert ids(found(FILES, subject_of({**debian(path, b"before"), path: KEY}))) == [
        ("secret.private-key-pem", path)
    ]


def test_bytecode_goes_with_its_source() -> None:
    source = "usr/lib/tool/keys.py"
    bytecode = "usr/lib/tool/__pycache__/keys.cpython-311.pyc"
    base: Layer = {**debian(source, b"KEY = 1\n"), source: b"KEY = 1\n", bytecode: KEY}
    assert found(FILES, subject_of(base)) == []
    assert ids(found(FILES, subject_of(base, {source: b"KEY = 2\n"}))) == [
        ("secret.private-key-pem", bytecode)
    ]


def test_files_without_secrets() -> None:
    layer: Layer = {
        "etc/ssl/certs/ca.pem": b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "app/.env": b"PORT=8080\nDB_PASSWORD=changeme\nDEBUG=false\n",
        "root/.ssh/known_hosts": b"github.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA\n",
    }
    assert found(FILES, subject_of(layer)) == []


def test_a_value_of_the_config_is_told_once_with_its_places() -> None:
    config = {"Env": ["PORT=8080", f"DB_PASSWORD={PASSWORD}"]}
    history: list[dict[str, Any]] = [
        {"created_by": "/bin/sh -c #(nop) ADD file in /"},
        {"created_by": f"ENV DB_PASSWORD={PASSWORD}", "empty_layer": True},
    ]
    (finding,) = found(CONFIG, subject_of({"a": b"a"}, config=config, history=history))
    assert finding.message.endswith(f"({PASSWORD[:4]}...) in ENV DB_PASSWORD and history line 2")
    assert (finding.path, finding.layer) == (None, None)
    assert "CIS Docker 4.10" in finding.references


def test_build_arguments_labels_and_commands() -> None:
    others = [planted.password(label) for label in ("build", "curl")]
    config = {
        "Cmd": ["server", f"--password={PASSWORD}"],
        "Labels": {"org.example.token": TOKEN},
        "Healthcheck": {"Test": ["CMD-SHELL", f"curl -u admin:{others[1]} http://127.0.0.1/"]},
    }
    history = [{"created_by": f"RUN |1 API_TOKEN={others[0]} /bin/sh -c make"}]
    findings = found(CONFIG, subject_of({"a": b"a"}, config=config, history=history))
    assert [finding.message.rpartition(" in ")[2] for finding in findings] == [
        "LABEL org.example.token",
        "CMD",
        "HEALTHCHECK",
        "history line 1",
    ]


def test_a_config_without_secrets() -> None:
    config = {
        "Env": ["PATH=/usr/bin", "GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D", "PASSWORD="],
        "Labels": {"org.opencontainers.image.revision": "0123456789abcdef0123456789abcdef01234567"},
        "Cmd": ["server", "--password-file", "/run/secrets/password"],
    }
    history = [{"created_by": "RUN /bin/sh -c apt-get update && apt-get install -y passwd"}]
    assert found(CONFIG, subject_of({"a": b"a"}, config=config, history=history)) == []
