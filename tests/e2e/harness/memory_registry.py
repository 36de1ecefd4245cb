"""The distribution API over two dicts, as the specification says (1.1), without any network."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

_INDEX = "application/vnd.oci.image.index.v1+json"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@dataclass(frozen=True)
class Request:
    """One HTTP request; `target` is the path with its query, header names are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    def query(self, name: str) -> str:
        """The first value of a query parameter, or empty."""
        values = parse_qs(urlsplit(self.target).query).get(name, [""])
        return values[0]


@dataclass
class Response:
    """What to answer; Content-Length is the sender's matter."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def digest_of(data: bytes) -> str:
    """The sha256 digest of some bytes, in the form the specifications use."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def error(status: int, code: str, message: str = "") -> Response:
    """An error answer in the specification's JSON form."""
    body = json.dumps({"errors": [{"code": code, "message": message or code.lower()}]}).encode()
    return Response(status, {"Content-Type": "application/json"}, body)


class MemoryRegistry:
    """All that the registry holds. Blobs are shared by all repositories."""

    def __init__(self, *, referrers_api: bool = True) -> None:
        self.referrers_api = referrers_api
        self.blobs: dict[str, bytes] = {}
        # (repository, tag or digest) -> (media type, bytes)
        self.manifests: dict[tuple[str, str], tuple[str, bytes]] = {}
        self.uploads: dict[str, bytearray] = {}

    def add_manifest(self, repository: str, reference: str, body: bytes, media_type: str) -> str:
        """Store a manifest or index under its digest and under `reference`; give the digest."""
        digest = digest_of(body)
        self.manifests[repository, reference] = self.manifests[repository, digest] = (
            media_type,
            body,
        )
        return digest

    def add_layout(self, repository: str, tag: str, layout: Path) -> str:
        """Take in a whole (small) OCI layout, its first manifest as `tag`; give that digest."""
        first, *_ = json.loads((layout / "index.json").read_text())["manifests"]
        for path in (layout / "blobs" / "sha256").iterdir():
            body = path.read_bytes()
            self.blobs[digest_of(body)] = body
        for digest in self._manifest_digests(first["digest"]):
            body = self.blobs[digest]
            self.add_manifest(repository, digest, body, _media_type(body))
        return self.add_manifest(repository, tag, self.blobs[first["digest"]], first["mediaType"])

    def _manifest_digests(self, digest: str) -> list[str]:
        children = json.loads(self.blobs[digest]).get("manifests", [])
        return [digest, *(d for child in children for d in self._manifest_digests(child["digest"]))]

    def answer(self, request: Request) -> Response:
        """The answer a well-behaved registry gives."""
        if request.path in ("/v2", "/v2/"):
            return Response(200, {"Content-Type": "application/json"}, b"{}")
        for pattern, route in self._routes():
            if match := re.fullmatch(pattern, request.path):
                return route(request, *match.groups())
        return error(404, "NAME_UNKNOWN")

    def _routes(self) -> list[tuple[str, Callable[..., Response]]]:
        name = "/v2/([a-z0-9._/-]+)"
        return [
            (f"{name}/manifests/([^/]+)", self._manifest),
            (f"{name}/blobs/uploads/", self._start_upload),
            (f"{name}/blobs/uploads/([0-9]+)", self._upload),
            (f"{name}/blobs/(sha[0-9]+:[0-9a-f]+)", self._blob),
            (f"{name}/tags/list", self._tags),
            (f"{name}/referrers/(sha[0-9]+:[0-9a-f]+)", self._referrers),
        ]

    def _manifest(self, request: Request, name: str, reference: str) -> Response:
        if request.method == "PUT":
            return self._put_manifest(request, name, reference)
        found = self.manifests.get((name, reference))
        if found is None:
            return error(404, "MANIFEST_UNKNOWN")
        media_type, body = found
        headers = {"Content-Type": media_type, "Docker-Content-Digest": digest_of(body)}
        return Response(200, headers, body)

    def _put_manifest(self, request: Request, name: str, reference: str) -> Response:
        if reference.startswith("sha256:") and reference != digest_of(request.body):
            return error(400, "DIGEST_INVALID")
        document = json.loads(request.body)
        missing = [d for d in _named_blobs(document) if d not in self.blobs]
        if missing:
            return error(400, "MANIFEST_BLOB_UNKNOWN", ", ".join(missing))
        media_type = request.headers.get("content-type", "")
        digest = self.add_manifest(name, reference, request.body, media_type)
        headers = {"Location": f"/v2/{name}/manifests/{digest}", "Docker-Content-Digest": digest}
        if self.referrers_api and "subject" in document:
            headers["OCI-Subject"] = document["subject"]["digest"]
        return Response(201, headers)

    def _blob(self, request: Request, name: str, digest: str) -> Response:
        body = self.blobs.get(digest)
        if body is None:
            return error(404, "BLOB_UNKNOWN")
        headers = {"Content-Type": "application/octet-stream", "Docker-Content-Digest": digest}
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
        if asked is None:
            return Response(200, headers | {"Accept-Ranges": "bytes"}, body)
        first, last = int(asked[1]), int(asked[2] or len(body) - 1)
        if first >= len(body):
            return Response(416, {"Content-Range": f"bytes */{len(body)}"})
        part = body[first : last + 1]
        headers["Content-Range"] = f"bytes {first}-{first + len(part) - 1}/{len(body)}"
        return Response(206, headers, part)

    def _start_upload(self, request: Request, name: str) -> Response:
        if (mount := request.query("mount")) in self.blobs:
            return _created(name, mount)
        if digest := request.query("digest"):
            return self._finish(name, digest, request.body)
        identifier = str(len(self.uploads) + 1)
        self.uploads[identifier] = bytearray()
        return self._progress(202, name, identifier)

    def _upload(self, request: Request, name: str, identifier: str) -> Response:
        data = self.uploads.get(identifier)
        if data is None:
            return error(404, "BLOB_UPLOAD_UNKNOWN")
        start = re.match(r"(\d+)-", request.headers.get("content-range", ""))
        if start and int(start[1]) != len(data):
            return self._progress(416, name, identifier)
        match request.method:
            case "PATCH":
                data += request.body
                return self._progress(202, name, identifier)
            case "PUT":
                return self._finish(name, request.query("digest"), bytes(data + request.body))
            case "GET":
                return self._progress(204, name, identifier)
        return error(405, "UNSUPPORTED")

    def _progress(self, status: int, name: str, identifier: str) -> Response:
        size = len(self.uploads[identifier])
        # The query belongs to the session: a client that loses it gets its upload refused below.
        location = f"/v2/{name}/blobs/uploads/{identifier}?state=kept"
        return Response(status, {"Location": location, "Range": f"0-{max(size - 1, 0)}"})

    def _finish(self, name: str, digest: str, data: bytes) -> Response:
        if digest != digest_of(data):
            return error(400, "DIGEST_INVALID")
        self.blobs[digest] = data
        return _created(name, digest)

    def _tags(self, request: Request, name: str) -> Response:
        tags = sorted(ref for repo, ref in self.manifests if repo == name and ":" not in ref)
        if not tags:
            return error(404, "NAME_UNKNOWN")
        later = [tag for tag in tags if tag > request.query("last")]
        page = later[: int(request.query("n") or len(later))]
        headers = {"Content-Type": "application/json"}
        if page != later:
            query = f"n={len(page)}&last={page[-1]}"
            headers["Link"] = f'</v2/{name}/tags/list?{query}>; rel="next"'
        return Response(200, headers, json.dumps({"name": name, "tags": page}).encode())

    def _referrers(self, request: Request, name: str, digest: str) -> Response:
        if not self.referrers_api:
            return error(404, "UNSUPPORTED")
        wanted = request.query("artifactType")
        found = {
            ref: descriptor
            for (repo, ref), (media_type, body) in self.manifests.items()
            if repo == name and ref.startswith("sha256:")
            if (descriptor := _referrer(media_type, body, digest)) is not None
            if wanted in ("", descriptor["artifactType"])
        }
        headers = {"Content-Type": _INDEX}
        if wanted:
            headers["OCI-Filters-Applied"] = "artifactType"
        index = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": list(found.values())}
        return Response(200, headers, json.dumps(index).encode())


def _created(name: str, digest: str) -> Response:
    location = f"/v2/{name}/blobs/{digest}"
    return Response(201, {"Location": location, "Docker-Content-Digest": digest})


def _named_blobs(document: Mapping[str, Any]) -> list[str]:
    descriptors = [document["config"]] if "config" in document else []
    return [d["digest"] for d in [*descriptors, *document.get("layers", [])]]


def _media_type(body: bytes) -> str:
    document = json.loads(body)
    default = _INDEX if "manifests" in document else _MANIFEST
    return str(document.get("mediaType", default))


def _referrer(media_type: str, body: bytes, subject: str) -> dict[str, Any] | None:
    """The descriptor of a manifest that names `subject`, as the referrers API lists it."""
    document = json.loads(body)
    if document.get("subject", {}).get("digest") != subject:
        return None
    kind = document.get("artifactType") or document.get("config", {}).get("mediaType", "")
    descriptor = {"mediaType": media_type, "digest": digest_of(body), "size": len(body)}
    return {**descriptor, "artifactType": kind, "annotations": document.get("annotations", {})}
