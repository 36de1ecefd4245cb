"""The ledger (JSON lines: each removed path and why) and the plan as a document."""

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import asdict

from slimmer.build.options import BuildOptions
from slimmer.build.plan import PLAN_VERSION, Folder, Kept, Plan, Removal, Written
from slimmer.detect.interface import Subject
from slimmer.oci.strict_json import Json, dump_json


def ledger_lines(plan: Plan, subject: Subject) -> Iterator[bytes]:
    """One JSON object a line, in the order of layers and paths, newline included."""
    for removal in plan.removals:
        yield dump_json(removal_json(removal, subject)) + b"\n"


def removal_json(removal: Removal, subject: Subject) -> dict[str, Json]:
    """`entry` is the number of the layer's entry, from 0; -1 for a folder that none names."""
    layer = subject.layer(removal.layer)
    record: dict[str, Json] = {
        **_path_fields(removal.path),
        "kind": removal.kind,
        "size": removal.size,
        "layer": {"number": removal.layer, "digest": str(layer.descriptor.digest)},
        "entry": removal.number,
        "rule": removal.rule,
        "reason": shown_text(removal.reason),
    }
    if removal.package:
        record["package"] = shown_text(removal.package)
    return record


def plan_json(plan: Plan, subject: Subject, options: BuildOptions | None = None) -> dict[str, Json]:
    """The whole plan; `image` says which one it was made for. With `options`, `--from-plan` can
    replay it: `plan_file` says how."""
    image = subject.image
    return {
        "schema_version": PLAN_VERSION,
        "image": {
            "reference": image.location.reference,
            "digest": str(image.digest) if image.digest else None,
            "config_digest": str(image.config.digest),
        },
        "profile": plan.profile,
        "options": _options_json(options) if options is not None else None,
        "user": {
            "user": shown_text(plan.user.text),
            "uid": plan.user.uid,
            "gid": plan.user.gid,
            "changed": plan.user.changed,
            "reason": shown_text(plan.user.reason),
        },
        "config": _config_changes(plan, subject),
        "writable": [_shown(asdict(item)) for item in plan.writable],
        "grants": [_shown(asdict(item)) for item in plan.grants],
        "modes": [_shown(asdict(item)) for item in plan.modes],
        "warnings": [shown_text(warning) for warning in plan.warnings],
        "kept": [_kept_json(kept) for kept in plan.kept],
        "written": [_written_json(item) for item in plan.written],
        "folders": [_folder_json(folder) for folder in plan.folders],
        "removed_bytes": plan.removed_bytes,
        "removed": [removal_json(removal, subject) for removal in plan.removals],
    }


def _shown(record: dict[str, Json]) -> dict[str, Json]:
    return {key: shown_text(v) if isinstance(v, str) else v for key, v in record.items()}


def _options_json(options: BuildOptions) -> dict[str, Json]:
    def clean(value: Json) -> Json:
        if isinstance(value, tuple):
            return [shown_text(item) for item in value]
        return shown_text(value) if isinstance(value, str) else value

    return {name: clean(value) for name, value in asdict(options).items()}


def _config_changes(plan: Plan, subject: Subject) -> dict[str, Json]:
    """The fields of the run config that are new; USER is told by `user`."""
    before = subject.image.config.document.get("config") or {}
    after = plan.config.document.get("config") or {}
    return {
        name: value
        for name, value in after.items()
        if name != "User" and (name not in before or before[name] != value)
    }


def _kept_json(kept: Kept) -> dict[str, Json]:
    return {
        "what": shown_text(kept.path),
        "rule": kept.rule,
        "reason": shown_text(kept.reason),
    }


def _written_json(item: Written) -> dict[str, Json]:
    return {
        **_path_fields(item.path),
        "size": len(item.content),
        "sha256": hashlib.sha256(item.content).hexdigest(),
        "reason": shown_text(item.reason),
    }


def _folder_json(folder: Folder) -> dict[str, Json]:
    mode = f"{folder.mode:04o}"
    return {**_path_fields(folder.path), "mode": mode, "uid": folder.uid, "gid": folder.gid}


def _path_fields(path: str) -> dict[str, Json]:
    """`path`, and its bytes where they are not UTF-8 and so cannot be told by JSON's text."""
    fields: dict[str, Json] = {"path": "/" + shown_text(path)}
    data = path.encode("utf-8", "surrogateescape")
    if path != data.decode("utf-8", "replace"):
        fields["path_base64"] = base64.b64encode(data).decode()
    return fields


def shown_text(text: str) -> str:
    """Bytes that are not UTF-8 become `\\xNN`: JSON has no place for them."""
    data = text.encode("utf-8", "surrogateescape")
    return data.decode("utf-8", "backslashreplace")
