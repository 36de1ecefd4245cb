"""A build as text and as JSON: the figures are those of the plan, and nothing shown does harm."""

from dataclasses import replace
from pathlib import Path

from build.building import Result, built
from support import planted
from support.layers import Layer

from slimmer.build.build import Outcome
from slimmer.build.options import BuildOptions
from slimmer.build.plan import Kept, Removal
from slimmer.report.build_json import build_document
from slimmer.report.build_text import build_text
from slimmer.report.document import dump
from slimmer.report.style import Style

_LAYER: Layer = {
    "srv/app": planted.stream("app", 4000),
    "usr/share/doc/a/README": planted.stream("readme", 3000),
    "usr/share/man/man1/a.1": planted.stream("manual", 2000),
}
_HARMFUL = "\x1b[2J\u202e\udce9\n"


def _text(outcome: Outcome, *, verbose: bool = False) -> str:
    style = Style(colour=False, width=100, verbose=verbose)
    return "\n".join(build_text(outcome, style))


def _rows(result: Result) -> dict[str, str]:
    """The line of each rule in the text."""
    lines = _text(result.outcome).splitlines()
    return {line.split()[0]: line for line in lines if line[:1].isalpha()}


def test_rules_are_told_the_heaviest_first(tmp_path: Path) -> None:
    with built(tmp_path, _LAYER) as result:
        text = _text(result.outcome)
        assert text.index("documentation ") < text.index("manual ")
        assert "3.0 kB" in _rows(result)["documentation"]
        assert "2.0 kB" in _rows(result)["manual"]
        removed = {item["rule"]: item for item in build_document(result.outcome)["removed"]}
        assert {rule: item["bytes"] for rule, item in removed.items()} == {
            "documentation": 3000,
            "manual": 2000,
        }
        assert sum(item["bytes"] for item in removed.values()) == result.outcome.plan.removed_bytes


def test_figures_of_both_sides(tmp_path: Path) -> None:
    with built(tmp_path, _LAYER) as result:
        document = build_document(result.outcome)
        assert (document["before"]["files"], document["after"]["files"]) == (3, 1)
        image = result.outcome.image
        assert image is not None
        assert document["after"]["size"] == image.size
        assert document["before"]["size"] == result.before.subject.image.size
        assert document["not_smaller"] is None


def test_what_is_shown_does_no_harm(tmp_path: Path) -> None:
    with built(tmp_path, _LAYER) as result:
        plan = result.outcome.plan
        harm = replace(
            plan,
            warnings=(_HARMFUL,),
            kept=(Kept(f"/{_HARMFUL}", "rule", _HARMFUL),),
            removals=(
                *plan.removals,
                Removal(_HARMFUL, 1, 0, 0, "rule", _HARMFUL, _HARMFUL),
                Removal("x", 1, 0, 0, "rule", "other", _HARMFUL),
            ),
            user=replace(plan.user, text=_HARMFUL, reason=_HARMFUL),
        )
        outcome = replace(result.outcome, plan=harm)
        text = _text(outcome, verbose=True)
        assert "\x1b" not in text
        assert "\u202e" not in text
        text.encode()
        dump(build_document(outcome)).encode("ascii")


def test_long_lists_are_cut_unless_asked_for(tmp_path: Path) -> None:
    with built(tmp_path, _LAYER) as result:
        many = tuple(f"warning {number}." for number in range(30))
        outcome = replace(result.outcome, plan=replace(result.outcome.plan, warnings=many))
        assert "and 22 more (--verbose shows all)" in _text(outcome)
        assert "warning 29." not in _text(outcome)
        assert "warning 29." in _text(outcome, verbose=True)


def test_one_line_for_each_reason_to_keep(tmp_path: Path) -> None:
    layer = {**_LAYER, "usr/include/a.h": b"x", "usr/include/b.h": b"x"}
    options = BuildOptions("safe", user="keep", keep=("usr/share/doc",))
    with built(tmp_path, layer, options=options, config={"Cmd": ["gcc"]}) as result:
        text = _text(result.outcome)
        assert text.count("development: CMD names gcc") == 1
        assert "/usr/share/doc/a/README: --keep" in text
