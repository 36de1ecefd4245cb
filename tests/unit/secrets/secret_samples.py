"""Credentials that open nothing, made by rule: `<<alnum:36>>` in a template becomes text.

Nothing that looks live is kept in the repository; the same template gives the same text.
"""

import base64
import hashlib
import json
import random
import re
import string
import uuid
import zlib
from collections.abc import Callable

_ALNUM = string.ascii_letters + string.digits
_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_ALPHABETS = {
    "alnum": _ALNUM,
    "lower": string.ascii_lowercase + string.digits,
    "alpha": string.ascii_letters,
    "hex": "0123456789abcdef",
    "HEX": "0123456789ABCDEF",
    "digits": string.digits,
    "base32": string.ascii_uppercase + "234567",
    "bech32": "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
    "b64": _ALNUM + "+/",
    "b64mix": _ALNUM + "+/",
    "b64alnum": _ALNUM,
    "b64url": _ALNUM + "-_",
    "pass": _ALNUM,
}
_TEMPLATE = re.compile(r"<<(\w+)(?::(\d+))?>>")


def pick(kind: str, size: int, seed: str = "") -> str:
    """`size` characters of an alphabet, with a digit, both cases and a sign where it has them."""
    chooser = random.Random(hashlib.sha256(f"{kind}{size}{seed}".encode()).digest())
    alphabet = _ALPHABETS[kind]
    text = "".join(chooser.choice(alphabet) for _ in range(size))
    if kind == "pass":
        return "Q7" + text[2:-1] + "!"
    if kind == "b64mix":
        return "k7R/" + text[4:]
    if kind in ("alnum", "lower", "b64alnum", "b64url", "b64") and size >= 4:
        return "q7" + text[2:]
    return "5" + text[1:] if kind == "digits" else text


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _url_base64(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def with_crc(text: str) -> str:
    """`text` with the base62 crc32 that GitHub and npm append."""
    number, digits = zlib.crc32(text.encode()), ""
    while number:
        number, rest = divmod(number, 62)
        digits = _BASE62[rest] + digits
    return text + digits.rjust(6, "0")


def jwt(**claims: object) -> str:
    """A token with a decodable header and payload and a signature of chance."""
    header = _url_base64({"alg": "RS256", "typ": "JWT"})
    return f"{header}.{_url_base64({'sub': 'svc-deploy', **claims})}.{pick('b64url', 86)}"


_MAKERS: dict[str, Callable[[int, str], str]] = {
    "uuid": lambda size, seed: str(uuid.UUID(bytes=hashlib.md5(seed.encode()).digest(), version=4)),
    "crc": lambda size, seed: with_crc(pick("alnum", size, seed)),
    "jwt": lambda size, seed: jwt(iat=1_790_000_000),
    "basic": lambda size, seed: _base64("ci-bot:" + pick("pass", 18, seed)),
    "b64pass": lambda size, seed: _base64(pick("pass", 18, seed)),
    "b64digits": lambda size, seed: _base64("3" + pick("digits", 17, seed)),
}


def fill(template: str) -> str:
    """The template with every `<<kind:size>>` replaced by generated text."""

    def make(found: re.Match[str]) -> str:
        kind, size = found[1], int(found[2] or 0)
        seed = f"{template}{found.start()}"
        maker = _MAKERS.get(kind)
        return maker(size, seed) if maker else pick(kind, size, seed)

    return _TEMPLATE.sub(make, template)
