"""Bearer tokens (distribution, "Token Authentication Specification", and its OAuth2 form)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from urllib.parse import urlencode

import requests

from slimmer.errors import AuthError, FormatError, NetworkError, SlimError
from slimmer.oci.fields import Fields
from slimmer.store.registry.body import BrokenBodyError, read_document
from slimmer.store.registry.challenge import Challenge
from slimmer.store.registry.credentials import Credentials
from slimmer.store.registry.errors import server_says
from slimmer.store.registry.options import RegistryOptions
from slimmer.store.registry.retry import RETRY_STATUSES, RetryableError, retry_after

DEFAULT_LIFETIME = 60
_MAX_LIFETIME = 24 * 3600
_MAX_ANSWER = 1024 * 1024
_CLIENT = "slim"

Fetch = Callable[[str, str, dict[str, str], dict[str, str] | None], requests.Response]
"""Method, URL, headers, form fields; follows no redirect, adds no credentials."""


@dataclass(frozen=True)
class Token:
    """`expires` is on the monotonic clock."""

    value: str = field(repr=False)
    expires: float

    @property
    def fresh(self) -> bool:
        return monotonic() < self.expires


def request_token(
    challenge: Challenge,
    scopes: frozenset[str],
    credentials: Credentials | None,
    fetch: Fetch,
    options: RegistryOptions,
) -> Token:
    """A token for `scopes`, with credentials or without any. It may grant less: no error here.

    Raises `AuthError` when the token server refuses, `RetryableError` when it has a bad moment.
    """
    if credentials is not None and credentials.registry_token:
        return Token(credentials.registry_token, monotonic() + _MAX_LIFETIME)
    if credentials is not None and credentials.identity_token:
        response = _exchange(challenge, scopes, credentials.identity_token, fetch)
    else:
        response = _get(challenge, scopes, credentials, fetch)
    with response:
        _check_status(response, challenge, options)
        try:
            answer = read_document(response, options, _MAX_ANSWER)
        except BrokenBodyError as error:
            problem = NetworkError(f"the token server: {error}", where=challenge.realm[:200])
            raise RetryableError(problem) from None
    return _parse(answer, challenge)


def _get(
    challenge: Challenge, scopes: frozenset[str], credentials: Credentials | None, fetch: Fetch
) -> requests.Response:
    query = [("service", challenge.service)] if challenge.service else []
    query += [("scope", scope) for scope in sorted(scopes)]
    headers = {"Accept": "application/json"}
    if credentials is not None and credentials.basic:
        query.append(("account", credentials.username))
        headers["Authorization"] = f"Basic {credentials.basic}"
    joint = "&" if "?" in challenge.realm else "?"
    url = challenge.realm + (joint + urlencode(query) if query else "")
    return fetch("GET", url, headers, None)


def _exchange(
    challenge: Challenge, scopes: frozenset[str], identity: str, fetch: Fetch
) -> requests.Response:
    form = {
        "grant_type": "refresh_token",
        "service": challenge.service,
        "client_id": _CLIENT,
        "scope": " ".join(sorted(scopes)),
        "refresh_token": identity,
    }
    return fetch("POST", challenge.realm, {"Accept": "application/json"}, form)


def _check_status(
    response: requests.Response, challenge: Challenge, options: RegistryOptions
) -> None:
    status = response.status_code
    if status == 200:
        return
    where = challenge.realm.partition("?")[0][:200]
    said = server_says(response, options)
    problem: SlimError = NetworkError(f"the token server gives no token ({said})", where=where)
    if status in RETRY_STATUSES:
        raise RetryableError(problem, after=retry_after(response.headers.get("Retry-After")))
    if status in (400, 401, 403):
        problem = AuthError(f"the token server refuses access ({said})", where=where)
    raise problem


def _parse(answer: bytes, challenge: Challenge) -> Token:
    where = f"answer of {challenge.realm.partition('?')[0][:200]}"
    fields = Fields.parse(answer, where)
    value = fields.text("token") or fields.text("access_token")
    if not value:
        raise FormatError("no token in it", where=where)
    if not value.isascii() or not value.isprintable():
        raise FormatError("the token is not one a header can carry", where=where)
    return Token(value, monotonic() + _lifetime(fields))


def _lifetime(fields: Fields) -> float:
    """Seconds until it should be replaced: a tenth early, so that it does not end on the way."""
    seconds = fields.document.get("expires_in")
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not seconds > 0:
        seconds = DEFAULT_LIFETIME
    return min(float(min(seconds, _MAX_LIFETIME)), _MAX_LIFETIME) * 0.9
