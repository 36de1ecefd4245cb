"""What a build did, for people: before and after, what went, what stayed and why, what to mind."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from slimmer.build.build import Outcome
from slimmer.build.grants import grant_lines
from slimmer.build.plan import RULE_DANGLING, RULE_UNREACHED, Plan, Removal
from slimmer.build.writable import writable_lines
from slimmer.policy.policy import Verdict
from slimmer.report.before_after import before_after_lines
from slimmer.report.comparison_text import comparison_lines
from slimmer.report.escape import escape, escape_name, shorten
from slimmer.report.largest import largest_kept
from slimmer.report.policy_text import policy_lines
from slimmer.report.sides import summaries
from slimmer.report.size import human_size
from slimmer.report.style import Style
from slimmer.report.summary import Summary
from slimmer.report.table import table

_SHOWN = 8
MOUNTS = "Written to: mount these where the root is read-only"
CHANGED = "Changed owners and modes"
# Rules whose reason names each file's own circumstances.
_ONE_REASON = {
    RULE_UNREACHED: "nothing that the container starts needs it",
    RULE_DANGLING: "links to what is removed",
}


def changed_lines(plan: Plan) -> list[str]:
    """A line for each folder that changes hands, and each file whose mode changes."""
    modes = (f"/{change.path}: {change.reason}" for change in plan.modes)
    return [*grant_lines(plan.grants), *modes]


def build_text(outcome: Outcome, style: Style, policy: Verdict | None = None) -> Iterator[str]:
    """The report of one build, line by line."""
    before, after = summaries(outcome)
    text = _Text(outcome, before, after, style)
    yield from text.header()
    yield ""
    yield from text.table()
    yield ""
    yield from comparison_lines(outcome, style)
    yield from text.removed()
    yield from text.largest()
    yield from text.kept()
    yield from text.rights()
    yield from text.warnings()
    yield ""
    if policy is not None:
        yield from policy_lines(policy, style)
        yield ""
    yield text.verdict()


class _Text:
    def __init__(self, outcome: Outcome, before: Summary, after: Summary, style: Style) -> None:
        self._outcome = outcome
        self._plan = outcome.plan
        self._before = before
        self._after = after
        self._style = style

    def header(self) -> Iterator[str]:
        outcome = self._outcome
        rows = [("from", outcome.before.image.location.reference)]
        if outcome.location is not None and outcome.image is not None:
            rows.append(("to", outcome.location.reference))
            rows.append(("digest", str(outcome.image.manifest.digest)))
        rows.append(("profile", self._plan.profile))
        user = self._plan.user
        rows.append(("user", f"{user.text or 'root'} ({user.reason})"))
        for name, value in rows:
            yield f"{self._style.dim(name.ljust(7))} {escape(value)}"

    def table(self) -> Iterator[str]:
        if self._outcome.image is not None:
            yield from before_after_lines(self._before, self._after, self._style)
            return
        files = self._before.files - self._after.files
        removed = human_size(self._plan.removed_bytes)
        yield f"dry run: {files:,} files with {removed} would go; nothing was written"

    def removed(self) -> Iterator[str]:
        groups: dict[str, list[Removal]] = defaultdict(list)
        for removal in self._plan.removals:
            groups[removal.rule].append(removal)
        if not groups:
            return
        yield ""
        rows = [("removed", "files", "bytes", "why")]
        order = sorted(groups.items(), key=lambda item: -sum(r.size for r in item[1]))
        for rule, removals in order:
            count = sum(removal.kind != "directory" for removal in removals)
            size = human_size(sum(removal.size for removal in removals))
            rows.append((rule, f"{count:,}", size, self._why(removals)))
        head, *lines = table(rows, "<>><", columns=self._style.width)
        yield self._style.dim(head)
        yield from lines

    def _why(self, removals: Sequence[Removal]) -> str:
        if removals[0].rule in _ONE_REASON:
            return _ONE_REASON[removals[0].rule]
        reasons = list(dict.fromkeys(removal.reason for removal in removals))
        if len(reasons) == 1:
            return escape(reasons[0])
        packages = sorted({r.package for r in removals if r.package})
        if packages:
            return escape("packages " + ", ".join(packages))
        return escape(f"{reasons[0]}, and others")

    def largest(self) -> Iterator[str]:
        things = largest_kept(self._outcome)
        if not things:
            return
        yield ""
        rows = [("largest that stays", "files", "bytes", "why")]
        for thing in things:
            name, reason = escape_name(thing.name), escape_name(thing.reason)
            rows.append((shorten(name, 32), f"{thing.files:,}", human_size(thing.size), reason))
        head, *lines = table(rows, "<>><", columns=self._style.width)
        yield self._style.dim(head)
        yield from lines

    def kept(self) -> Iterator[str]:
        # One line for each reason: a package has many files.
        lines = list(dict.fromkeys(f"{kept.path}: {kept.reason}" for kept in self._plan.kept))
        yield from self._list("Kept though a rule names it", lines)

    def rights(self) -> Iterator[str]:
        yield from self._list(MOUNTS, list(writable_lines(self._plan.writable)))
        yield from self._list(CHANGED, changed_lines(self._plan))

    def warnings(self) -> Iterator[str]:
        yield from self._list("Mind", list(self._plan.warnings))

    def _list(self, title: str, lines: Sequence[str]) -> Iterator[str]:
        if not lines:
            return
        yield ""
        yield self._style.bold(title)
        shown = lines if self._style.verbose or len(lines) <= _SHOWN + 1 else lines[:_SHOWN]
        for line in shown:
            yield f"  {shorten(escape_name(line), self._style.width - 2)}"
        if len(shown) < len(lines):
            more = f"and {len(lines) - len(shown)} more (--verbose shows all)"
            yield f"  {self._style.dim(more)}"

    def verdict(self) -> str:
        if self._outcome.image is None:
            return "Nothing was built."
        if self._outcome.location is None:
            return self._style.bad("Nothing was written: the policy is broken.")
        before, after = self._before.size, self._after.size
        if after >= before:
            return self._style.bad(f"Not smaller: {not_smaller(self._outcome)}")
        times = before / after if after else float("inf")
        share = 1 - after / before
        return self._style.good(
            f"{human_size(before)} -> {human_size(after)}: {share:.0%} less, {times:.1f}x smaller."
        )


def not_smaller(outcome: Outcome) -> str:
    """Why an output weighs as much as its input."""
    assert outcome.image is not None
    new = sum(layer.descriptor.size for layer in outcome.image.layers if layer.origin is None)
    added = f"a layer of {human_size(new)} is new: files of the user, of what is left, or squashed"
    if not outcome.plan.removals:
        found = "the rules of this profile found nothing to remove"
        return f"{found}, and {added}" if new else found
    gone = f"{human_size(outcome.plan.removed_bytes)} of files went"
    if outcome.image.size - new < outcome.before.image.size:
        return f"{gone}, but {added}"
    return (
        f"{gone}, but the layers had been compressed harder than "
        "slim does by default (--compression gzip:9 or zstd)"
    )
