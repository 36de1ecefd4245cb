"""Every rule finds its own examples and leaves its counter-examples."""

import re

import pytest
from secret_samples import fill

from slimmer.secrets.engine import Scanner
from slimmer.secrets.rule import Rule, catalogue
from slimmer.secrets.validators import VALIDATORS

RULES = catalogue().rule
_TEXT_PATH = {"credential": "app/.env", "command": "app/run.sh"}


@pytest.fixture(scope="module")
def scanner() -> Scanner:
    return Scanner()


def _found(scanner: Scanner, rule: Rule, text: str) -> set[str]:
    path = rule.test_path or _TEXT_PATH.get(rule.where, "app/notes.dat")
    secrets = scanner.scan_file(path, text.encode("latin-1"))
    return {match.rule for match in secrets.matches} if secrets else set()


def _cases(kind: str) -> list[tuple[Rule, str]]:
    return [(rule, text) for rule in RULES for text in getattr(rule, kind)]


@pytest.mark.parametrize(("rule", "text"), _cases("match"), ids=lambda v: getattr(v, "id", ""))
def test_rule_finds_its_example(scanner: Scanner, rule: Rule, text: str) -> None:
    assert rule.id in _found(scanner, rule, fill(text))


@pytest.mark.parametrize(("rule", "text"), _cases("no_match"), ids=lambda v: getattr(v, "id", ""))
def test_rule_leaves_its_counter_example(scanner: Scanner, rule: Rule, text: str) -> None:
    assert rule.id not in _found(scanner, rule, fill(text))


def test_ids_are_unique_and_references_resolve() -> None:
    ids = [rule.id for rule in RULES]
    assert len(set(ids)) == len(ids)
    for rule in RULES:
        assert rule.advice in catalogue().advice, rule.id
        assert rule.validator in VALIDATORS, rule.id
        assert all(re.fullmatch(r"CWE-\d+", reference) for reference in rule.references)
        assert rule.where != "file" or rule.paths or not rule.all_patterns, rule.id


def test_every_pattern_is_bounded_and_has_counter_examples() -> None:
    for rule in RULES:
        for pattern in rule.all_patterns:
            assert not re.search(r"(?<!\\)[\])}][*+]|(?<!\\)\.[*+]", pattern), rule.id
        assert rule.no_match or not rule.all_patterns, rule.id
