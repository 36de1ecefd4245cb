"""`--policy` and `--benchmark`: exit codes, what is written, the day, the JSON."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from slimmer.cli import policy as policy_module
from slimmer.errors import EXIT_GATE, EXIT_USAGE

from .conftest import Run
from .shop import CONFIG, LAYERS, PASSWORD, TOKEN, write_layout

ROOT = "require-non-root = true\n"
OUTPUTS = {
    "oci:out": "out",
    "oci-archive:out.tar": "out.tar",
    "docker-archive:out.docker.tar": "out.docker.tar",
}


@pytest.fixture
def policy(place: Path) -> Path:
    return place / "p.toml"


@pytest.mark.parametrize("form", ["text", "json", "sarif", "markdown", "html"])
def test_a_broken_rule_is_told_beside_every_report(form: str, run: Run, policy: Path) -> None:
    policy.write_text(ROOT)
    result = run("inspect", "--policy", "p.toml", "--format", form, "shop")
    assert result.code == EXIT_GATE
    assert len(result.out) > 500
    assert result.err == (
        "slim: failed: p.toml: require-non-root: Runs as root: the config names no user\n"
    )


def test_a_policy_that_is_kept(run: Run, policy: Path) -> None:
    policy.write_text("max-packages = 1\n")
    result = run("inspect", "--policy", "p.toml", "shop")
    assert (result.code, result.err) == (0, "")
    assert "\nPolicy p.toml: kept\n" in result.out


def test_both_gates_are_told(run: Run, policy: Path) -> None:
    policy.write_text(ROOT)
    result = run("inspect", "--policy", "p.toml", "--fail-on", "high", "shop")
    assert result.code == EXIT_GATE
    assert [line[:20] for line in result.err.splitlines()] == [
        "slim: failed: 6 find",
        "slim: failed: p.toml",
    ]


def test_a_policy_is_read_before_the_image(run: Run, policy: Path) -> None:
    policy.write_text("x = 1\n")
    for command in (["inspect"], ["build", "--dry-run"]):
        result = run(*command, "--policy", "p.toml", "oci:nowhere")
        assert result.code == EXIT_USAGE
        assert result.err.startswith("slim: error: p.toml: unknown key 'x'")


def test_a_policy_that_is_not_there(run: Run) -> None:
    result = run("inspect", "--policy", "none.toml", "shop")
    assert result.code == EXIT_USAGE
    assert "'none.toml' does not exist" in result.err


@pytest.mark.parametrize("output", OUTPUTS)
def test_a_build_that_breaks_it_writes_nothing(
    output: str, run: Run, place: Path, policy: Path
) -> None:
    policy.write_text('required-labels = ["team"]\n')
    before = sorted(place.rglob("*"))
    result = run("build", "--policy", "p.toml", "-o", output, "shop")
    assert result.code == EXIT_GATE
    assert result.out.endswith("Nothing was written: the policy is broken.\n")
    assert sorted(place.rglob("*")) == before


@pytest.mark.parametrize("output", OUTPUTS)
def test_a_build_that_keeps_it_is_written(output: str, run: Run, place: Path, policy: Path) -> None:
    # What goes in breaks both rules; what comes out is held against them.
    policy.write_text(ROOT + "min-efficiency = 1.0\nmax-size = '1 MB'\n")
    assert run("inspect", "--policy", "p.toml", "shop").code == EXIT_GATE
    result = run("build", "--policy", "p.toml", "-o", output, "shop")
    assert (result.code, result.err) == (0, "")
    assert (place / OUTPUTS[output]).exists()
    assert run("inspect", "--policy", "p.toml", output).code == 0


def test_a_build_into_a_layout_that_holds_another(run: Run, place: Path, policy: Path) -> None:
    write_layout(place / "held", LAYERS[:1], {}, [], name="old")
    before = {path: path.read_bytes() for path in (place / "held").rglob("*") if path.is_file()}
    policy.write_text("max-size = 1\n")
    assert run("build", "--policy", "p.toml", "-o", "oci:held:new", "shop").code == EXIT_GATE
    after = {path: path.read_bytes() for path in (place / "held").rglob("*") if path.is_file()}
    assert after == before


def test_a_dry_run_says_what_it_cannot_know(run: Run, policy: Path) -> None:
    policy.write_text("max-size = 1\nmax-unpacked-size = 1\n")
    result = run("build", "--dry-run", "--policy", "p.toml", "shop")
    assert (result.code, result.err) == (0, "")
    assert "  max-size            not checked: nothing was built\n" in result.out
    policy.write_text('required-labels = ["team"]\n')
    assert run("build", "--dry-run", "--policy", "p.toml", "shop").code == EXIT_GATE


@pytest.mark.parametrize(("day", "code"), [(30, 0), (31, 0), (1, EXIT_GATE)])
def test_the_day_is_that_of_the_command_line(
    day: int, code: int, run: Run, policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy.write_text(
        "deny = ['user']\n[[allow]]\nfinding = 'user'\nreason = 'r'\nexpires = 2030-01-31\n"
    )
    today = date(2030, 2 if day == 1 else 1, day)
    monkeypatch.setattr(policy_module, "today", lambda: today)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    result = run("inspect", "--policy", "p.toml", "shop")
    assert result.code == code
    assert ("it was allowed until 2030-01-31" in result.err) == bool(code)


def test_an_exception_that_ran_out_and_covers_nothing_is_only_in_the_report(
    run: Run, policy: Path
) -> None:
    policy.write_text("[[allow]]\nfinding = 'log'\nreason = 'r'\nexpires = 2020-01-01\n")
    result = run("inspect", "--policy", "p.toml", "shop")
    assert (result.code, result.err) == (0, "")
    assert "expired             0 findings of log: it was allowed until 2020-01-01" in result.out


def validated(run: Run, *arguments: str) -> Any:
    document = json.loads(run(*arguments).out)
    schema = json.loads(run("inspect", "--schema").out)
    Draft202012Validator(schema).validate(document)
    return document


def test_json(run: Run, policy: Path) -> None:
    policy.write_text(
        ROOT + "[[allow]]\nfinding = 'setuid'\nreason = 'r'\nexpires = 2020-01-01\n"
        "[[allow]]\npath = '/srv'\nreason = 's'\n"
    )
    document = validated(
        run, "inspect", "--format", "json", "--policy", "p.toml", "--benchmark", "all", "shop"
    )
    policy_part = document["policy"]
    assert (policy_part["file"], policy_part["passed"]) == ("p.toml", False)
    (broken,) = policy_part["broken"]
    assert (broken["rule"], [f["id"] for f in broken["findings"]]) == (
        "require-non-root",
        ["user.root"],
    )
    (expired,) = policy_part["expired"]
    assert (expired["expires"], len(expired["findings"])) == ("2020-01-01", 3)
    (ignored,) = policy_part["ignored"]
    assert (ignored["path"], ignored["reason"]) == ("/srv", "s")
    assert {f["path"] for f in ignored["findings"]} == {"/srv", "/srv/.env"}
    results = {(r["benchmark"], r["id"]): r["result"] for r in document["benchmark"]}
    assert results["cis", "4.1"] == "fail"
    assert results["practice", "tag"] == "not-applicable"
    assert len(results) == len(document["benchmark"])


def test_json_has_what_was_asked_for(run: Run) -> None:
    assert {"benchmark", "policy"}.isdisjoint(validated(run, "inspect", "--format", "json", "shop"))
    document = validated(run, "inspect", "--format", "json", "--benchmark", "nist", "shop")
    assert {result["benchmark"] for result in document["benchmark"]} == {"nist"}
    assert "policy" not in document


def test_json_of_a_build(run: Run, policy: Path) -> None:
    policy.write_text("max-size = 1\n")
    result = run("build", "--format", "json", "--policy", "p.toml", "-o", "oci:out", "shop")
    document = json.loads(result.out)
    assert (result.code, document["output"]) == (EXIT_GATE, None)
    assert [broken["rule"] for broken in document["policy"]["broken"]] == ["max-size"]
    surface = {line["name"]: line for line in document["comparison"]["surface"]}
    assert surface["User"]["after"] == "65532:65532"
    assert surface["Writable by its user"]["before"] == "all, as root"
    assert surface["Vulnerabilities"] == {
        "name": "Vulnerabilities",
        "before": "not scanned",
        "after": "not scanned",
        "better": None,
    }


def test_what_the_user_may_write_is_counted(run: Run, place: Path) -> None:
    write_layout(place / "owned", LAYERS, {**CONFIG, "User": "shop"})
    document = json.loads(run("build", "--format", "json", "-o", "oci:out", "owned").out)
    surface = {line["name"]: line for line in document["comparison"]["surface"]}
    # Two folders that everyone may write, and one file under two names.
    assert surface["Writable by its user"]["before"] == "4"


@pytest.mark.parametrize("benchmark", ["cis", "nist", "practice", "all"])
def test_benchmarks_show_no_secret_and_no_control(benchmark: str, run: Run) -> None:
    result = run("inspect", "--benchmark", benchmark, "--verbose", "shop")
    assert result.code == 0
    assert TOKEN not in result.out
    assert PASSWORD not in result.out
    assert all(char.isprintable() or char == "\n" for char in result.out)
