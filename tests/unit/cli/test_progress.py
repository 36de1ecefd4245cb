"""Bars follow what they are told, also when a download starts over."""

from typing import Any, ClassVar

import pytest
import tqdm

from slimmer.cli.progress import Bars


class _Bar:
    """Stands in for tqdm and remembers."""

    made: ClassVar["list[_Bar]"] = []

    def __init__(self, **options: Any) -> None:
        self.options = options
        self.n = 0
        self.closed = False
        _Bar.made.append(self)

    def update(self, more: int) -> None:
        self.n += more

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def bars(monkeypatch: pytest.MonkeyPatch) -> Bars:
    _Bar.made = []
    monkeypatch.setattr(tqdm, "tqdm", _Bar)
    return Bars()


def test_a_bar_for_each_task(bars: Bars) -> None:
    bars("layer a", 10, 100)
    bars("layer b\x1b", 5, None)
    bars("layer a", 60, 100)
    assert [bar.n for bar in _Bar.made] == [60, 5]
    assert _Bar.made[1].options["desc"] == "layer b\\x1b"
    bars("layer a", 100, 100)
    assert [bar.closed for bar in _Bar.made] == [True, False]
    bars.close()
    assert _Bar.made[1].closed


def test_a_download_that_starts_over(bars: Bars) -> None:
    bars("layer", 60, 100)
    bars("layer", 0, 100)
    bars("layer", 20, 100)
    assert [bar.n for bar in _Bar.made] == [20]
