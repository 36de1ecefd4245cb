"""Real images from elsewhere, where they lie beside the project: an extra, never needed."""

from pathlib import Path
from typing import Any

import pytest
from harness import product

IMAGES = product.ROOT.parent / "shared" / "images"
FILES = sorted(IMAGES.glob("*.tar*")) if IMAGES.is_dir() else []


def _require() -> None:
    if not FILES:
        pytest.skip("there is no folder of shared images")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_opens_and_builds(path: Path, tmp_path: Path) -> None:
    done = product.run("inspect", path, "--format", "json", "--no-cache")
    if done.returncode == 2:
        assert "several images here" in done.stderr
        refs = done.stderr.partition("choose one of: ")[2].rstrip(")\n").split(", ")
        references = [f"{path}:{ref}" for ref in refs]
        assert len(references) > 1
    else:
        assert done.returncode == 0, done.stderr
        references = [str(path)]
    for reference in references:
        document = product.inspect(reference)
        assert document["summary"]["files"] > 0 or "empty" in reference
        product.build(reference, f"oci:{tmp_path / 'out'}:slim", tmp_path)
        assert product.inspect(f"oci:{tmp_path / 'out'}:slim")["findings"] is not None


def test_compression_changes_nothing() -> None:
    _require()
    gzip = product.inspect(str(IMAGES / "alpine-node-gzip.oci.tar"))
    zstd = product.inspect(str(IMAGES / "alpine-node-zstd.oci.tar"))
    assert len(gzip["packages"]) > 10
    assert gzip["packages"] == zstd["packages"]
    assert _without_digests(gzip["findings"]) == _without_digests(zstd["findings"])


def _without_digests(findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Layer digests are of the compressed bytes and so differ."""
    return [
        {**finding, "layer": finding["layer"] and finding["layer"]["number"]}
        for finding in findings
    ]
