"""The detector: trimmed forms, the cache of the compiled database."""

from pathlib import Path

import pytest

from slimmer.secrets import detector
from slimmer.secrets.engine import Scanner

TEXT = b"id AKIA" + b"Q7ZRT5KWMX2NBVC4" + b" end"

hyperscan = pytest.importorskip("hyperscan")


@pytest.mark.parametrize(
    ("source", "form"),
    [
        ("abc[a-z]{20,300}", "abc[a-z]{20}"),
        ("abc(?P<secret>[a-z]{20,})", "abc(?P<secret>[a-z]{20})"),
        ("abc[a-z]+", "abc[a-z]"),
        ("abc[a-z]{36}", "abc[a-z]{36}"),
        ("a[b]{40,50}={0,2}", "a[b]{40}"),
        ("a(?:b|c[d]{3,9}={0,3})", "a(?:b|c[d]{3})"),
        ("x[a-f]{32}(?![a-f])", "x[a-f]{32}"),
        ("(?<![a-z])x[a-f]{32,40}", "x[a-f]{32}"),
    ],
)
def test_detection_form(source: str, form: str) -> None:
    assert detector.detection_form(source) == form


def _found(folder: Path | None) -> bool:
    return Scanner(folder).scan_file("a", TEXT) is not None


def test_cache_is_private_and_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "cache"
    assert _found(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    (file,) = folder.iterdir()
    assert file.stat().st_mode & 0o077 == 0
    monkeypatch.setattr(detector, "_compile", lambda patterns: pytest.fail("compiled again"))
    assert _found(folder)


@pytest.mark.parametrize("damage", [b"", b"short", None])
def test_a_damaged_cache_is_made_anew(tmp_path: Path, damage: bytes | None) -> None:
    folder = tmp_path / "cache"
    assert _found(folder)
    (file,) = folder.iterdir()
    whole = file.read_bytes()
    flipped = whole[:1000] + bytes([whole[1000] ^ 0xFF]) + whole[1001:]
    file.write_bytes(flipped if damage is None else damage)
    assert _found(folder)
    assert len(file.read_bytes()) == len(whole)


def test_a_folder_that_others_can_write_is_not_used(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o777)
    assert _found(folder)
    assert list(folder.iterdir()) == []


def test_a_link_to_a_folder_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert _found(tmp_path / "link")
    assert list((tmp_path / "real").iterdir()) == []


def test_a_cache_that_cannot_be_made_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert _found(tmp_path / "file" / "cache")
