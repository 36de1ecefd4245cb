"""What every profile does after its own choice: credentials, links, folders, package records."""

from slimmer.build.decisions import Decision, Decisions, drop_emptied_folders
from slimmer.build.globs import compile_globs
from slimmer.build.links import settle_links
from slimmer.build.options import BuildOptions
from slimmer.build.plan import RULE_SECRET
from slimmer.build.remains import has_rpm
from slimmer.detect.inspection import Inspection
from slimmer.detect.interface import Severity
from slimmer.packages.interface import Packages

_MAX_ROUNDS = 20
_UNWRITABLE = frozenset({"Packages", "Packages.db"})


def drop_secrets(inspection: Inspection, decisions: Decisions) -> None:
    """Files that are nothing but a credential. A token inside a program's own file stays and
    is warned of: removing the file would break the program."""
    filesystem = inspection.subject.filesystem
    for finding in inspection.findings:
        if finding.category != "secret" or finding.severity < Severity.MEDIUM:
            continue
        node = filesystem.get(finding.path.lstrip("/")) if finding.path else None
        if node is None or not finding.in_final_filesystem or node.facts.secrets is None:
            continue
        if any(match.whole_file for match in node.facts.secrets.matches):
            reason = f"{finding.message}; give it to the container at run time"
            decisions.drop(node.path, Decision(RULE_SECRET, reason, empties_stay=True))


def settle(inspection: Inspection, options: BuildOptions, decisions: Decisions) -> None:
    """Links and folders decide about each other; a few rounds are enough."""
    filesystem = inspection.subject.filesystem
    wanted = compile_globs(options.keep)
    for _ in range(_MAX_ROUNDS):
        before = len(decisions.by_path)
        settle_links(filesystem, decisions, wanted)
        drop_emptied_folders(filesystem, decisions)
        if len(decisions.by_path) == before:
            break


def spare_unwritable_records(packages: Packages, decisions: Decisions) -> None:
    """Where rpm stays, so does the database it reads: in a format that is not written anew, each
    package that is listed keeps something."""
    if not has_rpm(packages, decisions):
        return
    for package in packages.all:
        if not package.files or package.database.rpartition("/")[2] not in _UNWRITABLE:
            continue
        if all(path in decisions for path in package.files):
            for path in package.files:
                decisions.spare(path, f"all of package {package.name}, which is listed")
