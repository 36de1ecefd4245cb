"""An inspection for people: what it is, the worst first, where the bytes are, a verdict."""

import re
import shlex
from collections.abc import Iterator, Sequence
from itertools import chain, groupby, repeat
from textwrap import wrap

from slimmer.detect.inspection import Inspection
from slimmer.detect.interface import Finding, Severity
from slimmer.image.image import Layer
from slimmer.policy.audit import NO_AUDIT, Audit
from slimmer.report.benchmark_text import benchmark_lines
from slimmer.report.document import container_path
from slimmer.report.efficiency_text import efficiency_lines, score_text
from slimmer.report.escape import (
    escape,
    escape_name,
    one_line,
    shorten,
    shorten_message,
    shorten_path,
    width,
)
from slimmer.report.policy_text import policy_lines
from slimmer.report.redact import Redactor
from slimmer.report.size import human_size
from slimmer.report.style import Style
from slimmer.report.summary import Summary, summarise
from slimmer.report.table import table

# Lines of one group that are shown unless all are asked for.
_SHOWN = 8
# Columns that are never full: with all details, nothing is cut.
_NO_END = 1_000_000
# Columns: enough for `layer 12, hidden`.
_LEAST_LAYER = 18
# Less of an instruction than this tells nothing; the message gets its place.
_LEAST_INSTRUCTION = 16
# Older builders name what was copied by its digest.
_CONTENT_DIGEST = re.compile(r"\b(file|dir|multi):[0-9a-f]{64}\b")
_SHELL_PREFIXES = (
    ("/bin/sh -c #(nop) ", ""),
    ("/bin/sh -c ", "RUN "),
    ("RUN /bin/sh -c ", "RUN "),
)


def inspect_text(
    inspection: Inspection, redactor: Redactor, style: Style, audit: Audit = NO_AUDIT
) -> Iterator[str]:
    """The report, line by line; the answers of a benchmark stand in the findings' place."""
    summary = summarise(inspection.subject, inspection.findings)
    text = _Text(inspection, summary, redactor, style)
    yield from text.header()
    if audit.benchmark:
        yield ""
        yield from benchmark_lines(audit.benchmark, style)
    else:
        yield from text.findings()
        yield from text.layers()
        yield ""
    if audit.policy is not None:
        yield from policy_lines(audit.policy, style)
        yield ""
    yield text.verdict()


