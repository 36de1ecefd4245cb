import gzip
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slimmer.errors import (
    AuthError,
    DigestError,
    FormatError,
    InputError,
    LimitError,
    NetworkError,
    NotFoundError,
    SlimError,
)
from slimmer.limits import Limits
from slimmer.oci import media_types
from slimmer.oci.descriptor import Descriptor
from slimmer.oci.digest import Digest
from slimmer.oci.reference import RegistryReference
from slimmer.oci.strict_json import dump_json
from slimmer.store.interface import Source
from slimmer.store.registry.ends import RegistrySource
from slimmer.store.registry.options import RegistryOptions

from .registry_fixture import Answer, FakeRegistry, Handler, running

pytestmark = pytest.mark.network

LAYER = bytes(range(256)) * 4096


class Naps(list[float]):
    """A sleep that only notes how long it should have been."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with running() as registry:
        yield registry


@pytest.fixture
def naps() -> Naps:
    return Naps()


@pytest.fixture
def options(naps: Naps) -> RegistryOptions:
    return RegistryOptions(sleep=naps, timeout=5)


def source(
    registry: FakeRegistry, options: RegistryOptions, work: Path, tag: str = "1"
) -> RegistrySource:
    return RegistrySource(registry.reference(tag=tag), options, work_dir=work)


def whole(place: Source, descriptor: Descriptor) -> bytes:
    with place.blob(descriptor) as stream:
        return stream.read_all()


# -- manifests


def test_a_tag_is_resolved_and_pinned(
    registry: FakeRegistry, options: RegistryOptions, tmp_path: Path
) -> None:
    manifest = registry.add_image(LAYER)
    with source(registry, options, tmp_path) as place:
        (root,) = place.roots()
        assert root == manifest.descriptor
        assert place.read(root) == manifest.raw
        assert place.location.reference == f"{registry.host}/app:1@{manifest.digest}"
        assert place.location.repository == registry.reference().pinned(manifest.digest)
        assert whole(place, manifest.layers[0]) == LAYER
    accept = registry.asked("GET", "manifests/1")[0].headers["Accept"]
    assert set(accept.split(", ")) == media_types.MANIFESTS | media_types.INDEXES
    # One request for the manifest although it was read twice.
    assert len(registry.asked("GET", "/manifests/")) == 1


def test_a_digest_that_is_not_the_manifests_is_refused(
    registry: FakeRegistry, options: RegistryOptions, tmp_path: Path
) -> None:
    manifest = registry.add_image()
    other = Digest.of(b"something else")
    registry.manifests["app", other] = (manifest.media_type, manifest.raw)
    reference = RegistryReference(registry.host, "app", None, other)
    with (
        RegistrySource(reference, options, work_dir=tmp_path) as place,
        pytest.raises(DigestError, match="another manifest"),
    ):
        place.roots()


@pytest.mark.parametrize(
    ("told", "error"), [(Digest.of(b"x"), DigestError), ("sha256:../..", FormatError)]
)
def test_the_digest_a_registry_tells_is_checked(
    registry: FakeRegistry,
    options: RegistryOptions,
    tmp_path: Path,
    told: str,
    error: type[Exception],
) -> None:
    manifest = registry.add_image()
    registry.script["GET", "manifests/1"] = [
        lambda h: h.answer(
            200, manifest.raw, Content_Type=manifest.media_type, Docker_Content_Digest=told
        )
    ]
    with source(registry, options, tmp_path) as place, pytest.raises(error):
        place.roots()


@pytest.mark.parametrize("sent_as", [media_types.OCI_INDEX, "application/json", "text/html"])
def test_a_lying_content_type_is_refused(
    registry: FakeRegistry, options: RegistryOptions, tmp_path: Path, sent_as: str
) -> None:
    manifest = registry.add_image()
    registry.add_manifest(manifest.raw, sent_as)
    with source(registry, options, tmp_path) as place:
        with pytest.raises(FormatError, match="was sent as"):
            place.roots()
        with pytest.raises(FormatError, match="was sent as"):
            place.open(manifest.descriptor)


def test_schema_1_is_refused_by_name(
    registry: FakeRegistry, options: RegistryOptions, tmp_path: Path
) -> None:
    raw = dump_json({"schemaVersion": 1, "fsLayers": [], "history": [], "signatures": []})
    registry.add_manifest(raw, "application/vnd.docker.distribution.manifest.v1+prettyjws")
    with (
        source(registry, options, tmp_path) as place,
        pytest.raises(FormatError, match="schema 1"),
    ):
        place.roots()


def test_manifests_are_cut_at_their_size(
    registry: FakeRegistry, options: RegistryOptions, tmp_path: Path
) -> None:
    manifest = registry.add_image()
    longer, shorter = (replace(manifest.descriptor, size=len(manifest.raw) + n) for n in (1, -1))
    with source(registry, options, tmp_path) as place:
        with pytest.raises(DigestError, match="longer than"):
            place.open(shorter)
        with pytest.raises(DigestError, match="bytes"):
            place.open(longer)
        with pytest.raises(LimitError):
            place.open(replace(manifest.descriptor, size=1 << 40))


def test_what_is_not_there_says_so(
    registry: FakeRegistry, options: RegistryOptions, tmp_path: Path
) -> None:
    with source(registry, options, tmp_path, "none") as place:
        with pytest.raises(NotFoundError, match="MANIFEST_UNKNOWN not here") as caught:
            place.roots()
        assert caught.value.where == f"{registry.host}/app:none"
        with pytest.raises(NotFoundError):
            place.open(Descriptor(media_types.OCI_LAYER, Digest.of(b"x"), 1))
    assert list(tmp_path.iterdir()) == []


# -- blobs


def test_blobs_are_private_files_downloaded_once(
    registry: FakeRegistry, options: RegistryOptions, tmp_path: Path
) -> None:
    layer = registry.add_blob(LAYER)
    work = tmp_path / "work"
    seen: list[tuple[int, int | None]] = []
    place = RegistrySource(
        registry.reference(),
        options,
        work_dir=work,
        progress=lambda task, done, total: seen.append((done, total)),
    )
    with place:
        first, second = place.open(layer), place.open(layer)
        with first, second:
            assert first.read(10) == second.read(10) == LAYER[:10]
        (file,) = work.iterdir()
        assert file.stat().st_mode & 0o777 == 0o600
        assert work.stat().st_mode & 0o777 == 0o700
    assert len(registry.asked("GET", "/blobs/")) == 1
    assert seen[-1] == (len(LAYER), len(LAYER))
    assert list(work.iterdir()) == []


def test_an_empty_blob(registry: FakeRegistry, options: RegistryOptions, tmp_path: Path) -> None:
    empty = registry.add_blob(b"")
    with source(registry, options, tmp_path) as place, place.open(empty) as file:
        assert file.read() == b""


def _wrong(handler: Handler) -> None:
    handler.answer(200, LAYER[::-1])


def _longer(handler: Handler) -> None:
    handler.answer(200, LAYER + b"!")


def _shorter(handler: Handler) -> None:
    handler.answer(200, LAYER[:-1])


def _longer_in_chunks(handler: Handler) -> None:
    handler.answer(200, Transfer_Encoding="chunked")
    piece = b"%x\r\n" % len(LAYER) + LAYER + b"\r\n"
    handler.wfile.write(piece * 3)
    handler.close_connection = True


def _compressed(handler: Handler) -> None:
    handler.answer(200, gzip.compress(LAYER), Content_Encoding="gzip")


@pytest.mark.parametrize("answer", [_wrong, _longer, _shorter, _longer_in_chunks, _compressed])
def test_other_content_is_refused_and_nothing_stays(
    registry: FakeRegistry, options: RegistryOptions, naps: Naps, tmp_path: Path, answer: Answer
) -> None:
    layer = registry.add_blob(LAYER)
    registry.script["GET", "/blobs/"] = [answer]
    with source(registry, options, tmp_path) as place:
        with pytest.raises(DigestError):
            place.open(layer)
        assert list(tmp_path.iterdir()) == []
    assert naps == []


def test_a_blob_over_the_limit_is_not_asked_for(
    registry: FakeRegistry, options: RegistryOptions, tmp_path: Path
) -> None:
    layer = registry.add_blob(LAYER)
    small = replace(options, limits=Limits(layer_size=len(LAYER) - 1))
    with source(registry, small, tmp_path) as place, pytest.raises(LimitError):
        place.open(layer)
    assert registry.seen == []


def _reset_after(part: int) -> Answer:
    """Send `part` more bytes of what was asked for, then break the connection."""

    def answer(handler: Handler) -> None:
        start = int(handler.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        data = LAYER[start:]
        told = f"bytes {start}-{len(LAYER) - 1}/{len(LAYER)}"
        handler.answer(206 if start else 200, data[:part], length=len(data), Content_Range=told)

    return answer


def test_three_resets_are_survived_by_ranges(
    registry: FakeRegistry, options: RegistryOptions, naps: Naps, tmp_path: Path
) -> None:
    layer = registry.add_blob(LAYER)
    registry.script["GET", "/blobs/"] = [_reset_after(100_000)] * 3
    with source(registry, options, tmp_path) as place:
        assert whole(place, layer) == LAYER
    ranges = [seen.headers.get("Range") for seen in registry.asked("GET", "/blobs/")]
    assert ranges == [None, "bytes=100000-", "bytes=200000-", "bytes=300000-"]
    assert len(naps) == 3


def test_resets_without_end_are_given_up(
    registry: FakeRegistry, options: RegistryOptions, tmp_path: Path
) -> None:
    layer = registry.add_blob(LAYER)
    registry.script["GET", "/blobs/"] = [_reset_after(10)] * 50
    with (
        source(registry, options, tmp_path) as place,
        pytest.raises(NetworkError, match=f"after 60 of {len(LAYER)} bytes"),
    ):
        place.open(layer)
    assert len(registry.seen) == options.retries + 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "told",
    ["bytes 0-9/10", f"bytes 7-{len(LAYER) - 1}/{len(LAYER)}", "bytes 100-200/*x", ""],
)
def test_a_range_that_was_not_asked_for_starts_over(
    registry: FakeRegistry, options: RegistryOptions, tmp_path: Path, told: str
) -> None:
    layer = registry.add_blob(LAYER)
    registry.script["GET", "/blobs/"] = [
        _reset_after(100),
        lambda h: h.answer(206, LAYER[7:], Content_Range=told),
    ]
    with source(registry, options, tmp_path) as place:
        assert whole(place, layer) == LAYER
    assert [s.headers.get("Range") for s in registry.seen] == [None, "bytes=100-", None]


@pytest.mark.parametrize("status", [200, 416])
def test_a_server_without_ranges_starts_over(
    registry: FakeRegistry, options: RegistryOptions, tmp_path: Path, status: int
) -> None:
    layer = registry.add_blob(LAYER)
    registry.script["GET", "/blobs/"] = [
        _reset_after(100),
        lambda h: h.answer(status, LAYER if status == 200 else b""),
    ]
    with source(registry, options, tmp_path) as place:
        assert whole(place, layer) == LAYER


def test_a_full_disk_says_so(
    registry: FakeRegistry, options: RegistryOptions, tmp_path: Path
) -> None:
    layer = registry.add_blob(LAYER)
    (tmp_path / "file").write_bytes(b"")
    with (
        source(registry, options, tmp_path / "file" / "work") as place,
        pytest.raises(InputError, match="cannot be kept"),
    ):
        place.open(layer)


def test_a_body_that_trickles_is_given_up(
    registry: FakeRegistry, options: RegistryOptions, tmp_path: Path
) -> None:
    layer = registry.add_blob(LAYER)

    def trickle(handler: Handler) -> None:
        handler.answer(200, b"abc", length=len(LAYER))
        handler.rfile.read(1)  # until the client hangs up

    registry.script["GET", "/blobs/"] = [trickle]
    hasty = replace(options, stall_window=0.05, retries=0)
    with (
        source(registry, hasty, tmp_path) as place,
        pytest.raises(NetworkError, match="too slowly"),
    ):
        place.open(layer)


def test_headers_that_trickle_are_given_up(
    registry: FakeRegistry, options: RegistryOptions, tmp_path: Path
) -> None:
    def trickle(handler: Handler) -> None:
        try:
            for _ in range(200):
                handler.wfile.write(b"X")
                handler.connection.settimeout(0.02)
                try:
                    if handler.connection.recv(1) == b"":
                        return
                except TimeoutError:
                    continue
        except OSError:
            return

    registry.script["GET", "/manifests/"] = [trickle]
    hasty = replace(options, timeout=0.15, retries=0)
    with source(registry, hasty, tmp_path) as place, pytest.raises(NetworkError):
        place.roots()
    assert len(registry.seen) == 1


def test_a_deadline_that_has_passed(
    registry: FakeRegistry, options: RegistryOptions, tmp_path: Path
) -> None:
    layer = registry.add_blob(LAYER)
    with (
        source(registry, replace(options, deadline=0, retries=1), tmp_path) as place,
        pytest.raises(NetworkError, match=r"too (long|slowly)"),
    ):
        place.open(layer)


def test_threads_share_downloads(
    registry: FakeRegistry, options: RegistryOptions, tmp_path: Path
) -> None:
    registry.auth, registry.anonymous = "bearer", True
    layers = [registry.add_blob(LAYER[number:]) for number in range(6)] * 3
    with source(registry, options, tmp_path) as place, ThreadPoolExecutor(8) as pool:
        sizes = list(pool.map(lambda layer: len(whole(place, layer)), layers))
    assert sizes == [layer.size for layer in layers]
    served = [s.path for s in registry.asked("GET", "/blobs/") if "Authorization" in s.headers]
    assert len(served) == len(set(served)) == 6


# -- answers that are none


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0" * 4096,
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nxx",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999999999\r\n\r\nxx",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\nxx",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\nx",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 300 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n: empty\r\n\r\n",
        b"HTTP/1.1 401 \r\nWWW-Authenticate: \xff\xfe\r\n\r\n",
        b"HTTP/1.1 302 \r\nLocation: \xff\xfe\x01\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 50,
    ],
)
def test_any_answer_is_an_error_of_ours(
    registry: FakeRegistry, options: RegistryOptions, tmp_path: Path, raw: bytes
) -> None:
    def answer(handler: Handler) -> None:
        handler.wfile.write(raw)
        handler.close_connection = True

    registry.script["GET", ""] = [answer] * 50
    layer = Descriptor(media_types.OCI_LAYER, Digest.of(LAYER), len(LAYER))
    with source(registry, replace(options, retries=0), tmp_path) as place:
        for ask in (place.roots, lambda: place.open(layer), lambda: place.referrers(layer.digest)):
            with pytest.raises(SlimError):
                ask()
    assert list(tmp_path.iterdir()) == []


_NAMES = (
    "Content_Type",
    "Docker_Content_Digest",
    "Link",
    "Location",
    "Warning",
    "WWW_Authenticate",
    "Retry_After",
    "Content_Range",
    "Content_Encoding",
    "Set_Cookie",
)
_VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60)


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from([200, 206, 302, 307, 401, 403, 404, 416, 429]),
    st.dictionaries(st.sampled_from(_NAMES), _VALUES, max_size=4),
)
def test_any_header_is_an_error_of_ours_at_most(status: int, headers: dict[str, str]) -> None:
    def answer(handler: Handler) -> None:
        handler.answer(status, b"xx", None, **headers)

    with running() as registry, TemporaryDirectory() as folder:
        registry.script["GET", ""] = [answer] * 40
        hasty = RegistryOptions(sleep=lambda seconds: None, retries=1)
        layer = Descriptor(media_types.OCI_LAYER, Digest.of(LAYER), len(LAYER))
        with source(registry, hasty, Path(folder)) as place:
            with pytest.raises(SlimError):
                place.roots()
            with pytest.raises(SlimError):
                place.open(layer)
            with suppress(SlimError):
                assert place.referrers(layer.digest) == ()


# -- retries


def test_a_proxy_is_not_asked_for_loopback(
    registry: FakeRegistry,
    options: RegistryOptions,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    registry.add_image()
    with source(registry, options, tmp_path) as place:
        assert len(place.roots()) == 1


def test_a_busy_registry_is_asked_again_when_it_said(
    registry: FakeRegistry, options: RegistryOptions, naps: Naps, tmp_path: Path
) -> None:
    registry.add_image(LAYER)
    registry.script["GET", "/manifests/"] = [
        lambda h: h.answer(503, Retry_After="7"),
        lambda h: h.answer(429, Retry_After="86400"),
        lambda h: h.answer(500),
    ]
    with source(registry, options, tmp_path) as place:
        place.roots()
    assert 7 <= naps[0] < 8
    assert 60 <= naps[1] < 61
    assert 0 < naps[2] < 10


def test_a_registry_that_stays_busy_is_an_error(
    registry: FakeRegistry, options: RegistryOptions, naps: Naps, tmp_path: Path
) -> None:
    body = b'{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}'
    registry.script["GET", "/manifests/"] = [lambda h: h.answer(429, body)] * 20
    with (
        source(registry, options, tmp_path) as place,
        pytest.raises(NetworkError, match="TOOMANYREQUESTS slow down"),
    ):
        place.roots()
    assert len(naps) == options.retries
    assert naps[-1] > naps[0]


def test_a_body_of_anything_is_cut(
    registry: FakeRegistry, options: RegistryOptions, tmp_path: Path
) -> None:
    registry.script["GET", "/manifests/"] = [lambda h: h.answer(418, b"\xff tea " * 100_000)]
    with source(registry, options, tmp_path) as place, pytest.raises(NetworkError) as caught:
        place.roots()
    assert len(caught.value.what) < 500


def test_nobody_at_the_port_is_told_at_once(
    options: RegistryOptions, naps: Naps, tmp_path: Path
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        reference = RegistryReference(f"127.0.0.1:{free.getsockname()[1]}", "app", "1")
        with (
            RegistrySource(reference, options, work_dir=tmp_path) as place,
            pytest.raises(NetworkError, match="cannot be reached") as caught,
        ):
            place.roots()
    assert caught.value.hint is not None
    assert "--plain-http" in caught.value.hint
    assert naps == []


def test_a_registry_without_tls_is_told_apart(
    registry: FakeRegistry, options: RegistryOptions, tmp_path: Path
) -> None:
    with (
        source(registry, replace(options, plain_http=False), tmp_path) as place,
        pytest.raises(NetworkError) as caught,
    ):
        place.roots()
    assert "--plain-http" in (caught.value.hint or "")


# -- redirects


def test_a_redirect_to_another_port_does_not_see_credentials(
    registry: FakeRegistry, options: RegistryOptions, tmp_path: Path
) -> None:
    layer = registry.add_blob(LAYER)
    registry.auth = "basic"
    with running() as storage:
        storage.add_blob(LAYER)
        url = f"http://{storage.host}/v2/app/blobs/{layer.digest}?signature=S3CRET"
        registry.script["GET", "/blobs/"] = [
            lambda h: h.allowed(),
            lambda h: h.answer(307, Location=url, Set_Cookie="a=b"),
        ]
        with source(registry, replace(options, credentials=("robin", "x")), tmp_path) as place:
            assert whole(place, layer) == LAYER
        assert "Authorization" in registry.seen[-1].headers
        (seen,) = storage.seen
    assert "Authorization" not in seen.headers
    assert "Cookie" not in seen.headers


def test_storage_that_refuses_does_not_give_its_signature_away(
    registry: FakeRegistry, options: RegistryOptions, tmp_path: Path
) -> None:
    layer = registry.add_blob(LAYER)
    with running() as storage:
        url = f"http://{storage.host}/x?signature=S3CRET"
        registry.script["GET", "/blobs/"] = [lambda h: h.answer(302, Location=url)]
        storage.script["GET", "/x"] = [lambda h: h.answer(403, b"<xml>S3CRET</xml>")]
        with source(registry, options, tmp_path) as place, pytest.raises(NetworkError) as caught:
            place.open(layer)
    assert not isinstance(caught.value, AuthError)
    assert "S3CRET" not in str(caught.value)


@pytest.mark.parametrize(
    "location",
    ["ftp://127.0.0.1/x", "file:///etc/passwd", "http://a:b@127.0.0.1/", "http://["],
)
def test_redirects_to_what_is_not_http_are_refused(
    registry: FakeRegistry, options: RegistryOptions, tmp_path: Path, location: str
) -> None:
    registry.script["GET", "/manifests/"] = [lambda h: h.answer(302, Location=location)]
    with (
        source(registry, options, tmp_path) as place,
        pytest.raises(NetworkError, match="not an http"),
    ):
        place.roots()


def test_the_body_of_a_redirect_is_not_read_to_its_end(
    registry: FakeRegistry, options: RegistryOptions, tmp_path: Path
) -> None:
    manifest = registry.add_image()
    sent = 0

    def endless(handler: Handler) -> None:
        nonlocal sent
        handler.answer(302, Location=handler.path, length=1 << 40)
        try:
            while sent < 64 << 20:
                sent += handler.connection.send(bytes(1 << 16))
        except OSError:
            return

    registry.script["GET", "/manifests/"] = [endless]
    with source(registry, options, tmp_path) as place:
        assert place.roots() == (manifest.descriptor,)
    assert sent < 32 << 20


def test_redirects_end(registry: FakeRegistry, options: RegistryOptions, tmp_path: Path) -> None:
    registry.script["GET", ""] = [lambda h: h.answer(302, Location=h.path)] * 100
    with (
        source(registry, options, tmp_path) as place,
        pytest.raises(NetworkError, match="redirects"),
    ):
        place.roots()
    assert len(registry.seen) == 11


# -- warnings and referrers


def test_warnings_are_shown_once(
    registry: FakeRegistry, options: RegistryOptions, tmp_path: Path
) -> None:
    manifest = registry.add_image(LAYER)
    warnings: list[str] = []
    answers = [
        lambda h: h.answer(
            200, manifest.raw, Content_Type=manifest.media_type, Warning='299 - "going away"'
        )
    ] * 2
    registry.script["GET", "/manifests/"] = answers
    with source(registry, replace(options, warn=warnings.append), tmp_path) as place:
        place.roots()
        place._manifests.clear()
        place.open(manifest.descriptor)
    assert warnings == [f"{registry.host}: going away"]


def _index(*descriptors: Descriptor) -> bytes:
    return dump_json({"schemaVersion": 2, "manifests": [item.to_json() for item in descriptors]})


def _referrer(number: int) -> Descriptor:
    return Descriptor.of(media_types.OCI_MANIFEST, b"%d" % number)


def test_referrers_are_read_page_by_page(
    registry: FakeRegistry, options: RegistryOptions, tmp_path: Path
) -> None:
    subject = Digest.of(b"subject")
    kind = media_types.OCI_INDEX
    registry.script["GET", "/referrers/"] = [
        lambda h: h.answer(
            200,
            _index(_referrer(1)),
            Content_Type=kind,
            Link=f'</v2/app/referrers/{subject}?page=2>; rel="next"',
        ),
        lambda h: h.answer(200, _index(_referrer(2)), Content_Type=kind),
    ]
    with source(registry, options, tmp_path) as place:
        assert place.referrers(subject) == (_referrer(1), _referrer(2))
    assert registry.seen[-1].path.endswith("?page=2")


def test_referrers_by_the_fallback_tag(
    registry: FakeRegistry, options: RegistryOptions, tmp_path: Path
) -> None:
    subject = Digest.of(b"subject")
    with source(registry, options, tmp_path) as place:
        assert place.referrers(subject) == ()
        tag = f"sha256-{subject.encoded}"
        registry.add_manifest(_index(_referrer(1)), media_types.OCI_INDEX, tag)
        assert place.referrers(subject) == (_referrer(1),)


@pytest.mark.parametrize(
    ("link", "message"),
    [
        ("<{path}>; rel=next", "circle"),
        ("<http://127.0.0.2:1/v2/app/referrers/x>; rel=next", "another host"),
        ("<file:///etc/passwd>; rel=next", "not an http"),
        ("<?n={count}>; rel=next", "pages"),
    ],
)
def test_hostile_links_end(
    registry: FakeRegistry, options: RegistryOptions, tmp_path: Path, link: str, message: str
) -> None:
    def page(handler: Handler) -> None:
        told = link.format(path=handler.path, count=len(registry.seen))
        handler.answer(200, _index(), Content_Type=media_types.OCI_INDEX, Link=told)

    registry.script["GET", "/referrers/"] = [page] * 1000
    with (
        source(registry, options, tmp_path) as place,
        pytest.raises((NetworkError, LimitError), match=message),
    ):
        place.referrers(Digest.of(b"subject"))
