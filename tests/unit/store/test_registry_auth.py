import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import monotonic

import pytest

from slimmer.errors import AuthError, FormatError, NetworkError
from slimmer.store.registry.ends import RegistrySource
from slimmer.store.registry.options import RegistryOptions
from slimmer.store.registry.token import Token

from .registry_fixture import PASSWORD, USER, FakeRegistry, Handler, basic, running

pytestmark = pytest.mark.network

LAYER = bytes(range(256)) * 512
OPTIONS = RegistryOptions(sleep=lambda seconds: None, timeout=5)
KNOWN = replace(OPTIONS, credentials=(USER, PASSWORD))


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with running() as registry:
        registry.auth = "bearer"
        registry.add_image(LAYER, LAYER[1:], LAYER[2:])
        yield registry


def pull(registry: FakeRegistry, options: RegistryOptions, work: Path) -> None:
    """Everything of the image, by a fresh source."""
    with RegistrySource(registry.reference(), options, work_dir=work) as source:
        (root,) = source.roots()
        for layer in json.loads(source.read(root))["layers"]:
            digest = layer["digest"]
            descriptor = registry.add_blob(registry.blobs["app", digest])
            with source.blob(descriptor) as stream:
                stream.read_all()


def test_one_token_serves_for_one_scope(registry: FakeRegistry, tmp_path: Path) -> None:
    pull(registry, KNOWN, tmp_path)
    (asked,) = registry.asked("GET", "/token")
    assert "service=fake" in asked.path
    assert "scope=repository%3Aapp%3Apull" in asked.path
    assert asked.headers["Authorization"] == basic()
    # One challenge in all: later requests carry the token from the start.
    assert sum("Authorization" not in seen.headers for seen in registry.seen) == 1


def test_a_token_that_expires_during_a_pull_is_replaced(
    registry: FakeRegistry, tmp_path: Path
) -> None:
    registry.token_uses = 2
    pull(registry, KNOWN, tmp_path)
    assert len(registry.asked("GET", "/token")) == 2


def test_tokens_are_replaced_before_they_expire(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.token_fields = {"access_token": "TOKEN", "expires_in": 0.0001}
    pull(registry, KNOWN, tmp_path)
    assert len(registry.asked("GET", "/token")) == 4
    assert sum("Authorization" not in seen.headers for seen in registry.seen) == 1


def test_a_token_that_is_refused_at_once_is_an_error(
    registry: FakeRegistry, tmp_path: Path
) -> None:
    registry.token_uses = 0
    with pytest.raises(AuthError, match="refused"):
        pull(registry, KNOWN, tmp_path)
    assert len(registry.asked("GET", "/token")) == 1


@pytest.mark.parametrize("name", ["token", "access_token"])
def test_both_names_of_the_token(registry: FakeRegistry, tmp_path: Path, name: str) -> None:
    registry.token_fields = {name: "TOKEN", "expires_in": None}
    pull(registry, KNOWN, tmp_path)


@pytest.mark.parametrize(
    "fields", [{"token": ""}, {"token": 5}, {"nothing": "here"}, {"token": "a\r\nX-Evil: 1"}]
)
def test_an_answer_without_a_usable_token(
    registry: FakeRegistry, tmp_path: Path, fields: dict[str, object]
) -> None:
    registry.token_fields = fields
    with pytest.raises(FormatError):
        pull(registry, KNOWN, tmp_path)


def test_without_credentials_a_token_for_anybody_is_asked(
    registry: FakeRegistry, tmp_path: Path
) -> None:
    registry.anonymous = True
    pull(registry, OPTIONS, tmp_path)
    (asked,) = registry.asked("GET", "/token")
    assert "Authorization" not in asked.headers


def test_an_identity_token_is_exchanged(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.identity_token = "identity-8899"
    path = tmp_path / "config.json"
    auths = {registry.host: {"auth": "dTo=", "identitytoken": registry.identity_token}}
    path.write_text(json.dumps({"auths": auths}))
    pull(registry, replace(OPTIONS, auth_files=(path,)), tmp_path / "work")
    (asked,) = registry.asked("POST", "/token")
    assert b"grant_type=refresh_token" in asked.body
    assert b"scope=repository%3Aapp%3Apull" in asked.body


def test_a_registry_token_is_used_as_it_is(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.tokens["ready-made"] = (100, frozenset({"repository:app:pull"}))
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"auths": {registry.host: {"registrytoken": "ready-made"}}}))
    pull(registry, replace(OPTIONS, auth_files=(path,)), tmp_path / "work")
    assert registry.asked("GET", "/token") == []


