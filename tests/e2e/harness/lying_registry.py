"""A registry in this process that serves what it is given and misbehaves as it is told.

with LyingRegistry() as server:
    server.content.add_layout("shop", "1", layout)
    server.faults.append(Fault("GET .*/blobs/", ShortBody(100)))
    ...
    assert server.requests[-1].authorization == ""
"""

import base64
import contextlib
import itertools
import json
import socket
import struct
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from harness.faults import (
    Action,
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
from harness.memory_registry import MemoryRegistry, Request, Response, error


@dataclass(frozen=True)
class BasicAuth:
    """Ask for Basic authentication (RFC 7617); `users` maps a name to its password."""

    users: Mapping[str, str]


@dataclass(frozen=True)
class TokenAuth:
    """Ask for a bearer token, as Docker's token specification says.

    `uses` requests wear a token out (None: never). Without `users` anyone gets one. `field` is the
    answer's name for the token. `realm` replaces this server's own /token in the challenge.
    """

    users: Mapping[str, str] = field(default_factory=dict)
    uses: int | None = None
    field: str = "token"
    realm: str = ""


@dataclass(frozen=True)
class Seen:
    """One request as it came in, and the status it got (0: the connection was broken)."""

    method: str
    target: str
    headers: Mapping[str, str]
    status: int

    @property
    def authorization(self) -> str:
        return self.headers.get("authorization", "")


class LyingRegistry:
    """The server; `address` is HOST:PORT, `url` its http form. Use it as a context manager."""

    def __init__(
        self,
        content: MemoryRegistry | None = None,
        auth: BasicAuth | TokenAuth | None = None,
    ) -> None:
        self.content = content or MemoryRegistry()
        self.auth = auth
        self.faults: list[Fault] = []
        self.requests: list[Seen] = []
        self.lock = threading.Lock()
        self._tokens: dict[str, int] = {}
        self._numbers = itertools.count(1)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.registry = self  # type: ignore[attr-defined]  # how the handler finds us
        self.address = f"127.0.0.1:{self._server.server_port}"
        self.url = f"http://{self.address}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    def __enter__(self) -> "LyingRegistry":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def fault_for(self, request: Request) -> Action | None:
        """The first fault that strikes this request."""
        said = f"{request.method} {request.target}"
        return next((fault.action for fault in self.faults if fault.strikes(said)), None)

    def answer(self, request: Request) -> Response:
        """What this registry answers before any fault: its authentication, then its content."""
        if request.path == "/token" and isinstance(self.auth, TokenAuth):
            return self._grant(request, self.auth)
        return self._challenge(request) or self.content.answer(request)

    def _challenge(self, request: Request) -> Response | None:
        """A 401 with its challenge, unless the request may pass."""
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        match self.auth:
            case None:
                return None
            case BasicAuth(users):
                if scheme.lower() == "basic" and _known(users, value):
                    return None
                asked = 'Basic realm="lying"'
            case TokenAuth() as auth:
                if scheme.lower() == "bearer" and self._spend(value):
                    return None
                realm = auth.realm or f"{self.url}/token"
                asked = f'Bearer realm="{realm}",service="lying",scope="{_scope(request)}"'
        response = error(401, "UNAUTHORIZED")
        response.headers["WWW-Authenticate"] = asked
        return response

    def _grant(self, request: Request, auth: TokenAuth) -> Response:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        if auth.users and not (scheme.lower() == "basic" and _known(auth.users, value)):
            return error(401, "UNAUTHORIZED")
        token = f"token-{next(self._numbers)}"
        self._tokens[token] = -1 if auth.uses is None else auth.uses
        body = json.dumps({auth.field: token, "expires_in": 300}).encode()
        return Response(200, {"Content-Type": "application/json"}, body)

    def _spend(self, token: str) -> bool:
        """Whether the token still counts; uses it once (a negative count never ends)."""
        left = self._tokens.get(token, 0)
        if left > 0:
            self._tokens[token] = left - 1
        return left != 0


def _known(users: Mapping[str, str], encoded: str) -> bool:
    try:
        name, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return False
    return users.get(name) == password


def _scope(request: Request) -> str:
    name = request.path.removeprefix("/v2/")
    for part in ("/manifests/", "/blobs/", "/tags/", "/referrers/"):
        name = name.partition(part)[0]
    action = "pull" if request.method in ("GET", "HEAD") else "pull,push"
    return f"repository:{name}:{action}" if name else ""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers leave before the body, one small packet each: do not wait to join them.
    disable_nagle_algorithm = True

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError, TimeoutError):
            super().handle()

    def _serve(self) -> None:
        registry: LyingRegistry = self.server.registry  # type: ignore[attr-defined]
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, self._body())
        with registry.lock:
            action = registry.fault_for(request)
            response = _spoiled(action, request, registry)
            status = 0 if isinstance(action, Reset) else response.status
            registry.requests.append(Seen(request.method, request.target, headers, status))
        self._send(response, action)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _send(self, response: Response, action: Action | None) -> None:
        body = response.body
        endless = isinstance(action, Endless)
        length = action.declared if isinstance(action, Endless) else len(body)
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if length is not None:
            self.send_header("Content-Length", str(length))
        if length is None or isinstance(action, ShortBody | Reset | Endless):
            self.close_connection = True
        self.end_headers()
        if self.command == "HEAD":
            return
        match action:
            case ShortBody(keep):
                self.wfile.write(body[:keep])
            case Reset(after):
                self.wfile.write(body[:after])
                self._reset()
            case Trickle(seconds):
                for byte in body:
                    self.wfile.write(bytes([byte]))
                    time.sleep(seconds)
            case _:
                while endless:
                    self.wfile.write(bytes(65536))
                self.wfile.write(body)

    def _reset(self) -> None:
        """Close so that the peer gets RST: lingering on, for no time."""
        time.sleep(0.05)  # what was sent must arrive first
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: `LyingRegistry.requests` is the log."""


def _spoiled(action: Action | None, request: Request, registry: LyingRegistry) -> Response:
    """The answer after a fault has had its way with the parts that are data."""
    match action:
        case Status(code, headers, body):
            return Response(code, dict(headers), body)
        case Redirect(location, code):
            return Response(code, {"Location": location.replace("{path}", request.target)})
    response = registry.answer(request)
    match action:
        case WrongBody(body, content_type):
            response.body = body
            if content_type:
                response.headers["Content-Type"] = content_type
        case Headers(changes):
            response.headers = {k: v for k, v in {**response.headers, **changes}.items() if v}
    return response
