"""The real images themselves: each does what its image.toml says, before slim has touched it."""

from pathlib import Path

import pytest
from harness import images, probes, runtime


@pytest.mark.parametrize("name", images.names())
def test_the_original_passes_its_probes(name: str, tmp_path: Path) -> None:
    if reason := runtime.why_not() or images.why_not(name):
        pytest.skip(reason)
    spec = probes.load(images.folder(name))
    bundle = runtime.unpack(images.layout(name), images.TAG, tmp_path / "bundle")
    results = probes.run_probes(spec, bundle, readonly=spec.readonly_works)
    runtime.remove(bundle)
    assert [result for result in results if not result.ok] == []
    assert len(results) == len(spec.probes)
    assert {probe.stage for probe in spec.probes} == {"first", "deep"}


def test_a_probe_fails_where_its_file_is_gone(tmp_path: Path) -> None:
    if reason := runtime.why_not() or images.why_not("static"):
        pytest.skip(reason)
    spec = probes.load(images.folder("static"))
    bundle = runtime.unpack(images.layout("static"), images.TAG, tmp_path / "bundle")
    (bundle.rootfs / "usr/local/share/server/greeting.txt").unlink()
    results = probes.run_probes(spec, bundle)
    runtime.remove(bundle)
    assert [result.name for result in results if not result.ok] == ["page from a file"]
