"""Profiles `package` and `file`: what nothing reaches goes, and everything that stays has a reason.

After the keep set comes the deny pass: rules for documentation and caches, tools nobody starts,
credentials; then the user's own patterns, links and folders.
"""

from collections.abc import Iterator
from functools import cached_property, partial

from slimmer.build.decisions import (
    Decision,
    Decisions,
    drop_emptied_folders,
    spare_needed_folders,
)
from slimmer.build.globs import compile_globs
from slimmer.build.options import PACKAGE, BuildOptions
from slimmer.build.papers import drop_lonely_papers
from slimmer.build.plan import RULE_TOOL, RULE_UNREACHED, RULE_USER, Kept
from slimmer.build.rules import PathRule, load_rules
from slimmer.build.settle import drop_secrets, settle, spare_unwritable_records
from slimmer.build.source import read_node
from slimmer.build.told import told
from slimmer.detect.inspection import Inspection
from slimmer.errors import UsageError
from slimmer.filesystem.tree import Node
from slimmer.oci.config import ImageConfig
from slimmer.packages.interface import Package
from slimmer.reach.edge import Confidence, Edge, Kind, Need, Role
from slimmer.reach.find import find_reached
from slimmer.reach.graph import Graph
from slimmer.reach.payload import SYSTEM_TYPES
from slimmer.reach.roots import user_roots
from slimmer.reach.world import World

_SHELL = "/bin/sh"
_TOOLS = frozenset({"shell", "package-manager", "compiler"})
# Folders that programs fill: emptied, they are still where something is looked for or written.
_FILLED = ("var/", "run/", "srv/", "home/", "root/", "opt/", "tmp/", "etc/")
_LEAST = Confidence.MEDIUM
# Roots that start programs.
_STARTING = ("ENTRYPOINT", "CMD", "HEALTHCHECK")


def find_graph(
    inspection: Inspection, options: BuildOptions, config: ImageConfig | None = None
) -> Graph:
    """Everything the image's container can need, by the profile of the options; `config` is what
    the output starts, where that is not what the image does."""
    subject = inspection.subject
    read = partial(read_node, inspection)
    config = config or subject.image.config
    world = World(subject.filesystem, subject.packages, config, read)
    return find_reached(
        world,
        whole_packages=options.profile == PACKAGE,
        roots=_wanted(inspection, options, world),
        least=_LEAST,
    )


def _wanted(
    inspection: Inspection, options: BuildOptions, world: World
) -> Iterator[tuple[str, Need]]:
    """What the user keeps, as roots: so that it works, and not only lies there."""
    keep = compile_globs(options.keep)
    paths = (node.path for node in world.filesystem.walk() if keep.fullmatch(node.path))
    yield from user_roots(world, paths)
    for package in inspection.subject.packages.all:
        if package.name in options.keep_package:
            yield from user_roots(world, package.files, f"--keep-package {package.name}")
    if options.keep_shell:
        yield "--keep-shell", Need(_SHELL, Kind.EXEC, "--keep-shell")


def select_reached(inspection: Inspection, options: BuildOptions, graph: Graph) -> Decisions:
    """Decide for every path of the image by what is reached."""
    return _Selection(inspection, options, graph).run()


def _is_start(edge: Edge) -> bool:
    """Whether an edge is of a program that is started, or of a link on the way to it. What lies
    in the payload is a root as well, and starts nothing."""
    if edge.kind is not Kind.ROOT:
        return edge.kind is Kind.EXEC
    is_asked = edge.source in _STARTING or edge.source.startswith("--keep")
    return edge.role is Role.RUN or (edge.role is Role.READ and is_asked)


