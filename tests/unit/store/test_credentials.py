import base64
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slimmer.errors import FormatError, LimitError, SlimError
from slimmer.oci.reference import RegistryReference, parse_registry_reference
from slimmer.store.registry.credential_helper import HelperError, ask_helper
from slimmer.store.registry.credentials import Credentials, canonical_key, find_credentials


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def config(path: Path, **document: object) -> Path:
    path.write_text(json.dumps(document))
    return path


def entries(**users: str) -> dict[str, object]:
    return {key: {"auth": encoded(f"{user}:pw")} for key, user in users.items()}


def user_for(reference: str, *files: Path) -> str | None:
    warnings: list[str] = []
    found = find_credentials(parse_registry_reference(reference), files, warnings.append)
    assert warnings == []
    return found.username if found else None


AUTHS = {
    "https://index.docker.io/v1/": "hub",
    "example.org": "host",
    "example.org/team": "team",
    "example.org/team/app": "app",
    "https://old.example/v2/": "old",
    "bare.example/v1/": "bare",
    "port.example:5000": "port",
    "Upper.Example": "upper",
}


@pytest.mark.parametrize(
    ("reference", "user"),
    [
        ("alpine", "hub"),
        ("docker.io/someone/thing:1", "hub"),
        ("registry-1.docker.io/library/x", "hub"),
        ("example.org/other", "host"),
        ("example.org/team/other", "team"),
        ("example.org/team/app:1", "app"),
        ("example.org/team/app/part", "app"),
        ("example.org/team/apple", "team"),
        ("example.org/teams/x", "host"),
        ("example.org:443/x", None),
        ("old.example/x", "old"),
        ("bare.example/x", "bare"),
        ("port.example:5000/x", "port"),
        ("port.example/x", None),
        ("upper.example/x", "upper"),
        ("sub.example.org/x", None),
        ("rg.example/example.org", None),
    ],
)
def test_which_entry_serves(tmp_path: Path, reference: str, user: str | None) -> None:
    path = config(tmp_path / "config.json", auths=entries(**AUTHS))
    assert user_for(reference, path) == user


def test_hub_entries_by_prefix(tmp_path: Path) -> None:
    path = config(tmp_path / "a", auths=entries(**{"docker.io/me": "me", "docker.io": "hub"}))
    assert user_for("docker.io/me/app", path) == "me"
    assert user_for("docker.io/you/app", path) == "hub"


def test_files_are_asked_in_turn(tmp_path: Path) -> None:
    missing = tmp_path / "none" / "config.json"
    empty = tmp_path / "empty.json"
    empty.write_bytes(b"")
    useless = config(tmp_path / "useless.json", auths={"example.org": {}}, credsStore=None)
    first = config(tmp_path / "1.json", auths=entries(**{"example.org": "first"}))
    second = config(tmp_path / "2.json", auths=entries(**{"example.org/a": "second"}))
    assert user_for("example.org/a", missing, empty, useless, first, second) == "first"
    assert user_for("example.org/a", missing, empty, useless) is None


def test_forms_of_entries(tmp_path: Path) -> None:
    auths = {
        "a.example": {"auth": encoded("u:p:with:colons\0\0")},
        "b.example": {"username": "u", "password": "p"},
        "c.example": {"auth": "", "identitytoken": "id"},
        "d.example": {"registrytoken": "rt"},
    }
    path = config(tmp_path / "config.json", auths=auths)

    def found(host: str) -> Credentials | None:
        return find_credentials(RegistryReference(host, "x"), (path,), print)

    origin = str(path)
    assert found("a.example") == Credentials(origin, "u", "p:with:colons")
    assert found("b.example") == Credentials(origin, "u", "p")
    assert found("c.example") == Credentials(origin, identity_token="id")
    assert found("d.example") == Credentials(origin, registry_token="rt")


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{",
        '{"auths": []}',
        '{"auths": {"example.org": "x"}}',
        '{"auths": {"example.org": {"auth": "%%%"}}}',
        '{"auths": {"example.org": {"auth": 5}}}',
        '{"auths": {"example.org": {"auth": "bm9jb2xvbg=="}}}',
        '{"credHelpers": {"example.org": 5}}',
    ],
)
def test_broken_files_are_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(FormatError) as caught:
        user_for("example.org/x", path)
    assert str(path) in (caught.value.where or "")
    assert "bm9jb2xvbg" not in str(caught.value)


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(b" " * (1 << 20) + b"{}")
    with pytest.raises(LimitError):
        user_for("example.org/x", path)


