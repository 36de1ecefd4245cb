"""SARIF 2.1.0: what its schema allows, where code hosts look for it."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest
from jsonschema import Draft7Validator
from support.layers import File
from support.sarif_schema import sarif_schema

from .conftest import Run
from .shop import ESCAPE_NAME, HISTORY, LAYERS, TOKEN, write_layout

# What GitHub shows of a rule.
MOST_TAGS = 20


@pytest.fixture
def log(run: Run) -> Any:
    return json.loads(run("inspect", "--format", "sarif", "shop").out)


def problems(document: Any) -> list[str]:
    return [error.message for error in Draft7Validator(sarif_schema()).iter_errors(document)]


def test_follows_the_schema_of_oasis(log: Any) -> None:
    assert problems(log) == []
    assert len(problems(log | {"version": "2.0.0", "runs": [{"result": []}]})) == 3


def test_follows_it_with_what_a_policy_lets_through(run: Run, place: Path) -> None:
    policy = (
        "[[allow]]\npath = '/srv'\nreason = \"a\\u001bb\"\n[[allow]]\nfinding='user'\nreason='x'"
    )
    (place / "p.toml").write_text(policy)
    document = json.loads(run("inspect", "--policy", "p.toml", "--format", "sarif", "shop").out)
    assert problems(document) == []
    suppressed = {
        result["ruleId"]: result["suppressions"]
        for result in document["runs"][0]["results"]
        if "suppressions" in result
    }
    assert suppressed == {
        "secret.github-token": [{"kind": "external", "justification": "a\\x1bb"}],
        "permissions.world-writable": [{"kind": "external", "justification": "a\\x1bb"}],
        "user.root": [{"kind": "external", "justification": "x"}],
    }


def test_an_image_without_findings(run: Run, place: Path) -> None:
    config = {"User": "7", "Entrypoint": ["/app"], "Healthcheck": {"Test": ["CMD", "/app"]}}
    write_layout(place / "clean", [{"app": File(b"#!/none\n", 0o755)}], config, [])
    document = json.loads(run("inspect", "--format", "sarif", "clean").out)
    assert problems(document) == []
    assert document["runs"][0]["results"] == []


def test_run(log: Any) -> None:
    (sarif_run,) = log["runs"]
    assert sarif_run["invocations"] == [{"executionSuccessful": True}]
    # The same for the next build of the image, so that a code host compares the two.
    assert sarif_run["automationDetails"] == {"id": "slim/shop/linux/amd64/"}


def test_rules(log: Any) -> None:
    rules = log["runs"][0]["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule["shortDescription"]["text"]
        assert rule["help"]["text"] in rule["fullDescription"]["text"]
        assert rule["help"]["markdown"].startswith(rule["help"]["text"].replace("<", "&lt;"))
        assert rule["properties"]["precision"] in ("low", "medium", "high")
        assert len(rule["properties"]["tags"]) <= MOST_TAGS
        assert 0 < float(rule["properties"]["security-severity"]) < 10
    root = next(rule for rule in rules if rule["id"] == "user.root")
    assert root["help"]["markdown"].endswith(
        "\n\nReferences: CIS Docker 4.1, NIST SP 800-190 4.1.2, CWE-250"
    )


def test_results(log: Any) -> None:
    sarif_run = log["runs"][0]
    rules = sarif_run["tool"]["driver"]["rules"]
    scores = {"note": 0, "warning": 4, "error": 7}
    for result in sarif_run["results"]:
        rule = rules[result["ruleIndex"]]
        assert rule["id"] == result["ruleId"]
        assert float(rule["properties"]["security-severity"]) >= scores[result["level"]]
        (location,) = result["locations"]
        assert location["physicalLocation"]["artifactLocation"]["uri"]
        assert location["physicalLocation"]["region"]["startLine"] >= 1


def test_lines(run: Run, place: Path) -> None:
    layer = {"srv/.env": f"A=1\n\nTOKEN={TOKEN}\n".encode(), "bin/sh": File(b"#!/x\n", 0o755)}
    write_layout(place / "lines", [layer], {}, [])
    found = uris(json.loads(run("inspect", "--format", "sarif", "lines").out))
    lines = {
        uri: result["locations"][0]["physicalLocation"]["region"]["startLine"]
        for uri, result in found.items()
    }
    assert (lines["srv/.env"], lines["bin/sh"]) == (3, 1)


def uris(log: Any) -> dict[str, Any]:
    results = log["runs"][0]["results"]
    return {
        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]: result
        for result in results
    }


def test_paths_are_relative_references(log: Any) -> None:
    found = uris(log)
    assert "usr/bin/%1B%5B31mred" in found
    assert ESCAPE_NAME.encode() in map(unquote_to_bytes, found)
    assert all(uri.isascii() and not uri.startswith("/") and ":" not in uri for uri in found)


def test_fingerprints_outlive_a_rebuild(log: Any, run: Run, place: Any) -> None:
    below = ({"opt/new": b"another layer below"}, *LAYERS)
    write_layout(place / "next", below, history=["RUN new", *HISTORY])
    later = json.loads(run("inspect", "--format", "sarif", "next").out)
    before, after = uris(log), uris(later)
    name = "usr/bin/%1B%5B31mred"
    assert before[name]["partialFingerprints"] == after[name]["partialFingerprints"]
    assert before[name]["properties"]["layer"]["number"] == 1
    assert after[name]["properties"]["layer"]["number"] == 2


@pytest.mark.parametrize("name", ["slimFinding/v1", "primaryLocationLineHash"])
def test_fingerprints_differ(name: str, log: Any) -> None:
    results = log["runs"][0]["results"]
    prints = [result["partialFingerprints"][name] for result in results]
    assert len(set(prints)) == len(prints)
