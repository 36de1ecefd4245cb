"""Credentials are cut out of settings and commands; all else stays to the letter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import planted

from slimmer.report.redact import Redactor
from slimmer.secrets.engine import Scanner

TOKEN = planted.github_token("redact")
OTHER = planted.npm_token("redact")


SCANNER = Scanner()


@pytest.fixture
def redactor() -> Redactor:
    return Redactor(SCANNER)


def test_settings(redactor: Redactor) -> None:
    found = redactor.environment({"PATH": "/bin", "T": f"a {TOKEN} b {OTHER} c"})
    assert found == {"PATH": "/bin", "T": "a [ghp_...] b [npm_...] c"}


def test_labels_and_history(redactor: Redactor) -> None:
    assert redactor.labels({"note": TOKEN}) == {"note": "[ghp_...]"}
    assert redactor.history(f"RUN curl -H 'Authorization: {TOKEN}' é") == (
        "RUN curl -H 'Authorization: [ghp_...]' é"
    )


def test_commands_are_cut_argument_by_argument(redactor: Redactor) -> None:
    command = ["run", "--name", "ä", "--token", TOKEN, f"--other={OTHER}", ""]
    expected = ["run", "--name", "ä", "--token", "[ghp_...]", "--other=[npm_...]", ""]
    assert redactor.command(command) == expected


def test_lone_surrogates_of_json_are_replaced(redactor: Redactor) -> None:
    assert redactor.history("a\ud800b") == "a\ufffdb"
    assert redactor.environment({"N\ud800": "v\udc80"}) == {"N\ufffd": "v\ufffd"}


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=10), max_size=5))
def test_what_holds_no_secret_stays(arguments: list[str]) -> None:
    redactor = Redactor(SCANNER)
    assert redactor.command(arguments) == arguments
