"""OCI image layouts (image-layout.md): in a folder, or in a tar."""

import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from slimmer.errors import DigestError, FormatError, NotFoundError, UsageError
from slimmer.oci import media_types
from slimmer.oci.descriptor import (
    ANNOTATION_CONTAINERD_NAME,
    ANNOTATION_REF_NAME,
    Descriptor,
)
from slimmer.oci.fields import Fields
from slimmer.oci.manifest import Index, parse_document
from slimmer.oci.strict_json import Json, dump_json
from slimmer.store.files import Files, FolderFiles
from slimmer.store.interface import Location, OpenBlob, Sink, Source
from slimmer.store.staging import Staging, copy_verified, explained, replace_file
from slimmer.store.verify import VerifiedStream

LAYOUT_FILE = "oci-layout"
INDEX_FILE = "index.json"
LAYOUT_VERSION = "1.0.0"
_REFERENCE_TYPE = "vnd.docker.reference.type"


def blob_name(descriptor: Descriptor) -> str:
    return f"blobs/{descriptor.digest.algorithm}/{descriptor.digest.encoded}"


def layout_bytes() -> bytes:
    return dump_json({"imageLayoutVersion": LAYOUT_VERSION})


class LayoutSource(Source):
    """An OCI layout; `ref` chooses by ref.name annotation, containerd name or digest."""

    def __init__(self, files: Files, ref: str | None, reference: str) -> None:
        self._files = files
        self._ref = ref
        self.limits = files.limits
        self.location = Location(reference, file=files.name, ref=ref)

    def roots(self) -> tuple[Descriptor, ...]:
        _check_layout(self._files)
        index = read_index(self._files)
        images = [item for item in index.manifests if not is_attestation(item)]
        if self._ref is not None:
            chosen = [item for item in images if _is_named(item, self._ref)]
            if not chosen:
                raise NotFoundError(
                    f"no image {self._ref!r} here", where=self._files.name, hint=_choices(images)
                )
            return _one_or_platforms(chosen, self._files.name)
        return _one_or_platforms(images, self._files.name)

    def open(self, descriptor: Descriptor) -> BinaryIO:
        return self._files.open(blob_name(descriptor))[0]

    def stamp(self, descriptor: Descriptor) -> str | None:
        return self._files.stamp(blob_name(descriptor))

    def close(self) -> None:
        self._files.close()


def _check_layout(files: Files) -> None:
    fields = Fields.parse(files.read(LAYOUT_FILE), f"{files.name}: {LAYOUT_FILE}")
    version = fields.required_text("imageLayoutVersion")
    if version.split(".")[0] != "1":
        raise FormatError(f"layout version {version[:40]!r} is not known", where=files.name)


def read_index(files: Files) -> Index:
    """The layout's `index.json`. Its media type may be left out."""
    where = f"{files.name}: {INDEX_FILE}"
    document = parse_document(files.read(INDEX_FILE), None, where, files.limits)
    if not isinstance(document, Index):
        raise FormatError("expected an index", where=where)
    return document


def is_attestation(descriptor: Descriptor) -> bool:
    """Whether this is BuildKit's attestation manifest, which sits in an index like a platform."""
    platform = descriptor.platform
    return _REFERENCE_TYPE in descriptor.annotations or (
        platform is not None and platform.os == "unknown" and platform.architecture == "unknown"
    )


def _names(descriptor: Descriptor) -> list[str]:
    names = (ANNOTATION_REF_NAME, ANNOTATION_CONTAINERD_NAME)
    return [descriptor.annotations[name] for name in names if name in descriptor.annotations]


def _is_named(descriptor: Descriptor, ref: str) -> bool:
    return ref in _names(descriptor) or ref == descriptor.digest


def _choices(images: Sequence[Descriptor]) -> str:
    names = [next(iter(_names(item)), str(item.digest)) for item in images]
    return "choose one of: " + ", ".join(names[:20]) if names else "there is none"


