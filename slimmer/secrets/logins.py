"""Logins: user and password in URLs, headers, connection strings; password hashes."""

import re

import msgspec

from slimmer.secrets import assignments, keys, tokens
from slimmer.secrets.candidate import Candidate, Verdict, accept
from slimmer.secrets.words import char_classes, entropy, is_placeholder, is_secret_value

_LOCAL_HOST = re.compile(
    rb"(?i)^(?:localhost|127\.|0\.0\.0\.0|\[?::1|host(?:name)?$|(?:my|your)?(?:host|server|domain)\b"
    rb"|(?:[\w-]+\.)*(?:example|invalid|test|localdomain)(?:\.|$)|(?:[\w-]+\.)*example\.|foo\b|bar\b"
    rb"|some|proxy\.?(?:host|server)?$|x\.y|a\.b|<|\$|\{|%)"
)
_URL_USER = re.compile(
    rb"(?i)^(?:user(?:name)?|login|name|your|foo|me|joe|john|alice|bob|anonymous)"
)
_BCRYPT = re.compile(rb"^\$2[abxy]\$\d\d\$[./A-Za-z0-9]{53}$")


def _user_password(text: bytes) -> bytes:
    """The password of base64 `user:password`, empty when it is none."""
    decoded = keys.decode_base64(text)
    user, colon, password = decoded.partition(b":")
    printable = decoded.isascii() and decoded.decode("ascii", "replace").isprintable()
    return password if user and colon and printable else b""


def basic_auth(candidate: Candidate) -> Verdict | None:
    """base64 of `user:password`, in a place that names it so."""
    password = _user_password(candidate.secret)
    if len(password) < 4 or (is_placeholder(password) and len(password) < 32):
        return None
    return accept(candidate)


def basic_header(candidate: Candidate) -> Verdict | None:
    """The same in a header anywhere in text, where the password must look like one."""
    password = _user_password(candidate.secret)
    if not is_secret_value(password):
        return None
    strong = len(password) >= 14 and char_classes(password) >= 3
    return Verdict(candidate.start, candidate.end, strong=strong)


def url_password(candidate: Candidate) -> Verdict | None:
    """scheme://user:password@host with a real host and a password that is no placeholder."""
    password, user, host = candidate.secret, candidate.group("user"), candidate.group("host")
    if _LOCAL_HOST.match(host) or is_placeholder(password) or password == user:
        return None
    if len(password) < 6 or (_URL_USER.match(user) and len(password) < 10):
        return None
    if password.isdigit() or not is_secret_value(password):
        return None
    strong = len(password) >= 12 and entropy(password) >= 3.0
    return msgspec.structs.replace(
        accept(candidate, None, "high" if strong else "medium"),
        strong=strong and char_classes(password) >= 3,
    )


def url_password_weak(candidate: Candidate) -> Verdict | None:
    """The same in a file made for credentials: any password that is no placeholder."""
    if _LOCAL_HOST.match(candidate.group("host")):
        return None
    return assignments.weak_password(candidate)


def url_token(candidate: Candidate) -> Verdict | None:
    """https://token@host: an opaque user name without a password."""
    secret = candidate.secret
    if len(secret) < 20 or _LOCAL_HOST.match(candidate.group("host")):
        return None
    return tokens.mixed_token(candidate) if not is_placeholder(secret) else None


_SERVER = re.compile(rb"(?i)(?:server|data source|host|address|addr)\s?=\s?([^;=\"'\r\n]{1,200})")


def connection_string(candidate: Candidate) -> Verdict | None:
    """`Server=...;Password=...` on one line: the server must not be this machine."""
    low = max(0, candidate.start - 400)
    before = re.split(rb"[\r\n\"\0]", bytes(candidate.data[low : candidate.start]))[-1]
    after = re.split(rb"[\r\n\"\0]", bytes(candidate.data[candidate.end : candidate.end + 400]))[0]
    server = _SERVER.search(before) or _SERVER.search(after)
    if server is None:
        return None
    host = server[1].removeprefix(b"tcp:").strip(b" (")
    if _LOCAL_HOST.match(host) or host in (b".", b"localdb)") or host.startswith(b".\\"):
        return None
    return assignments.opaque(candidate)


def password_hash(candidate: Candidate) -> Verdict | None:
    """crypt(5) hashes: `$id$salt$hash` or the thirteen characters of the old DES form."""
    value = candidate.secret
    if _BCRYPT.match(value) or value.startswith((b"$", b"{SHA}", b"{SSHA}")):
        return accept(candidate) if len(value) >= 20 and len(set(value)) > 8 else None
    return accept(candidate) if len(value) == 13 and char_classes(value) >= 3 else None
