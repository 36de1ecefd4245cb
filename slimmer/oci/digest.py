"""Content digests (OCI image-spec, descriptor.md, "Digests")."""

import hashlib
import re
from typing import Self

from slimmer.errors import FormatError

_ENCODED = {
    "sha256": re.compile(r"[a-f0-9]{64}"),
    "sha512": re.compile(r"[a-f0-9]{128}"),
}


class Digest(str):
    """`algorithm:encoded`, checked whole when made, so that it is safe in a path or a URL."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        algorithm, _, encoded = text.partition(":")
        pattern = _ENCODED.get(algorithm)
        if pattern is None or not pattern.fullmatch(encoded):
            raise FormatError(
                f"not a digest: {text[:160]!r}",
                hint="expected sha256: and 64 lower-case hex digits",
            )
        return super().__new__(cls, text)

    @property
    def algorithm(self) -> str:
        return self.partition(":")[0]

    @property
    def encoded(self) -> str:
        return self.partition(":")[2]

    @property
    def short(self) -> str:
        """The first 12 hex digits, for people."""
        return self.encoded[:12]

    def hasher(self) -> "hashlib._Hash":
        """A fresh hash object of this digest's algorithm."""
        return hashlib.new(self.algorithm)

    @classmethod
    def of(cls, data: bytes) -> Self:
        """The sha256 digest of `data`."""
        return cls("sha256:" + hashlib.sha256(data).hexdigest())

    @classmethod
    def from_hasher(cls, hasher: "hashlib._Hash") -> Self:
        return cls(f"{hasher.name}:{hasher.hexdigest()}")