def _one_or_platforms(images: list[Descriptor], where: str) -> tuple[Descriptor, ...]:
    """One image, or the platforms of one: the same name, platforms that all differ."""
    distinct = list({item.digest: item for item in images}.values())
    if not distinct:
        raise NotFoundError("no image here", where=where)
    names = {tuple(_names(item)) for item in images}
    platforms = {item.platform for item in distinct}
    if len(distinct) > 1 and (
        len(names) > 1 or None in platforms or len(platforms) < len(distinct)
    ):
        raise UsageError("several images here", where=where, hint=_choices(images))
    return tuple(distinct)


class LayoutSink(Sink):
    """Writes into a layout folder, new or existing. Blobs go in first, `index.json` last."""

    def __init__(self, folder: Path, ref: str | None) -> None:
        self._folder = folder
        self._ref = ref
        self.location = Location(f"oci:{folder}" + (f":{ref}" if ref else ""))
        if os.path.lexists(folder) and not folder.is_dir():
            raise UsageError("exists and is not a folder", where=str(folder))
        self._existing = folder.is_dir() and bool(os.listdir(folder))
        if self._existing:
            if not looks_like_layout(folder):
                raise UsageError("is a folder with something else in it", where=str(folder))
            _check_layout(FolderFiles(folder))
            read_index(FolderFiles(folder))
        self._staging = Staging(folder) if not self._existing else None
        self._root = self._staging.path if self._staging else folder
        self._written: list[Path] = []

    def has(self, descriptor: Descriptor) -> bool:
        """Whether the blob is there and whole: a damaged one must not become part of an image."""
        try:
            stream, _ = FolderFiles(self._root).open(blob_name(descriptor))
            with VerifiedStream(stream, descriptor) as blob:
                while blob.read():
                    pass
        except (NotFoundError, DigestError):
            return False
        return True

    def put(self, descriptor: Descriptor, content: OpenBlob) -> None:
        target = self._root / blob_name(descriptor)
        self._make_folders(target.parent)
        new = not target.exists()
        with replace_file(target) as file:
            copy_verified(content, descriptor, file)
        if new:
            self._written.append(target)

    def _make_folders(self, folder: Path) -> None:
        """Make `blobs/ALGORITHM`; a link there would lead the blobs out of the layout."""
        for path in (folder.parent, folder):
            if path.is_symlink():
                raise UsageError("is a link, and a layout holds none", where=str(path))
            with explained(path):
                path.mkdir(exist_ok=True)

    def finish(self, manifest: Descriptor, raw: bytes) -> Location:
        if not self.has(manifest):
            self.put(manifest, lambda: io.BytesIO(raw))
        if self._staging:
            with replace_file(self._root / LAYOUT_FILE) as file:
                file.write(layout_bytes())
        with replace_file(self._root / INDEX_FILE) as file:
            file.write(self._index(manifest))
        self._written.clear()
        if self._staging:
            self._staging.publish(self._folder)
        return self.location

    def abort(self) -> None:
        if self._staging:
            self._staging.discard()
        for path in self._written:
            path.unlink(missing_ok=True)
        self._written.clear()

    def _index(self, manifest: Descriptor) -> bytes:
        if not self._existing:
            return new_index([named(manifest, self._ref)])
        index = read_index(FolderFiles(self._root))
        document = dict(index.document)
        kept = [item for item in index.manifests if not self._replaces(item, manifest)]
        document["manifests"] = [
            *(item.to_json() for item in kept),
            named(manifest, self._ref).to_json(),
        ]
        return dump_json(document)

    def _replaces(self, old: Descriptor, new: Descriptor) -> bool:
        name = old.annotations.get(ANNOTATION_REF_NAME)
        return name == self._ref and (name is not None or old.digest == new.digest)


def named(manifest: Descriptor, ref: str | None) -> Descriptor:
    annotations = {ANNOTATION_REF_NAME: ref} if ref else {}
    return Descriptor(manifest.media_type, manifest.digest, manifest.size, annotations)


def new_index(manifests: list[Descriptor]) -> bytes:
    document: dict[str, Json] = {
        "schemaVersion": 2,
        "mediaType": media_types.OCI_INDEX,
        "manifests": [item.to_json() for item in manifests],
    }
    return dump_json(document)


def looks_like_layout(folder: Path) -> bool:
    return os.path.isfile(folder / LAYOUT_FILE) and os.path.isfile(folder / INDEX_FILE)
