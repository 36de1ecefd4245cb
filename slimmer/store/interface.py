"""What a place that holds images must do; everything else is derived from it once, here."""

import io
import os
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Protocol, Self

from slimmer.limits import DEFAULT_LIMITS, Limits
from slimmer.oci.descriptor import Descriptor
from slimmer.oci.digest import Digest
from slimmer.oci.reference import RegistryReference
from slimmer.store.verify import VerifiedStream

OpenBlob = Callable[[], BinaryIO]
"""Opens a blob's bytes from the start; called again when an upload has to be repeated."""


class Progress(Protocol):
    """Told of bytes that have moved; the command line draws it, or nobody does."""

    def __call__(self, task: str, done: int, total: int | None) -> None:
        """`done` of `total` bytes of `task` are through; `total` is None when not known."""


def no_progress(task: str, done: int, total: int | None) -> None:
    """Nobody watches."""


@dataclass(frozen=True)
class Location:
    """Where a source found what the reference asked for, for people and for annotations.

    `reference` is what to type to get the same again (pinned by digest where that is possible);
    `repository` is set for registries, so that blobs can be mounted from one to the other; `name`
    is what the image is called there, without the place on this machine.
    """

    reference: str
    repository: RegistryReference | None = None
    file: str = ""
    ref: str | None = None

    @property
    def name(self) -> str:
        if self.repository is not None:
            tag = f":{self.repository.tag}" if self.repository.tag else ""
            return self.repository.name + tag
        return self.ref or os.path.basename(self.file.rstrip("/"))


class Source(ABC):
    """One place, bound to what one reference names in it."""

    location: Location
    limits: Limits = DEFAULT_LIMITS

    @abstractmethod
    def roots(self) -> tuple[Descriptor, ...]:
        """What the reference names: one manifest or index, or several manifests that differ in
        platform only. Raises `NotFoundError`, or `UsageError` that lists the choices."""

    @abstractmethod
    def open(self, descriptor: Descriptor) -> BinaryIO:
        """The blob's or manifest's bytes, not yet verified. Raises `NotFoundError`."""

    @property
    def has_manifest(self) -> bool:
        """Whether the manifest's digest is real: docker archives have none of their own."""
        return True

    @property
    def is_local(self) -> bool:
        """Whether blobs lie in files that anybody may have changed since they were last read."""
        return True

    def stamp(self, descriptor: Descriptor) -> str | None:
        """Names the local file a blob lies in and its times, so that it can be told whether it
        changed; None where there is no such file, or it changed a moment ago."""
        return None

    def referrers(self, digest: Digest) -> tuple[Descriptor, ...]:
        """Descriptors of manifests whose subject is `digest` (distribution-spec 1.1)."""
        return ()

    def blob(self, descriptor: Descriptor) -> VerifiedStream:
        """The bytes, checked while they are read: the last read fails unless all were right."""
        if descriptor.data is not None:
            return VerifiedStream(io.BytesIO(descriptor.data), descriptor)
        return VerifiedStream(self.open(descriptor), descriptor)

    def read(self, descriptor: Descriptor) -> bytes:
        """A whole small document, verified before anything looks at it."""
        self.limits.check("document_size", descriptor.size, str(descriptor.digest))
        with self.blob(descriptor) as stream:
            return stream.read_all()

    def close(self) -> None:  # noqa: B027 - most hold nothing open
        """Release files and connections."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Sink(ABC):
    """One place that takes one image. Nothing is visible there before `finish`."""

    location: Location

    @abstractmethod
    def has(self, descriptor: Descriptor) -> bool:
        """Whether the blob is there already, so that it need not be sent."""

    @abstractmethod
    def put(self, descriptor: Descriptor, content: OpenBlob) -> None:
        """Store a blob; the bytes are verified against the descriptor on the way."""

    def mount(self, descriptor: Descriptor, source: Location) -> bool:
        """Take the blob from another repository of the same registry, if that can be done."""
        return False

    @abstractmethod
    def finish(self, manifest: Descriptor, raw: bytes) -> Location:
        """Store the manifest under the reference and make the image visible, all at once.

        `raw` is the manifest's bytes. Returns where the image can be found now.
        """

    @abstractmethod
    def abort(self) -> None:
        """Leave nothing behind of an image that was not finished. Safe to call twice."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.abort()
