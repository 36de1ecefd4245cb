"""Where the bytes of the layers are: the score for everyone, the lists for who asks."""

from collections.abc import Callable, Iterator

from slimmer.filesystem.efficiency import Duplicate, Efficiency, StoredFile
from slimmer.policy.policy import percent
from slimmer.report.document import container_path
from slimmer.report.escape import escape_name, shorten
from slimmer.report.size import human_size
from slimmer.report.style import Style
from slimmer.report.table import table

_SHOWN = 10

MadeBy = Callable[[int], str]
"""What made the layer of that number, escaped; empty when it is not told."""


def score_text(efficiency: Efficiency) -> str:
    """`97.4% of the stored bytes are in use, 3.1 MB wasted`."""
    score = f"{percent(efficiency.score)} of the stored bytes are in use"
    wasted = efficiency.wasted
    return f"{score}, {human_size(wasted)} wasted" if wasted else score


def efficiency_lines(efficiency: Efficiency, made_by: MadeBy, style: Style) -> Iterator[str]:
    """The biggest files and the contents that several layers store."""
    if efficiency.biggest:
        rows = [_file(file, made_by) for file in efficiency.biggest[:_SHOWN]]
        yield ""
        yield style.bold("Biggest files")
        yield from (f"  {line}" for line in table(rows, "><<"))
    if efficiency.duplicates:
        total = human_size(efficiency.duplicate_bytes)
        yield ""
        yield style.bold(f"Stored by several layers ({total} in copies)")
        copies = [_duplicate(duplicate) for duplicate in efficiency.duplicates[:_SHOWN]]
        yield from (f"  {line}" for line in table(copies, "><"))


def _file(file: StoredFile, made_by: MadeBy) -> tuple[str, str, str]:
    hidden = "" if file.in_view else ", hidden"
    told = made_by(file.layer)
    layer = f"layer {file.layer}{hidden}" + (f": {shorten(told, 60)}" if told else "")
    return human_size(file.size), escape_name(container_path(file.path)), layer


def _duplicate(duplicate: Duplicate) -> tuple[str, str]:
    names = ", ".join(
        f"{escape_name(container_path(file.path))} (layer {file.layer})"
        for file in duplicate.files[:4]
    )
    more = f" and {len(duplicate.files) - 4} more" if len(duplicate.files) > 4 else ""
    return f"{len(duplicate.files)} x {human_size(duplicate.size)}", names + more
