"""A real registry on loopback, open and with a login: push, inspect by digest, build across."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import images, peers, probes, product, registry, runtime
from harness.registry import Login, Registry

LOGIN = Login("shop", "quince-3391")


@pytest.fixture(params=[None, LOGIN], ids=["open", "basic"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Registry, list[str]]]:
    """A running registry and the options slim needs for it."""
    login: Login | None = request.param
    if reason := registry.why_not(login=login is not None) or images.why_not("seed-bad"):
        pytest.skip(reason)
    with Registry(tmp_path / "registry", login) as running:
        options: list[str] = []
        if login is not None:
            authfile = tmp_path / "auth.json"
            token = base64.b64encode(f"{login.user}:{login.password}".encode()).decode()
            authfile.write_text(json.dumps({"auths": {running.address: {"auth": token}}}))
            options = ["--authfile", str(authfile)]
        yield running, options


def test_push_inspect_by_digest_and_build_across(
    place: tuple[Registry, list[str]], tmp_path: Path
) -> None:
    running, options = place
    login = LOGIN if options else None
    source = f"oci:{images.layout('seed-bad')}:{images.TAG}"
    peers.copy(source, f"docker://{running.address}/shop/app:1.0", login)
    tagged = f"{running.address}/shop/app:1.0"
    document = json.loads(product.slim("inspect", tagged, "--format", "json", *options))
    digest = document["image"]["digest"]
    assert digest == peers.inspect(f"docker://{tagged}", login)["Digest"]
    pinned = f"{running.address}/shop/app@{digest}"
    again = json.loads(product.slim("inspect", pinned, "--format", "json", *options))
    assert again["findings"] == document["findings"]

    built = product.build(pinned, f"{running.address}/hardened/app:1.0", tmp_path, *options)
    output = f"docker://{running.address}/hardened/app:1.0"
    manifest = peers.inspect(output, login)
    assert manifest["Digest"] == built.document["output"]["digest"]
    local = f"oci:{tmp_path / 'pulled'}:slim"
    peers.copy(output, local, login)
    if not runtime.why_not():
        bundle = runtime.unpack(tmp_path / "pulled", "slim", tmp_path / "bundle")
        results = probes.run_probes(probes.load(images.folder("seed-bad")), bundle)
        runtime.remove(bundle)
        assert [result for result in results if not result.ok] == []


def test_without_the_login_there_is_one_clear_line(
    place: tuple[Registry, list[str]], tmp_path: Path
) -> None:
    running, options = place
    empty = tmp_path / "empty.json"
    empty.write_text("{}")
    done = product.run("inspect", f"{running.address}/shop/none:1", "--authfile", empty)
    assert done.returncode == 3
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert options or "none" in done.stderr


def test_a_blob_that_was_changed_in_the_registry_is_refused(tmp_path: Path) -> None:
    if reason := registry.why_not() or images.why_not("static"):
        pytest.skip(reason)
    with Registry(tmp_path / "registry") as running:
        tagged = f"{running.address}/shop/static:1"
        peers.copy(f"oci:{images.layout('static')}:{images.TAG}", f"docker://{tagged}")
        blobs = sorted(
            (tmp_path / "registry").rglob("blobs/sha256/*/*/data"), key=lambda p: p.stat().st_size
        )
        largest = blobs[-1]
        content = bytearray(largest.read_bytes())
        content[len(content) // 2] ^= 1
        largest.write_bytes(content)
        done = product.run("inspect", tagged, "--no-cache")
        assert done.returncode == 3
        assert "the registry sent other content" in done.stderr
        assert len(done.stderr.splitlines()) == 1
        output = tmp_path / "out.tar"
        done = product.run("build", tagged, "--output", f"oci-archive:{output}", "--no-cache")
        assert done.returncode == 3
        assert not output.exists()
