"""The harness's own registry: it serves what it holds and lies as told, seen through skopeo."""

import http.client
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import peers, tools
from harness.faults import Action, Fault, Headers, Redirect, Reset, ShortBody, Status, WrongBody
from harness.lying_registry import BasicAuth, LyingRegistry, TokenAuth
from harness.memory_registry import digest_of
from harness.registry import Login, Registry
from harness.registry import why_not as why_no_registry

SAMPLES = Path(__file__).resolve().parents[2] / "sample-images"
BLOB = b"the right bytes"
TARGET = f"/v2/shop/blobs/{digest_of(BLOB)}"
ANNA = Login("anna", "s3cret")


def get(server: LyingRegistry, target: str = TARGET) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(server.address, timeout=10)
    try:
        connection.request("GET", target)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.fixture
def server() -> Iterator[LyingRegistry]:
    with LyingRegistry() as running:
        running.content.blobs[digest_of(BLOB)] = BLOB
        yield running


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        (Status(503, {"Retry-After": "1"}), (503, b"")),
        (WrongBody(b"the wrong bytes"), (200, b"the wrong bytes")),
        (Redirect("http://127.0.0.1:9{path}"), (307, b"")),
        (Headers({"Docker-Content-Digest": ""}), (200, BLOB)),
    ],
)
def test_a_fault_strikes_once(
    server: LyingRegistry, fault: Action, seen: tuple[int, bytes]
) -> None:
    server.faults.append(Fault("GET .*/blobs/", fault))
    assert get(server) == seen
    assert get(server) == (200, BLOB)


@pytest.mark.parametrize("fault", [ShortBody(3), Reset(3)])
def test_a_broken_body_is_seen_as_broken(server: LyingRegistry, fault: Action) -> None:
    server.faults.append(Fault("GET .*/blobs/", fault))
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        get(server)


def test_skopeo_pushes_and_pulls(tmp_path: Path) -> None:
    if reason := tools.why_not(peers.SKOPEO_TOOLS):
        pytest.skip(reason)
    sample = f"oci-archive:{SAMPLES / 'clean.tar'}"
    for auth in (None, BasicAuth({"anna": "s3cret"}), TokenAuth({"anna": "s3cret"})):
        with LyingRegistry(auth=auth) as running:
            shop = f"docker://{running.address}/shop:1"
            peers.copy(sample, shop, ANNA if auth else None)
            pulled = tmp_path / type(auth).__name__
            peers.copy(shop, f"oci:{pulled}:it", ANNA if auth else None)
            assert peers.inspect(f"oci:{pulled}:it")["Digest"] == peers.inspect(sample)["Digest"]


def test_a_worn_token_is_refused(server: LyingRegistry) -> None:
    server.auth = TokenAuth(uses=1)
    status, body = get(server, "/token")
    token = body.decode().split('"')[3]
    statuses = []
    for _ in range(2):
        connection = http.client.HTTPConnection(server.address, timeout=10)
        connection.request("GET", TARGET, headers={"Authorization": f"Bearer {token}"})
        statuses.append(connection.getresponse().status)
        connection.close()
    assert (status, statuses) == (200, [200, 401])


def test_the_real_registry_asks_for_its_login(tmp_path: Path) -> None:
    if reason := why_no_registry(login=True) or tools.why_not(peers.SKOPEO_TOOLS):
        pytest.skip(reason)
    sample = f"oci-archive:{SAMPLES / 'clean.tar'}"
    with Registry(tmp_path / "registry", ANNA) as running:
        shop = f"docker://{running.address}/shop:1"
        with pytest.raises(tools.ToolError):
            peers.copy(sample, shop)
        peers.copy(sample, shop, ANNA)
        assert peers.inspect(shop, ANNA)["Digest"] == peers.inspect(sample)["Digest"]
