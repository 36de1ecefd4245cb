"""`slim why` for programs, described by `schema/why-1.json`."""

from collections.abc import Sequence

from slimmer.build.decisions import Decision
from slimmer.build.plan import Plan
from slimmer.detect.interface import Subject
from slimmer.filesystem.tree import Filesystem, Hidden
from slimmer.reach.chain import is_root_edge
from slimmer.reach.edge import Edge
from slimmer.report.document import Document, container_path, path_fields, text_of
from slimmer.report.redact import Redactor
from slimmer.report.why import Answer, FileAnswer, HiddenAnswer, NoAnswer
from slimmer.report.why_folder import FolderAnswer, Share

SCHEMA_VERSION = "1.0"


def why_document(
    subject: Subject,
    plan: Plan,
    answers: Sequence[Answer],
    absent: Sequence[NoAnswer],
    redactor: Redactor,
) -> Document:
    """Every answer with all its reasons, and the paths that are not there."""
    image = subject.image
    return {
        "schema_version": SCHEMA_VERSION,
        "reference": text_of(image.location.reference),
        "digest": str(image.digest) if image.digest else None,
        "profile": plan.profile,
        "answers": [_answer(answer, redactor, subject.filesystem) for answer in answers],
        "absent": [
            {**path_fields(item.path), "near": [text_of(container_path(p)) for p in item.near]}
            for item in absent
        ],
    }


def _answer(answer: Answer, redactor: Redactor, filesystem: Filesystem) -> Document:
    fields = path_fields(container_path(answer.path))
    match answer:
        case HiddenAnswer():
            return {**fields, "state": "hidden", "hidden": [_hidden(h) for h in answer.hidden]}
        case FolderAnswer():
            return {
                **fields,
                "state": _state(answer.decision),
                "kind": "directory",
                "decision": _decision(answer.decision),
                "kept": [_share(share, redactor) for share in answer.kept],
                "gone": [_share(share, redactor) for share in answer.gone],
            }
        case FileAnswer():
            return {**fields, **_file(answer, redactor, filesystem)}


def _file(answer: FileAnswer, redactor: Redactor, filesystem: Filesystem) -> Document:
    node = answer.node
    return {
        "state": _state(answer.decision),
        "kind": str(node.kind),
        "size": node.size,
        "layer": node.layer,
        "link": text_of(node.inode.link) if node.is_symlink else None,
        "package": text_of(answer.package.purl) if answer.package else None,
        "decision": _decision(answer.decision),
        "chain": [_edge(edge, redactor, filesystem) for edge in answer.chain],
        "others": [_edge(edge, redactor, filesystem) for edge in answer.others],
        "near": [_edge(edge, redactor, filesystem) for edge in answer.near],
        "notes": [text_of(note) for note in answer.notes],
        "hidden": [_hidden(hidden) for hidden in answer.hidden],
    }


def _state(decision: Decision | None) -> str:
    return "kept" if decision is None else "goes"


def _decision(decision: Decision | None) -> Document | None:
    if decision is None:
        return None
    return {"rule": decision.rule, "reason": text_of(decision.reason)}


def _edge(edge: Edge, redactor: Redactor, filesystem: Filesystem) -> Document:
    is_root = is_root_edge(filesystem, edge)
    return {
        "source": text_of(edge.source if is_root else container_path(edge.source)),
        "target": text_of(container_path(edge.target)),
        "kind": str(edge.kind),
        "detail": redactor.history(edge.detail),
        "confidence": edge.confidence.label,
        "role": edge.role.name.lower(),
    }


def _share(share: Share, redactor: Redactor) -> Document:
    return {
        "reason": redactor.history(share.reason),
        "files": share.files,
        "bytes": share.bytes,
    }


def _hidden(hidden: Hidden) -> Document:
    return {"layer": hidden.layer, "by_layer": hidden.by_layer, "size": hidden.entry.size}
