"""The ledger (JSON lines: each removed path and why) and the plan as a document."""

from collections.abc import Iterator

from slimmer.build.plan import PLAN_VERSION, Kept, Plan, Removal, Written
from slimmer.detect.interface import Subject
from slimmer.oci.strict_json import Json, dump_json


def ledger_lines(plan: Plan, subject: Subject) -> Iterator[bytes]:
    """One JSON object a line, in the order of layers and paths, newline included."""
    for removal in plan.removals:
        yield dump_json(removal_json(removal, subject)) + b"\n"


def removal_json(removal: Removal, subject: Subject) -> dict[str, Json]:
    layer = subject.layer(removal.layer)
    record: dict[str, Json] = {
        "path": _path(removal.path),
        "kind": removal.kind,
        "size": removal.size,
        "layer": {"number": removal.layer, "digest": str(layer.descriptor.digest)},
        "rule": removal.rule,
        "reason": removal.reason,
    }
    if removal.package:
        record["package"] = removal.package
    return record


def plan_json(plan: Plan, subject: Subject) -> dict[str, Json]:
    """The whole plan; `image.digest` says which image it was made for."""
    image = subject.image
    return {
        "schema_version": PLAN_VERSION,
        "image": {
            "reference": image.location.reference,
            "digest": str(image.digest) if image.digest else None,
            "config_digest": str(image.config.digest),
        },
        "profile": plan.profile,
        "user": {
            "user": plan.user.text,
            "uid": plan.user.uid,
            "gid": plan.user.gid,
            "changed": plan.user.changed,
            "reason": plan.user.reason,
        },
        "warnings": list(plan.warnings),
        "kept": [_kept_json(kept) for kept in plan.kept],
        "written": [_written_json(item) for item in plan.written],
        "removed_bytes": plan.removed_bytes,
        "removed": [removal_json(removal, subject) for removal in plan.removals],
    }


def _kept_json(kept: Kept) -> dict[str, Json]:
    return {"what": _text(kept.path), "rule": kept.rule, "reason": _text(kept.reason)}


def _written_json(item: Written) -> dict[str, Json]:
    return {"path": _path(item.path), "size": len(item.content), "reason": item.reason}


def _path(path: str) -> str:
    return "/" + _text(path)


def _text(text: str) -> str:
    """Bytes that are not UTF-8 become `\\xNN`: JSON has no place for them."""
    data = text.encode("utf-8", "surrogateescape")
    return data.decode("utf-8", "backslashreplace")
