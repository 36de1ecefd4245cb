"""Image configuration (image-spec config.md). Edited, never rebuilt: what is not known stays."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from slimmer.errors import FormatError
from slimmer.limits import DEFAULT_LIMITS, NO_LIMITS, Limits
from slimmer.oci.digest import Digest
from slimmer.oci.fields import Fields
from slimmer.oci.platform import Platform
from slimmer.oci.strict_json import Json, dump_json

# What runtimes use where the config has no PATH.
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_NAMES = ("architecture", "os", "config", "rootfs", "history", "created", "author", "variant")
_RUN_NAMES = ("User", "Env", "Entrypoint", "Cmd", "WorkingDir", "ExposedPorts", "Volumes", "Labels")


@dataclass(frozen=True)
class HistoryEntry:
    """One line of `history`; `empty_layer` entries have no layer."""

    created: str
    created_by: str
    comment: str
    empty_layer: bool


@dataclass(frozen=True)
class Healthcheck:
    """Docker's `Healthcheck`: `test` is `["CMD", ...]`, `["CMD-SHELL", line]` or `["NONE"]`."""

    test: tuple[str, ...]

    @property
    def disabled(self) -> bool:
        return self.test[:1] == ("NONE",)

    @property
    def shell_form(self) -> bool:
        return self.test[:1] == ("CMD-SHELL",)


@dataclass(frozen=True)
class ImageConfig:
    """What a container is started with, and how the layers came to be."""

    platform: Platform
    diff_ids: tuple[Digest, ...]
    history: tuple[HistoryEntry, ...]
    created: str
    user: str
    env: tuple[str, ...]
    entrypoint: tuple[str, ...]
    cmd: tuple[str, ...]
    working_dir: str
    exposed_ports: tuple[str, ...]
    volumes: tuple[str, ...]
    labels: Mapping[str, str]
    healthcheck: Healthcheck | None
    stop_signal: str
    shell: tuple[str, ...]
    raw: bytes = field(repr=False)
    document: dict[str, Json] = field(repr=False, compare=False)

    @property
    def digest(self) -> Digest:
        return Digest.of(self.raw)

    @classmethod
    def parse(cls, raw: bytes, where: str, limits: Limits = DEFAULT_LIMITS) -> Self:
        """Read a config; `FormatError` where a required field is missing or of another type."""
        fields = Fields.parse(raw, where, limits)
        fields.refuse_other_case(_NAMES)
        run = fields.child("config") or Fields({}, f"{where}.config")
        run.refuse_other_case(_RUN_NAMES)
        return cls(
            platform=Platform(
                os=fields.text("os") or "linux",
                architecture=fields.text("architecture") or "unknown",
                variant=fields.text("variant") or "",
            ),
            diff_ids=_diff_ids(fields),
            history=tuple(_history(fields)),
            created=fields.text("created") or "",
            user=run.text("User") or "",
            env=tuple(run.texts("Env") or ()),
            entrypoint=_command(run, "Entrypoint"),
            cmd=_command(run, "Cmd"),
            working_dir=run.text("WorkingDir") or "",
            exposed_ports=tuple(run.names("ExposedPorts")),
            volumes=tuple(run.names("Volumes")),
            labels=run.text_map("Labels"),
            healthcheck=_healthcheck(run),
            stop_signal=run.text("StopSignal") or "",
            shell=tuple(run.texts("Shell") or ()),
            raw=raw,
            document=fields.document,
        )

    @property
    def environment(self) -> dict[str, str]:
        """ENV as a mapping; the last of equal names wins, as in the runtime."""
        return {name: value for name, _, value in (item.partition("=") for item in self.env)}

    def edited(
        self, *, top: Mapping[str, Json] | None = None, run: Mapping[str, Json] | None = None
    ) -> "ImageConfig":
        """The same config with some fields replaced at the top level or under `config`."""
        document = copy.deepcopy(self.document)
        document.update(top or {})
        if run:
            document["config"] = {**(document.get("config") or {}), **run}
        return ImageConfig.parse(dump_json(document), "edited config", NO_LIMITS)

    def layer_history(self, layers: int) -> tuple[HistoryEntry | None, ...]:
        """For each of `layers` layers, base first, the history entry that made it, if any is told.

        History is optional and may name more or fewer layers than there are: it tells where
        layers came from, and decides nothing.
        """
        entries: list[HistoryEntry | None] = [e for e in self.history if not e.empty_layer]
        return tuple((entries + [None] * layers)[:layers])


def _diff_ids(fields: Fields) -> tuple[Digest, ...]:
    rootfs = fields.required_child("rootfs")
    rootfs.refuse_other_case(("type", "diff_ids"))
    kind = rootfs.required_text("type")
    if kind != "layers":
        raise FormatError(f"rootfs.type is {kind[:80]!r}, not 'layers'", where=fields.where)
    return tuple(Digest(text) for text in rootfs.texts("diff_ids") or ())


def _history(fields: Fields) -> list[HistoryEntry]:
    entries = (
        Fields(item, f"{fields.where}.history[{number}]")
        for number, item in enumerate(fields.items("history"))
    )
    return [
        HistoryEntry(
            created=entry.text("created") or "",
            created_by=entry.text("created_by") or "",
            comment=entry.text("comment") or "",
            empty_layer=entry.boolean("empty_layer"),
        )
        for entry in entries
    ]


def _command(run: Fields, name: str) -> tuple[str, ...]:
    # Very old builders wrote the shell form as one string.
    if isinstance(run.document.get(name), str):
        return ("/bin/sh", "-c", run.required_text(name))
    return tuple(run.texts(name) or ())


def _healthcheck(run: Fields) -> Healthcheck | None:
    fields = run.child("Healthcheck")
    test = tuple(fields.texts("Test") or ()) if fields else ()
    return Healthcheck(test) if test else None
