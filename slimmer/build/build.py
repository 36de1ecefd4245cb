"""`slim build` as a function: inspect, plan, rebuild, send, compare."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from slimmer.build.after import foresee
from slimmer.build.layers import edit_layers
from slimmer.build.options import BuildOptions
from slimmer.build.plan import Plan
from slimmer.build.plan_file import SavedPlan
from slimmer.build.planning import make_plan
from slimmer.build.rebuild import NewImage, Rebuild, send, to_oci
from slimmer.detect.inspection import Inspection
from slimmer.detect.interface import Finding, Severity, Subject
from slimmer.reach.graph import Graph
from slimmer.store.interface import Location, Progress, Sink, no_progress


@dataclass(frozen=True)
class Outcome:
    """Both sides of a build. `image` and `location` are None for a dry run; `location` alone is
    for an image that a gate held back."""

    before: Subject
    findings_before: tuple[Finding, ...]
    after: Subject
    findings_after: tuple[Finding, ...]
    plan: Plan
    image: NewImage | None = None
    location: Location | None = None
    graph: Graph | None = None


Gate = Callable[[Outcome], bool]
"""Whether the image may be sent."""


class Build:
    """One build of an inspected image. The inspection must keep the layers' bytes.

    `graph` says why each file stays; None where the profile has none, or a saved plan is replayed.
    """

    def __init__(
        self, inspection: Inspection, options: BuildOptions, saved: SavedPlan | None = None
    ) -> None:
        self._inspection = inspection
        self._options = options
        planned = make_plan(inspection, options, saved)
        plan, self._decisions, self.graph = planned.plan, planned.decisions, planned.graph
        self._edits = edit_layers(
            inspection.subject.filesystem,
            inspection.subject.indexes,
            self._decisions,
            plan,
            inspection.reader,
            options.joined_from,
        )
        after, findings = self._foresee(plan)
        warnings = (*_secrets_that_stay(findings), *plan.warnings)
        self.plan = replace(plan, warnings=tuple(dict.fromkeys(warnings)))
        self._after, self._findings_after = after, findings

    @property
    def outcome(self) -> Outcome:
        """What would come of it; nothing is written."""
        return Outcome(
            self._inspection.subject,
            self._inspection.findings,
            self._after,
            self._findings_after,
            self.plan,
            graph=self.graph,
        )

    def _foresee(self, plan: Plan) -> tuple[Subject, tuple[Finding, ...]]:
        return foresee(
            self._inspection.subject,
            plan,
            self._edits,
            joined_from=self._options.joined_from,
            limits=self._inspection.reader.limits,
        )

    def write(
        self,
        sink: Sink,
        work_dir: Path,
        *,
        oci: bool,
        progress: Progress = no_progress,
        gate: Gate = lambda _: True,
    ) -> Outcome:
        """Make the image and put it into the sink. `oci`: the sink holds OCI media types only.

        `gate` sees the outcome before anything is sent. Where it says no, nothing is, and the
        outcome has no location.
        """
        rebuild = Rebuild(
            self._inspection,
            self.plan,
            self._decisions,
            self._edits,
            self._options,
            work_dir,
            progress,
        )
        image = rebuild.run()
        if oci:
            image = image.with_manifest(to_oci(image.manifest))
        outcome = replace(self.outcome, image=image)
        if not gate(outcome):
            return outcome
        return replace(outcome, location=send(image, self._inspection.source, sink))


def _secrets_that_stay(findings: tuple[Finding, ...]) -> Iterator[str]:
    for finding in findings:
        if finding.category == "secret" and finding.severity >= Severity.MEDIUM:
            where = f"/{finding.path.lstrip('/')}" if finding.path else "the config"
            yield f"a secret stays in {where}: {finding.message}"
