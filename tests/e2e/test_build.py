"""`slim build` on real images, each profile: smaller, truthful, and still doing what it did."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from harness import images, peers, probes, product, runtime, summary, tools, trial, truth

# Every image goes through the two profiles that follow reasons, some through the careful one.
SAFE = ("nginx", "nodb", "php", "postgres", "seed-bad")
CASES = [
    *((name, profile) for name in images.names() for profile in ("package", "file")),
    *((name, "safe") for name in SAFE if name in images.names()),
]


def _require(name: str) -> None:
    if reason := trial.why_not(name):
        pytest.skip(reason)


# One build for all tests of a case: pytest runs these together and then lets go of it.
@pytest.fixture(scope="module", params=CASES, ids=["-".join(case) for case in CASES])
def made(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[trial.Made]:
    name, profile = request.param
    _require(name)
    folder = tmp_path_factory.mktemp(f"{name}-{profile}")
    result = trial.make(name, profile, folder)
    yield result
    runtime.remove(result.bundle)
    subprocess.run(["rm", "-rf", folder], check=True)


@pytest.fixture(scope="module")
def seconds_of_copy(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], float]:
    """How long `skopeo copy` takes to write the original as an archive."""

    @cache
    def measure(name: str) -> float:
        archive = tmp_path_factory.mktemp("copy") / "copy.tar"
        start = time.monotonic()
        peers.copy(trial.source(name), f"docker-archive:{archive}")
        seconds = time.monotonic() - start
        archive.unlink()
        return seconds

    return measure


@pytest.fixture(scope="module")
def owned_files(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str], dict[str, list[str]]]:
    """Which package owns which files in the original."""

    @cache
    def read(name: str) -> dict[str, list[str]]:
        folder = tmp_path_factory.mktemp("original")
        original = runtime.unpack(images.layout(name), images.TAG, folder / "bundle")
        owned = truth.owned_files(original.rootfs)
        runtime.remove(original)
        return owned

    return read


# Before the probes, which write into the unpacked output.
def test_a_scanner_lists_exactly_the_packages_that_still_own_files(
    made: trial.Made, owned_files: Callable[[str], dict[str, list[str]]]
) -> None:
    if reason := tools.why_not(peers.SCAN_TOOLS):
        pytest.skip(reason)
    owned = owned_files(made.name)
    left = truth.owners_left(owned, made.bundle.rootfs)
    listed = {p.name for p in peers.syft_packages(f"oci-dir:{made.layout}") if p.type == "deb"}
    assert listed == left
    if owned:
        assert left < set(owned), "nothing went, so the test has shown nothing"


def test_the_output_does_what_the_original_does(
    made: trial.Made,
    table: list[summary.Row],
    seconds_of_copy: Callable[[str], float],
) -> None:
    spec = probes.load(images.folder(made.name))
    stays = trial.what_stays(made)
    results = trial.run(made)
    table.append(
        summary.Row(
            image=made.name,
            profile=made.profile,
            before=made.built.before,
            after=made.built.after,
            user=made.user,
            seconds=made.built.seconds,
            copy_seconds=seconds_of_copy(made.name),
            passed=sum(result.ok for result in results),
            probes=len(spec.probes),
            stays=stays,
        )
    )
    failed = [f"{result.name}: {result.detail}" for result in results if not result.ok]
    assert not failed, "\n".join([*failed, "the log's end:", *probes.end_of_log(results)])
    assert len(results) == len(spec.probes)
    assert made.built.after < made.built.before
    assert made.is_root is spec.stays_root


@pytest.mark.parametrize("name", ["seed-bad", "jdk"])
def test_slim_and_a_scanner_agree_on_the_original(name: str) -> None:
    _require(name)
    if reason := tools.why_not(peers.SCAN_TOOLS):
        pytest.skip(reason)
    theirs = peers.syft_packages(f"oci-dir:{images.layout(name)}")
    ours = product.inspect(trial.source(name))["packages"]
    assert {(p["name"], p["version"]) for p in ours if p["type"] == "deb"} == {
        (p.name, p.version) for p in theirs if p.type == "deb"
    }


def test_no_blob_holds_a_planted_secret(tmp_path: Path) -> None:
    _require("seed-bad")
    layout = tmp_path / "slim"
    built = product.build(trial.source("seed-bad"), f"oci:{layout}:slim", tmp_path)
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
    built = product.build(trial.source("seed-bad"), layout, tmp_path)
    assert peers.inspect(layout)["Digest"] == built.document["output"]["digest"]
    archive = tmp_path / "again.tar"
    peers.copy(layout, f"docker-archive:{archive}")
    for transport, path in (
        ("oci-archive", tmp_path / "slim-oci.tar"),
        ("docker-archive", tmp_path / "slim-docker.tar"),
    ):
        again = product.build(trial.source("seed-bad"), f"{transport}:{path}", tmp_path)
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
        product.build(trial.source("seed-bad"), f"oci-archive:{path}", tmp_path)
    assert first.read_bytes() == second.read_bytes()
    squashed = f"oci:{tmp_path / 'squashed'}:slim"
    product.build(trial.source("seed-bad"), squashed, tmp_path, "--squash", "--compression", "zstd")
    assert len(peers.inspect(squashed)["Layers"]) == 1
    listing = ["ls", "-l", "--format", "json"]
    one = json.loads(product.slim(*listing, f"oci-archive:{first}"))["entries"]
    other = json.loads(product.slim(*listing, squashed))["entries"]
    assert [_without_layer(entry) for entry in one] == [_without_layer(entry) for entry in other]


def _without_layer(entry: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in entry.items() if key != "layer"}
