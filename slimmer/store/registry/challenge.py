"""WWW-Authenticate headers (RFC 9110, 11.6.1) and the scopes of registry tokens."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

_MAX_HEADER = 8192
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PARAMETER = re.compile(rf'[\s,]*({_TOKEN})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))')
_SCHEME = re.compile(rf"[\s,]*({_TOKEN})(?=[\s,]|$)")
_ESCAPE = re.compile(r"\\(.)")

_REPOSITORY_PATH = re.compile(r"/v2/(.+?)/(?:blobs|manifests|referrers|tags)(?:/|$)")
_PULL_METHODS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True)
class Challenge:
    """One scheme a server accepts; names are lower case, `scheme` too."""

    scheme: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def realm(self) -> str:
        return self.parameters.get("realm", "")

    @property
    def service(self) -> str:
        return self.parameters.get("service", "")

    @property
    def scopes(self) -> frozenset[str]:
        return frozenset(self.parameters.get("scope", "").split())


def parse_challenges(header: str) -> tuple[Challenge, ...]:
    """Every challenge of a header, several headers joined by commas included.

    What cannot be understood ends the list; the first of equal parameters counts.
    """
    header = header[:_MAX_HEADER]
    found: list[tuple[str, dict[str, str]]] = []
    position = 0
    while position < len(header):
        parameter = _PARAMETER.match(header, position) if found else None
        scheme = None if parameter else _SCHEME.match(header, position)
        if parameter:
            name, quoted, plain = parameter.groups()
            value = plain if quoted is None else _ESCAPE.sub(r"\1", quoted)
            found[-1][1].setdefault(name.lower(), value)
        elif scheme:
            found.append((scheme[1].lower(), {}))
        match = parameter or scheme
        if match is None:
            break
        position = match.end()
    return tuple(Challenge(scheme, parameters) for scheme, parameters in found)


def choose_challenge(challenges: tuple[Challenge, ...]) -> Challenge | None:
    """Bearer before Basic: a token is good for less and for a shorter time."""
    for wanted in ("bearer", "basic"):
        for challenge in challenges:
            if challenge.scheme == wanted and (wanted == "basic" or challenge.realm):
                return challenge
    return None


def wanted_scopes(method: str, url: str) -> frozenset[str]:
    """What a request needs, in the registry token specification's terms (distribution,
    "Token Scope Documentation"); a mount also reads the repository it takes from."""
    parts = urlsplit(url)
    match = _REPOSITORY_PATH.match(parts.path)
    if match is None:
        return frozenset()
    actions = "pull" if method.upper() in _PULL_METHODS else "pull,push"
    sources = parse_qs(parts.query).get("from", [])[:1] if "mount=" in parts.query else []
    return frozenset(
        [f"repository:{match[1]}:{actions}"] + [f"repository:{name}:pull" for name in sources]
    )
