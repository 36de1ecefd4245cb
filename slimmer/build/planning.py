"""From an inspection to a plan."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from slimmer.build.access import access_warnings
from slimmer.build.accounts import account_files
from slimmer.build.cautions import (
    idle_patterns,
    needed_all_the_same,
    removed_secrets,
    unknown_packages,
)
from slimmer.build.decisions import Decisions
from slimmer.build.documents import cleaned_config
from slimmer.build.exec_config import ExecForms, exec_forms, is_interactive
from slimmer.build.options import SAFE, BuildOptions
from slimmer.build.package_db import rewrite_databases
from slimmer.build.patterns import resolved
from slimmer.build.plan import RULE_HIDDEN, Plan, Removal
from slimmer.build.plan_file import SavedPlan, check_image, decisions_of, rights_of
from slimmer.build.reach_select import find_graph, select_reached
from slimmer.build.redact import redactor
from slimmer.build.rights import Rights, refused_lines, settle_rights
from slimmer.build.select import select
from slimmer.build.source import read_node
from slimmer.build.startup import Startup, trace_startup
from slimmer.build.user import Accounts
from slimmer.detect.inspection import Inspection
from slimmer.detect.interface import Subject
from slimmer.filesystem.tree import Filesystem, Inode, Node
from slimmer.formats.tar import Kind
from slimmer.oci.config import ImageConfig
from slimmer.reach.graph import Graph


@dataclass(frozen=True)
class Planned:
    """A plan, the decisions it came from, and the graph behind them where the profile has one.

    `evidence` is the graph whatever the profile: users and mounts come from it in all of them. A
    saved plan has neither.
    """

    plan: Plan
    decisions: Decisions
    graph: Graph | None
    evidence: Graph | None


def make_plan(
    inspection: Inspection, options: BuildOptions, saved: SavedPlan | None = None
) -> Planned:
    """Decide everything a rebuild does. Reads programs, scripts and sources, writes nothing.

    With a `saved` plan its decisions stand, and what follows from them is made anew. Raises
    `UsageError` for patterns and users that cannot be understood, `InputError` for a saved plan of
    another image.
    """
    return _Planner(inspection, options, saved).plan()


@dataclass(frozen=True)
class _Decided:
    decisions: Decisions
    rights: Rights
    evidence: Graph | None


class _Planner:
    def __init__(
        self, inspection: Inspection, options: BuildOptions, saved: SavedPlan | None
    ) -> None:
        self._inspection = inspection
        self._subject = inspection.subject
        self._options = resolved(options, inspection.subject.filesystem)
        self._saved = saved
        config = inspection.subject.image.config
        if saved is not None:
            check_image(saved, config)
        forms = ExecForms(run=saved.config) if saved else self._exec_forms(config)
        self._said = forms.said
        self._config = cleaned_config(config, forms.run, redactor(self._subject.scanner))
        self._read = partial(read_node, inspection)

    def _exec_forms(self, config: ImageConfig) -> ExecForms:
        if self._options.profile == SAFE or self._options.keep_shell:
            return ExecForms()
        return exec_forms(self._subject.filesystem, config)

    def plan(self) -> Planned:
        filesystem = self._subject.filesystem
        startup = trace_startup(filesystem, self._config, self._read)
        accounts = Accounts.of(filesystem, self._read)
        decided = self._decide(startup, accounts)
        decisions, rights, user = decided.decisions, decided.rights, decided.rights.user
        graph = None if self._options.profile == SAFE else decided.evidence
        written = rewrite_databases(filesystem, self._subject.packages, decisions)
        account_written, folders = account_files(filesystem, accounts, user)
        config = self._config.edited(run={"User": user.text}) if user.changed else self._config
        plan = Plan(
            profile=self._options.profile,
            removals=tuple(
                sorted(_removals(self._subject, decisions), key=lambda r: (r.layer, r.path))
            ),
            kept=tuple(decisions.kept),
            written=(*written, *(item for item in account_written if item.path not in decisions)),
            folders=tuple(folders),
            user=user,
            warnings=tuple(dict.fromkeys(self._warnings(startup, rights, decisions, graph))),
            config=config,
            writable=rights.writable,
            grants=rights.grants,
            modes=rights.modes,
        )
        return Planned(plan, decisions, graph, decided.evidence)

    def _decide(self, startup: Startup, accounts: Accounts) -> _Decided:
        saved, subject, options = self._saved, self._subject, self._options
        if saved is not None:
            rights = rights_of(saved, subject.image.config, accounts)
            return _Decided(decisions_of(saved, subject), rights, None)
        evidence = find_graph(self._inspection, options, self._config)
        if options.profile == SAFE:
            decisions = select(self._inspection, options, startup)
        else:
            decisions = select_reached(self._inspection, options, evidence)
        rights = settle_rights(
            options.user,
            subject.filesystem,
            self._config,
            startup,
            accounts,
            evidence,
            self._read,
            frozenset(decisions.by_path),
        )
        return _Decided(decisions, rights, evidence)

    def _warnings(
        self, startup: Startup, rights: Rights, decisions: Decisions, graph: Graph | None
    ) -> Iterator[str]:
        user = rights.user
        yield from self._said
        if graph is not None and is_interactive(self._config):
            yield (
                "the image starts a shell and nothing in it: what will be typed is not known, and "
                "programs that nothing names are gone; --profile safe leaves them"
            )
        if self._saved is None:
            yield from idle_patterns(self._subject.filesystem, self._options)
            yield from unknown_packages(self._subject.packages, self._options)
        if graph is not None:
            yield from needed_all_the_same(self._subject.filesystem, decisions, graph)
        yield from removed_secrets(self._inspection, decisions)
        if user.uid == 0 and self._options.user == "auto":
            yield f"the container still runs as root: {user.reason}; --user changes that"
        if user.changed:
            gone = frozenset(decisions.by_path)
            yield from access_warnings(self._subject, startup, user, gone, rights.granted, graph)
            yield from refused_lines(rights)


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
