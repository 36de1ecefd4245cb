"""What a scan says about one file or one text."""

import hashlib
from collections.abc import Iterable
from typing import Literal

import msgspec

Severity = Literal["low", "medium", "high", "critical"]
Confidence = Literal["low", "medium", "high"]


class SecretMatch(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One credential in one place. Never holds the credential itself.

    `offset` and `length` are bytes in the file (0 and 0 for a rule about a name alone), `line`
    counts from 1 and is 0 in binary content. `fingerprint` is the first 16 hex digits of the
    sha256 of the secret, so that equal secrets can be grouped. `whole_file` says that the file
    is nothing but a credential, so that removing it removes the secret and nothing else.
    """

    rule: str
    severity: Severity
    confidence: Confidence
    offset: int
    length: int
    line: int
    redacted: str
    fingerprint: str
    whole_file: bool


class FileSecrets(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The matches of one file and the hex digests of its content.

    The digests let a caller that knows package databases ask `suppression.is_packaged`. They are
    empty when the content came in chunks: hash it then with `content_digests`.
    """

    matches: tuple[SecretMatch, ...]
    md5: str
    sha1: str
    sha256: str


def content_digests(chunks: Iterable[bytes | memoryview]) -> tuple[str, str, str]:
    """(md5, sha1, sha256) in hex: the digests that dpkg, apk and RECORD write down."""
    md5 = hashlib.md5(usedforsecurity=False)
    sha1 = hashlib.sha1(usedforsecurity=False)
    sha256 = hashlib.sha256()
    for chunk in chunks:
        for digest in (md5, sha1, sha256):
            digest.update(chunk)
    return md5.hexdigest(), sha1.hexdigest(), sha256.hexdigest()


def redact(secret: bytes) -> str:
    """At most the first four characters and never more than a quarter, as printable ASCII."""
    shown = secret[: min(4, len(secret) // 4)]
    return "".join(chr(c) if 0x20 <= c < 0x7F else "?" for c in shown) + "..."


def fingerprint(secret: bytes) -> str:
    """The first 16 hex digits of the secret's sha256."""
    return hashlib.sha256(secret).hexdigest()[:16]