class _Text:
    def __init__(
        self, inspection: Inspection, summary: Summary, redactor: Redactor, style: Style
    ) -> None:
        self._subject = inspection.subject
        self._image = inspection.subject.image
        self._summary = summary
        self._redactor = redactor
        self._style = style

    @property
    def _columns(self) -> int:
        """Where lines are cut."""
        return _NO_END if self._style.verbose else self._style.width

    def header(self) -> Iterator[str]:
        yield self._style.bold(escape(self._image.location.reference))
        rows = [row for row in self._facts() if row[1]]
        for name, value in rows:
            # A digest that is cut pins nothing.
            shown = value if name == "digest" else shorten(value, self._columns - 12)
            yield f"  {self._style.dim(name.ljust(9))} {shown}"

    def _facts(self) -> Iterator[tuple[str, str]]:
        image, summary = self._image, self._summary
        yield "digest", str(image.digest or "none of its own: a docker archive has no manifest")
        yield "platform", escape(str(image.platform))
        yield "size", self._sizes()
        if image.layers:
            yield "layers", f"{len(image.layers)}, {score_text(self._subject.efficiency)}"
        yield "holds", f"{summary.files:,} files, {packages_text(summary)}"
        yield "user", escape(image.config.user) or "root, as no USER is set"
        command = (*image.config.entrypoint, *image.config.cmd)
        yield "runs", one_line(shlex.join(self._redactor.command(command)))

    def _sizes(self) -> str:
        summary = self._summary
        return (
            f"{human_size(summary.size)} to download, "
            f"{human_size(summary.uncompressed_size)} unpacked"
        )

    def findings(self) -> Iterator[str]:
        for severity, found in groupby(self._summary.findings, key=lambda f: f.severity):
            yield ""
            title = f"{severity.label.upper()} ({self._summary.count(severity)})"
            yield self._style.severity(severity, title)
            for category, group in groupby(found, key=lambda f: f.category):
                yield from self._category(category, list(group))

    def _category(self, category: str, findings: Sequence[Finding]) -> Iterator[str]:
        groups: dict[str, list[Finding]] = {}
        for finding in findings:
            groups.setdefault(finding.advice, []).append(finding)
        count = f" ({len(findings)})" if len(findings) > 1 else ""
        yield f"  {self._style.bold(escape(category))}{count}"
        for advice, group in groups.items():
            yield from self._group(group)
            text = wrap(escape(advice), self._style.width - 9)
            for mark, line in zip(chain(("->",), repeat("  ")), text):  # noqa: B905
                yield f"      {self._style.dim(f'{mark} {line}')}"

    def _group(self, group: Sequence[Finding]) -> Iterator[str]:
        # One line more than allowed is better shown than announced.
        all_shown = self._style.verbose or len(group) <= _SHOWN + 1
        shown = group if all_shown else group[:_SHOWN]
        for line in table(self._rows(shown), "<<<"):
            yield f"    {line}"
        if len(shown) < len(group):
            more = f"and {len(group) - len(shown)} more (--verbose shows all)"
            yield f"    {self._style.dim(more)}"

    def _rows(self, findings: Sequence[Finding]) -> list[tuple[str, str, str]]:
        """Path, message and layer. Where they do not all fit, the layer gives way first."""
        room = self._columns - 8
        paths = [self._path(finding, room * 2 // 5) for finding in findings]
        messages = [escape(finding.message) for finding in findings]
        room -= max(map(width, paths))
        layer_room = max(room - max(map(width, messages)), _LEAST_LAYER)
        layers = [self._layer_of(finding, layer_room) for finding in findings]
        room -= max(map(width, layers))
        return list(
            zip(paths, [shorten_message(text, room) for text in messages], layers, strict=True)
        )

    def _path(self, finding: Finding, columns: int) -> str:
        if finding.path is None:
            return "(config)"
        return shorten_path(escape_name(container_path(finding.path)), columns)

    def _layer_of(self, finding: Finding, columns: int) -> str:
        """The layer's number, and what made it if that can be told in `columns`."""
        if finding.layer is None:
            return ""
        hidden = "" if finding.in_final_filesystem else ", hidden"
        number = f"layer {finding.layer}{hidden}"
        made_by = self._made_by(self._subject.layer(finding.layer))
        room = columns - len(number) - 2
        if not made_by or room < _LEAST_INSTRUCTION:
            return number
        return f"{number}: {shorten(made_by, room)}"

    def _made_by(self, layer: Layer) -> str:
        return short_instruction(self._redactor.history(layer.created_by))

    def layers(self) -> Iterator[str]:
        if not self._image.layers:
            return
        rows = [("layer", "size", "unpacked", "wasted", "files", "created by")]
        rows += [self._layer(layer) for layer in self._image.layers]
        head, *lines = table(rows, ">>>>><", columns=self._columns - 2)
        yield ""
        yield self._style.dim(f"  {head}")
        for line in lines:
            yield f"  {line}"
        if self._style.verbose:
            layers = self._image.layers
            yield from efficiency_lines(
                self._subject.efficiency, lambda number: self._made_by(layers[number]), self._style
            )

    def _layer(self, layer: Layer) -> tuple[str, str, str, str, str, str]:
        counted = self._summary.layers[layer.number]
        return (
            str(layer.number),
            human_size(layer.descriptor.size),
            human_size(counted.uncompressed_size),
            human_size(counted.wasted) if counted.wasted else "-",
            f"{counted.files:,}",
            self._made_by(layer) or "(not told)",
        )

    def verdict(self) -> str:
        return verdict(self._summary, self._style)


def verdict(summary: Summary, style: Style) -> str:
    """One line to take home."""
    if not summary.findings:
        return style.good("Nothing found.")
    counts = ", ".join(
        f"{summary.count(severity)} {severity.label}"
        for severity in reversed(Severity)
        if summary.count(severity)
    )
    match summary.worst:
        case Severity.CRITICAL | Severity.HIGH:
            return style.bad(f"Not fit to ship: {counts}.")
        case Severity.MEDIUM:
            return f"Worth a look: {counts}."
        case _:
            return style.good(f"Nothing serious: {counts}.")


def packages_text(summary: Summary) -> str:
    """`120 packages (118 deb, 2 pypi)`."""
    total = sum(summary.packages.values())
    if not total:
        return "no packages"
    kinds = ", ".join(f"{number} {kind}" for kind, number in summary.packages.items())
    noun = "package" if total == 1 else "packages"
    return (
        f"{total} {noun} ({escape(kinds)})"
        if len(summary.packages) > 1
        else (f"{total} {escape(kinds.partition(' ')[2])} {noun}")
    )


def short_instruction(created_by: str) -> str:
    """An instruction of history on one line, without what builders put around it."""
    text = _CONTENT_DIGEST.sub(r"\1", one_line(created_by)).removesuffix(" # buildkit")
    for prefix, instead in _SHELL_PREFIXES:
        if text.startswith(prefix):
            return instead + text.removeprefix(prefix).strip()
    return text
