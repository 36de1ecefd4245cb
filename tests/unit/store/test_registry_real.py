"""Against the distribution project's registry, and over TLS, where the tools for it are there."""

import io
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from slimmer.errors import DigestError, NetworkError, NotFoundError
from slimmer.oci import media_types
from slimmer.oci.descriptor import Descriptor
from slimmer.oci.digest import Digest
from slimmer.oci.manifest import Manifest
from slimmer.oci.reference import RegistryReference
from slimmer.store.interface import Location
from slimmer.store.registry.ends import RegistrySink, RegistrySource
from slimmer.store.registry.options import RegistryOptions

from .registry_fixture import FakeRegistry, Handler, Server

pytestmark = pytest.mark.network

OPTIONS = RegistryOptions(timeout=10, retries=1)
LAYER = bytes(range(256)) * 20_000


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def distribution(tmp_path: Path) -> Iterator[str]:
    program = shutil.which("docker-registry")
    if program is None:
        pytest.skip("docker-registry is not installed")
    host = f"127.0.0.1:{_free_port()}"
    settings = tmp_path / "registry.yml"
    settings.write_text(
        "version: 0.1\nlog: {level: error}\n"
        f"storage: {{filesystem: {{rootdirectory: '{tmp_path}/storage'}}}}\n"
        f"http: {{addr: '{host}'}}\n"
    )
    process = subprocess.Popen(
        [program, "serve", str(settings)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _wait_for(host)
        yield host
    finally:
        process.kill()
        process.wait()


def _wait_for(host: str) -> None:
    name, _, port = host.partition(":")
    for _ in range(100):
        try:
            socket.create_connection((name, int(port)), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    pytest.fail("docker-registry did not start")


def test_the_real_registry(distribution: str, tmp_path: Path) -> None:
    layer = Descriptor(media_types.OCI_LAYER, Digest.of(LAYER), len(LAYER))
    config = Descriptor.of(media_types.OCI_CONFIG, b"{}")
    manifest = Manifest.new(media_types.OCI_MANIFEST, config, (layer,))
    reference = RegistryReference(distribution, "team/app", "1")
    with RegistrySink(reference, OPTIONS) as sink:
        assert not sink.has(layer)
        with pytest.raises(DigestError):
            sink.put(layer, lambda: io.BytesIO(LAYER[:-1] + b"?"))
        sink.put(layer, lambda: io.BytesIO(LAYER))
        sink.put(config, lambda: io.BytesIO(b"{}"))
        assert sink.has(layer)
        location = sink.finish(manifest.descriptor, manifest.raw)
    assert location.reference == f"{reference}@{manifest.digest}"

    with RegistrySource(reference, OPTIONS, work_dir=tmp_path / "work") as source:
        assert source.roots() == (manifest.descriptor,)
        with source.blob(layer) as stream:
            assert stream.read_all() == LAYER
        assert source.referrers(manifest.digest) == ()
        with RegistrySink(RegistryReference(distribution, "other", "2"), OPTIONS) as sink:
            assert sink.mount(layer, source.location)
            assert sink.mount(config, Location("x", reference))
            assert not sink.mount(Descriptor.of("text/plain", b"?"), source.location)
            sink.finish(manifest.descriptor, manifest.raw)
    nothing = RegistryReference(distribution, "nothing", "1")
    with (
        RegistrySource(nothing, OPTIONS, work_dir=tmp_path) as source,
        pytest.raises(NotFoundError, match="MANIFEST_UNKNOWN"),
    ):
        source.roots()


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[FakeRegistry]:
    """A registry with a certificate that only `tmp_path` knows, and a client one asked for."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    key, certificate = tmp_path / "client.key", tmp_path / "client.cert"
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
        f"-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -keyout {key} -out {certificate}"
    )
    subprocess.run(command.split(), check=True, capture_output=True)
    shutil.copy(certificate, tmp_path / "ca.crt")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.registry = FakeRegistry(host=f"127.0.0.1:{server.server_address[1]}")
    yield from _serving(server)


def _serving(server: Server) -> Iterator[FakeRegistry]:
    import threading

    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server.registry
    server.shutdown()
    server.server_close()


def test_certificates_of_a_folder_are_trusted(tls: FakeRegistry, tmp_path: Path) -> None:
    manifest = tls.add_image(LAYER)
    secure = replace(OPTIONS, plain_http=False)
    known = replace(secure, cert_dir=tmp_path)
    with RegistrySource(tls.reference(), known, work_dir=tmp_path / "work") as source:
        assert source.roots() == (manifest.descriptor,)
        with source.blob(manifest.layers[0]) as stream:
            assert stream.read_all() == LAYER
        location = f"http://{tls.host}/v2/app/manifests/1"
        tls.script["GET", "/manifests/2"] = [lambda h: h.answer(302, Location=location)]
    with (
        RegistrySource(tls.reference(tag="2"), known, work_dir=tmp_path) as source,
        pytest.raises(NetworkError, match="from https to http"),
    ):
        source.roots()
    with (
        RegistrySource(tls.reference(), secure, work_dir=tmp_path) as source,
        pytest.raises(NetworkError, match=r"self.signed") as caught,
    ):
        source.roots()
    assert "--cert-dir" in (caught.value.hint or "")


def test_a_body_that_trickles_over_tls_is_given_up(tls: FakeRegistry, tmp_path: Path) -> None:
    layer = tls.add_blob(LAYER)

    def trickle(handler: Handler) -> None:
        handler.answer(200, b"abc", length=len(LAYER))
        handler.rfile.read(1)  # until the client hangs up

    tls.script["GET", "/blobs/"] = [trickle]
    hasty = replace(OPTIONS, plain_http=False, cert_dir=tmp_path, stall_window=0.05, retries=0)
    with (
        RegistrySource(tls.reference(), hasty, work_dir=tmp_path / "work") as source,
        pytest.raises(NetworkError, match="too slowly"),
    ):
        source.open(layer)
