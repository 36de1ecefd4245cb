"""Descriptors: typed, sized, digested pointers to content (image-spec descriptor.md)."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from slimmer.errors import FormatError
from slimmer.oci.digest import Digest
from slimmer.oci.fields import Fields
from slimmer.oci.platform import Platform
from slimmer.oci.strict_json import Json

ANNOTATION_REF_NAME = "org.opencontainers.image.ref.name"
ANNOTATION_BASE_DIGEST = "org.opencontainers.image.base.digest"
ANNOTATION_BASE_NAME = "org.opencontainers.image.base.name"
# containerd's name for the full reference in an archive it exports.
ANNOTATION_CONTAINERD_NAME = "io.containerd.image.name"

_MAX_SIZE = 1 << 62
_KNOWN = ("mediaType", "digest", "size", "urls", "annotations", "data", "platform", "artifactType")


@dataclass(frozen=True)
class Descriptor:
    """Where content is (digest), how long it is (bytes) and what it is (media type).

    `document` is the JSON object it was read from, fields slim does not know included.
    """

    media_type: str
    digest: Digest
    size: int
    annotations: Mapping[str, str] = field(default_factory=dict, compare=False)
    platform: Platform | None = field(default=None, compare=False)
    artifact_type: str | None = field(default=None, compare=False)
    data: bytes | None = field(default=None, compare=False, repr=False)
    document: Mapping[str, Json] | None = field(default=None, compare=False, repr=False)

    @classmethod
    def from_fields(cls, fields: Fields) -> Self:
        """Read and check one descriptor; `FormatError` names the field at fault."""
        fields.refuse_other_case(_KNOWN)
        size = fields.required_integer("size")
        if not 0 <= size <= _MAX_SIZE:
            raise FormatError(f"size {size} is out of range", where=fields.where)
        platform = fields.child("platform")
        digest = _digest(fields)
        return cls(
            media_type=fields.required_text("mediaType"),
            digest=digest,
            size=size,
            annotations=fields.text_map("annotations"),
            platform=None if platform is None else _platform(platform),
            artifact_type=fields.text("artifactType"),
            data=_embedded(fields, digest, size),
            document=fields.document,
        )

    @classmethod
    def of(cls, media_type: str, data: bytes) -> Self:
        """The descriptor of `data` itself."""
        return cls(media_type, Digest.of(data), len(data))

    def to_json(self) -> dict[str, Json]:
        """The JSON object: the one it was read from, or a new one with the known fields."""
        if self.document is not None:
            return dict(self.document)
        document: dict[str, Json] = {
            "mediaType": self.media_type,
            "digest": str(self.digest),
            "size": self.size,
        }
        if self.annotations:
            document["annotations"] = dict(self.annotations)
        return document


def _digest(fields: Fields) -> Digest:
    try:
        return Digest(fields.required_text("digest"))
    except FormatError as error:
        raise FormatError(error.what, where=error.where or fields.where, hint=error.hint) from None


def _platform(fields: Fields) -> Platform | None:
    # Attestation manifests say unknown/unknown; old tools leave the object empty.
    if not fields.document:
        return None
    return Platform.from_fields(fields)


def _embedded(fields: Fields, digest: Digest, size: int) -> bytes | None:
    """Content carried in the descriptor itself, which must be the content it describes."""
    text = fields.text("data")
    if text is None:
        return None
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise FormatError("field 'data' is not base64", where=fields.where) from None
    hasher = digest.hasher()
    hasher.update(data)
    if len(data) != size or Digest.from_hasher(hasher) != digest:
        raise FormatError("field 'data' is not the content it stands for", where=fields.where)
    return data