class _Selection:
    def __init__(self, inspection: Inspection, options: BuildOptions, graph: Graph) -> None:
        self._inspection = inspection
        self._options = options
        self._graph = graph
        self._filesystem = inspection.subject.filesystem
        self._packages = inspection.subject.packages
        self._decisions = Decisions()
        self._loaded: dict[Package, bool] = {}

    def run(self) -> Decisions:
        self._drop_unreached()
        self._refuse_to_guess()
        self._apply_rules()
        self._deny_tools()
        drop_secrets(self._inspection, self._decisions)
        self._apply_user_patterns()
        settle(self._inspection, self._options, self._decisions)
        drop_lonely_papers(self._filesystem, self._packages, self._graph, self._decisions)
        drop_emptied_folders(self._filesystem, self._decisions)
        spare_unwritable_records(self._packages, self._decisions)
        spare_needed_folders(self._filesystem, self._decisions)
        self._say_tools_that_stay()
        return self._decisions

    def _drop_unreached(self) -> None:
        for node in self._filesystem.walk():
            if not node.is_directory and node.path not in self._graph:
                owner = self._packages.owner(node.path)
                self._decisions.drop(node.path, self._unreached(node, owner))

    def _refuse_to_guess(self) -> None:
        """Where nothing is started, nothing is known of what the packages are for."""
        is_started = any(Role.RUN in roles for roles in self._graph.reached.values())
        if is_started or not any(decision.package for decision in self._decisions.by_path.values()):
            return
        raise UsageError(
            "what this image runs is not known: its ENTRYPOINT and CMD name no program in it",
            hint="name it with --keep PATH, or take --profile safe",
        )

    def _unreached(self, node: Node, owner: Package | None) -> Decision:
        weak = self._graph.weak.get(node.path)
        reason = "nothing that the container starts needs it"
        if weak is not None:
            reason = f"needed only if a weak hint is right: /{weak.source}: {weak.detail}"
        name = owner.name if owner is not None else ""
        return Decision(RULE_UNREACHED, reason, name, node.path.startswith(_FILLED))

    # --- the deny pass --------------------------------------------------------------------------

    def _apply_rules(self) -> None:
        """Path rules take what only lies there: a file somebody reads or runs has its reason."""
        rules = [rule for rule in load_rules().paths if self._holds(rule)]
        for node in self._filesystem.walk():
            if node.is_directory or node.path in self._decisions:
                continue
            if not self._only_lies_there(node.path):
                continue
            owner = self._packages.owner(node.path)
            for rule in rules:
                if not rule.covers(node.path) or not rule.holds_for(self._filesystem, node):
                    continue
                if rule.not_of_spared and owner is not None and self._is_loaded(owner):
                    continue
                name = owner.name if owner else ""
                decision = Decision(rule.id, rule.reason, name, rule.empties_stay)
                self._decisions.drop(node.path, decision)
                break

    def _is_loaded(self, package: Package) -> bool:
        """Whether a language's package is in use, by whatever name it is called: it stays whole."""
        if package.type in SYSTEM_TYPES:
            return False
        if package not in self._loaded:
            nodes = map(self._filesystem.get, package.files)
            self._loaded[package] = any(node and self._is_used(node) for node in nodes)
        return self._loaded[package]

    def _holds(self, rule: PathRule) -> bool:
        """Whether what the rule is about is itself not in use."""
        if rule.unless & self._started_names or rule.unless_started & self._started_names:
            return False
        present = {(package.type, package.name) for package in self._packages.all}
        if rule.unless_package & present:
            return False
        return not rule.with_package or not any(
            self._graph.started(path) is not None
            for package in self._packages.all
            if package.name == rule.with_package
            for path in package.files
        )

    @cached_property
    def _started_names(self) -> frozenset[str]:
        """The names of all programs that are started, those of links to them as well."""
        return frozenset(
            edge.target.rpartition("/")[2] for edge in self._graph.edges() if _is_start(edge)
        )

    def _only_lies_there(self, path: str) -> bool:
        roles = self._graph.reached.get(path, {})
        return all(role is Role.KEEP for role in roles)

    def _deny_tools(self) -> None:
        """Shells, package managers and compilers that nothing starts, whoever owns them."""
        for path, title in self._tools():
            node = self._filesystem.get(path)
            if node is None or node.is_directory or self._is_used(node):
                continue
            for name in (path, *(other.path for other in node.inode.names)):
                if name not in self._decisions:
                    reason = f"{title}, which nothing starts"
                    self._decisions.drop(name, Decision(RULE_TOOL, reason))

    def _tools(self) -> Iterator[tuple[str, str]]:
        for finding in self._inspection.findings:
            if finding.category in _TOOLS and finding.path and finding.in_final_filesystem:
                yield finding.path.lstrip("/"), finding.message

    def _is_used(self, node: Node) -> bool:
        names = [node.path, *(other.path for other in node.inode.names)]
        return any(
            role >= Role.CODE for name in names for role in self._graph.reached.get(name, {})
        )

    def _say_tools_that_stay(self) -> None:
        """With the chain, for whoever reviews the image."""
        for path, _ in self._tools():
            node = self._filesystem.get(path)
            if node is None or node.is_directory or path in self._decisions:
                continue
            if path in self._graph:
                reason = told(self._filesystem, self._graph, path)
                self._decisions.kept.append(Kept(f"/{path}", RULE_TOOL, reason))

    def _apply_user_patterns(self) -> None:
        drop = compile_globs(self._options.drop)
        keep = compile_globs(self._options.keep)
        going = {
            path
            for package in self._packages.all
            if package.name in self._options.drop_package
            for path in package.files
        }
        for node in self._filesystem.walk():
            if keep.fullmatch(node.path):
                self._decisions.spare(node.path, "--keep")
            elif node.path in going:
                owner = self._packages.owner(node.path)
                name = owner.name if owner else ""
                reason = "asked for with --drop-package"
                self._decisions.by_path[node.path] = Decision(RULE_USER, reason, name)
            elif drop.fullmatch(node.path):
                self._decisions.by_path[node.path] = Decision(RULE_USER, "asked for with --drop")
