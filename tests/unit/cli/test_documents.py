"""The JSON outputs: as their schemas say, exact where names are odd, without any secret."""

import base64
import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from .conftest import Run
from .shop import CONFIG, ESCAPE_NAME, LATIN_NAME, LAYERS, PASSWORD, TOKEN, write_layout

COMMANDS = {
    "inspect": ["inspect", "--format", "json", "shop"],
    "ls": ["ls", "--format", "json", "shop"],
    "diff": ["diff", "--format", "json", "shop", "other"],
}


@pytest.fixture
def document(run: Run, place: Any, request: pytest.FixtureRequest) -> Any:
    write_layout(place / "other", LAYERS[1:], {**CONFIG, "User": "7", "Healthcheck": {}})
    return json.loads(run(*COMMANDS[request.param]).out)


@pytest.mark.parametrize(("command", "document"), [(c, c) for c in COMMANDS], indirect=["document"])
def test_follows_its_schema(command: str, document: Any, run: Run) -> None:
    schema = json.loads(run(command, "--schema").out)
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(document)
    assert closed(schema) > 1


def test_layer_and_health_check_follow_the_schemas(run: Run, place: Any) -> None:
    config = {"Healthcheck": {"Test": ["CMD", "/bin/true"]}, "Volumes": {"/data": {}}}
    write_layout(place / "other", LAYERS, config, [])
    inspected = json.loads(run("inspect", "--format", "json", "other").out)
    listed = json.loads(run("ls", "--layer", "1", "--format", "json", "other").out)
    for command, document in (("inspect", inspected), ("ls", listed)):
        Draft202012Validator(json.loads(run(command, "--schema").out)).validate(document)
    assert inspected["image"]["config"]["healthcheck"] == ["CMD", "/bin/true"]
    assert inspected["image"]["config"]["volumes"] == ["/data"]
    assert {entry["layer"] for entry in listed["entries"]} == {1}


def closed(schema: Any) -> int:
    """How many objects the schema describes, each of which must name all its fields."""
    count = 0
    if isinstance(schema, dict):
        if "properties" in schema and "type" in schema:
            assert schema["additionalProperties"] is False
            count += 1
        count += sum(closed(value) for value in schema.values())
    return count


@pytest.mark.parametrize("document", ["inspect"], indirect=True)
def test_inspection_tells_the_image(document: Any) -> None:
    config = document["image"]["config"]
    assert config["entrypoint"] == CONFIG["Entrypoint"]
    assert config["labels"] == CONFIG["Labels"]
    assert [layer["number"] for layer in document["layers"]] == [0, 1]
    assert document["layers"][0]["wasted_bytes"] == len(LAYERS[0]["srv/.env"])
    assert [package["name"] for package in document["packages"]] == ["tool"]
    assert document["packages"][0]["files"] == 1
    assert document["summary"]["findings"] == len(document["findings"])
    assert document["summary"]["worst_severity"] == "critical"


@pytest.mark.parametrize("document", ["inspect"], indirect=True)
def test_findings_tell_where_they_are(document: Any) -> None:
    by_path = {finding["path"]: finding for finding in document["findings"]}
    red = by_path[f"/{ESCAPE_NAME}"]
    assert red["layer"]["number"] == 1
    assert red["layer"]["digest"] == document["layers"][1]["digest"]
    secret = by_path["/srv/.env"]
    assert (secret["in_final_filesystem"], secret["layer"]["number"]) == (False, 0)
    assert any(finding["layer"] is None for finding in document["findings"])


@pytest.mark.parametrize("document", ["inspect"], indirect=True)
def test_findings_come_worst_first(document: Any) -> None:
    ranks = {"critical": 0, "high": 1, "medium": 2, "low": 3}
    order = [ranks[finding["severity"]] for finding in document["findings"]]
    assert order == sorted(order)


@pytest.mark.parametrize("document", ["ls"], indirect=True)
def test_names_that_are_not_text_are_told_exactly(document: Any) -> None:
    entries = [entry for entry in document["entries"] if "path_base64" in entry]
    assert [entry["path"] for entry in entries] == ["srv/caf\ufffd"]
    raw = LATIN_NAME.encode("utf-8", "surrogateescape")
    assert base64.b64decode(entries[0]["path_base64"]) == raw


@pytest.mark.parametrize("document", ["diff"], indirect=True)
def test_difference_tells_both_sides(document: Any) -> None:
    files = {change["path"]: change for change in document["files"]}
    assert files["/etc/passwd"]["after"] is None
    assert files["/etc/passwd"]["before"]["size"] > 0
    assert f"/{ESCAPE_NAME}" not in files
    assert {"field": "user", "before": "", "after": "7"} in document["config"]
    assert document["packages"] == [
        {"type": "deb", "name": "tool", "before": ["1.2-3"], "after": []}
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ["inspect", "shop"],
        ["inspect", "--verbose", "shop"],
        ["inspect", "--format", "sarif", "shop"],
        *COMMANDS.values(),
    ],
)
def test_no_secret_and_no_control_is_shown(arguments: list[str], run: Run, place: Any) -> None:
    write_layout(place / "other", LAYERS[:1], {})
    result = run(*arguments)
    shown = result.out + result.err
    assert result.code == 0
    assert TOKEN not in shown
    assert PASSWORD not in shown
    assert all(char.isprintable() or char == "\n" for char in shown)


@pytest.mark.parametrize("form", ["text", "json"])
def test_two_runs_give_the_same_bytes(form: str, run: Run) -> None:
    first = run("inspect", "--format", form, "--no-cache", "shop")
    assert first == run("inspect", "--format", form, "shop")
