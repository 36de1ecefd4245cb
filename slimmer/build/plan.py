"""A plan: what a rebuild takes away, writes anew and changes in the config, each with its reason.

Data only, so that it can be printed, saved, compared and reviewed.
"""

from dataclasses import dataclass, field

from slimmer.oci.config import ImageConfig

PLAN_VERSION = "1.0"
RULE_HIDDEN = "hidden"
RULE_USER = "--drop"
RULE_DANGLING = "dangling-link"
RULE_SECRET = "secret"
RULE_ORPHAN = "orphaned-library"
RULE_DATABASE = "package-database"
RULE_UNREACHED = "unreached"
RULE_TOOL = "tool"


@dataclass(frozen=True)
class Removal:
    """One path of one layer that is not in the output. `size` is bytes of content."""

    path: str
    size: int
    layer: int
    number: int
    rule: str
    reason: str
    package: str = ""
    kind: str = "file"


@dataclass(frozen=True)
class Kept:
    """Something a rule would have taken, and why it stays."""

    path: str
    rule: str
    reason: str


@dataclass(frozen=True)
class Written:
    """A file whose content is new. `path` exists already unless `mode` and owner are given."""

    path: str
    content: bytes = field(repr=False)
    reason: str
    mode: int = 0o644
    uid: int = 0
    gid: int = 0


@dataclass(frozen=True)
class Folder:
    """A folder that is made where there is none."""

    path: str
    mode: int
    uid: int
    gid: int


@dataclass(frozen=True)
class UserChoice:
    """The USER of the output. `text` is what the config says; `reason` why; `groups` are other
    groups that a runtime gives it."""

    text: str
    uid: int
    gid: int
    reason: str
    changed: bool
    groups: frozenset[int] = frozenset()


@dataclass(frozen=True)
class WritablePath:
    """A folder that the container writes to, with its leading slash, for a read-only root.

    `kind`: `tmpfs` where an empty one does, `volume` where the config says so, `data` where what
    the image has in it must be there. `certain`: something says that it is written to, and not
    only that a program knows the name.
    """

    path: str
    kind: str
    reason: str
    certain: bool = True


@dataclass(frozen=True)
class Grant:
    """A folder of root that becomes the user's; `tree`: with what of root's is in it."""

    path: str
    uid: int
    gid: int
    reason: str
    tree: bool = False


@dataclass(frozen=True)
class ModeChange:
    """A file whose mode bits change."""

    path: str
    mode: int
    reason: str


@dataclass(frozen=True)
class Plan:
    """Everything a rebuild does. `warnings` are for people: what may need their hand.

    `config` is that of the output, but for what its layers decide: diff_ids and history.
    `writable` is what to mount where the root is read-only, `grants` and `modes` are changes of
    owners and of mode bits.
    """

    profile: str
    removals: tuple[Removal, ...]
    kept: tuple[Kept, ...]
    written: tuple[Written, ...]
    folders: tuple[Folder, ...]
    user: UserChoice
    warnings: tuple[str, ...]
    config: ImageConfig = field(repr=False)
    writable: tuple[WritablePath, ...] = ()
    grants: tuple[Grant, ...] = ()
    modes: tuple[ModeChange, ...] = ()

    @property
    def removed_bytes(self) -> int:
        return sum(removal.size for removal in self.removals)
