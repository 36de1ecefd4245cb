"""What a user may ask of a build."""

from dataclasses import dataclass

PROFILES = ("safe",)


@dataclass(frozen=True)
class BuildOptions:
    """`user` is `auto`, `keep` or `UID[:GID]`; `compression` is None (as each layer was), `gzip`
    or `zstd`; `epoch` is SOURCE_DATE_EPOCH in seconds, None when it is not set."""

    profile: str = "safe"
    user: str = "auto"
    keep: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    squash: bool = False
    compression: str | None = None
    level: int | None = None
    epoch: int | None = None
