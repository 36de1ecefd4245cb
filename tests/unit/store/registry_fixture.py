"""A small registry in this process: real sockets, scripted misbehaviour, a log of what it saw."""

import base64
import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from slimmer.oci import media_types
from slimmer.oci.descriptor import Descriptor
from slimmer.oci.digest import Digest
from slimmer.oci.manifest import Manifest
from slimmer.oci.reference import RegistryReference

USER, PASSWORD = "robin", "open-sesame-4711"


@dataclass(frozen=True)
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = field(repr=False)


@dataclass
class FakeRegistry:
    """`script` maps (method, part of path) to answers used once each, before the normal one."""

    host: str = ""
    auth: str = ""  # "", "basic" or "bearer"
    realm: str = ""
    token_fields: dict[str, object] = field(default_factory=dict)
    token_uses: int = 1_000_000
    anonymous: bool = False
    identity_token: str = ""
    absolute_location: bool = True
    blobs: dict[tuple[str, str], bytes] = field(default_factory=dict)
    manifests: dict[tuple[str, str], tuple[str, bytes]] = field(default_factory=dict)
    referrers: dict[str, bytes] = field(default_factory=dict)
    mounts: bool = True
    sessions: set[str] = field(default_factory=set)
    seen: list[Seen] = field(default_factory=list)
    script: dict[tuple[str, str], list["Answer"]] = field(default_factory=lambda: defaultdict(list))
    tokens: dict[str, tuple[int, frozenset[str]]] = field(default_factory=dict)
    serial: int = 0

    def reference(self, repository: str = "app", tag: str | None = "1") -> RegistryReference:
        return RegistryReference(self.host, repository, tag)

    def add_blob(self, data: bytes, repository: str = "app") -> Descriptor:
        digest = Digest.of(data)
        self.blobs[repository, digest] = data
        return Descriptor(media_types.OCI_LAYER, digest, len(data))

    def add_manifest(
        self, raw: bytes, media_type: str, tag: str = "1", repository: str = "app"
    ) -> Descriptor:
        self.manifests[repository, tag] = (media_type, raw)
        self.manifests[repository, Digest.of(raw)] = (media_type, raw)
        return Descriptor.of(media_type, raw)

    def add_image(self, *layers: bytes) -> Manifest:
        config = Descriptor.of(media_types.OCI_CONFIG, b"{}")
        self.blobs["app", config.digest] = b"{}"
        descriptors = tuple(self.add_blob(layer) for layer in layers)
        manifest = Manifest.new(media_types.OCI_MANIFEST, config, descriptors)
        self.add_manifest(manifest.raw, manifest.media_type)
        return manifest

    def asked(self, method: str, part: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.method == method and part in seen.path]


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    registry: FakeRegistry

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients hang up on purpose here."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    @property
    def registry(self) -> FakeRegistry:
        return self.server.registry

    def log_message(self, format: str, *args: object) -> None:
        pass

    def answer(
        self, status: int, body: bytes = b"", length: int | None = None, **headers: str
    ) -> None:
        """`length` lies about the body; header names are written with _ for -."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Transfer_Encoding" not in headers:
            self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        if length is not None and length > len(body):
            self.close_connection = True

    def dispatch(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        self.registry.seen.append(Seen(self.command, self.path, dict(self.headers), body))
        for (method, part), answers in self.registry.script.items():
            if method == self.command and part in self.path and answers:
                answers.pop(0)(self)
                return
        path = urlsplit(self.path).path
        if path == "/token":
            self.token(body)
        elif self.allowed():
            self.serve(path, body)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = dispatch  # noqa: N815

    # -- authentication

    def allowed(self) -> bool:
        registry, header = self.registry, self.headers.get("Authorization", "")
        if not registry.auth:
            return True
        if registry.auth == "basic":
            if header == basic():
                return True
            self.answer(401, WWW_Authenticate='Basic realm="here, there"')
            return False
        uses, scopes = registry.tokens.get(header.removeprefix("Bearer "), (0, frozenset()))
        if uses > 0 and self.needed() <= scopes:
            registry.tokens[header.removeprefix("Bearer ")] = (uses - 1, scopes)
            return True
        realm = registry.realm or f"http://{registry.host}/token"
        scope = sorted(self.needed())[0]
        challenge = f'Bearer realm="{realm}",service="fake",scope="{scope}"'
        self.answer(401, WWW_Authenticate=challenge)
        return False

    def needed(self) -> frozenset[str]:
        parts = urlsplit(self.path)
        name = parts.path.removeprefix("/v2/").partition("/")[0]
        actions = "pull" if self.command in ("GET", "HEAD") else "pull,push"
        return frozenset({f"repository:{name}:{actions}"})

    def token(self, body: bytes) -> None:
        registry = self.registry
        query = parse_qs(urlsplit(self.path).query)
        if self.command == "POST":
            form = parse_qs(body.decode())
            granted = form.get("refresh_token") == [registry.identity_token]
            scopes = " ".join(form.get("scope", [])).split()
        else:
            granted = registry.anonymous or self.headers.get("Authorization") == basic()
            scopes = query.get("scope", [])
        if not granted:
            self.answer(401, b'{"errors":[{"code":"UNAUTHORIZED","message":"no"}]}')
            return
        registry.serial += 1
        value = f"token-{registry.serial}-secret"
        registry.tokens[value] = (registry.token_uses, frozenset(scopes))
        fields = registry.token_fields or {"token": value}
        answer = {name: value if item == "TOKEN" else item for name, item in fields.items()}
        self.answer(200, json.dumps(answer).encode())

    # -- the API

    def serve(self, path: str, body: bytes) -> None:
        repository, _, rest = path.removeprefix("/v2/").partition("/")
        kind, _, name = rest.partition("/")
        match self.command, kind:
            case "GET" | "HEAD", "manifests":
                self.get_manifest(repository, name)
            case "GET" | "HEAD", "blobs":
                self.get_blob(repository, name)
            case "GET", "referrers" if name in self.registry.referrers:
                body = self.registry.referrers[name]
                self.answer(200, body, Content_Type=media_types.OCI_INDEX)
            case "POST", "blobs":
                self.start_upload(repository)
            case "PUT", "blobs":
                self.finish_upload(repository, body)
            case "DELETE", "blobs":
                self.registry.sessions.discard(path)
                self.answer(204)
            case "PUT", "manifests":
                self.put_manifest(repository, name, body)
            case _:
                self.answer(404, b'{"errors":[{"code":"NAME_UNKNOWN","message":"no \x1b[31m"}]}')

    def get_manifest(self, repository: str, name: str) -> None:
        found = self.registry.manifests.get((repository, name))
        if found is None:
            self.answer(404, b'{"errors":[{"code":"MANIFEST_UNKNOWN","message":"not here"}]}')
        else:
            kind, raw = f"{found[0]}; charset=utf-8", found[1]
            self.answer(200, raw, Docker_Content_Digest=Digest.of(raw), Content_Type=kind)

    def get_blob(self, repository: str, name: str) -> None:
        data = self.registry.blobs.get((repository, name))
        wanted = self.headers.get("Range", "")
        if data is None:
            self.answer(404)
        elif wanted:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            told = f"bytes {start}-{len(data) - 1}/{len(data)}"
            self.answer(206, data[start:], Content_Range=told)
        else:
            self.answer(200, data)

    def start_upload(self, repository: str) -> None:
        query = parse_qs(urlsplit(self.path).query)
        if "mount" in query and self.registry.mounts:
            source, digest = query["from"][0], query["mount"][0]
            if (source, digest) in self.registry.blobs:
                self.registry.blobs[repository, digest] = self.registry.blobs[source, digest]
                self.answer(201, Docker_Content_Digest=digest)
                return
        self.registry.serial += 1
        path = f"/v2/{repository}/blobs/uploads/{self.registry.serial}"
        self.registry.sessions.add(path)
        before = f"http://{self.registry.host}" if self.registry.absolute_location else ""
        self.answer(202, Location=f"{before}{path}?state=a%2Fb")

    def finish_upload(self, repository: str, body: bytes) -> None:
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        digest = query["digest"][0]
        if query["state"] != ["a/b"] or parts.path not in self.registry.sessions:
            self.answer(404)
        elif Digest.of(body) != digest:
            self.answer(400, b'{"errors":[{"code":"DIGEST_INVALID"}]}')
        else:
            self.registry.sessions.discard(parts.path)
            self.registry.blobs[repository, digest] = body
            self.answer(201, Docker_Content_Digest=digest)

    def put_manifest(self, repository: str, name: str, body: bytes) -> None:
        media_type = self.headers["Content-Type"]
        self.registry.add_manifest(body, media_type, name, repository)
        self.answer(201, Docker_Content_Digest=Digest.of(body))


Answer = Callable[[Handler], object]
"""One scripted answer."""


def basic() -> str:
    return "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


@contextmanager
def running() -> Iterator[FakeRegistry]:
    """A registry on a free port of 127.0.0.1."""
    server = Server(("127.0.0.1", 0), Handler)
    server.registry = FakeRegistry(host=f"127.0.0.1:{server.server_address[1]}")
    # A short poll: shutdown waits for one.
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server.registry
    finally:
        server.shutdown()
        server.server_close()
