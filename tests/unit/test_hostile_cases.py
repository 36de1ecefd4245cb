"""Every odd and hostile image of the project's own gets its verdict, and leaves nothing behind."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from support import images
from support.hostile import CASES
from support.hostile.strategies import hostile_images
from support.opened import open_everything

from slimmer.errors import SlimError
from slimmer.report.escape import escape


@pytest.mark.parametrize("name", CASES)
def test_verdict(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    reference = case.write(tmp_path / "image")
    work = tmp_path / "work"
    work.mkdir()
    if case.accept:
        opened = open_everything(reference, work)
        if case.paths is not None:
            assert {node.path for node in opened.filesystem.walk()} == case.paths
    else:
        with pytest.raises(SlimError) as caught:
            open_everything(reference, work)
        said = escape(str(caught.value))
        assert said.isprintable()
        assert len(said) < 2000
    assert not list(work.iterdir())


def test_there_are_many() -> None:
    assert len(CASES) >= 500
    assert sum(case.accept for case in CASES.values()) >= 100


@settings(max_examples=300)
@given(hostile_images())
def test_anything_else_is_read_or_refused(built: images.Built) -> None:
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder, "work")
        work.mkdir()
        reference = images.layout(Path(folder, "image"), built)
        said = ""
        try:
            open_everything(reference, work)
        except SlimError as error:
            said = escape(str(error))
        assert said.isprintable()
        assert not list(work.iterdir())
