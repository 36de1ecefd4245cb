"""The table that the other modules of this folder fill, and what they share."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import zstandard

from support.images import Built, image
from support.tars import file, make_tar

Write = Callable[[Path], str]

TAR = make_tar(file("f", b"content " * 500))
GZIP = gzip.compress(TAR, mtime=0)
ZSTD = zstandard.ZstdCompressor(write_checksum=True).compress(TAR)
ZEROS = "0" * 64


@dataclass(frozen=True)
class Case:
    """`write` makes the image in a new folder and gives its reference.

    `accept`: slim reads it, and sees exactly `paths`, where they are given. Else: an error made
    for people.
    """

    accept: bool
    write: Write = field(repr=False)
    paths: frozenset[str] | None = None


CASES: dict[str, Case] = {}


def add(name: str, accept: bool, write: Write, paths: str | None = None) -> None:
    assert name not in CASES
    CASES[name] = Case(accept, write, None if paths is None else frozenset(paths.split()))


def one_layer() -> Built:
    """A good image, to be bent."""
    return image(TAR)
