"""The parts of the registry client that need no registry."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slimmer.errors import AuthError, NetworkError, UsageError
from slimmer.store.registry.challenge import choose_challenge, parse_challenges, wanted_scopes
from slimmer.store.registry.options import RegistryOptions, auth_file_candidates, is_loopback
from slimmer.store.registry.realm import Origin, RealmRule
from slimmer.store.registry.retry import RetryableError, retry_after, wait_time, with_retries
from slimmer.store.registry.session import RegistrySession

# -- challenges


def test_a_list_of_challenges() -> None:
    header = (
        'Basic realm="a, b=\\"c\\"", Bearer realm="https://auth.example/token",service=reg, '
        'scope="repository:a/b:pull,push repository:c:pull" , Negotiate'
    )
    basic, bearer, negotiate = parse_challenges(header)
    assert basic.realm == 'a, b="c"'
    assert (bearer.realm, bearer.service) == ("https://auth.example/token", "reg")
    assert bearer.scopes == {"repository:a/b:pull,push", "repository:c:pull"}
    assert negotiate.scheme == "negotiate"
    assert choose_challenge((basic, bearer, negotiate)) is bearer
    assert choose_challenge((negotiate, basic)) is basic
    assert choose_challenge((negotiate,)) is None


def test_names_are_read_in_any_case_and_the_first_counts() -> None:
    (challenge,) = parse_challenges('BEARER Realm="https://one/", REALM="https://two/"')
    assert (challenge.scheme, challenge.realm) == ("bearer", "https://one/")


@given(st.text(alphabet=st.sampled_from('abcBearer Basic=",\\ \t\n\r;\x00é'), max_size=200))
def test_any_header_is_read_without_trouble(header: str) -> None:
    for challenge in parse_challenges(header):
        assert challenge.scheme == challenge.scheme.lower()
        assert all(name == name.lower() for name in challenge.parameters)


_NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
_VALUES = st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=20)


@given(st.lists(st.tuples(_NAMES, st.dictionaries(_NAMES, _VALUES, max_size=4)), max_size=4))
def test_written_challenges_are_read_back(challenges: list[tuple[str, dict[str, str]]]) -> None:
    def quoted(value: str) -> str:
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'

    header = ", ".join(
        " ".join([scheme, ", ".join(f"{k}={quoted(v)}" for k, v in parameters.items())]).strip()
        for scheme, parameters in challenges
    )
    assert [(c.scheme, c.parameters) for c in parse_challenges(header)] == challenges


@pytest.mark.parametrize(
    ("method", "path", "scopes"),
    [
        ("GET", "/v2/a/b/manifests/1", {"repository:a/b:pull"}),
        ("HEAD", "/v2/a/blobs/sha256:00", {"repository:a:pull"}),
        ("GET", "/v2/a/referrers/sha256:00?n=1", {"repository:a:pull"}),
        ("PUT", "/v2/a/manifests/1", {"repository:a:pull,push"}),
        ("POST", "/v2/a/blobs/uploads/", {"repository:a:pull,push"}),
        (
            "POST",
            "/v2/a/blobs/uploads/?mount=sha256%3A00&from=b%2Fc",
            {"repository:a:pull,push", "repository:b/c:pull"},
        ),
        ("GET", "/v2/", set()),
    ],
)
def test_scopes_of_requests(method: str, path: str, scopes: set[str]) -> None:
    assert wanted_scopes(method, "https://example.org" + path) == scopes


# -- realms


def _resolver(table: dict[str, str]) -> Callable[[str], tuple[str, ...]]:
    return lambda host: (table[host],) if host in table else ()


ADDRESSES = {
    "public.example": "8.8.8.8",
    "auth.example": "8.8.4.4",
    "inner.example": "10.1.2.3",
    "intranet.example": "10.9.9.9",
    "metadata.example": "169.254.169.254",
    "mapped.example": "::ffff:10.0.0.1",
    "home.example": "fd00::1",
}


@pytest.mark.parametrize(
    ("registry", "realm", "verdict"),
    [
        ("https://public.example", "https://public.example/token", "credentials"),
        ("https://public.example", "https://PUBLIC.example:8443/token", "credentials"),
        ("https://registry-1.docker.io", "https://auth.docker.io/token", "credentials"),
        ("https://public.example", "https://allowed.example/token", "credentials"),
        ("https://public.example", "https://auth.docker.io/token", "anonymous"),
        ("https://public.example", "https://auth.example/token", "anonymous"),
        ("https://public.example", "https://unknown.example/token", "anonymous"),
        ("https://public.example", "http://public.example/token", "refused"),
        ("https://public.example", "https://inner.example/token", "refused"),
        ("https://public.example", "https://mapped.example/token", "refused"),
        ("https://public.example", "https://home.example/token", "refused"),
        ("https://public.example", "https://u:p@public.example/token", "refused"),
        ("https://public.example", "https://public.example:99999/token", "refused"),
        ("https://public.example", "//public.example/token", "refused"),
        ("https://intranet.example", "https://inner.example/token", "anonymous"),
        ("https://intranet.example", "https://metadata.example/token", "refused"),
        ("http://intranet.example", "http://inner.example/token", "anonymous"),
        ("http://intranet.example", "http://metadata.example/token", "refused"),
    ],
)
def test_which_realms_are_asked_and_how(registry: str, realm: str, verdict: str) -> None:
    origin = Origin.of(registry)
    assert origin is not None
    rule = RealmRule(origin, frozenset({"allowed.example"}), _resolver(ADDRESSES))
    if verdict == "refused":
        with pytest.raises(AuthError):
            rule.check(realm)
    else:
        assert rule.check(realm) is (verdict == "credentials")


def test_origins() -> None:
    assert Origin.of("https://Example.org/x") == Origin("https", "example.org", 443)
    assert Origin.of("http://[::1]:5000/") == Origin("http", "::1", 5000)
    for text in ("", "example.org", "ftp://example.org", "http://", "http://[", "http://a:b/"):
        assert Origin.of(text) is None


@given(st.text(max_size=40))
def test_any_text_has_an_origin_or_none(text: str) -> None:
    origin = Origin.of("http://" + text)
    assert origin is None or origin.host


# -- retries


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("5", 5.0),
        ("0", 0.0),
        ("999999999999", 60.0),
        ("Wed, 21 Oct 2026 07:28:10 GMT", 10.0),
        ("Wed, 21 Oct 2026 07:00:00 GMT", 0.0),
        ("Wed, 21 Oct 2099 07:00:00 GMT", 60.0),
        (None, None),
        ("", None),
        ("-5", None),
        ("soon", None),
        ("٣", None),
    ],
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, datetime(2026, 10, 21, 7, 28, tzinfo=UTC)) == seconds


@given(st.text(max_size=80))
def test_any_retry_after_is_bounded(value: str) -> None:
    seconds = retry_after(value)
    assert seconds is None or 0 <= seconds <= 60


@given(st.integers(1, 10_000))
def test_waits_are_bounded(failures: int) -> None:
    assert 0 < wait_time(failures, None) <= 45
    assert 60 <= wait_time(failures, 3600) < 61


def _failing(times: int, progress: int) -> Callable[[], str]:
    left = [times]

    def action() -> str:
        if left[0] == 0:
            return "done"
        left[0] -= 1
        raise RetryableError(NetworkError("broke"), progress=progress)

    return action


def test_attempts_that_got_somewhere_do_not_count() -> None:
    options = RegistryOptions(retries=2, sleep=lambda seconds: None)
    assert with_retries(options, _failing(2, 0)) == "done"
    assert with_retries(options, _failing(50, 8 << 20)) == "done"
    with pytest.raises(NetworkError):
        with_retries(options, _failing(3, (8 << 20) - 1))


# -- options


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("LOCALHOST:5000", True),
        ("127.0.0.1", True),
        ("127.9.9.9:80", True),
        ("[::1]:5000", True),
        ("localhost.example.org", False),
        ("127.0.0.1.example.org", False),
        ("10.0.0.1:5000", False),
        ("[fe80::1]", False),
    ],
)
def test_loopback_hosts(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
    assert RegistryOptions().plain_for(host) is loopback
    assert RegistryOptions(plain_http=True).plain_for(host)
    assert not RegistryOptions(plain_http=False).plain_for(host)


@pytest.mark.parametrize(
    ("environ", "named", "paths"),
    [
        ({"REGISTRY_AUTH_FILE": "/r", "HOME": "/h"}, "/a", ["/a"]),
        ({"REGISTRY_AUTH_FILE": "/r", "HOME": "/h"}, None, ["/r"]),
        (
            {"XDG_RUNTIME_DIR": "/run/user/7", "HOME": "/h"},
            None,
            [
                "/run/user/7/containers/auth.json",
                "/h/.config/containers/auth.json",
                "/h/.docker/config.json",
            ],
        ),
        (
            {"DOCKER_CONFIG": "/d", "XDG_CONFIG_HOME": "/c"},
            None,
            ["/c/containers/auth.json", "/d/config.json"],
        ),
        ({}, None, []),
    ],
)
def test_where_auth_files_may_be(
    environ: dict[str, str], named: str | None, paths: list[str]
) -> None:
    assert auth_file_candidates(environ, named) == tuple(Path(path) for path in paths)


def test_certificates_that_cannot_be_used(tmp_path: Path) -> None:
    origin = Origin("https", "example.org", 443)
    with pytest.raises(UsageError, match="no such folder"):
        RegistrySession(RegistryOptions(cert_dir=tmp_path / "none"), origin)
    (tmp_path / "ca.crt").write_text("not a certificate")
    with pytest.raises(UsageError, match="certificate"):
        RegistrySession(RegistryOptions(cert_dir=tmp_path), origin)


def test_netrc_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine example.org login robin password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    import requests

    session = RegistrySession(RegistryOptions(), Origin("https", "example.org", 443))
    request = session.prepare_request(requests.Request("GET", "https://example.org/v2/"))
    assert "Authorization" not in request.headers
