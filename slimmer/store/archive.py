"""Archives: an OCI layout in a tar, and what `docker save` writes (manifest.json in a tar).

A Docker archive has no manifest of its own, so one is made of what it holds. Its layers are
named by their diff_ids where they are stored plain; a compressed one is hashed first.
"""

import io
import os
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from slimmer.errors import FormatError, NotFoundError, UsageError
from slimmer.formats.compression import CHUNK, Compression, detect, inflate
from slimmer.limits import NO_LIMITS, Limits
from slimmer.oci import media_types
from slimmer.oci.config import ImageConfig
from slimmer.oci.descriptor import Descriptor
from slimmer.oci.digest import Digest
from slimmer.oci.fields import Fields
from slimmer.oci.manifest import Manifest
from slimmer.oci.strict_json import dump_json, parse_json
from slimmer.store.files import Files, TarFiles
from slimmer.store.interface import Location, OpenBlob, Sink, Source
from slimmer.store.layout import (
    INDEX_FILE,
    LAYOUT_FILE,
    blob_name,
    layout_bytes,
    named,
    new_index,
)
from slimmer.store.staging import Replacement, copy_verified

MANIFEST_FILE = "manifest.json"


def open_tar(path: Path, limits: Limits, work_dir: Path) -> TarFiles:
    """Open an archive; one compressed as a whole is inflated to a private temporary file."""
    file: BinaryIO = path.open("rb")
    try:
        compression = detect(file.read(16))
        file.seek(0)
        if compression is not Compression.NONE:
            file = _inflated(file, path, limits, work_dir)
        return TarFiles(str(path), file, limits)
    except FormatError as error:
        file.close()
        if error.what.startswith("tar header at byte 0:"):
            raise FormatError("not an image archive: no tar", where=str(path)) from None
        raise FormatError(error.what, where=error.where or str(path), hint=error.hint) from None
    except BaseException:
        file.close()
        raise


def _inflated(file: BinaryIO, path: Path, limits: Limits, work_dir: Path) -> BinaryIO:
    spool: BinaryIO = tempfile.TemporaryFile(dir=work_dir)  # noqa: SIM115 - handed on open
    size = 0
    with file:
        for chunk in inflate(file.read, limits):
            size += len(chunk)
            limits.check("archive_size", size, str(path))
            spool.write(chunk)
    spool.flush()
    return spool


@dataclass(frozen=True)
class _Saved:
    """One image in manifest.json: member names and tags."""

    config: str
    layers: tuple[str, ...]
    tags: tuple[str, ...]


class DockerArchiveSource(Source):
    """A `docker save` archive, old (folders of layer.tar) or new (blobs)."""

    def __init__(self, files: Files, ref: str | None, reference: str) -> None:
        self._files = files
        self._ref = ref
        self._reference = reference
        self._members: dict[Digest, str] = {}
        self._manifest: Manifest | None = None
        self.limits = files.limits
        self.location = Location(reference, file=files.name, ref=ref)

    @property
    def has_manifest(self) -> bool:
        return False

    def roots(self) -> tuple[Descriptor, ...]:
        self._manifest = self._synthesise(self._choose(_read_manifest(self._files)))
        return (self._manifest.descriptor,)

    def open(self, descriptor: Descriptor) -> BinaryIO:
        if self._manifest and descriptor.digest == self._manifest.digest:
            return io.BytesIO(self._manifest.raw)
        member = self._members.get(descriptor.digest)
        if member is None:
            raise NotFoundError(f"no content {descriptor.digest}", where=self._files.name)
        return self._files.open(member)[0]

    def stamp(self, descriptor: Descriptor) -> str | None:
        member = self._members.get(descriptor.digest)
        return self._files.stamp(member) if member is not None else None

    def close(self) -> None:
        self._files.close()

    def _choose(self, images: list[_Saved]) -> _Saved:
        tags = ", ".join(tag for image in images for tag in (image.tags or (image.config,)))
        if self._ref is not None:
            for image in images:
                if self._ref in image.tags or _same_tag(self._ref, image.tags):
                    return image
            raise NotFoundError(
                f"no image {self._ref!r} here",
                where=self._files.name,
                hint=f"choose one of: {tags}",
            )
        if len({(image.config, image.layers) for image in images}) > 1:
            raise UsageError(
                "several images here", where=self._files.name, hint=f"choose one of: {tags}"
            )
        return images[0]

    def _synthesise(self, image: _Saved) -> Manifest:
        raw = self._files.read(image.config)
        config = ImageConfig.parse(raw, f"{self._files.name}: {image.config}", self.limits)
        if len(image.layers) != len(config.diff_ids):
            raise FormatError(
                f"{len(image.layers)} layers but {len(config.diff_ids)} diff_ids",
                where=self._files.name,
            )
        descriptor = Descriptor.of(media_types.DOCKER_CONFIG, raw)
        self._members[descriptor.digest] = image.config
        layers = tuple(
            self._layer(member, diff_id)
            for member, diff_id in zip(image.layers, config.diff_ids, strict=True)
        )
        return Manifest.new(media_types.DOCKER_MANIFEST, descriptor, layers)

    def _layer(self, member: str, diff_id: Digest) -> Descriptor:
        stream, size = self._files.open(member)
        with stream:
            compression = detect(stream.read(16))
        digest = diff_id if compression is Compression.NONE else self._hash(member)
        self._members[digest] = member
        media_type = media_types.layer_type(docker=True, compression=compression)
        return Descriptor(media_type, digest, size)

    def _hash(self, member: str) -> Digest:
        stream, _ = self._files.open(member)
        hasher = Digest.of(b"").hasher()
        with stream:
            while chunk := stream.read(CHUNK):
                hasher.update(chunk)
        return Digest.from_hasher(hasher)


