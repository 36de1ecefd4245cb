"""Requests to one registry: through oras to the registry itself, without it to anybody else.

oras' `do_request` asks, has our backend answer a challenge, and asks again. Around it are
redirects with credentials kept at home, retries, warnings and errors people can read.
"""

import inspect
import re
from collections.abc import Collection, Iterator
from typing import Any, Protocol
from urllib.parse import urljoin

import requests
from oras.provider import Registry

from slimmer.errors import FormatError, NetworkError, SlimError
from slimmer.oci.reference import DOCKER_HUB, RegistryReference
from slimmer.store.registry.auth import RegistryAuth
from slimmer.store.registry.body import BrokenBodyError, read_document, read_start
from slimmer.store.registry.errors import connection_error, status_error
from slimmer.store.registry.options import RegistryOptions
from slimmer.store.registry.realm import Origin, RealmRule
from slimmer.store.registry.retry import RetryableError, with_retries
from slimmer.store.registry.session import RegistrySession

_HUB_HOST = "registry-1.docker.io"
_MAX_REDIRECTS = 10
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SAME_METHOD = frozenset({307, 308})
_DRAIN = 64 * 1024
_WARNING = re.compile(r'299\s+\S+\s+"((?:[^"\\]|\\.)*)"')
_MAX_WARNINGS, _MAX_WARNING = 20, 500

Headers = dict[str, str]


class Body(Protocol):
    """A request's body: can be sent again from its start, and knows its length in bytes."""

    def __iter__(self) -> Iterator[bytes]: ...

    def __len__(self) -> int: ...


class _OrasRegistry(Registry):  # type: ignore[misc]  # oras has no types
    """oras' client with our session and backend, and without its own retry.

    That one sleeps up to 83 s at a time, does not look at Retry-After, and tries refusals again.
    """

    do_request = inspect.unwrap(Registry.do_request)

    def __init__(self, session: RegistrySession, auth: RegistryAuth, insecure: bool) -> None:
        super().__init__(insecure=insecure)
        self.session = session
        self.auth = auth


