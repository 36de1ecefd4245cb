"""Bounds on what an image may ask of the machine, in one place, each named in its error."""

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass, fields

from slimmer.errors import LimitError, UsageError

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB

_VALUE = re.compile(r"([0-9]{1,18})([kKmMgGtT]?)")
_FACTORS = {"": 1, "k": KIB, "m": MIB, "g": GIB, "t": 1024 * GIB}


@dataclass(frozen=True)
class Limits:
    """Sizes are bytes. The defaults hold the largest images seen; `entries` and `names` are what a
    build can hold in 512 MB (1.2 kB for an entry, 3 bytes for one of a name).

    Of an image: `layers`, `index_depth` (indexes in indexes) and `manifests` (of all of them).
    Of a document: `document_size`, `json_depth` and `json_values`.
    Of a layer: `layer_size` (unpacked, and of a download), `header_size` (of a PAX header or a GNU
    long name), `sparse_segments` of a file, and `zstd_window`, which is memory.
    Of a layer also: `facts`, the bytes of package databases and metadata that are kept of it.
    Of the layers together: `entries`; `names`, the bytes of paths, links, attributes and sparse
    maps, which are kept in memory; `links`, symbolic ones on the way to one path; `lookups`, the
    names looked up on the way to where all entries belong.
    `archive_size` is of an archive that is compressed as a whole, inflated.
    """

    layers: int = 1000
    index_depth: int = 8
    manifests: int = 1000
    document_size: int = 16 * MIB
    json_depth: int = 100
    json_values: int = 1_000_000
    layer_size: int = 64 * GIB
    archive_size: int = 256 * GIB
    header_size: int = MIB
    sparse_segments: int = 100_000
    zstd_window: int = 128 * MIB
    entries: int = 250_000
    names: int = 32 * MIB
    facts: int = 128 * MIB
    links: int = 255
    lookups: int = 50_000_000

    def check(self, name: str, value: int, where: str | None = None) -> None:
        """Raise `LimitError` naming the limit when `value` is over it."""
        limit: int = getattr(self, name)
        if value > limit:
            raise LimitError(f"{value} is over the limit {name}={limit}", limit=name, where=where)

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Limits":
        """The defaults with these `NAME=VALUE` in place of some; the last of a name counts.

        A value is a whole number, or one with k, M, G or T for powers of 1024. Raises `UsageError`.
        """
        return cls(**dict(_setting(text) for text in texts))


def limit_names() -> tuple[str, ...]:
    return tuple(field.name for field in fields(Limits))


def _setting(text: str) -> tuple[str, int]:
    name, equals, said = text.partition("=")
    if name not in limit_names():
        raise UsageError(
            f"no limit {name[:40]!r}",
            hint=f"--limit NAME=VALUE, NAME is {', '.join(limit_names())}",
        )
    value = _VALUE.fullmatch(said)
    if not equals or value is None:
        raise UsageError(
            f"the limit {name} is a whole number, not {said[:40]!r}",
            hint="with k, M, G or T for powers of 1024",
        )
    number = int(value[1]) * _FACTORS[value[2].lower()]
    if not 0 < number <= sys.maxsize:
        raise UsageError(f"the limit {name} cannot be {said}")
    return name, number


DEFAULT_LIMITS = Limits()
# For documents that slim wrote itself.
NO_LIMITS = Limits(**dict.fromkeys(limit_names(), sys.maxsize))
