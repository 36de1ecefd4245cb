"""A `requests` session that makes one hop at a time, in bounded time, with nothing implied.

No redirects (the caller judges them), no cookies, no ~/.netrc, no content decoding. Loopback
hosts are never reached through a proxy, as in Go's tools.
"""

import socket
import ssl
from contextlib import suppress
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from threading import Timer
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.response import BaseHTTPResponse

from slimmer import __version__
from slimmer.errors import UsageError
from slimmer.store.registry.options import RegistryOptions, is_loopback
from slimmer.store.registry.realm import Origin

_COMMITS = frozenset({"PUT", "POST", "PATCH"})


class RegistrySession(requests.Session):
    """Answers come as streams; whoever gets one reads it with a bound, and closes it."""

    def __init__(self, options: RegistryOptions, registry: Origin) -> None:
        super().__init__()
        self._options = options
        # An auth of its own keeps requests from looking in ~/.netrc.
        self.auth = _leave_alone
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.headers.update({"User-Agent": f"slim/{__version__}", "Accept-Encoding": "identity"})
        self.mount("http://", _Adapter(None))
        self._knows_tls = False
        if registry.scheme == "https":
            self._mount_tls(registry)

    def get_adapter(self, url: Any) -> Any:
        # Reading the authorities takes 20 ms, which a plain registry is spared.
        if str(url).lower().startswith("https:") and not self._knows_tls:
            self._mount_tls(None)
        return super().get_adapter(url)

    def _mount_tls(self, registry: Origin | None) -> None:
        self.mount("https://", _Adapter(_tls(self._options, None)))
        self._knows_tls = True
        cert_dir = self._options.cert_dir
        if registry is None or cert_dir is None:
            return
        # Certificates are for the registry alone, as with certs.d; the slash ends the port.
        adapter = _Adapter(_tls(self._options, cert_dir))
        host = f"[{registry.host}]" if ":" in registry.host else registry.host
        self.mount(f"https://{host}:{registry.port}/", adapter)
        if registry.port == 443:
            self.mount(f"https://{host}/", adapter)

    def request(self, method: Any, url: Any, *args: Any, **settings: Any) -> requests.Response:
        """One request; nothing here follows, decodes or reads ahead."""
        options = self._options
        wait = options.commit_timeout if str(method).upper() in _COMMITS else options.timeout
        settings.update(allow_redirects=False, stream=True, timeout=(options.timeout, wait))
        settings.update(verify=options.tls_verify)
        host = urlsplit(str(url)).hostname or ""
        if is_loopback(f"[{host}]" if ":" in host else host):
            settings.update(proxies={"no_proxy": host})
        return super().request(method, url, *args, **settings)

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """None: requests reads the whole body of a redirect, of any size, even of one it does
        not follow."""
        return None


def _leave_alone(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _tls(options: RegistryOptions, cert_dir: Path | None) -> ssl.SSLContext:
    """The system's authorities, and those of `cert_dir` with its client certificate."""
    context = ssl.create_default_context()
    if not options.tls_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if cert_dir is not None:
        _load_certificates(context, cert_dir)
    return context


def _load_certificates(context: ssl.SSLContext, folder: Path) -> None:
    if not folder.is_dir():
        raise UsageError("no such folder of certificates", where=str(folder))
    try:
        for authority in sorted(folder.glob("*.crt")):
            context.load_verify_locations(cafile=authority)
        for certificate in sorted(folder.glob("*.cert"))[:1]:
            context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    except OSError as error:  # ssl.SSLError is one
        reason = error.strerror or "not a certificate in PEM form"
        raise UsageError(f"a certificate cannot be used: {reason}", where=str(folder)) from None


class _Answer:
    """Gives up on an answer whose status and headers do not come in bounded time.

    Each byte resets a socket's timeout, so that alone never ends a server that sends one byte
    every few seconds.
    """

    timeout: Any
    sock: Any

    def getresponse(self) -> BaseHTTPResponse:
        limit = self.timeout if isinstance(self.timeout, (int, float)) else 60.0
        timer = Timer(2 * limit, _hang_up, [self.sock])
        timer.daemon = True
        timer.start()
        try:
            answer: BaseHTTPResponse = super().getresponse()  # type: ignore[misc]
            return answer
        finally:
            timer.cancel()


def _hang_up(sock: socket.socket) -> None:
    with suppress(OSError):
        # Not SSLSocket.shutdown, which also drops the TLS state under the thread that reads.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


class _PlainConnection(_Answer, HTTPConnection):  # type: ignore[misc]
    pass


class _TlsConnection(_Answer, HTTPSConnection):  # type: ignore[misc]
    pass


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _Adapter(HTTPAdapter):
    """requests' adapter with our connections and, for https, our TLS settings."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        self._tls = tls
        super().__init__()

    def init_poolmanager(self, *args: Any, **settings: Any) -> None:
        if self._tls is not None:
            settings["ssl_context"] = self._tls
        super().init_poolmanager(*args, **settings)
        _use_our_connections(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **settings: Any) -> Any:
        if self._tls is not None:
            settings["ssl_context"] = self._tls
        manager = super().proxy_manager_for(proxy, **settings)
        if not proxy.lower().startswith("socks"):
            _use_our_connections(manager)
        return manager


def _use_our_connections(manager: Any) -> None:
    manager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}
