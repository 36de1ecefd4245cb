"""Image manifests and indexes (image-spec manifest.md, image-index.md; Docker schema 2)."""

from dataclasses import dataclass, field, replace
from typing import Self, TypeAlias

from slimmer.errors import FormatError
from slimmer.limits import DEFAULT_LIMITS, Limits
from slimmer.oci import media_types
from slimmer.oci.descriptor import Descriptor
from slimmer.oci.digest import Digest
from slimmer.oci.fields import Fields
from slimmer.oci.strict_json import Json, dump_json

_MANIFEST_NAMES = ("schemaVersion", "mediaType", "config", "layers", "annotations", "subject")
_INDEX_NAMES = ("schemaVersion", "mediaType", "manifests", "annotations", "subject")


@dataclass(frozen=True)
class Manifest:
    """One image: its config and its layers, base first. `raw` is the bytes it was read from."""

    media_type: str
    config: Descriptor
    layers: tuple[Descriptor, ...]
    annotations: dict[str, str]
    raw: bytes = field(repr=False)
    document: dict[str, Json] = field(repr=False, compare=False)

    @property
    def digest(self) -> Digest:
        return Digest.of(self.raw)

    @property
    def descriptor(self) -> Descriptor:
        return Descriptor.of(self.media_type, self.raw)

    @classmethod
    def from_fields(cls, fields: Fields, media_type: str, raw: bytes) -> Self:
        fields.refuse_other_case(_MANIFEST_NAMES)
        _refuse_ambiguous(fields, "layers", "manifests")
        config = Descriptor.from_fields(fields.required_child("config"))
        return cls(
            media_type=media_type,
            config=config,
            layers=tuple(Descriptor.from_fields(child) for child in fields.children("layers")),
            annotations=dict(fields.text_map("annotations")),
            raw=raw,
            document=fields.document,
        )

    def edited(
        self, *, config: Descriptor, layers: tuple[Descriptor, ...], annotations: dict[str, str]
    ) -> "Manifest":
        """The same manifest with another config and other layers; other fields stay."""
        document = dict(self.document)
        document["config"] = config.to_json()
        document["layers"] = [layer.to_json() for layer in layers]
        if annotations:
            document["annotations"] = annotations
        # What this manifest was attached to does not hold for another image.
        document.pop("subject", None)
        return replace(
            self,
            config=config,
            layers=layers,
            annotations=annotations,
            raw=dump_json(document),
            document=document,
        )

    @classmethod
    def new(
        cls,
        media_type: str,
        config: Descriptor,
        layers: tuple[Descriptor, ...],
        annotations: dict[str, str] | None = None,
    ) -> Self:
        document: dict[str, Json] = {
            "schemaVersion": 2,
            "mediaType": media_type,
            "config": config.to_json(),
            "layers": [layer.to_json() for layer in layers],
        }
        if annotations:
            document["annotations"] = annotations
        raw = dump_json(document)
        return cls(media_type, config, layers, annotations or {}, raw, document)


@dataclass(frozen=True)
class Index:
    """Several manifests, usually one a platform. `raw` is the bytes it was read from."""

    media_type: str
    manifests: tuple[Descriptor, ...]
    annotations: dict[str, str]
    raw: bytes = field(repr=False)
    document: dict[str, Json] = field(repr=False, compare=False)

    @classmethod
    def from_fields(cls, fields: Fields, media_type: str, raw: bytes) -> Self:
        fields.refuse_other_case(_INDEX_NAMES)
        _refuse_ambiguous(fields, "manifests", "layers")
        return cls(
            media_type=media_type,
            manifests=tuple(
                Descriptor.from_fields(child) for child in fields.children("manifests")
            ),
            annotations=dict(fields.text_map("annotations")),
            raw=raw,
            document=fields.document,
        )


Document: TypeAlias = Manifest | Index


def parse_document(
    raw: bytes, media_type: str | None, where: str, limits: Limits = DEFAULT_LIMITS
) -> Document:
    """Read a manifest or an index.

    `media_type` is what the descriptor or the Content-Type said; a document that says otherwise
    of itself is refused, and so is one that could be read both ways (CVE-2021-41190).
    """
    fields = Fields.parse(raw, where, limits)
    _refuse_schema_1(fields, media_type, where)
    said = fields.text("mediaType")
    if said and media_type and said != media_type:
        raise FormatError(f"says it is {said!r}, but was sent as {media_type!r}", where=where)
    chosen = said or media_type or _guess(fields)
    if fields.required_integer("schemaVersion") != 2:
        raise FormatError("schemaVersion is not 2", where=where)
    if chosen in media_types.MANIFESTS:
        return Manifest.from_fields(fields, chosen, raw)
    if chosen in media_types.INDEXES:
        return Index.from_fields(fields, chosen, raw)
    raise FormatError(
        f"not an image: its media type is {chosen!r}",
        where=where,
        hint="slim reads OCI and Docker schema 2 images",
    )


def _refuse_schema_1(fields: Fields, media_type: str | None, where: str) -> None:
    if media_type in media_types.DOCKER_SCHEMA_1 or "fsLayers" in fields.document:
        raise FormatError(
            "Docker schema 1 images cannot be verified and are not read",
            where=where,
            hint="push the image again with a current tool",
        )


def _refuse_ambiguous(fields: Fields, mine: str, other: str) -> None:
    if other in fields.document:
        raise FormatError(f"has both {mine!r} and {other!r}", where=fields.where)


def _guess(fields: Fields) -> str:
    if "manifests" in fields.document:
        return media_types.OCI_INDEX
    if "layers" in fields.document:
        return media_types.OCI_MANIFEST
    raise FormatError("neither a manifest nor an index", where=fields.where)
