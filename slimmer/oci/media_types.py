"""Media types of OCI image-spec 1.1 and Docker schema 2, in one list."""

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_EMPTY = "application/vnd.oci.empty.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
OCI_LAYER_NONDISTRIBUTABLE = "application/vnd.oci.image.layer.nondistributable.v1.tar"

DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar"
DOCKER_FOREIGN_LAYER = "application/vnd.docker.image.rootfs.foreign.diff.tar"

DOCKER_SCHEMA_1 = frozenset(
    {
        "application/vnd.docker.distribution.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
    }
)

INDEXES = frozenset({OCI_INDEX, DOCKER_INDEX})
MANIFESTS = frozenset({OCI_MANIFEST, DOCKER_MANIFEST})
CONFIGS = frozenset({OCI_CONFIG, DOCKER_CONFIG})

# Docker's layer type says "tar" and has always been sent with gzip, so its compression, like
# that of every layer, is read from the bytes and only checked against the name.
_LAYER_STEMS = (
    OCI_LAYER,
    OCI_LAYER_NONDISTRIBUTABLE,
    DOCKER_LAYER,
    DOCKER_FOREIGN_LAYER,
)
_SUFFIXES = ("", "+gzip", ".gzip", "+zstd", ".zstd")

LAYERS = frozenset(stem + suffix for stem in _LAYER_STEMS for suffix in _SUFFIXES)
NONDISTRIBUTABLE_LAYERS = frozenset(
    stem + suffix
    for stem in (OCI_LAYER_NONDISTRIBUTABLE, DOCKER_FOREIGN_LAYER)
    for suffix in _SUFFIXES
)


def is_docker(media_type: str) -> bool:
    return media_type.startswith("application/vnd.docker.")


def layer_type(*, docker: bool, compression: str) -> str:
    """The media type of a layer slim writes; `compression` is `gzip`, `zstd` or `none`."""
    if docker and compression == "gzip":
        return DOCKER_LAYER + ".gzip"
    return OCI_LAYER if compression == "none" else f"{OCI_LAYER}+{compression}"
