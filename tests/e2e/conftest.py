"""A table of every build at the end of the run: what the images weigh before and after."""

import pytest

_ROWS: list[tuple[str, ...]] = []
_HEAD = ("image", "profile", "before", "after", "times", "user", "seconds", "copy", "probes")


@pytest.fixture
def table() -> list[tuple[str, ...]]:
    """Rows for the table: image, profile, MB before and after, user, seconds, probes passed."""
    return _ROWS


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not _ROWS:
        return
    rows = [_HEAD, *sorted(_ROWS)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(_HEAD))]
    terminalreporter.section("slim build on real images (MB compressed)")
    for row in rows:
        cells = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        terminalreporter.write_line("  ".join(cells))
