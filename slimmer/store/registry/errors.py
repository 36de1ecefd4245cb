"""What went wrong between us and a registry, in words, without anything secret.

The texts of the libraries' own exceptions are not used: they hold URLs, and URLs of storage
behind a registry hold signatures.
"""

import json
import ssl
from collections.abc import Iterator

import requests

from slimmer.errors import NetworkError, NotFoundError, SlimError
from slimmer.store.registry.body import read_start
from slimmer.store.registry.options import RegistryOptions
from slimmer.store.registry.retry import RETRY_STATUSES, RetryableError, retry_after

_MAX_ERROR_BODY = 1024
_MAX_SHOWN = 300
_PLAIN_REQUEST_TO_TLS = "HTTP request to an HTTPS server"


def server_says(response: requests.Response, options: RegistryOptions) -> str:
    """The status, and what the body adds to it (distribution-spec, "Error Codes")."""
    body = read_start(response, options, _MAX_ERROR_BODY)
    text = _listed_errors(body) or _plain_text(body)
    return f"{response.status_code}: {text}" if text else str(response.status_code)


def _listed_errors(body: bytes) -> str:
    try:
        errors = json.loads(body)["errors"]
        lines = [f"{error['code']} {error.get('message') or ''}".strip() for error in errors]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return ""
    return "; ".join(lines)[:_MAX_SHOWN]


def _plain_text(body: bytes) -> str:
    text = " ".join(body.decode("utf-8", "replace").split())
    return "" if text.startswith("<") else text[:_MAX_SHOWN]


def status_error(
    response: requests.Response, where: str, options: RegistryOptions
) -> SlimError | RetryableError:
    """The error for an answer that is not the one hoped for, 401 and 403 apart."""
    said = server_says(response, options)
    status = response.status_code
    if status in RETRY_STATUSES:
        problem = NetworkError(f"the registry is not able to answer ({said})", where=where)
        return RetryableError(problem, after=retry_after(response.headers.get("Retry-After")))
    if status == 404:
        return NotFoundError(f"not found in the registry ({said})", where=where)
    hint = "leave out --plain-http" if _PLAIN_REQUEST_TO_TLS in said else None
    return NetworkError(f"unexpected answer from the registry ({said})", where=where, hint=hint)


def connection_error(
    error: requests.RequestException, where: str, *, reached: bool
) -> SlimError | RetryableError:
    """The error for a request that got no answer; worth a retry unless TLS was the reason, or
    the registry has never been reached (a wrong name should not cost half a minute)."""
    causes = tuple(_causes(error))
    if isinstance(error, requests.exceptions.SSLError):
        return _tls_error(causes, where)
    if isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema)):
        return NetworkError("not a URL that can be opened", where=where)
    if isinstance(error, requests.exceptions.ProxyError):
        hint = "the proxy comes from HTTPS_PROXY or HTTP_PROXY"
        return NetworkError("the proxy could not be used", where=where, hint=hint)
    problem = NetworkError(
        f"cannot be reached: {_reason(error, causes)}",
        where=where,
        hint="is it running? a registry without TLS needs --plain-http",
    )
    never_connected = isinstance(error, requests.exceptions.ConnectTimeout) or any(
        type(cause).__name__ in ("NewConnectionError", "NameResolutionError") for cause in causes
    )
    return problem if never_connected and not reached else RetryableError(problem)


def _tls_error(causes: tuple[BaseException, ...], where: str) -> NetworkError:
    reasons = [str(getattr(cause, "reason", "")) for cause in causes]
    if any("WRONG_VERSION" in reason or "RECORD_LAYER" in reason for reason in reasons):
        return NetworkError(
            "the registry does not speak TLS here", where=where, hint="try --plain-http"
        )
    messages = [
        cause.verify_message for cause in causes if isinstance(cause, ssl.SSLCertVerificationError)
    ]
    return NetworkError(
        f"the TLS connection failed: {messages[0] if messages else 'no common ground'}",
        where=where,
        hint="name the registry's authority with --cert-dir" if messages else None,
    )


def _reason(error: requests.RequestException, causes: tuple[BaseException, ...]) -> str:
    if isinstance(error, requests.exceptions.Timeout):
        return "no answer in time"
    for cause in causes:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
    return "the connection broke"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The exceptions behind one, through urllib3's `reason` and its arguments too."""
    seen: set[int] = set()
    todo: list[object] = [error]
    while todo and len(seen) < 50:
        cause = todo.pop()
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        todo += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]