class RegistryHttp:
    """The registry and the repository of one reference."""

    def __init__(self, reference: RegistryReference, options: RegistryOptions) -> None:
        host = _HUB_HOST if reference.host == DOCKER_HUB else reference.host
        scheme = "http" if options.plain_for(reference.host) else "https"
        origin = Origin.of(f"{scheme}://{host}")
        if origin is None:
            raise FormatError(f"not a registry's host: {host!r}")
        self.reference = reference
        self.options = options
        self.limits = options.limits
        self.origin = origin
        self._base = f"{scheme}://{host}/v2/{reference.repository}"
        self._session = RegistrySession(options, origin)
        rule = RealmRule(origin, options.allow_realm_hosts)
        self._auth = RegistryAuth(reference, options, rule, self._fetch)
        self._oras = _OrasRegistry(self._session, self._auth, scheme == "http")
        self._reached = False
        self._warnings: set[str] = set()

    def url(self, path: str) -> str:
        """The URL of `path` under the repository: `manifests/latest`, `blobs/sha256:...`."""
        return f"{self._base}/{path}"

    def close(self) -> None:
        self._session.close()

    def request(
        self,
        method: str,
        url: str,
        *,
        ok: Collection[int],
        headers: Headers | None = None,
        data: Body | bytes | None = None,
    ) -> requests.Response:
        """As `attempt`, and again while that may help."""
        return with_retries(
            self.options, lambda: self.attempt(method, url, ok=ok, headers=headers, data=data)
        )

    def document(
        self, url: str, limit: int, *, accept: str, ok: Collection[int] = (200,)
    ) -> tuple[requests.Response, bytes]:
        """GET a whole document of at most `limit` bytes, and again while that may help."""

        def action() -> tuple[requests.Response, bytes]:
            response = self.attempt("GET", url, ok=ok, headers={"Accept": accept})
            try:
                return response, read_document(response, self.options, limit)
            except BrokenBodyError as error:
                raise RetryableError(NetworkError(str(error), where=self.where)) from None

        return with_retries(self.options, action)

    def attempt(
        self,
        method: str,
        url: str,
        *,
        ok: Collection[int],
        headers: Headers | None = None,
        data: Body | bytes | None = None,
    ) -> requests.Response:
        """One request, redirects included, whose answer has one of the `ok` statuses.

        The body is not read yet. Raises a `SlimError`, or `RetryableError` around one.
        """
        response = self._follow(method, url, headers or {}, data, Origin.of(url) == self.origin)
        if response.status_code in ok:
            return response
        if response.status_code in (401, 403) and self._is_home(response):
            raise self._auth.refused(response)
        raise self._redacted(status_error(response, self.where, self.options))

    def discard(self, response: requests.Response) -> None:
        """Done with an answer whose body does not matter; the connection can be used again."""
        read_start(response, self.options, _DRAIN)

    @property
    def where(self) -> str:
        return str(self.reference)

    def _is_home(self, response: requests.Response) -> bool:
        return Origin.of(response.url) == self.origin

    def _redacted(self, problem: SlimError | RetryableError) -> SlimError | RetryableError:
        error = problem.error if isinstance(problem, RetryableError) else problem
        error.what = self._auth.redact(error.what)
        return problem

    def _fetch(
        self, method: str, url: str, headers: Headers, form: dict[str, str] | None
    ) -> requests.Response:
        """For the token server: its challenges are refusals, and its redirects are not followed,
        since the rules for realms were applied to this URL and to no other."""
        return self._hop(method, url, headers, form, home=False)

    def _follow(
        self, method: str, url: str, headers: Headers, data: Any, home: bool
    ) -> requests.Response:
        """Follow redirects; `home` while credentials may be added, which leaving ends for good."""
        for _ in range(_MAX_REDIRECTS + 1):
            response = self._hop(method, url, dict(headers), data, home)
            target = self._redirect_target(response, method, url)
            if target is None:
                return response
            self.discard(response)
            if Origin.of(target) != Origin.of(url):
                home = False
                headers = {k: v for k, v in headers.items() if k.lower() != "authorization"}
            url = target
        raise NetworkError(f"more than {_MAX_REDIRECTS} redirects", where=self.where)

    def _redirect_target(self, response: requests.Response, method: str, url: str) -> str | None:
        location = response.headers.get("Location")
        if response.status_code not in _REDIRECTS or not location:
            return None
        # Elsewhere a 302 has come to mean "and now GET that", which is not what was asked.
        if method not in ("GET", "HEAD") and response.status_code not in _SAME_METHOD:
            return None
        return self.resolve(url, location)

    def resolve(self, url: str, location: str) -> str:
        """A Location or Link seen at `url` as a full URL; `NetworkError` for one that is not
        http(s), has user info, or would leave https."""
        try:
            target = urljoin(url, location)
        except ValueError:
            target = ""
        origin, before = Origin.of(target), Origin.of(url)
        if origin is None:
            raise NetworkError(
                "the registry points to what is not an http(s) URL", where=self.where
            )
        if before is not None and before.scheme == "https" and origin.scheme != "https":
            raise NetworkError("the registry points from https to http", where=self.where)
        return target

    def _hop(
        self, method: str, url: str, headers: Headers, data: Any, home: bool
    ) -> requests.Response:
        try:
            if home:
                headers.update(self._auth.authorization(method, url))
                response = self._oras.do_request(url, method, data, headers, stream=True)
            else:
                response = self._session.request(method, url, data=data, headers=headers)
        except requests.RequestException as error:
            host = (Origin.of(url) or self.origin).host
            raise connection_error(error, host, reached=self._reached) from None
        self._reached = True
        if home:
            self._show_warnings(response)
        return response  # type: ignore[no-any-return]

    def _show_warnings(self, response: requests.Response) -> None:
        """Pass on what the registry wants people to read (distribution-spec, "Warnings")."""
        for text in _WARNING.findall(response.headers.get("Warning", "")[:8192]):
            if text not in self._warnings and len(self._warnings) < _MAX_WARNINGS:
                self._warnings.add(text)
                self.options.warn(f"{self.reference.host}: {text[:_MAX_WARNING]}")
