import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pytest

from slimmer.errors import AuthError, DigestError, InputError, NetworkError, UsageError
from slimmer.oci import media_types
from slimmer.oci.descriptor import Descriptor
from slimmer.oci.digest import Digest
from slimmer.oci.manifest import Manifest
from slimmer.oci.reference import RegistryReference
from slimmer.store.interface import Location
from slimmer.store.registry.ends import RegistrySink, RegistrySource
from slimmer.store.registry.options import RegistryOptions

from .registry_fixture import PASSWORD, USER, FakeRegistry, Handler, running

pytestmark = pytest.mark.network

LAYER = bytes(range(256)) * 4096
OPTIONS = RegistryOptions(sleep=lambda seconds: None, timeout=5)
BLOB = Descriptor(media_types.OCI_LAYER, Digest.of(LAYER), len(LAYER))


class Opened:
    """Opens the layer, and counts how often."""

    def __init__(self, data: bytes = LAYER) -> None:
        self.data = data
        self.times = 0

    def __call__(self) -> BinaryIO:
        self.times += 1
        return io.BytesIO(self.data)


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with running() as registry:
        yield registry


@pytest.fixture
def sink(registry: FakeRegistry) -> Iterator[RegistrySink]:
    with RegistrySink(registry.reference(), OPTIONS) as sink:
        yield sink


