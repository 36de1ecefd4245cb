"""`slim build --profile safe` on real images: smaller, truthful, and still doing what it did."""

import json
import subprocess
import time
from pathlib import Path

import pytest
from harness import images, peers, probes, product, runtime, tools, truth

# The entrypoint scripts of nginx write where only root may: slim says so and leaves it root. The
# rest run as the user slim chooses.
STAYS_ROOT = {"nginx"}


def _source(name: str) -> str:
    return f"oci:{images.layout(name)}:{images.TAG}"


def _require(name: str) -> None:
    if reason := runtime.why_not() or images.why_not(name):
        pytest.skip(reason)


def _seconds_of_copy(name: str, folder: Path) -> float:
    start = time.monotonic()
    peers.copy(_source(name), f"docker-archive:{folder / 'copy.tar'}")
    seconds = time.monotonic() - start
    (folder / "copy.tar").unlink()
    return seconds


@pytest.mark.parametrize("name", images.names())
def test_the_output_does_what_the_original_does(
    name: str, tmp_path: Path, table: list[tuple[str, ...]]
) -> None:
    _require(name)
    built = product.build(_source(name), f"oci:{tmp_path / 'slim'}:slim", tmp_path)
    copy = _seconds_of_copy(name, tmp_path)
    spec = probes.load(images.folder(name))
    bundle = runtime.unpack(tmp_path / "slim", "slim", tmp_path / "bundle")
    results = probes.run_probes(spec, bundle, readonly=spec.readonly_works)
    runtime.remove(bundle)
    passed = sum(result.ok for result in results)
    user = built.document["user"]["user"]
    table.append(
        (
            name,
            "safe",
            f"{built.before / 1e6:.1f}",
            f"{built.after / 1e6:.1f}",
            f"{built.before / built.after:.2f}",
            user or "root",
            f"{built.seconds:.1f}",
            f"{copy:.1f}",
            f"{passed}/{len(spec.probes)}",
        )
    )
    failed = [f"{result.name}: {result.detail}" for result in results if not result.ok]
    assert failed == [], "\n".join(failed)
    assert len(results) == len(spec.probes)
    assert built.after < built.before
    assert (user.partition(":")[0] in ("", "0", "root")) is (name in STAYS_ROOT)


@pytest.mark.parametrize("name", images.names())
def test_a_scanner_lists_exactly_the_packages_that_still_own_files(
    name: str, tmp_path: Path
) -> None:
    _require(name)
    if reason := tools.why_not(peers.SCAN_TOOLS):
        pytest.skip(reason)
    output = tmp_path / "slim"
    product.build(_source(name), f"oci:{output}:slim", tmp_path)
    original = runtime.unpack(images.layout(name), images.TAG, tmp_path / "original")
    owned = truth.owned_files(original.rootfs)
    runtime.remove(original)
    slim = runtime.unpack(output, "slim", tmp_path / "bundle")
    left = truth.owners_left(owned, slim.rootfs)
    runtime.remove(slim)
    listed = {p.name for p in peers.syft_packages(f"oci-dir:{output}") if p.type == "deb"}
    assert listed == left
    assert left < set(owned), "nothing went, so the test has shown nothing"


@pytest.mark.parametrize("name", ["seed-bad", "jdk"])
def test_slim_and_a_scanner_agree_on_the_original(name: str) -> None:
    _require(name)
    if reason := tools.why_not(peers.SCAN_TOOLS):
        pytest.skip(reason)
    theirs = peers.syft_packages(f"oci-dir:{images.layout(name)}")
    ours = product.inspect(_source(name))["packages"]
    assert {(p["name"], p["version"]) for p in ours if p["type"] == "deb"} == {
        (p.name, p.version) for p in theirs if p.type == "deb"
    }


def test_no_blob_holds_a_planted_secret(tmp_path: Path) -> None:
    _require("seed-bad")
    layout = tmp_path / "slim"
    built = product.build(_source("seed-bad"), f"oci:{layout}:slim", tmp_path)
    secrets = _planted(tmp_path)
    assert len(secrets) >= 5
    before = _blobs(images.layout("seed-bad"))
    assert all(secret in before for secret in secrets), "the original must hold what is looked for"
    after = _blobs(layout)
    assert [secret for secret in secrets if secret in after] == []
    assert "/app/.env" in {line["path"] for line in built.ledger}


def _planted(scratch: Path) -> list[bytes]:
    """Lines of the files with secrets, read out of the original by another tool."""
    original = runtime.unpack(images.layout("seed-bad"), images.TAG, scratch / "planted")
    lines = (original.rootfs / "app/.env").read_bytes().splitlines()
    runtime.remove(original)
    values = [line.partition(b"=")[2].strip(b"\"'") for line in lines if b"=" in line]
    return [value for value in values if len(value) >= 12]


def _blobs(layout: Path) -> bytes:
    """Every blob of the image `index.json` names, layers inflated by gzip itself."""
    index = json.loads((layout / "index.json").read_text())
    blobs = layout / "blobs" / "sha256"
    manifest = (blobs / index["manifests"][0]["digest"].partition(":")[2]).read_bytes()
    document = json.loads(manifest)
    content = [manifest, (blobs / document["config"]["digest"].partition(":")[2]).read_bytes()]
    for layer in document["layers"]:
        path = blobs / layer["digest"].partition(":")[2]
        content.append(subprocess.run(["gzip", "-dc", path], capture_output=True).stdout)
    return b"\n".join(content)


def test_other_tools_take_the_output(tmp_path: Path) -> None:
    _require("seed-bad")
    layout = f"oci:{tmp_path / 'slim'}:slim"
    built = product.build(_source("seed-bad"), layout, tmp_path)
    assert peers.inspect(layout)["Digest"] == built.document["output"]["digest"]
    archive = tmp_path / "again.tar"
    peers.copy(layout, f"docker-archive:{archive}")
    for transport, path in (
        ("oci-archive", tmp_path / "slim-oci.tar"),
        ("docker-archive", tmp_path / "slim-docker.tar"),
    ):
        again = product.build(_source("seed-bad"), f"{transport}:{path}", tmp_path)
        assert [layer["diff_id"] for layer in again.document["output"]["layers"]] == [
            layer["diff_id"] for layer in built.document["output"]["layers"]
        ]
        peers.inspect(f"{transport}:{path}")
        if not tools.why_not(peers.PODMAN_TOOLS, root=True):
            view = peers.podman_accepts(path)
            assert view["Config"]["User"] == "65532:65532"


def test_two_runs_give_the_same_bytes_and_squash_the_same_files(tmp_path: Path) -> None:
    _require("seed-bad")
    first, second = tmp_path / "first.tar", tmp_path / "second.tar"
    for path in (first, second):
        product.build(_source("seed-bad"), f"oci-archive:{path}", tmp_path)
    assert first.read_bytes() == second.read_bytes()
    squashed = f"oci:{tmp_path / 'squashed'}:slim"
    product.build(_source("seed-bad"), squashed, tmp_path, "--squash", "--compression", "zstd")
    assert len(peers.inspect(squashed)["Layers"]) == 1
    listing = ["ls", "-l", "--format", "json"]
    one = json.loads(product.slim(*listing, f"oci-archive:{first}"))["entries"]
    other = json.loads(product.slim(*listing, squashed))["entries"]
    assert [_without_layer(entry) for entry in one] == [_without_layer(entry) for entry in other]


def _without_layer(entry: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in entry.items() if key != "layer"}
