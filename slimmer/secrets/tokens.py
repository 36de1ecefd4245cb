"""Tokens known by their form: checksums, decoded parts, and randomness.

A wrong checksum lowers confidence and does not reject: a token with one typo is still a leak of
the rest.
"""

import json
import re
import zlib

from slimmer.secrets import keys
from slimmer.secrets.candidate import Candidate, Verdict, accept
from slimmer.secrets.words import char_classes, entropy, is_token_placeholder

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def base62_crc32(text: bytes) -> bytes:
    """crc32 of `text` as six base62 digits: the tail of GitHub's and npm's tokens."""
    number, digits = zlib.crc32(text), ""
    while number:
        number, rest = divmod(number, 62)
        digits = _BASE62[rest] + digits
    return digits.rjust(6, "0").encode()


def token(candidate: Candidate) -> Verdict | None:
    """A token known by its form: its random part must not be a placeholder."""
    secret = candidate.group("random") or candidate.secret
    if is_token_placeholder(secret):
        return None
    return accept(candidate) if entropy(secret) >= min(3.0, len(secret) / 8) else None


def mixed_token(candidate: Candidate) -> Verdict | None:
    """A token with a weak prefix: it must also mix letters and digits."""
    secret = candidate.group("random") or candidate.secret
    if char_classes(secret) < 2 or not re.search(rb"\d", secret) or entropy(secret) < 3.0:
        return None
    return token(candidate)


def crc_token(candidate: Candidate) -> Verdict | None:
    """prefix + random + base62(crc32(random)), as GitHub and npm make them."""
    secret = candidate.secret
    text = secret.rpartition(b"_")[2]
    if is_token_placeholder(text) or entropy(text) < 3.2:
        return None
    valid = base62_crc32(text[:-6]) == text[-6:]
    if not valid and candidate.binary:
        return None
    return accept(candidate, None, "high" if valid else "medium")


def aws_access_key(candidate: Candidate) -> Verdict | None:
    """An access key id: base32 after its prefix. Alone it is half of a credential."""
    text = candidate.secret[4:]
    if is_token_placeholder(text) or b"EXAMPLE" in text or entropy(text) < 2.6:
        return None
    return accept(candidate)


def aws_secret_key(candidate: Candidate) -> Verdict | None:
    """Forty characters of base64 after a name that says what they are."""
    text = candidate.secret
    if is_token_placeholder(text) or char_classes(text) < 3 or entropy(text) < 3.6:
        return None
    return accept(candidate)


def _json_object(segment: bytes) -> dict[str, object]:
    try:
        value = json.loads(keys.decode_base64(segment))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def jwt(candidate: Candidate) -> Verdict | None:
    """RFC 7519: header and payload must decode; the tutorial's John Doe does not count."""
    parts = candidate.secret.split(b".")
    header = _json_object(parts[0])
    payload = _json_object(parts[1]) if len(parts) > 1 else {}
    if "alg" not in header or header["alg"] == "none" or (not payload and "enc" not in header):
        return None
    if payload.get("sub") == "1234567890" or payload.get("name") == "John Doe":
        return None
    if len(parts) < 3 or len(parts[2]) < 20 or is_token_placeholder(parts[2]):
        return None
    service = "kubernetes" in str(payload.get("iss", ""))
    return accept(candidate, "high" if service else None)


def mixed_case_token(candidate: Candidate) -> Verdict | None:
    """A token of letters after a short prefix that is also a word: both cases must be common."""
    text = candidate.secret.partition(b"_")[2]
    upper = sum(0x41 <= c <= 0x5A for c in text)
    if not len(text) // 6 <= upper <= len(text) * 5 // 6 or is_token_placeholder(text):
        return None
    return accept(candidate) if entropy(text) >= 3.5 else None


def stripe_key(candidate: Candidate) -> Verdict | None:
    """A Stripe key: the part after the prefix must be varied."""
    text = candidate.secret.rpartition(b"_")[2]
    if is_token_placeholder(text) or not re.search(rb"\d", text) or entropy(text) < 3.2:
        return None
    return accept(candidate)


def azure_key(candidate: Candidate) -> Verdict | None:
    """A key with an Azure service's signature inside: 32, 39 or 64 bytes of base64."""
    text = candidate.secret.rstrip(b"=")
    if len(text) not in (43, 52, 54, 56, 84, 86, 88) or char_classes(text) < 3:
        return None
    return accept(candidate) if entropy(text) > 4.2 else None


def discord_token(candidate: Candidate) -> Verdict | None:
    """A bot token: its first part is base64 of the bot's decimal id."""
    user = keys.decode_base64(candidate.secret.partition(b".")[0])
    return accept(candidate) if user.isdigit() and len(user) >= 17 else None


def twitter_bearer(candidate: Candidate) -> Verdict | None:
    """A run of A, then a varied rest."""
    rest = candidate.secret.lstrip(b"A")
    return accept(candidate) if entropy(rest) > 4.0 and b"%" in rest else None


def long_number(candidate: Candidate) -> Verdict | None:
    """A decimal or hex token that must be varied and not a run of digits."""
    text = candidate.secret
    if is_token_placeholder(text) or entropy(text) < 2.6:
        return None
    return accept(candidate)