def test_basic_is_used_when_basic_is_asked(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.auth = "basic"
    pull(registry, KNOWN, tmp_path)
    assert sum("Authorization" not in seen.headers for seen in registry.seen) == 1


def test_a_token_server_with_a_bad_moment_is_asked_again(
    registry: FakeRegistry, tmp_path: Path
) -> None:
    registry.script["GET", "/token"] = [lambda h: h.answer(503), lambda h: h.answer(429)]
    pull(registry, KNOWN, tmp_path)
    assert len(registry.asked("GET", "/token")) == 3


def test_a_realm_on_another_host_gets_no_credentials(
    registry: FakeRegistry, tmp_path: Path
) -> None:
    with running() as other:
        other.anonymous = True
        port = other.host.partition(":")[2]
        registry.realm = f"http://localhost:{port}/token"
        with pytest.raises(AuthError) as caught:
            pull(registry, KNOWN, tmp_path)
        assert "--allow-realm-host localhost" in (caught.value.hint or "")
        assert [("Authorization" in seen.headers) for seen in other.seen] == [False]
        allowed = replace(KNOWN, allow_realm_hosts=frozenset({"localhost"}))
        with pytest.raises(AuthError):  # the token is not one this registry takes
            pull(registry, allowed, tmp_path)
        assert other.seen[-1].headers["Authorization"] == basic()


def test_a_token_server_that_redirects_is_not_followed(
    registry: FakeRegistry, tmp_path: Path
) -> None:
    with running() as other:
        target = f"http://{other.host}/token"
        registry.script["GET", "/token"] = [lambda h: h.answer(307, Location=target)]
        with pytest.raises(NetworkError):
            pull(registry, KNOWN, tmp_path)
        assert other.seen == []


@pytest.mark.parametrize("realm", ["file:///etc/passwd", "http://u:p@127.0.0.1/", "nonsense", " "])
def test_realms_that_are_none(registry: FakeRegistry, tmp_path: Path, realm: str) -> None:
    registry.realm = realm
    with pytest.raises(AuthError):
        pull(registry, KNOWN, tmp_path)


@pytest.mark.parametrize("challenge", ["", "Negotiate abc==", "Bearer", ",,,", '"'])
def test_challenges_nobody_can_answer(
    registry: FakeRegistry, tmp_path: Path, challenge: str
) -> None:
    registry.script["GET", "/manifests/"] = [lambda h: h.answer(401, WWW_Authenticate=challenge)]
    with pytest.raises(AuthError, match="401"):
        pull(registry, KNOWN, tmp_path)


def test_refused_says_where_was_looked(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.auth = "basic"
    files = (tmp_path / "one.json", tmp_path / "two.json")
    with pytest.raises(AuthError) as caught:
        pull(registry, replace(OPTIONS, auth_files=files), tmp_path)
    assert f"{files[0]}, {files[1]}" in (caught.value.hint or "")
    assert caught.value.where == f"{registry.host}/app"


def test_forbidden_is_not_asked_for_ever(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.auth = ""
    registry.script["GET", "/manifests/"] = [lambda h: h.answer(403)] * 10
    with pytest.raises(AuthError, match="403"):
        pull(registry, KNOWN, tmp_path)
    assert len(registry.seen) == 1


def test_secrets_are_shown_nowhere(registry: FakeRegistry, tmp_path: Path) -> None:
    def echo(handler: Handler) -> None:
        sent = handler.headers["Authorization"]
        body = json.dumps({"errors": [{"code": "DENIED", "message": f"{sent} {PASSWORD}"}]})
        handler.answer(403, body.encode())

    registry.script["GET", "/manifests/"] = [lambda h: h.allowed(), echo]
    with pytest.raises(AuthError) as caught:
        pull(registry, KNOWN, tmp_path)
    text = str(caught.value) + repr(caught.value) + repr(KNOWN) + repr(Token("t0ken", monotonic()))
    assert "DENIED" in text
    for secret in (PASSWORD, basic().removeprefix("Basic "), "token-1-secret", "t0ken"):
        assert secret not in text
