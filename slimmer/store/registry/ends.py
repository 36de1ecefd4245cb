"""Registries as source and sink (distribution-spec 1.1)."""

import io
from pathlib import Path
from typing import BinaryIO

from slimmer.errors import UsageError
from slimmer.oci import media_types
from slimmer.oci.descriptor import Descriptor
from slimmer.oci.digest import Digest
from slimmer.oci.reference import RegistryReference
from slimmer.store.interface import Location, OpenBlob, Progress, Sink, Source, no_progress
from slimmer.store.registry.download import Downloads
from slimmer.store.registry.http import RegistryHttp
from slimmer.store.registry.manifest import (
    MANIFEST_TYPES,
    check_answered_digest,
    fetch_manifest,
    referrers,
    resolve,
)
from slimmer.store.registry.options import RegistryOptions
from slimmer.store.registry.upload import Uploads
from slimmer.store.verify import VerifiedStream


class RegistrySource(Source):
    """One image of a registry. What it opens has been verified; `urls` are never followed."""

    def __init__(
        self,
        reference: RegistryReference,
        options: RegistryOptions,
        *,
        work_dir: Path,
        progress: Progress = no_progress,
    ) -> None:
        self.location = Location(str(reference), reference)
        self.limits = options.limits
        self._reference = reference
        self._http = RegistryHttp(reference, options)
        self._downloads = Downloads(self._http, work_dir, progress)
        self._root: Descriptor | None = None
        self._manifests: dict[Digest, bytes] = {}

    @property
    def is_local(self) -> bool:
        return False

    def roots(self) -> tuple[Descriptor, ...]:
        """The manifest or index; from then on `location` has its digest."""
        if self._root is None:
            self._root, raw = resolve(self._http)
            self._manifests[self._root.digest] = raw
            pinned = self._reference.pinned(self._root.digest)
            self.location = Location(str(pinned), pinned)
        return (self._root,)

    def open(self, descriptor: Descriptor) -> BinaryIO:
        if descriptor.media_type not in MANIFEST_TYPES:
            return self._downloads.open(descriptor)
        raw = self._manifests.get(descriptor.digest)
        if raw is None:
            raw = fetch_manifest(self._http, descriptor)
            self._manifests[descriptor.digest] = raw
        return io.BytesIO(raw)

    def referrers(self, digest: Digest) -> tuple[Descriptor, ...]:
        return referrers(self._http, digest)

    def close(self) -> None:
        """Remove the downloaded files and close the connections."""
        self._downloads.close()
        self._http.close()


class RegistrySink(Sink):
    """One image on its way to a registry; its tag is set last, by `finish`."""

    def __init__(
        self,
        reference: RegistryReference,
        options: RegistryOptions,
        *,
        work_dir: Path | None = None,
        progress: Progress = no_progress,
    ) -> None:
        self.location = Location(str(reference), reference)
        self._reference = reference
        self._http = RegistryHttp(reference, options)
        self._uploads = Uploads(self._http, progress)

    def has(self, descriptor: Descriptor) -> bool:
        """Also true of non-distributable layers, which are not to be sent (image-spec layer.md)."""
        if _stays_away(descriptor):
            return True
        kind = "manifests" if descriptor.media_type in MANIFEST_TYPES else "blobs"
        url = self._http.url(f"{kind}/{descriptor.digest}")
        headers = {"Accept": descriptor.media_type} if kind == "manifests" else {}
        response = self._http.request("HEAD", url, ok=(200, 404), headers=headers)
        self._http.discard(response)
        return response.status_code == 200

    def put(self, descriptor: Descriptor, content: OpenBlob) -> None:
        if _stays_away(descriptor):
            return
        if descriptor.media_type in MANIFEST_TYPES:
            raw = self._read_small(descriptor, content)
            self._put_manifest(str(descriptor.digest), descriptor, raw)
        else:
            self._uploads.put(descriptor, content)

    def mount(self, descriptor: Descriptor, source: Location) -> bool:
        other = source.repository
        if other is None or descriptor.media_type in MANIFEST_TYPES or _stays_away(descriptor):
            return False
        if other.host != self._reference.host or other.repository == self._reference.repository:
            return False
        return self._uploads.mount(descriptor, other.repository)

    def finish(self, manifest: Descriptor, raw: bytes) -> Location:
        """Store the manifest under the tag; a digest in the reference must be the manifest's."""
        wanted = self._reference.digest
        if wanted is not None and wanted != manifest.digest:
            raise UsageError(
                f"the result is {manifest.digest}, which a reference with another digest "
                "cannot name",
                where=str(self._reference),
                hint="push to a tag",
            )
        checked = self._read_small(manifest, lambda: io.BytesIO(raw))
        target = self._reference.tag or self._reference.wanted
        self._put_manifest(target, manifest, checked)
        pinned = self._reference.pinned(manifest.digest)
        self.location = Location(str(pinned), pinned)
        return self.location

    def abort(self) -> None:
        """Close open uploads and the connections; after `finish` there are none."""
        self._uploads.abort()
        self._http.close()

    def _read_small(self, manifest: Descriptor, content: OpenBlob) -> bytes:
        self._http.limits.check("document_size", manifest.size, str(manifest.digest))
        with VerifiedStream(content(), manifest) as stream:
            return stream.read_all()

    def _put_manifest(self, target: str, manifest: Descriptor, raw: bytes) -> None:
        response = self._http.request(
            "PUT",
            self._http.url(f"manifests/{target}"),
            ok=(201,),
            headers={"Content-Type": manifest.media_type},
            data=raw,
        )
        self._http.discard(response)
        check_answered_digest(response, manifest.digest)


def _stays_away(descriptor: Descriptor) -> bool:
    return descriptor.media_type in media_types.NONDISTRIBUTABLE_LAYERS
