"""The project's own odd and hostile images through every command: verdicts, one line, no trace."""

import os
from pathlib import Path

import pytest
from support.hostile import CASES

from slimmer.cli.main import run

# All a terminal obeys, but for the line feed; C1 and what turns text around, as UTF-8.
_CONTROL = frozenset(range(32)) - {10} | {127}
_OBEYED = ("\x9b", "\u202e", "\u2066")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.mark.parametrize("name", CASES)
def test_commands(
    name: str,
    tmp_path: Path,
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    case = CASES[name]
    reference = case.write(tmp_path / "image")
    work, made = tmp_path / "work", tmp_path / "made"
    work.mkdir()
    made.mkdir()
    monkeypatch.setenv("SLIM_TMPDIR", str(work))
    monkeypatch.setenv("SLIM_CACHE_DIR", str(cache))
    for words in (
        ["inspect", reference],
        ["inspect", reference, "--format", "sarif"],
        ["inspect", reference, "--format", "html"],
        ["inspect", reference, "--format", "markdown"],
        ["ls", "-l", reference],
        ["diff", reference, reference],
        ["build", reference, "--output", f"oci-archive:{made}/image.tar"],
        ["build", reference, "--squash", "--format", "json", "--output", f"oci:{made}/layout"],
    ):
        code = run(words)
        out, err = capfdbinary.readouterr()
        assert code == (0 if case.accept else 3), err
        assert not _CONTROL & set(out + err)
        assert not any(sign in (out + err).decode() for sign in _OBEYED)
        assert not os.listdir(work)
        if not case.accept:
            assert out == b""
            assert err.startswith(b"slim: error: ")
            assert b"internal error" not in err
            assert err.count(b"\n") == 1
    assert sorted(os.listdir(made)) == (["image.tar", "layout"] if case.accept else [])
    if case.accept:
        assert run(["ls", f"oci-archive:{made}/image.tar"]) == 0
        assert run(["ls", f"oci:{made}/layout"]) == 0
