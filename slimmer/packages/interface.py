"""Packages, which files they own, and what reads their records."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from slimmer.packages.survey import Survey


@dataclass(frozen=True, eq=False)
class Package:
    """One installed package. Two records of the same name and version are two packages.

    `type` is the purl type (`deb`, `apk`, `rpm`, `pypi`, `npm`, `maven`, `gem`, `golang`, `cargo`,
    `composer`); `version` is empty where the record does not tell it, `purl` where there can be
    none. `layer` is the lowest layer whose records list this version. `files` are paths of
    the merged filesystem (links in folders resolved, so a package that lists /bin/sh owns
    usr/bin/sh) that exist there; folders are not among them. `database` is the path of the record
    itself. `depends` are groups of alternatives, names only, one of each group is needed;
    `provides` are the other names that satisfy a dependency on it.
    """

    type: str
    name: str
    version: str
    purl: str
    layer: int
    database: str
    files: tuple[str, ...] = field(default=(), repr=False)
    architecture: str = ""
    source: str = ""
    section: str = ""
    essential: bool = False
    depends: tuple[tuple[str, ...], ...] = field(default=(), repr=False)
    provides: tuple[str, ...] = field(default=(), repr=False)
    digests: Mapping[str, str] = field(default_factory=dict, repr=False)
    """`algorithm:hex` by path, as the package's own records say; for telling shipped files."""


@dataclass(frozen=True)
class Unread:
    """A record that is there and cannot be read. Both texts may hold anything an image holds."""

    path: str
    why: str

    def __str__(self) -> str:
        return f"{self.path}: {self.why}"


class Ecosystem(ABC):
    """Reads the records of one package manager."""

    @abstractmethod
    def read(self, survey: Survey) -> Iterator[Package | Unread]:
        """Every package the final filesystem's records list, in an order that never changes.

        Damaged records are given as `Unread`, not raised.
        """


@dataclass(frozen=True)
class Packages:
    """Everything installed, and the owner of each file that has one.

    `unread` has one line for each record that cannot be read: path and why.
    """

    all: tuple[Package, ...]
    unread: tuple[str, ...]
    owners: Mapping[str, Package]

    def owner(self, path: str) -> Package | None:
        """The operating system's package that owns `path`, else the language package that does."""
        return self.owners.get(path)