@given(st.binary(max_size=200))
def test_any_file_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_bytes(data)
    try:
        user_for("example.org/x", path)
    except SlimError:
        return


@given(st.text(max_size=60))
def test_keys_have_one_canonical_form(key: str) -> None:
    once = canonical_key(key)
    assert "://" in key or canonical_key(once) == canonical_key(canonical_key(once))


def test_secrets_are_not_in_the_repr() -> None:
    text = repr(Credentials("x", "robin", "hunter2", "identity", "registry"))
    assert not any(word in text for word in ("hunter2", "identity'", "registry'"))


# -- helpers


def helper(folder: Path, script: str, name: str = "test") -> None:
    path = folder / f"docker-credential-{name}"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


ANSWER = """test "$1" = get || exit 9
read -r host || test -n "$host"
printf '{"ServerURL":"%s","Username":"%s","Secret":"pw"}' "$host" "$host"
"""


def test_helpers_are_asked_by_host(tmp_path: Path, folder: Path) -> None:
    helper(folder, ANSWER)
    path = config(
        tmp_path / "config.json",
        credHelpers={"example.org:5000": "test"},
        auths=entries(**{"example.org:5000": "inline", "other.example": "inline"}),
    )
    assert user_for("example.org:5000/x", path) == "example.org:5000"
    assert user_for("other.example/x", path) == "inline"


def test_the_store_is_asked_for_what_is_nowhere_else(tmp_path: Path, folder: Path) -> None:
    helper(folder, ANSWER)
    path = config(
        tmp_path / "config.json",
        credsStore="test",
        auths={"example.org": {}, **entries(**{"inline.example": "inline"})},
    )
    assert user_for("example.org/x", path) == "example.org"
    assert user_for("inline.example/x", path) == "inline"
    assert user_for("alpine", path) == "https://index.docker.io/v1/"


def test_an_identity_token_from_a_helper(tmp_path: Path, folder: Path) -> None:
    helper(folder, """cat >/dev/null; echo '{"Username":"<token>","Secret":"identity"}'""")
    path = config(tmp_path / "config.json", credsStore="test")
    found = find_credentials(RegistryReference("example.org", "x"), (path,), print)
    assert found == Credentials("docker-credential-test", identity_token="identity")


def test_a_helper_that_knows_nothing(tmp_path: Path, folder: Path) -> None:
    helper(folder, "cat >/dev/null; echo credentials not found in native keychain; exit 1")
    path = config(tmp_path / "config.json", credsStore="test")
    assert user_for("example.org/x", path) is None


@pytest.mark.parametrize(
    ("name", "script", "message"),
    [
        ("missing", "", "not installed"),
        ("../../bin/sh", "", "not the name"),
        ("x;id", "", "not the name"),
        ("test", "echo s3cret; exit 3", "exit status 3"),
        ("test", "cat >/dev/null; echo s3cret", "not JSON"),
        ("test", """cat >/dev/null; echo '{"Secret": 5}'""", "Secret"),
        ("test", "cat >/dev/null; yes s3cret", "more than"),
        ("test", "sleep 30 & sleep 30", "exit status -9"),
    ],
)
def test_helpers_that_fail_are_passed_over_with_a_word(
    tmp_path: Path, folder: Path, name: str, script: str, message: str
) -> None:
    helper(folder, script)
    with pytest.raises(HelperError, match=message) as caught:
        ask_helper(name, "example.org", timeout=0.5)
    assert "s3cret" not in str(caught.value)
    if "sleep" not in script:
        path = config(tmp_path / "config.json", credHelpers={"example.org": name})
        warnings: list[str] = []
        reference = RegistryReference("example.org", "x")
        assert find_credentials(reference, (path,), warnings.append) is None
        assert len(warnings) == 1
