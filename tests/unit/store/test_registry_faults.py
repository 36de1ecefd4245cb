"""Whole pulls from a registry that lies, stalls, breaks off and never ends: each fault by name.

What is asked for by digest is what is used, or there is an error made for people; nothing stays in
the work folder; credentials go to the registry alone.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from harness.faults import (
    Endless,
    Fault,
    Headers,
    Redirect,
    Reset,
    ShortBody,
    Status,
    Trickle,
    WrongBody,
)
from harness.lying_registry import BasicAuth, LyingRegistry, TokenAuth
from support import images, tars
from support.opened import QuietScanner

from slimmer.errors import AuthError, DigestError, LimitError, NetworkError, SlimError
from slimmer.image.open import open_image
from slimmer.image.reader import LayerReader
from slimmer.oci.reference import RegistryReference, parse_registry_reference
from slimmer.store.registry.ends import RegistrySource
from slimmer.store.registry.options import RegistryOptions

pytestmark = pytest.mark.network

OPTIONS = RegistryOptions(
    timeout=0.5, stall_window=0.2, min_rate=50_000, deadline=20, retries=3, sleep=lambda _: None
)
LAYER = tars.make_tar(tars.file("f", bytes(range(256)) * 4000))
BLOB = f"GET .*/blobs/{images.sha256(LAYER)}"
MANIFEST = r"GET .*/manifests/"
USERS = {"anna": "s3cret-of-anna"}
SECRETS = ("s3cret-of-anna", "token-1", "token-2")


@dataclass(frozen=True)
class Pull:
    """One fault. `error` None: the pull succeeds all the same; `say` is in the error's text."""

    faults: tuple[Fault, ...]
    error: type[SlimError] | None = None
    say: str | None = None
    options: Callable[[RegistryOptions], RegistryOptions] = field(default=lambda options: options)


def _always(request: str, action: object) -> tuple[Fault, ...]:
    return (Fault(request, action, None),)  # type: ignore[arg-type]


def _some(request: str, action: object, times: int = 1, skip: int = 0) -> tuple[Fault, ...]:
    return (Fault(request, action, times, skip),)  # type: ignore[arg-type]


_INDEX_OF_ITSELF = json.dumps(
    images.index({"mediaType": images.INDEX_TYPE, "digest": f"sha256:{'a' * 64}", "size": 300})
).encode()
_HUGE_MANIFEST = b'{"schemaVersion":2,"x":"' + b"x" * (17 << 20) + b'"}'