def _read_manifest(files: Files) -> list[_Saved]:
    where = f"{files.name}: {MANIFEST_FILE}"
    items = parse_json(files.read(MANIFEST_FILE), where, files.limits)
    if not isinstance(items, list) or not items:
        raise FormatError("expected a list of images", where=where)
    images = []
    for number, item in enumerate(items):
        fields = Fields(item, f"{where}[{number}]")
        images.append(
            _Saved(
                config=fields.required_text("Config"),
                layers=tuple(fields.texts("Layers") or ()),
                tags=tuple(fields.texts("RepoTags") or ()),
            )
        )
    return images


def _same_tag(ref: str, tags: tuple[str, ...]) -> bool:
    """`alpine` names `docker.io/library/alpine:latest`, as docker's users expect."""
    short = {tag.removeprefix("docker.io/").removeprefix("library/") for tag in tags}
    return ref in short or f"{ref}:latest" in short


class ArchiveSink(Sink):
    """Writes one image to a tar: an OCI layout, and for `docker` manifest.json as well.

    The Docker form is that of current `docker save`: an OCI layout with a manifest.json that
    names the same blobs, so old and new readers find what they know.
    """

    def __init__(self, path: Path, ref: str | None, *, docker: bool) -> None:
        transport = "docker-archive" if docker else "oci-archive"
        self.location = Location(f"{transport}:{path}" + (f":{ref}" if ref else ""))
        self._path = path
        self._ref = ref
        self._docker = docker
        self._names: set[str] = set()
        _refuse_other_files(path)
        self._file = Replacement(path)
        self._open = True

    def has(self, descriptor: Descriptor) -> bool:
        return blob_name(descriptor) in self._names

    def put(self, descriptor: Descriptor, content: OpenBlob) -> None:
        if self.has(descriptor):
            return
        self._header(blob_name(descriptor), descriptor.size)
        copy_verified(content, descriptor, self._file)
        self._file.write(bytes(-descriptor.size % 512))

    def finish(self, manifest: Descriptor, raw: bytes) -> Location:
        self._write(blob_name(manifest), raw)
        self._write(LAYOUT_FILE, layout_bytes())
        self._write(INDEX_FILE, new_index([named(manifest, self._ref)]))
        if self._docker:
            self._write(MANIFEST_FILE, self._docker_manifest(raw, manifest.media_type))
        self._file.write(bytes(1024))
        self._file.publish()
        self._open = False
        return self.location

    def abort(self) -> None:
        if self._open:
            self._open = False
            self._file.discard()

    def _docker_manifest(self, raw: bytes, media_type: str) -> bytes:
        manifest = Manifest.from_fields(Fields.parse(raw, "manifest", NO_LIMITS), media_type, raw)
        return dump_json(
            [
                {
                    "Config": blob_name(manifest.config),
                    "RepoTags": [_docker_tag(self._ref)] if self._ref else None,
                    "Layers": [blob_name(layer) for layer in manifest.layers],
                }
            ]
        )

    def _write(self, name: str, data: bytes) -> None:
        if name in self._names:
            return
        self._header(name, len(data))
        self._file.write(data + bytes(-len(data) % 512))

    def _header(self, name: str, size: int) -> None:
        for folder in reversed(PurePosixPath(name).parents[:-1]):
            # Some readers look for the folders before they look into them.
            if str(folder) not in self._names:
                self._entry(str(folder), tarfile.DIRTYPE, 0o755, 0)
        self._entry(name, tarfile.REGTYPE, 0o644, size)

    def _entry(self, name: str, kind: bytes, mode: int, size: int) -> None:
        # The time is zero and the owner root: the same image gives the same archive.
        info = tarfile.TarInfo(name)
        info.type, info.mode, info.size = kind, mode, size
        self._file.write(info.tobuf(tarfile.PAX_FORMAT))
        self._names.add(name)


def _docker_tag(ref: str) -> str:
    return ref if ":" in ref.rpartition("/")[2] else f"{ref}:latest"


def _refuse_other_files(path: Path) -> None:
    """An archive may be written over, anything else may not."""
    if path.is_dir():
        raise UsageError("is a folder", where=str(path), hint="name a file")
    if not os.path.lexists(path):
        return
    if not path.is_file() or not _is_archive(path):
        raise UsageError("exists and is not an image archive", where=str(path))


def _is_archive(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(512)
    return (
        not head
        or head[257:262] == b"ustar"
        or head[:2] == b"\x1f\x8b"
        or head[:4] == b"\x28\xb5\x2f\xfd"
    )
