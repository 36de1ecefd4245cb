"""What a build changed, in the words that reports share: before, after, and which way it went."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from slimmer.build.build import Outcome
from slimmer.detect.interface import Finding, Severity
from slimmer.report.document import container_path
from slimmer.report.escape import escape, escape_name
from slimmer.report.sides import summaries
from slimmer.report.size import human_size
from slimmer.report.summary import Summary
from slimmer.report.writable import writable_after, writable_before

_TOOLS = ("package-manager", "compiler", "network-tool", "debug-tool", "interpreter")
_NAMES_SHOWN = 8
NOT_BUILT = "not built"
NOT_SCANNED = "not scanned"


@dataclass(frozen=True)
class Change:
    """One line of the comparison; the texts are safe to show.

    `better` is None where neither side is. `identifier`: the values are digests or paths.
    """

    name: str
    before: str
    after: str
    change: str = ""
    better: bool | None = None
    identifier: bool = False


@dataclass(frozen=True)
class Comparison:
    """Both sides of a build. `before` and `after` are figures, lines are for people."""

    before: Summary
    after: Summary
    built: bool
    sizes: tuple[Change, ...]
    surface: tuple[Change, ...]
    severities: tuple[Change, ...]
    categories: tuple[Change, ...]
    origin: tuple[Change, ...]

    @property
    def verdict(self) -> str:
        """One sentence on size."""
        old, new = self.before.size, self.after.size
        if not self.built:
            return "A dry run: nothing was written"
        if new >= old:
            return f"Not smaller: {human_size(old)} before, {human_size(new)} after"
        return f"{human_size(old)} became {human_size(new)}, {1 - new / old:.0%} less"


def compare_outcome(outcome: Outcome) -> Comparison:
    """Count both sides once, then put them into words."""
    before, after = summaries(outcome)
    return Comparison(
        before=before,
        after=after,
        built=outcome.image is not None,
        sizes=tuple(_sizes(before, after, outcome.image is not None)),
        surface=tuple(_surface(outcome)),
        severities=tuple(_severities(before.findings, after.findings)),
        categories=tuple(_categories(before.findings, after.findings)),
        origin=tuple(_origin(outcome)),
    )


def _sizes(before: Summary, after: Summary, built: bool) -> Iterator[Change]:
    stored = (
        _size("To download", before.size, after.size),
        _size("Unpacked", before.uncompressed_size, after.uncompressed_size),
    )
    for change in stored:
        yield change if built else replace(change, after=NOT_BUILT, change="", better=None)
    yield _size("Wasted", before.wasted, after.wasted)
    if built:
        yield replace(_count("Layers", len(before.layers), len(after.layers)), better=None)
    yield _count("Files", before.files, after.files)
    yield _count("Packages", sum(before.packages.values()), sum(after.packages.values()))


def _surface(outcome: Outcome) -> Iterator[Change]:
    """What somebody who gets in finds there."""
    old, new = outcome.findings_before, outcome.findings_after
    was, now = (sum(f.category == "secret" for f in findings) for findings in (old, new))
    yield _count("Secrets", was, now)
    yield _users(outcome.before.image.config.user, outcome.after.image.config.user)
    yield _names("Shells", old, new, ("shell",))
    yield _names("Tools", old, new, _TOOLS)
    yield _names("Setuid and capabilities", old, new, ("setuid", "capabilities"))
    yield _names("Writable by everyone", old, new, ("permissions",), whole=True)
    yield _writable(writable_before(outcome), writable_after(outcome))
    yield Change("Vulnerabilities", NOT_SCANNED, NOT_SCANNED)


def _users(before: str, after: str) -> Change:
    was_root, is_root = (user.partition(":")[0] in ("", "0", "root") for user in (before, after))
    better = None if was_root == is_root else was_root
    change = "" if before == after else "changed"
    return Change("User", escape(before) or "root", escape(after) or "root", change, better)


def _writable(before: int | str, after: int | str) -> Change:
    """Paths that the user of each side may write. Root may write all of them."""
    name = "Writable by its user"
    if isinstance(before, int) and isinstance(after, int):
        return _count(name, before, after)
    was, now = (f"{side:,}" if isinstance(side, int) else side for side in (before, after))
    return Change(name, was, now, better=isinstance(after, int) if was != now else None)


def _severities(before: Sequence[Finding], after: Sequence[Finding]) -> Iterator[Change]:
    yield _count("Findings", len(before), len(after))
    for severity in reversed(Severity):
        counts = [sum(f.severity is severity for f in side) for side in (before, after)]
        if any(counts):
            yield _count(severity.label, *counts)


def _categories(before: Sequence[Finding], after: Sequence[Finding]) -> Iterator[Change]:
    # In the order of the reports: the worst that any of them has comes first.
    for category in dict.fromkeys(f.category for f in (*before, *after)):
        counts = [sum(f.category == category for f in side) for side in (before, after)]
        yield _count(escape(category), *counts)


def _origin(outcome: Outcome) -> Iterator[Change]:
    source = outcome.before.image
    output = outcome.image
    reference = outcome.location.reference if outcome.location else NOT_BUILT
    yield Change("Reference", escape(source.location.reference), escape(reference), identifier=True)
    yield Change(
        "Digest",
        str(source.digest or "none: a docker archive has no manifest"),
        str(output.manifest.digest) if output else NOT_BUILT,
        identifier=True,
    )


def _size(name: str, before: int, after: int) -> Change:
    change = human_size(after - before) if before != after else ""
    if after > before:
        change = f"+{change}"
    if before and before != after:
        percent = round((after - before) / before * 100)
        change += f" ({percent:+}%)" if percent and percent < 1000 else ""
    return Change(name, human_size(before), human_size(after), change, _better(before, after))


def _count(name: str, before: int, after: int) -> Change:
    change = f"{after - before:+,}" if before != after else ""
    return Change(name, f"{before:,}", f"{after:,}", change, _better(before, after))


def _better(before: int, after: int) -> bool | None:
    return None if before == after else after < before


def _names(
    title: str,
    before: Sequence[Finding],
    after: Sequence[Finding],
    categories: tuple[str, ...],
    *,
    whole: bool = False,
) -> Change:
    """What the findings of some categories are about, by name or by whole path."""
    old, new = (_subjects(side, categories, whole) for side in (before, after))
    counted = _count(title, len(old), len(new))
    return replace(counted, before=_listed(old), after=_listed(new))


def _subjects(findings: Sequence[Finding], categories: tuple[str, ...], whole: bool) -> list[str]:
    paths = {container_path(f.path) for f in findings if f.category in categories and f.path}
    return sorted(path if whole else path.rpartition("/")[2] for path in paths)


def _listed(names: Sequence[str]) -> str:
    if not names:
        return "none"
    shown = names if len(names) <= _NAMES_SHOWN + 1 else names[:_NAMES_SHOWN]
    text = ", ".join(escape_name(name[:120]) for name in shown)
    return text if len(shown) == len(names) else f"{text} and {len(names) - len(shown)} more"