PULLS: dict[str, Callable[[], Pull]] = {
    "nothing wrong": lambda: Pull(()),
    "wrong body of a blob": lambda: Pull(
        _always(BLOB, WrongBody(LAYER[:-1] + b"x")), DigestError, "other content"
    ),
    "wrong body of a manifest": lambda: Pull(
        _always(MANIFEST, WrongBody(b'{"schemaVersion":2}')), DigestError
    ),
    "short body once": lambda: Pull(_some(BLOB, ShortBody(70_000))),
    "short body always": lambda: Pull(_always(BLOB, ShortBody(0)), NetworkError, "after 0 of"),
    "short body of a manifest": lambda: Pull(_some(MANIFEST, ShortBody(20))),
    "long body": lambda: Pull(_always(BLOB, Endless()), DigestError, "more"),
    "long body that lies of its length": lambda: Pull(
        _always(BLOB, Endless(declared=1 << 40)), DigestError, "bytes are due"
    ),
    "endless manifest": lambda: Pull(_always(MANIFEST, Endless()), LimitError, "document_size"),
    "huge manifest": lambda: Pull(
        _always(MANIFEST, WrongBody(_HUGE_MANIFEST)), LimitError, "--limit document_size="
    ),
    "stalled blob once": lambda: Pull(_some(BLOB, Trickle(0.01))),
    "stalled blob always": lambda: Pull(_always(BLOB, Trickle(0.3)), NetworkError, "slowly"),
    "three resets": lambda: Pull(_some(BLOB, Reset(100_000), 3)),
    "resets without end": lambda: Pull(_always(BLOB, Reset(0)), NetworkError),
    "reset of a manifest": lambda: Pull(_some(MANIFEST, Reset(5))),
    "429 storm": lambda: Pull(_some("GET", Status(429, {"Retry-After": "1"}), 3)),
    "429 without end": lambda: Pull(_always(BLOB, Status(429)), NetworkError, "429"),
    "429 until next century": lambda: Pull(_some("GET", Status(429, {"Retry-After": "9" * 30}), 2)),
    "500 storm": lambda: Pull(_some(BLOB, Status(500), 2)),
    "502 and 503 and 504": lambda: Pull(
        (*_some("GET", Status(502)), *_some("GET", Status(503)), *_some("GET", Status(504)))
    ),
    "503 without end": lambda: Pull(_always("GET", Status(503)), NetworkError, "503"),
    "a body of an error that never ends": lambda: Pull(
        _always(MANIFEST, Status(404, {}, b"\x1b[2J" * 1_000_000)), SlimError
    ),
    "redirect in a circle": lambda: Pull(
        _always(BLOB, Redirect("{path}")), NetworkError, "redirects"
    ),
    "redirect to a file": lambda: Pull(_always(BLOB, Redirect("file:///etc/passwd")), NetworkError),
    "redirect to nowhere": lambda: Pull(
        _always(BLOB, Redirect("http://127.0.0.1:1{path}")), NetworkError
    ),
    "redirect without a place": lambda: Pull(_always(BLOB, Status(307)), NetworkError),
    "missing headers": lambda: Pull(
        _always("GET", Headers({"Docker-Content-Digest": "", "Accept-Ranges": ""}))
    ),
    "lying digest": lambda: Pull(
        _always(MANIFEST, Headers({"Docker-Content-Digest": f"sha256:{'a' * 64}"})), DigestError
    ),
    "digest that is none": lambda: Pull(
        _always(MANIFEST, Headers({"Docker-Content-Digest": "sha256:../../etc"})), SlimError
    ),
    "lying content type": lambda: Pull(
        _always(MANIFEST, Headers({"Content-Type": images.INDEX_TYPE})), SlimError, "was sent as"
    ),
    "lying content encoding": lambda: Pull(_always(BLOB, Headers({"Content-Encoding": "gzip"}))),
    "lying range": lambda: Pull(
        (
            *_some(BLOB, Reset(100_000)),
            *_some(BLOB, Headers({"Content-Range": "bytes 0-5/6"}), 1, 1),
        )
    ),
    "range refused": lambda: Pull((*_some(BLOB, Reset(100_000)), *_some(BLOB, Status(416)))),
    "an index of itself": lambda: Pull(
        (
            *_some(MANIFEST, WrongBody(_INDEX_OF_ITSELF, images.INDEX_TYPE)),
            *_always(MANIFEST, WrongBody(_INDEX_OF_ITSELF, images.INDEX_TYPE)),
        ),
        SlimError,
    ),
    "a page of a portal": lambda: Pull(
        _always(MANIFEST, WrongBody(b"<html>log in</html>", "text/html")), SlimError
    ),
    "nothing for a manifest": lambda: Pull(_always(MANIFEST, WrongBody(b"")), SlimError),
    "a deadline": lambda: Pull(
        _always(BLOB, ShortBody(1000)),
        NetworkError,
        options=lambda options: replace(options, deadline=0),
    ),
}


@pytest.fixture
def server() -> Iterator[LyingRegistry]:
    with LyingRegistry() as running:
        _fill(running)
        yield running


def _fill(server: LyingRegistry) -> None:
    built = images.image(LAYER, compression="none")
    descriptor = built.descriptor()
    server.content.blobs.update(built.blobs.content)
    server.content.add_manifest(
        "app", "1", built.blobs.content[descriptor["digest"]], images.MANIFEST_TYPE
    )


def _pull(server: LyingRegistry, folder: Path, options: RegistryOptions = OPTIONS) -> list[str]:
    """Every layer read and verified; the paths in them. The work folder is empty afterwards."""
    reference = parse_registry_reference(f"{server.address}/app:1")
    assert isinstance(reference, RegistryReference)
    try:
        with RegistrySource(reference, options, work_dir=folder) as source:
            image = open_image(source)
            with LayerReader(image, source, folder, scanner=QuietScanner()) as reader:
                return [entry.path for index in reader.indexes() for entry in index.entries]
    finally:
        assert not list(folder.iterdir())


