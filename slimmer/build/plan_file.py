"""Reads a saved plan (`--plan`) and replays it (`--from-plan`).

A plan is decisions: which paths go and why, the user, changes to the config. What follows from
them (package databases, account files, edits of layers) is made anew from what is left, so that a
plan somebody has edited still gives an image that tells the truth about itself. To keep a path, a
reviewer deletes its entry under `removed`. Entries of the rules `hidden` and `package-database` say
what follows from the image and from the other lines: deleting those changes nothing.
"""

import base64
import binascii
import re
from pathlib import Path
from typing import Any

import msgspec

from slimmer.build.compress import parse_compression
from slimmer.build.decisions import Decision, Decisions, spare_needed_folders
from slimmer.build.ledger import shown_text
from slimmer.build.options import PROFILES, BuildOptions
from slimmer.build.plan import (
    PLAN_VERSION,
    RULE_DATABASE,
    RULE_HIDDEN,
    Grant,
    Kept,
    ModeChange,
    UserChoice,
    WritablePath,
)
from slimmer.build.rights import Rights
from slimmer.build.settle import spare_unwritable_records
from slimmer.build.user import MAX_ID, Accounts
from slimmer.detect.interface import Subject
from slimmer.errors import FormatError, InputError, LimitError, SlimError
from slimmer.filesystem.tree import Filesystem, Node
from slimmer.oci.config import ImageConfig

MAX_PLAN = 256 * 1000 * 1000
_MAX_EPOCH = 1 << 33
_USER = re.compile(r"([0-9]{1,10})(?::([0-9]{1,10}))?")


class _Image(msgspec.Struct):
    config_digest: str
    reference: str = ""


class _Layer(msgspec.Struct):
    number: int


class SavedRemoval(msgspec.Struct):
    """One line of `removed`; `entry` is the number of the layer's entry, -1 where none is."""

    path: str
    layer: _Layer
    entry: int
    rule: str
    reason: str
    package: str = ""
    path_base64: str | None = None

    @property
    def name(self) -> str:
        """The path in the filesystem. Raises `FormatError`."""
        if self.path_base64 is None:
            return self.path.lstrip("/")
        try:
            data = base64.b64decode(self.path_base64, validate=True)
        except (binascii.Error, ValueError):
            raise FormatError(f"path_base64 of {self.path} is not base64") from None
        return data.decode("utf-8", "surrogateescape").lstrip("/")


class _Kept(msgspec.Struct):
    what: str
    rule: str
    reason: str


class _User(msgspec.Struct):
    user: str
    changed: bool
    reason: str


class SavedPlan(msgspec.Struct):
    """A plan as it is in its file. `config` has the fields of the image's run config that change,
    but for User, which `user` tells."""

    schema_version: str
    image: _Image
    options: BuildOptions
    user: _User
    removed: list[SavedRemoval]
    kept: list[_Kept] = []
    config: dict[str, Any] = {}
    writable: list[WritablePath] = []
    grants: list[Grant] = []
    modes: list[ModeChange] = []


class _Version(msgspec.Struct):
    schema_version: str


def read_plan(path: Path) -> SavedPlan:
    """The plan in a file. Raises `FormatError`, and `LimitError` for one of more than 256 MB."""
    with path.open("rb") as file:
        data = file.read(MAX_PLAN + 1)
    if len(data) > MAX_PLAN:
        raise LimitError(f"larger than {MAX_PLAN} bytes", where=str(path), hint="is this a plan?")
    return parse_plan(data, str(path))


def parse_plan(data: bytes, where: str) -> SavedPlan:
    """The plan in `data`; `where` is what errors call it. Raises `FormatError`."""
    try:
        version = msgspec.json.decode(data, type=_Version).schema_version
        if version.partition(".")[0] != PLAN_VERSION.partition(".")[0]:
            hint = f"this slim reads {PLAN_VERSION}"
            raise FormatError(f"a plan of version {version[:40]!r}", where=where, hint=hint)
        saved = msgspec.json.decode(data, type=SavedPlan)
        _check_options(saved.options)
        if "User" in saved.config:
            raise FormatError("config has User, which user tells")
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        what = "nested too deeply" if isinstance(error, RecursionError) else str(error)[:300]
        hint = "slim build --plan FILE writes one"
        raise FormatError(f"not a plan: {what}", where=where, hint=hint) from None
    except SlimError as error:
        raise FormatError(error.what, where=where, hint=error.hint) from None
    return saved


