"""What the builds of a run came to, told at its end: sizes, times, probes, what stays and why."""

import pytest
from harness.summary import Row, lines


@pytest.fixture(scope="session")
def table(request: pytest.FixtureRequest) -> list[Row]:
    """The rows of the table, one for each image and profile; tests add theirs."""
    return request.config.stash.setdefault(_ROWS, [])


_ROWS = pytest.StashKey[list[Row]]()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if rows := config.stash.get(_ROWS, []):
        terminalreporter.section("slim build on real images (MB compressed)")
        for line in lines(rows):
            terminalreporter.write_line(line)
