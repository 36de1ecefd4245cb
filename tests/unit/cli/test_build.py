"""`slim build` as a command: what it writes, what it says, what it refuses."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from .conftest import Run
from .shop import LATIN_NAME, TOKEN, write_layout


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def _image(place: Path, name: str = "image", **files: bytes) -> str:
    layer = {path.replace("__", "/"): data for path, data in files.items()}
    write_layout(place / name, [layer], {"Cmd": ["/srv/app"]}, ["COPY . /"])
    return name


@pytest.fixture
def image(place: Path) -> str:
    return _image(
        place, srv__app=b"app" * 100, usr__share__doc__tool__README=b"read me" * 100, etc__x=b""
    )


@pytest.mark.parametrize("arguments", [["--dry-run"], ["-o", "oci:out"]])
@pytest.mark.parametrize("squash", [[], ["--squash"]])
def test_json_follows_its_schema(
    arguments: list[str], squash: list[str], run: Run, image: str
) -> None:
    schema = json.loads(run("build", "--schema").out)
    Draft202012Validator.check_schema(schema)
    for source in (image, "shop"):
        result = run("build", "--format", "json", *arguments, *squash, source)
        assert result.code == 0
        document = json.loads(result.out)
        Draft202012Validator(schema).validate(document)
        assert (document["output"] is None) is ("--dry-run" in arguments)
        assert TOKEN not in result.out or source == "shop"


@pytest.mark.parametrize(
    "rules", ["max-packages = 9\n", "max-size = 1\n", "require-non-root = true\n"]
)
def test_json_with_a_policy_follows_its_schema(
    rules: str, run: Run, image: str, place: Path
) -> None:
    (place / "p.toml").write_text(rules)
    result = run("build", "--format", "json", "-o", "oci:out", "--policy", "p.toml", image)
    schema = json.loads(run("build", "--schema").out)
    Draft202012Validator(schema).validate(json.loads(result.out))
    assert result.code == (rules == "max-size = 1\n")


def test_json_tells_what_was_written(run: Run, image: str, place: Path) -> None:
    document = json.loads(run("build", "--format", "json", "-o", "oci:out", image).out)
    (descriptor,) = json.loads((place / "out" / "index.json").read_text())["manifests"]
    assert document["output"]["digest"] == descriptor["digest"]
    assert document["after"]["size"] == sum(x["size"] for x in document["output"]["layers"])
    assert [x["source_layer"] for x in document["output"]["layers"]] == [0, None]
    (removed,) = document["removed"]
    assert removed == {"rule": "documentation", "files": 1, "bytes": 700}
    assert document["user"]["user"] == "65532:65532"


def test_text(run: Run, image: str) -> None:
    result = run("build", "-o", "oci:out", image)
    assert result.code == 0
    for text in ("to      oci:out", "65532:65532", "documentation", "to download"):
        assert text in result.out
    assert result.err == ""


def test_a_dry_run_writes_its_records_and_nothing_else(run: Run, image: str, place: Path) -> None:
    before = sorted(place.rglob("*"))
    result = run("build", "--dry-run", "-o", "oci:out", "--ledger", "l", "--plan", "p", image)
    assert result.code == 0
    assert "nothing was written" in result.out
    assert sorted(place.rglob("*")) == sorted([*before, place / "l", place / "p"])
    assert run("build", "--dry-run", image).code == 0


def test_ledger_and_plan(run: Run, image: str, place: Path) -> None:
    assert run("build", "-o", "oci:out", "--ledger", "l", "--plan", "p", image).code == 0
    file, folder = sorted(_lines(place / "l"), key=lambda line: -line["size"])[:2]
    assert file["path"] == "/usr/share/doc/tool/README"
    assert (file["rule"], file["size"], file["layer"]["number"]) == ("documentation", 700, 0)
    assert folder["kind"] == "directory"
    plan = json.loads((place / "p").read_text())
    assert plan["removed"] == _lines(place / "l")
    assert plan["removed_bytes"] == 700
    assert {item["path"] for item in plan["written"]} == {"/etc/passwd", "/etc/group"}


def test_ledger_of_odd_names(run: Run, place: Path) -> None:
    write_layout(place / "odd", [{LATIN_NAME: b"x", 'srv/"q"\n': b"y"}], {}, [])
    assert run("build", "--drop", "srv", "-o", "oci:out", "--ledger", "l", "odd").code == 0
    paths = [line["path"] for line in _lines(place / "l")]
    assert "/srv/caf\\xe9" in paths
    assert '/srv/"q"\n' in paths


@pytest.mark.parametrize("compression", ["gzip", "gzip:1", "zstd", "zstd:19"])
def test_compression(compression: str, run: Run, image: str, place: Path) -> None:
    assert run("build", "--compression", compression, "-o", "oci:out", image).code == 0
    (descriptor,) = json.loads((place / "out" / "index.json").read_text())["manifests"]
    blob = place / "out" / "blobs" / "sha256" / descriptor["digest"][7:]
    for layer in json.loads(blob.read_text())["layers"]:
        assert layer["mediaType"].endswith(f"+{compression.partition(':')[0]}")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["image"], "--output is missing"),
        (["-o", "oci:image", "image"], "replace the input"),
        (["-o", "image", "image"], "replace the input"),
        (["-o", "oci:out", "--compression", "xz", "image"], "not a compression"),
        (["-o", "oci:out", "--compression", "gzip:10", "image"], "not a level"),
        (["-o", "oci:out", "--compression", "zstd:", "image"], "not a level"),
        (["-o", "oci:out", "--user", "me", "image"], "not a user"),
        (["-o", "oci:out", "--drop", "/", "image"], "not a path pattern"),
        (["-o", "oci:out", "--drop", "{a", "image"], "unbalanced"),
        (["-o", "oci:out", "--profile", "wild", "image"], "wild"),
    ],
)
def test_refusals(arguments: list[str], said: str, run: Run, image: str, place: Path) -> None:
    before = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    result = run("build", *arguments)
    assert result.code == 2
    assert said in result.err
    assert {path: path.read_bytes() for path in place.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("epoch", ["now", "-1", "1" * 20, "١"])
def test_an_epoch_that_is_none(
    epoch: str, run: Run, image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    result = run("build", "-o", "oci:out", image)
    assert result.code == 2
    assert "SOURCE_DATE_EPOCH" in result.err


def test_the_epoch_of_the_environment(
    run: Run, image: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    assert run("build", "-o", "oci:out", image).code == 0
    assert run("build", "-o", "oci:again", image).code == 0
    assert (place / "out" / "index.json").read_bytes() == (
        place / "again" / "index.json"
    ).read_bytes()
    assert b"1970-01-01T00:00:00Z" in b"".join(
        path.read_bytes() for path in (place / "out" / "blobs" / "sha256").iterdir()
    )


def test_an_output_that_is_not_smaller_says_why(run: Run, place: Path) -> None:
    small = _image(place, "small", srv__app=b"x")
    for arguments in (["--user", "keep"], []):
        result = run("build", "-o", f"oci:out{len(arguments)}", *arguments, small)
        assert result.code == 0
        assert "Not smaller: the rules of this profile found nothing to remove" in result.out
        assert ("is new" in result.out) is (not arguments)
    document = json.loads(run("build", "--format", "json", "-o", "oci:o", small).out)
    assert "found nothing to remove" in document["not_smaller"]


def test_a_rule_that_was_held_back_is_told(run: Run, place: Path) -> None:
    write_layout(
        place / "kept",
        [{"usr/include/a.h": b"x", "app/run.py": b"run(['gcc', '-c'])"}],
        {"Cmd": ["/app/run.py"]},
        ["COPY . /"],
    )
    result = run("build", "--dry-run", "--profile", "safe", "kept")
    assert "Kept though a rule names it" in result.out
    assert "development: /app/run.py names gcc" in result.out