def _check_options(options: BuildOptions) -> None:
    if options.profile not in PROFILES:
        raise FormatError(f"unknown profile {options.profile[:40]!r}")
    if options.compression is not None:
        level = "" if options.level is None else f":{options.level}"
        parse_compression(options.compression + level)
    if options.epoch is not None and not 0 <= options.epoch < _MAX_EPOCH:
        raise FormatError(f"epoch is not a number of seconds: {options.epoch}")


def check_image(saved: SavedPlan, config: ImageConfig) -> None:
    """Raise `InputError` when the plan is of another image: the config's digest covers the layers'
    contents, whatever registry or archive they come from."""
    if saved.image.config_digest != str(config.digest):
        raise InputError(
            f"the plan was made for another image, of config {saved.image.config_digest[:80]}",
            hint=f"the config of this one is {config.digest}",
        )
    if not 0 <= saved.options.base_layers <= len(config.diff_ids):
        raise InputError(f"the plan's base has {saved.options.base_layers} layers")


def decisions_of(saved: SavedPlan, subject: Subject) -> Decisions:
    """What the plan decides about the paths of its image, before databases are written anew.

    A folder with something in it that stays, stays. Raises `InputError` where a line does not
    match the image.
    """
    filesystem = subject.filesystem
    decisions = Decisions(kept=[Kept(item.what, item.rule, item.reason) for item in saved.kept])
    hidden = {(item.layer, item.number): item.path for item in filesystem.hidden}
    for removal in saved.removed:
        path, place = removal.name, (removal.layer.number, removal.entry)
        if removal.rule == RULE_HIDDEN:
            _expect(hidden.get(place) == path, removal)
            continue
        node = _removed_node(filesystem, removal, path)
        # A line for what a folder took its place from says nothing about the folder itself.
        if removal.rule != RULE_DATABASE and place == (node.layer, node.number):
            decisions.drop(path, Decision(removal.rule, removal.reason, removal.package))
    spare_unwritable_records(subject.packages, decisions)
    spare_needed_folders(filesystem, decisions)
    return decisions


def _removed_node(filesystem: Filesystem, removal: SavedRemoval, path: str) -> Node:
    node = filesystem.get(path) if path else None
    place = removal.layer.number, removal.entry
    places = set()
    if node is not None:
        places = {(node.layer, node.number)}
        places |= {(inode.layer, inode.number) for inode in node.earlier or ()}
    _expect(place in places, removal)
    assert node is not None
    return node


def _expect(holds: bool, removal: SavedRemoval) -> None:
    if not holds:
        raise InputError(
            f"the plan removes {removal.path}, entry {removal.entry} of layer "
            f"{removal.layer.number}, which is not there",
            hint="delete that line, or make a plan of this image with --plan",
        )


def rights_of(saved: SavedPlan, config: ImageConfig, accounts: Accounts) -> Rights:
    """The user of a plan, and what it lets that user do. Raises `InputError`."""
    return Rights(
        user_of(saved, config, accounts),
        tuple(saved.writable),
        tuple(saved.grants),
        modes=tuple(saved.modes),
    )


def user_of(saved: SavedPlan, config: ImageConfig, accounts: Accounts) -> UserChoice:
    """The user the plan decides on; only its text counts. Raises `InputError`."""
    said = saved.user
    if not said.changed:
        if said.user != shown_text(config.user):
            hint = "say changed: true"
            raise InputError(f"the plan changes the user to {said.user[:80]!r}", hint=hint)
        ids = (accounts.resolve(config.user) if config.user else None) or (0, 0)
        return UserChoice(config.user, *ids, said.reason, changed=False)
    found = _USER.fullmatch(said.user)
    uid = int(found[1]) if found else -1
    account = accounts.by_id(uid)
    gid = int(found[2]) if found and found[2] else account.gid if account else None
    if found is None or gid is None or max(uid, gid) > MAX_ID:
        hint = "UID:GID, or the UID of one of the image's own"
        raise InputError(f"the plan's user is none: {said.user[:80]!r}", hint=hint)
    # As when it was planned: a runtime gives /etc/group's groups to a user without one of its own.
    others = accounts.supplementary(account) if account and not found[2] else frozenset()
    return UserChoice(said.user, uid, gid, said.reason, changed=True, groups=others)