def test_an_image_goes_up_and_comes_back(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.auth = "bearer"
    options = replace(OPTIONS, credentials=(USER, PASSWORD))
    config = Descriptor.of(media_types.OCI_CONFIG, b"{}")
    manifest = Manifest.new(media_types.OCI_MANIFEST, config, (BLOB,))
    seen: list[int] = []
    with RegistrySink(
        registry.reference(), options, progress=lambda task, done, total: seen.append(done)
    ) as sink:
        for descriptor, data in ((config, b"{}"), (BLOB, LAYER)):
            assert not sink.has(descriptor)
            sink.put(descriptor, Opened(data))
            assert sink.has(descriptor)
        assert ("app", "1") not in registry.manifests
        location = sink.finish(manifest.descriptor, manifest.raw)
    assert location.reference == f"{registry.host}/app:1@{manifest.digest}"
    assert location.repository == registry.reference().pinned(manifest.digest)
    assert seen[-1] == len(LAYER)
    assert registry.sessions == set()
    with RegistrySource(registry.reference(), options, work_dir=tmp_path) as source:
        assert source.roots() == (manifest.descriptor,)


@pytest.mark.parametrize("absolute", [True, False])
def test_uploads_go_where_they_are_told(
    registry: FakeRegistry, sink: RegistrySink, absolute: bool
) -> None:
    registry.absolute_location = absolute
    sink.put(BLOB, Opened())
    assert registry.blobs["app", BLOB.digest] == LAYER
    (put,) = registry.asked("PUT", "/blobs/uploads/")
    assert put.headers["Content-Length"] == str(len(LAYER))
    assert "state=a%2Fb&digest=sha256%3A" in put.path


def test_an_empty_blob_goes_up(registry: FakeRegistry, sink: RegistrySink) -> None:
    empty = Descriptor.of(media_types.OCI_LAYER, b"")
    sink.put(empty, Opened(b""))
    assert registry.blobs["app", empty.digest] == b""


def test_a_failed_upload_starts_again(registry: FakeRegistry, sink: RegistrySink) -> None:
    registry.script["PUT", "/blobs/"] = [lambda h: h.answer(503)]
    content = Opened()
    sink.put(BLOB, content)
    assert content.times == 2
    assert registry.blobs["app", BLOB.digest] == LAYER
    # The broken session was closed, the good one has become the blob.
    assert len(registry.asked("DELETE", "/uploads/")) == 1
    assert registry.sessions == set()


def test_a_token_that_ends_during_the_upload_is_replaced(registry: FakeRegistry) -> None:
    registry.auth, registry.token_uses = "bearer", 1
    content = Opened()
    with RegistrySink(registry.reference(), replace(OPTIONS, credentials=(USER, PASSWORD))) as sink:
        sink.put(BLOB, content)
    assert content.times == 2
    assert registry.blobs["app", BLOB.digest] == LAYER


def test_an_upload_that_never_works_is_an_error(registry: FakeRegistry, sink: RegistrySink) -> None:
    registry.script["PUT", "/blobs/"] = [lambda h: h.answer(500)] * 50
    with pytest.raises(NetworkError):
        sink.put(BLOB, Opened())
    assert registry.sessions == set()


@pytest.mark.parametrize("data", [LAYER[::-1], LAYER[:-1], LAYER + b"!"])
def test_a_wrong_blob_does_not_get_there(
    registry: FakeRegistry, sink: RegistrySink, data: bytes
) -> None:
    with pytest.raises(DigestError):
        sink.put(BLOB, Opened(data))
    assert registry.blobs == {}
    assert registry.sessions == set()


def test_a_blob_that_cannot_be_read_is_not_tried_again(sink: RegistrySink) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    times = []
    with pytest.raises(InputError, match="Input/output"):
        sink.put(BLOB, lambda: times.append(1) or Broken())  # type: ignore[func-returns-value]
    assert len(times) == 1


def test_another_host_to_upload_to_gets_no_credentials(registry: FakeRegistry) -> None:
    registry.auth = "basic"
    with running() as storage:
        storage.sessions.add("/v2/app/blobs/uploads/x")
        location = f"http://{storage.host}/v2/app/blobs/uploads/x?state=a%2Fb"
        registry.script["POST", "/uploads/"] = [
            lambda h: h.allowed(),
            lambda h: h.answer(202, Location=location),
        ]
        options = replace(OPTIONS, credentials=(USER, PASSWORD))
        with RegistrySink(registry.reference(), options) as sink:
            sink.put(BLOB, Opened())
        assert storage.blobs["app", BLOB.digest] == LAYER
        assert all("Authorization" not in seen.headers for seen in storage.seen)
    assert "Authorization" in registry.asked("POST", "/uploads/")[-1].headers


@pytest.mark.parametrize("location", ["ftp://x/y", "http://u:p@127.0.0.1/", ""])
def test_a_useless_place_to_upload_to(
    registry: FakeRegistry, sink: RegistrySink, location: str
) -> None:
    registry.script["POST", "/uploads/"] = [lambda h: h.answer(202, Location=location)]
    with pytest.raises(NetworkError):
        sink.put(BLOB, Opened())


def test_a_blob_is_mounted_from_its_neighbour(registry: FakeRegistry, sink: RegistrySink) -> None:
    registry.add_blob(LAYER, "other")
    source = Location("x", registry.reference("other"))
    assert sink.mount(BLOB, source)
    assert registry.blobs["app", BLOB.digest] == LAYER


def test_a_mount_asks_for_both_scopes(registry: FakeRegistry) -> None:
    registry.auth = "bearer"
    registry.add_blob(LAYER, "other")
    with RegistrySink(registry.reference(), replace(OPTIONS, credentials=(USER, PASSWORD))) as sink:
        assert sink.mount(BLOB, Location("x", registry.reference("other")))
    (token,) = registry.tokens.values()
    assert token[1] == {"repository:app:pull,push", "repository:other:pull"}


def test_a_mount_that_is_not_done_leaves_no_session(
    registry: FakeRegistry, sink: RegistrySink
) -> None:
    registry.mounts = False
    registry.add_blob(LAYER, "other")
    assert not sink.mount(BLOB, Location("x", registry.reference("other")))
    assert registry.sessions == set()
    registry.script["POST", "/uploads/"] = [lambda h: h.answer(405)]
    assert not sink.mount(BLOB, Location("x", registry.reference("other")))


def test_mounts_that_cannot_be(registry: FakeRegistry, sink: RegistrySink) -> None:
    assert not sink.mount(BLOB, Location("a file"))
    assert not sink.mount(BLOB, Location("here", registry.reference("app")))
    assert not sink.mount(BLOB, Location("x", RegistryReference("example.org", "other", "1")))
    assert registry.seen == []


@pytest.mark.parametrize("media_type", sorted(media_types.NONDISTRIBUTABLE_LAYERS))
def test_foreign_layers_stay_where_they_are(
    registry: FakeRegistry, sink: RegistrySink, media_type: str
) -> None:
    foreign = replace(BLOB, media_type=media_type)
    assert sink.has(foreign)
    sink.put(foreign, Opened())
    assert not sink.mount(foreign, Location("x", registry.reference("other")))
    assert registry.seen == []


def _manifest() -> Manifest:
    return Manifest.new(media_types.OCI_MANIFEST, Descriptor.of(media_types.OCI_CONFIG, b"{}"), ())


def test_a_reference_by_digest_takes_only_its_manifest(registry: FakeRegistry) -> None:
    manifest = _manifest()
    reference = registry.reference().pinned(Digest.of(b"other"))
    with (
        RegistrySink(reference, OPTIONS) as sink,
        pytest.raises(UsageError, match="cannot"),
    ):
        sink.finish(manifest.descriptor, manifest.raw)
    assert registry.seen == []
    reference = RegistryReference(registry.host, "app", None, manifest.digest)
    with RegistrySink(reference, OPTIONS) as sink:
        sink.finish(manifest.descriptor, manifest.raw)
    assert ("app", manifest.digest) in registry.manifests


def test_the_manifest_goes_up_as_its_media_type(registry: FakeRegistry, sink: RegistrySink) -> None:
    manifest = _manifest()
    with pytest.raises(DigestError):
        sink.finish(manifest.descriptor, manifest.raw + b" ")
    sink.finish(manifest.descriptor, manifest.raw)
    (put,) = registry.asked("PUT", "/manifests/1")
    assert put.headers["Content-Type"] == media_types.OCI_MANIFEST
    assert put.body == manifest.raw


def test_a_manifest_of_an_index_goes_up_by_digest(
    registry: FakeRegistry, sink: RegistrySink
) -> None:
    manifest = _manifest()
    assert not sink.has(manifest.descriptor)
    sink.put(manifest.descriptor, Opened(manifest.raw))
    assert sink.has(manifest.descriptor)
    assert ("app", "1") not in registry.manifests


def test_a_registry_that_stored_something_else(registry: FakeRegistry, sink: RegistrySink) -> None:
    manifest = _manifest()
    other = Digest.of(b"other")
    registry.script["PUT", "/manifests/"] = [lambda h: h.answer(201, Docker_Content_Digest=other)]
    with pytest.raises(DigestError, match="stored"):
        sink.finish(manifest.descriptor, manifest.raw)


def test_abort_closes_what_is_open(registry: FakeRegistry) -> None:
    def hang_up(handler: Handler) -> None:
        handler.close_connection = True

    with RegistrySink(registry.reference(), replace(OPTIONS, retries=0)) as sink:
        registry.script["PUT", "/blobs/"] = [hang_up]
        with pytest.raises(NetworkError):
            sink.put(BLOB, Opened())
        sink.abort()
    assert registry.sessions == set()


def test_pushing_without_credentials_names_the_files(
    registry: FakeRegistry, tmp_path: Path
) -> None:
    registry.auth = "bearer"
    files = (tmp_path / "auth.json", tmp_path / "config.json")
    with (
        RegistrySink(registry.reference(), replace(OPTIONS, auth_files=files)) as sink,
        pytest.raises(AuthError) as caught,
    ):
        sink.put(BLOB, Opened())
    assert all(str(path) in (caught.value.hint or "") for path in files)