@pytest.mark.parametrize("name", PULLS)
def test_pull(name: str, server: LyingRegistry, tmp_path: Path) -> None:
    pull = PULLS[name]()
    server.faults += pull.faults
    options = pull.options(OPTIONS)
    if pull.error is None:
        assert _pull(server, tmp_path, options) == ["f"]
    else:
        with pytest.raises(pull.error, match=pull.say):
            _pull(server, tmp_path, options)


def test_three_resets_are_survived_by_resuming(server: LyingRegistry, tmp_path: Path) -> None:
    """What came before a reset is not asked for again."""
    server.faults += _some(BLOB, Reset(300_000), 3)
    assert _pull(server, tmp_path) == ["f"]
    ranges = [seen.headers["range"] for seen in server.requests if "range" in seen.headers]
    assert len(ranges) == 3
    starts = [int(text.removeprefix("bytes=").removesuffix("-")) for text in ranges]
    assert starts == sorted(set(starts))
    assert starts[0] > 0


@pytest.mark.parametrize("auth", [BasicAuth(USERS), TokenAuth(USERS), TokenAuth(USERS, uses=2)])
def test_credentials_stay_at_home(auth: BasicAuth | TokenAuth, tmp_path: Path) -> None:
    """Blobs come from another host, which asks for the same and gets nothing; tokens wear out."""
    with LyingRegistry(auth=auth) as server, LyingRegistry() as other:
        _fill(server)
        other.content.blobs.update(server.content.blobs)
        server.faults += _always(BLOB, Redirect(f"{other.url}{{path}}"))
        options = replace(OPTIONS, credentials=("anna", USERS["anna"]))
        assert _pull(server, tmp_path, options) == ["f"]
        assert other.requests
        for seen in other.requests:
            assert seen.authorization == ""
            assert "cookie" not in seen.headers
        assert any(seen.authorization for seen in server.requests)


def test_a_token_that_wears_out_during_the_pull(tmp_path: Path) -> None:
    with LyingRegistry(auth=TokenAuth(USERS, uses=1)) as server:
        _fill(server)
        server.faults += _some(BLOB, Reset(200_000), 2)
        options = replace(OPTIONS, credentials=("anna", USERS["anna"]))
        assert _pull(server, tmp_path, options) == ["f"]
        granted = [seen for seen in server.requests if seen.target.startswith("/token")]
        assert len(granted) >= 3


def test_another_hosts_challenge_is_not_answered(tmp_path: Path) -> None:
    with LyingRegistry() as server, LyingRegistry(auth=BasicAuth(USERS)) as other:
        _fill(server)
        server.faults += _always(BLOB, Redirect(f"{other.url}{{path}}"))
        options = replace(OPTIONS, credentials=("anna", USERS["anna"]))
        with pytest.raises(SlimError) as caught:
            _pull(server, tmp_path, options)
        assert not any(seen.authorization for seen in other.requests)
        assert not any(secret in str(caught.value) for secret in SECRETS)


@pytest.mark.parametrize("auth", [BasicAuth({"b": "x"}), TokenAuth({"b": "x"})])
def test_refused_credentials_are_not_shown(auth: BasicAuth | TokenAuth, tmp_path: Path) -> None:
    with LyingRegistry(auth=auth) as server:
        _fill(server)
        options = replace(OPTIONS, credentials=("anna", USERS["anna"]))
        with pytest.raises(AuthError) as caught:
            _pull(server, tmp_path, options)
        assert not any(secret in str(caught.value) for secret in SECRETS)


def test_pages_of_referrers_without_end(server: LyingRegistry, tmp_path: Path) -> None:
    """Each page names another next one."""
    page = images.dump(images.index())
    numbers = iter(range(1_000_000))

    class Ever(Status):
        @property
        def headers(self) -> dict[str, str]:  # type: ignore[override]
            link = f'</v2/app/referrers/x?n={next(numbers)}>; rel="next"'
            return {"Content-Type": images.INDEX_TYPE, "Link": link}

        @headers.setter
        def headers(self, _: object) -> None: ...

    server.faults += _always(r"GET .*/referrers/", Ever(200, {}, page))
    reference = parse_registry_reference(f"{server.address}/app:1")
    with RegistrySource(reference, OPTIONS, work_dir=tmp_path) as source:
        root = source.roots()[0]
        with pytest.raises(LimitError, match="pages"):
            source.referrers(root.digest)
    assert next(numbers) < 1000
