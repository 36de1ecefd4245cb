"""From an inspection to a plan."""

from collections.abc import Iterator
from functools import partial

from slimmer.build.access import access_warnings
from slimmer.build.accounts import account_files
from slimmer.build.decisions import Decisions
from slimmer.build.documents import cleaned_config
from slimmer.build.globs import compile_globs
from slimmer.build.options import BuildOptions
from slimmer.build.package_db import rewrite_databases
from slimmer.build.plan import RULE_HIDDEN, RULE_SECRET, Plan, Removal, Written
from slimmer.build.redact import redactor
from slimmer.build.select import read_node, select
from slimmer.build.user import Accounts, choose_user
from slimmer.detect.inspection import Inspection
from slimmer.detect.interface import Subject
from slimmer.filesystem.tree import Filesystem, Inode, Node
from slimmer.formats.tar import Kind
from slimmer.oci.strict_json import Json


def make_plan(inspection: Inspection, options: BuildOptions) -> tuple[Plan, Decisions]:
    """Decide everything a rebuild does. Reads scripts and application sources, writes nothing.

    Raises `UsageError` for patterns and users that cannot be understood.
    """
    subject = inspection.subject
    filesystem, config = subject.filesystem, subject.image.config
    decisions, startup = select(inspection, options)
    accounts = Accounts.of(filesystem, partial(read_node, inspection))
    user = choose_user(options.user, filesystem, config, startup, accounts)
    written: list[Written] = rewrite_databases(filesystem, subject.packages, decisions)
    account_written, folders = account_files(filesystem, accounts, user)
    run: dict[str, Json] = {"User": user.text} if user.changed else {}
    cleaned = cleaned_config(config, run, redactor(subject.scanner))
    warnings = [*_idle_patterns(filesystem, options), *_secret_warnings(inspection, decisions)]
    if user.uid == 0 and options.user == "auto":
        warnings.append(f"the container still runs as root: {user.reason}; --user changes that")
    if user.changed:
        warnings += access_warnings(subject, startup, user, frozenset(decisions.by_path))
    plan = Plan(
        profile=options.profile,
        removals=tuple(sorted(_removals(subject, decisions), key=lambda r: (r.layer, r.path))),
        kept=tuple(decisions.kept),
        written=(*written, *(item for item in account_written if item.path not in decisions)),
        folders=tuple(folders),
        user=user,
        warnings=tuple(dict.fromkeys(warnings)),
        config=cleaned,
    )
    return plan, decisions


def _removals(subject: Subject, decisions: Decisions) -> Iterator[Removal]:
    """One for each entry that goes, and for each folder that no entry makes."""
    filesystem = subject.filesystem
    surviving = _surviving_inodes(filesystem, decisions)

    def removal(
        path: str, layer: int, number: int, rule: str, reason: str, package: str = ""
    ) -> Removal:
        entry = subject.indexes[layer].entries[number] if number >= 0 else None
        kind = entry.kind if entry is not None else Kind.DIRECTORY
        goes = entry is not None and kind is Kind.FILE and (layer, number) not in surviving
        size = entry.size if entry is not None and goes else 0
        return Removal(path, size, layer, number, rule, reason, package, str(kind))

    for hidden in filesystem.hidden:
        reason = f"layer {hidden.by_layer} removes or replaces it"
        yield removal(hidden.path, hidden.layer, hidden.number, RULE_HIDDEN, reason)
    for path, decision in decisions.by_path.items():
        node = filesystem.get(path)
        if node is None:
            continue
        why = decision.rule, decision.reason, decision.package
        yield removal(path, node.layer, node.number, *why)
        for inode in node.earlier or ():
            yield removal(path, inode.layer, inode.number, *why)


def _surviving_inodes(filesystem: Filesystem, decisions: Decisions) -> set[tuple[int, int]]:
    """Entries whose bytes some kept name still shows; only files with several names matter."""

    def key(inode: Inode) -> tuple[int, int]:
        return inode.layer, inode.number

    def shared(node: Node) -> bool:
        return len(node.inode.names) > 1 or (node.layer, node.number) != key(node.inode)

    return {
        key(node.inode)
        for node in filesystem.files()
        if shared(node) and node.path not in decisions
    }


def _idle_patterns(filesystem: Filesystem, options: BuildOptions) -> Iterator[str]:
    """A pattern that covers nothing is misspelt, and what it should have kept is at risk."""
    for option, patterns in (("--keep", options.keep), ("--drop", options.drop)):
        for pattern in patterns:
            covers = compile_globs([pattern]).fullmatch
            if not any(covers(node.path) for node in filesystem.walk()):
                yield f"{option} {pattern} covers nothing in this image"


def _secret_warnings(inspection: Inspection, decisions: Decisions) -> Iterator[str]:
    """One line for each credential file that goes: somebody has to give it at run time."""
    for finding in inspection.findings:
        path = (finding.path or "").lstrip("/")
        decision = decisions.by_path.get(path)
        if finding.in_final_filesystem and decision is not None and decision.rule == RULE_SECRET:
            yield (
                f"/{path} is removed because it holds a secret: "
                "give it to the container at run time"
            )
