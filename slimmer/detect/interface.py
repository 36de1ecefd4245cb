"""What a detector is given and what it gives."""

import functools
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import ClassVar

from slimmer.detect.programs import Programs
from slimmer.detect.survey import Survey, take_survey
from slimmer.filesystem.efficiency import Efficiency, measure
from slimmer.filesystem.tree import Filesystem, Hidden, Node
from slimmer.image.image import Image, Layer
from slimmer.image.index import LayerIndex
from slimmer.packages.interface import Packages
from slimmer.secrets.engine import Scanner


class Severity(IntEnum):
    """Ordered, so that a gate can compare."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def label(self) -> str:
        return self.name.lower()


class Confidence(IntEnum):
    LOW = 1
    MEDIUM = 2
    HIGH = 3

    @property
    def label(self) -> str:
        return self.name.lower()


@dataclass(frozen=True)
class Finding:
    """One thing wrong, where it is, and what to do about it.

    `id` names the check and is stable (`shell.busybox`, `secret.private-key`); `category` is one of
    `catalogue.CATEGORIES`. `layer` is the number of the layer that brought it, None for what the
    config says. `line` counts from 1 in the file at `path`. `in_final_filesystem` is False for what
    a higher layer hides: it is still in the image. `bytes` is how much it weighs, 0 when that is
    not the point. `references` are CIS, NIST or CWE ids.
    """

    id: str
    category: str
    severity: Severity
    confidence: Confidence
    message: str
    advice: str
    path: str | None = None
    layer: int | None = None
    in_final_filesystem: bool = True
    bytes: int = 0
    line: int | None = None
    references: tuple[str, ...] = ()


@dataclass(frozen=True)
class Subject:
    """Everything a detector may look at. Nothing here reads a blob: facts were taken in one pass.

    `scanner` reads the config's own text and knows the rules' titles; hand over the one that
    scanned the layers, a new one has to compile its rules.
    """

    image: Image
    indexes: tuple[LayerIndex, ...]
    filesystem: Filesystem
    packages: Packages
    scanner: Scanner = field(default_factory=Scanner, repr=False, compare=False)

    @functools.cached_property
    def survey(self) -> Survey:
        """The nodes worth a second look, from one walk for all detectors."""
        return take_survey(self.filesystem)

    @functools.cached_property
    def programs(self) -> Programs:
        """Every program with all its names."""
        path = self.image.config.environment.get("PATH")
        return Programs(self.filesystem, self.survey, path)

    @functools.cached_property
    def efficiency(self) -> Efficiency:
        """What the layers store and how much of it is in view."""
        return measure(self.filesystem, self.indexes)

    def layer(self, number: int) -> Layer:
        return self.image.layers[number]


class Detector(ABC):
    """One kind of thing to find. `categories` are those its findings may have."""

    categories: ClassVar[tuple[str, ...]]

    @abstractmethod
    def detect(self, subject: Subject) -> Iterator[Finding]:
        """Every finding, in an order that depends on the image alone."""


Located = Node | Hidden
"""A file in view, or one that a higher layer hides."""
