"""Our authentication backend for oras: scheme by challenge, tokens by scope, one registry.

oras' own backends are chosen before the challenge is seen, keep one token for all scopes, and
send credentials to whatever host a realm names.
"""

from threading import RLock
from typing import Any

import requests
from oras.auth.base import AuthBackend

from slimmer.errors import AuthError
from slimmer.oci.reference import RegistryReference
from slimmer.store.registry.body import read_start
from slimmer.store.registry.challenge import (
    Challenge,
    choose_challenge,
    parse_challenges,
    wanted_scopes,
)
from slimmer.store.registry.credentials import Credentials, find_credentials
from slimmer.store.registry.errors import server_says
from slimmer.store.registry.options import RegistryOptions
from slimmer.store.registry.realm import RealmRule
from slimmer.store.registry.token import Fetch, Token, request_token

Headers = dict[str, str]
_TokenKey = tuple[str, str, frozenset[str]]


class RegistryAuth(AuthBackend):  # type: ignore[misc]  # oras has no types
    """Answers the challenges of one registry. Safe to use from several threads."""

    def __init__(
        self, reference: RegistryReference, options: RegistryOptions, rule: RealmRule, fetch: Fetch
    ) -> None:
        super().__init__()
        self._reference = reference
        self._options = options
        self._rule = rule
        self._fetch = fetch
        self._lock = RLock()
        self._looked_up = False
        self._credentials: Credentials | None = None
        self._withheld_from = ""
        self._challenges: dict[frozenset[str], Challenge] = {}
        self._tokens: dict[_TokenKey, Token] = {}

    def load_configs(self, container: Any = None, configs: Any = None) -> None:
        """oras' hook: find the credentials in the auth files that the options name."""
        with self._lock:
            if not self._looked_up:
                self._credentials = self._find()
                self._looked_up = True

    def _find(self) -> Credentials | None:
        if self._options.credentials is not None:
            username, password = self._options.credentials
            return Credentials("the given credentials", username, password)
        options = self._options
        return find_credentials(self._reference, options.auth_files, options.warn)

    def get_auth_header(self) -> Headers:
        """oras' hook for requests without a challenge; ours are by scope, see `authorization`."""
        return {}

    def authorization(self, method: str, url: str) -> Headers:
        """The header for a request like one that was challenged before; empty for a new kind."""
        with self._lock:
            challenge = self._challenges.get(wanted_scopes(method, url))
            return self._answer(challenge, method, url) if challenge else {}

    def authenticate_request(
        self, original: requests.Response, headers: Headers, refresh: bool = False
    ) -> tuple[Headers, bool]:
        """oras' hook after a 401 or 403: the headers for another try, or `AuthError`."""
        challenge = self._challenge_of(original)
        if refresh or challenge is None or (original.status_code == 403 and self._tried(headers)):
            raise self.refused(original)
        method, url = original.request.method or "GET", original.request.url or ""
        with self._lock:
            used = headers.get("Authorization")
            self._forget(used)
            answer = self._answer(challenge, method, url)
            if not answer or answer["Authorization"] == used:
                raise self.refused(original)
            self._challenges[wanted_scopes(method, url)] = challenge
        # Read to its end, so that the connection can be used again.
        read_start(original, self._options, 64 * 1024)
        return {**headers, **answer}, True

    def refused(self, response: requests.Response) -> AuthError:
        """What to tell of a 401 or 403 that no credentials of ours can change."""
        self.load_configs()
        said = server_says(response, self._options)
        return AuthError(
            self.redact(f"the registry refused access ({said})"),
            where=self._reference.name,
            hint=self._advice(),
        )

    def redact(self, text: str) -> str:
        """`text` without any secret this backend knows, should a server send one back."""
        secrets = [token.value for token in self._tokens.values()]
        secrets += self._credentials.secrets if self._credentials else ()
        for secret in sorted(secrets, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text

    def _challenge_of(self, response: requests.Response) -> Challenge | None:
        header = response.headers.get("WWW-Authenticate", "")
        return choose_challenge(parse_challenges(header))

    @staticmethod
    def _tried(headers: Headers) -> bool:
        return "Authorization" in headers

    def _forget(self, used: str | None) -> None:
        self._tokens = {
            key: token for key, token in self._tokens.items() if used != f"Bearer {token.value}"
        }

    def _answer(self, challenge: Challenge, method: str, url: str) -> Headers:
        self.load_configs()
        if challenge.scheme == "basic":
            basic = self._credentials.basic if self._credentials else None
            return {"Authorization": f"Basic {basic}"} if basic else {}
        wanted = wanted_scopes(method, url)
        # The challenge of a mount names the target only; it has to read its source as well.
        sources = frozenset(scope for scope in wanted if scope.endswith(":pull"))
        scopes = challenge.scopes | sources if challenge.scopes else wanted
        return {"Authorization": f"Bearer {self._token(challenge, scopes).value}"}

    def _token(self, challenge: Challenge, scopes: frozenset[str]) -> Token:
        key = (challenge.realm, challenge.service, scopes)
        token = self._tokens.get(key)
        if token is None or not token.fresh:
            credentials = self._credentials_for(challenge.realm)
            try:
                token = request_token(challenge, scopes, credentials, self._fetch, self._options)
            except AuthError as error:
                what = self.redact(error.what)
                raise AuthError(what, where=error.where, hint=self._advice()) from None
            self._tokens[key] = token
        return token

    def _credentials_for(self, realm: str) -> Credentials | None:
        if self._rule.check(realm):
            return self._credentials
        if self._credentials is not None:
            self._withheld_from = self._rule.host_of(realm)
        return None

    def _advice(self) -> str:
        if self._withheld_from:
            return (
                f"the credentials were not sent to the token server {self._withheld_from}: "
                f"allow it with --allow-realm-host {self._withheld_from}"
            )
        if self._credentials is not None:
            return f"used: {self._credentials.origin}; the image may also not exist"
        files = ", ".join(str(path) for path in self._options.auth_files) or "none"
        return f"no credentials for {self._reference.host}; auth files looked at: {files}"
