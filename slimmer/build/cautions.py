"""What whoever asks for a build should mind: requests that do nothing, or that break something."""

from collections.abc import Iterator

from slimmer.build.decisions import Decisions
from slimmer.build.globs import compile_globs
from slimmer.build.options import BuildOptions
from slimmer.build.plan import RULE_SECRET, RULE_USER
from slimmer.build.told import told
from slimmer.detect.inspection import Inspection
from slimmer.filesystem.tree import Filesystem
from slimmer.packages.interface import Packages
from slimmer.reach.graph import Graph

_MOST_NEEDED = 5


def unknown_packages(packages: Packages, options: BuildOptions) -> Iterator[str]:
    """Names of packages that are none of this image's."""
    known = {package.name for package in packages.all}
    for option, names in (
        ("--keep-package", options.keep_package),
        ("--drop-package", options.drop_package),
    ):
        for name in names:
            if name not in known:
                yield f"{option} {name} names no package of this image"


def needed_all_the_same(
    filesystem: Filesystem, decisions: Decisions, graph: Graph
) -> Iterator[str]:
    """What the user takes away and the container starts: it will not work without."""
    taken = sorted(
        path
        for path, decision in decisions.by_path.items()
        if decision.rule == RULE_USER and graph.started(path) is not None
    )
    for path in taken[:_MOST_NEEDED]:
        yield f"/{path} goes as you asked, and is {told(filesystem, graph, path)}"
    if len(taken) > _MOST_NEEDED:
        more = len(taken) - _MOST_NEEDED
        yield f"{more} more programs go as you asked that the container starts"


def idle_patterns(filesystem: Filesystem, options: BuildOptions) -> Iterator[str]:
    """A pattern that covers nothing is misspelt, and what it should have kept is at risk."""
    for option, patterns in (("--keep", options.keep), ("--drop", options.drop)):
        for pattern in patterns:
            covers = compile_globs([pattern]).fullmatch
            if not any(covers(node.path) for node in filesystem.walk()):
                yield f"{option} {pattern} covers nothing in this image"


def removed_secrets(inspection: Inspection, decisions: Decisions) -> Iterator[str]:
    """One line for each credential file that goes: somebody has to give it at run time."""
    for finding in inspection.findings:
        path = (finding.path or "").lstrip("/")
        decision = decisions.by_path.get(path)
        if finding.in_final_filesystem and decision is not None and decision.rule == RULE_SECRET:
            yield (
                f"/{path} is removed because it holds a secret: "
                "give it to the container at run time"
            )
