"""What a user may ask of a build."""

from dataclasses import dataclass

PACKAGE, FILE, SAFE = "package", "file", "safe"
PROFILES = (PACKAGE, FILE, SAFE)


@dataclass(frozen=True)
class BuildOptions:
    """`user` is `auto`, `keep` or `UID[:GID]`; `compression` is None (as each layer was), `gzip`
    or `zstd`; `epoch` is SOURCE_DATE_EPOCH in seconds, None when it is not set.

    `keep` and `drop` are path patterns, `keep_package` and `drop_package` names of packages.
    `keep_shell` keeps /bin/sh for whoever wants to look around. `squash` writes all layers as one,
    or those above the lowest `base_layers`, which are those of the image `base`.
    """

    profile: str = PACKAGE
    user: str = "auto"
    keep: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    keep_package: tuple[str, ...] = ()
    drop_package: tuple[str, ...] = ()
    keep_shell: bool = False
    squash: bool = False
    base: str | None = None
    base_layers: int = 0
    compression: str | None = None
    level: int | None = None
    epoch: int | None = None

    @property
    def joined_from(self) -> int | None:
        """The first of the layers that become one, None where none do."""
        return self.base_layers if self.squash else None
