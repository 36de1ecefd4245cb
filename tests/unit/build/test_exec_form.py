"""Lines for a shell that need none, and all the others."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slimmer.build.exec_form import to_exec_form


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("app", ["app"]),
        ("app --flag x", ["app", "--flag", "x"]),
        ("  exec   app ", ["app"]),
        ('nginx -g "daemon off;"', ["nginx", "-g", "daemon off;"]),
        ("app 'c$d' e\\ f \"\"", ["app", "c$d", "e f", ""]),
        ("app a=b {x}", ["app", "a=b", "{x}"]),
        ("curl 'http://a/?b=1&c'", ["curl", "http://a/?b=1&c"]),
    ],
)
def test_a_simple_command(line: str, words: list[str]) -> None:
    assert to_exec_form(("/bin/sh", "-c", line)) == tuple(words)


@pytest.mark.parametrize(
    "line",
    [
        *("cd /x && app", "app; b", "app | b", "app &", "app > x", "app < x", "app 2>&1", "(app)"),
        *("app $X", "app ${X}", 'app "$X"', "app $(x)", "app `x`", "app *", "app a?", "app [x]"),
        *("app ~", "app ~/x", "A=b app", "A=b", "! app", "{ app; }", "echo x", "exit 1", "exec"),
        *("exec -a x app", "[ -f x ]", "if app", "app # x", "app\nb", "app 'x", 'app "x', "", " "),
        *("app $'x'", "app {b,c}", "app <<E", "app (", "x() y", "time app", "app || exit 1", "a\\"),
        *("app && b", "coproc app", "exec exec app", "exec cd /", "exec echo", '"" x', "a\0b"),
    ],
)
def test_what_needs_a_shell(line: str) -> None:
    assert to_exec_form(("/bin/sh", "-c", line)) is None


def test_a_check_may_say_that_it_fails() -> None:
    argv = ("/bin/sh", "-c", "curl -f http://localhost/ || exit 1")
    assert to_exec_form(argv, is_check=True) == ("curl", "-f", "http://localhost/")
    assert to_exec_form(argv) is None
    for line in ("a || b || exit 1", "a || exit 0", "exit 1", "|| exit 1", "a && b || exit 1"):
        assert to_exec_form(("/bin/sh", "-c", line), is_check=True) is None


@pytest.mark.parametrize(
    "argv",
    [("app",), ("/bin/sh", "app"), ("/bin/sh", "-c", "app", "x"), ("perl", "-c", "app"), ()],
)
def test_other_commands_stay(argv: tuple[str, ...]) -> None:
    assert to_exec_form(argv) is None


@given(st.lists(st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]))))
def test_quoted_words_come_back(words: list[str]) -> None:
    found = to_exec_form(("sh", "-c", shlex.join(["app", *words])))
    assert found in (None, ("app", *words))


# The reader of scripts takes `==` for an operator and refuses it, which is safe.
@given(
    st.lists(
        st.text("abc-./:=%+,_ 'x", min_size=1).filter(lambda word: set(word) != {"="}), max_size=5
    )
)
def test_plain_words_need_no_shell(words: list[str]) -> None:
    assert to_exec_form(("sh", "-c", shlex.join(["app", *words]))) == ("app", *words)
