"""Blobs to a registry (distribution-spec, "Pushing a blob monolithically", POST then PUT)."""

from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlencode

import requests

from slimmer.errors import InputError, NetworkError, SlimError
from slimmer.oci.descriptor import Descriptor
from slimmer.store.interface import OpenBlob, Progress
from slimmer.store.registry.http import RegistryHttp
from slimmer.store.registry.manifest import check_answered_digest
from slimmer.store.registry.retry import RetryableError, with_retries
from slimmer.store.verify import VerifiedStream

# Small, since a socket's timeout is for one whole write: 64 KiB in 30 s is a slow line.
_CHUNK = 64 * 1024
_GONE = frozenset({200, 202, 204, 404})


class BlobBody:
    """A blob as a request's body: opened again for each sending, never whole in memory, verified
    on the way, so that the last bytes of a wrong blob are not sent."""

    def __init__(self, descriptor: Descriptor, content: OpenBlob, progress: Progress) -> None:
        self._descriptor = descriptor
        self._content = content
        self._progress = progress

    def __len__(self) -> int:
        return self._descriptor.size

    def __iter__(self) -> Iterator[bytes]:
        task, sent = f"push {self._descriptor.digest.short}", 0
        with VerifiedStream(self._content(), self._descriptor) as stream:
            while chunk := self._read(stream):
                yield chunk
                sent += len(chunk)
                self._progress(task, sent, self._descriptor.size)

    def _read(self, stream: VerifiedStream) -> bytes:
        try:
            return stream.read(_CHUNK)
        except OSError as error:
            # As an OSError it would be taken for the connection's, and tried again.
            raise InputError(
                f"the blob cannot be read: {error.strerror}", where=str(self._descriptor.digest)
            ) from None


class Uploads:
    """The upload sessions of one push."""

    def __init__(self, http: RegistryHttp, progress: Progress) -> None:
        self._http = http
        self._progress = progress
        self._open: set[str] = set()

    def put(self, descriptor: Descriptor, content: OpenBlob) -> None:
        """Send a blob, from its start again when an attempt fails in a way that may pass."""
        body = BlobBody(descriptor, content, self._progress)
        with_retries(self._http.options, lambda: self._attempt(descriptor, body))

    def mount(self, descriptor: Descriptor, repository: str) -> bool:
        """Whether the registry took the blob from its other repository."""
        query = urlencode({"mount": str(descriptor.digest), "from": repository})
        url = self._http.url(f"blobs/uploads/?{query}")
        try:
            response = self._http.request("POST", url, ok=(201, 202))
        except SlimError:
            # Not granted, or not known here: sending the blob will show which.
            return False
        self._http.discard(response)
        if response.status_code == 201:
            check_answered_digest(response, descriptor.digest)
            return True
        self._cancel(self._session(response))
        return False

    def abort(self) -> None:
        """Close what is open, as far as the registry lets us."""
        for url in tuple(self._open):
            self._cancel(url)

    def _attempt(self, descriptor: Descriptor, body: BlobBody) -> None:
        response = self._http.attempt("POST", self._http.url("blobs/uploads/"), ok=(202,))
        self._http.discard(response)
        session = self._session(response)
        joint = "&" if "?" in session else "?"
        url = session + joint + urlencode({"digest": str(descriptor.digest)})
        headers = {"Content-Type": "application/octet-stream"}
        try:
            answer = self._http.attempt("PUT", url, ok=(201,), headers=headers, data=body)
        except (SlimError, RetryableError):
            self._cancel(session)
            raise
        self._open.discard(session)
        self._http.discard(answer)
        check_answered_digest(answer, descriptor.digest)

    def _session(self, response: requests.Response) -> str:
        """The Location of an upload, absolute or relative, its query kept."""
        location = response.headers.get("Location")
        if not location:
            raise NetworkError("the registry names no place to upload to", where=self._http.where)
        session = self._http.resolve(response.url, location)
        self._open.add(session)
        return session

    def _cancel(self, session: str) -> None:
        self._open.discard(session)
        with suppress(SlimError, RetryableError):
            self._http.discard(self._http.attempt("DELETE", session, ok=_GONE))
