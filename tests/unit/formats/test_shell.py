"""Shell scripts as statements."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from slimmer.formats.shell import MAX_SCRIPT, MAX_STATEMENTS, parse_script
from slimmer.formats.shell_syntax import (
    Anything,
    Assignment,
    Block,
    Case,
    Choice,
    Command,
    For,
    Function,
    Glob,
    Literal,
    Loop,
    Pipeline,
    Redirected,
    Redirection,
    Subshell,
    Substitution,
    Variable,
    Word,
    literal_text,
    statements,
)


def _command(text: str) -> Command:
    [command] = parse_script(text.encode())
    assert isinstance(command, Command)
    return command


def _word(text: str) -> Word:
    """The one argument of a command; quotes leave empty literals, which say nothing here."""
    [_, word] = _command(f"x {text}").words
    return tuple(part for part in word if part != Literal("")) or word


def _names(block: Block) -> list[str | None]:
    return [
        literal_text(s.words[0]) for s in statements(block) if isinstance(s, Command) and s.words
    ]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a", "a"),
        ("'a b'", "a b"),
        ('"a b"', "a b"),
        ('"a\\"b\\$c\\d"', 'a"b$c\\d'),
        ("a\\ b", "a b"),
        ("a'b'\"c\"d", "abcd"),
        ("$'a\\tb\\x41\\101'", "a\tbAA"),
        ("''", ""),
        ('"*"', "*"),
        ("\\*", "*"),
        ("-x=5", "-x=5"),
        ("5", "5"),
        ('"a\\\nb"', "ab"),
        ("é", "é"),
    ],
)
def test_literal_words(source: str, text: str) -> None:
    assert literal_text(_command(f"x {source}").words[1]) == text


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("$a", (Variable("a", False),)),
        ('"$a"', (Variable("a", True),)),
        ('"${a}/b"', (Variable("a", True), Literal("/b"))),
        ("$1", (Variable("1", False),)),
        ('"$@"', (Variable("@", True),)),
        ('"${a[@]}"', (Variable("a", True, is_array=True),)),
        ("${a:-b}", (Variable("a", False, ":-", (Literal("b"),)),)),
        ("${a:=$b}", (Variable("a", False, ":=", (Variable("b", False),)),)),
        ('"${1#-}"', (Variable("1", True, "#", (Literal("-"),)),)),
        ("${0%/*}", (Variable("0", False, "%", (Literal("/"), Glob("*"))),)),
        ("${#a}", (Anything((Anything(),)),)),
        ("*.sh", (Glob("*"), Literal(".sh"))),
        ("/d/[a-z]?", (Literal("/d/"), Glob("[a-z]"), Glob("?"))),
        ("~/a", (Variable("HOME", True), Literal("/a"))),
    ],
)
def test_words_with_parts(source: str, word: Word) -> None:
    assert _word(source) == word


def test_braces_make_words() -> None:
    words = _command("x /a/{b,c}/d {e,f} '{g,h}' {i}").words
    assert [literal_text(word) for word in words] == [
        *("x", "/a/b/d", "/a/c/d", "e", "f", "{g,h}", "{i}"),
    ]


def test_substitutions_hold_scripts() -> None:
    for source in ("$(date -u)", "`date -u`"):
        [part] = _word(source)
        assert isinstance(part, Substitution)
        assert _names(part.body) == ["date"]
    [part] = _word("<(date)")
    assert isinstance(part, Substitution)
    assert part.is_file


def test_assignments() -> None:
    assert _command("a=b").assignments == (Assignment("a", (Literal("b"),)),)
    assert _command("a=1 b=2 c").assignments[1].name == "b"
    assert _command("export a=b").assignments == (Assignment("a", (Literal("b"),)),)
    assert _command("local -r a").words == tuple((Literal(w),) for w in ("local", "-r", "a"))
    assert _command("a+=b").assignments[0].append
    array = (Literal("b"),), (Literal("c"),)
    assert _command("a=(b c)").assignments == (Assignment("a", (), array),)


def test_redirections() -> None:
    assert _command("x <a >>b 2>&1").redirections == (
        Redirection("<", (Literal("a"),)),
        Redirection(">>", (Literal("b"),)),
        Redirection(">&", (Literal("1"),)),
    )
    assert _command("x <<E\nl $a\nE").redirections == (
        Redirection("<<", (Literal("l "), Variable("a", True), Literal("\n"))),
    )
    [loop] = parse_script(b"while x; do y; done < z")
    assert isinstance(loop, Redirected)


def test_what_follows_the_start_of_a_document() -> None:
    assert _names(parse_script(b"cat <<E | sort && id\nx\nE\ndate")) == [
        "cat",
        "sort",
        "id",
        "date",
    ]


@pytest.mark.parametrize(
    ("source", "kinds"),
    [
        ("a\nb; c & d", [Command] * 4),
        ("a && b || c", [Command, Choice, Choice]),
        ("if a; then b; fi", [Command, Choice]),
        ("for a in b; do c; done", [For]),
        ("for ((;;)); do c; done", [Loop]),
        ("while a; do b; done", [Loop]),
        ("until a; do b; done", [Loop]),
        ("case a in b|c) d;; *) e;; esac", [Case]),
        ("a() { b; }", [Function]),
        ("function a { b; }", [Function]),
        ("(a)", [Subshell]),
        ("{ a; }", [Command]),
        ("! a", [Command]),
        ("a | b", [Pipeline]),
        ("[ -f a ] && [[ b ]]", [Command, Choice]),
        ("# a", []),
    ],
)
def test_statements(source: str, kinds: list[type]) -> None:
    assert [type(statement) for statement in parse_script(source.encode())] == kinds


def test_every_way_through_a_choice() -> None:
    [_, choice] = parse_script(b"if a; then b; elif c; then d; else e; fi")
    assert isinstance(choice, Choice)
    assert [_names(arm) for arm in choice.arms] == [["b"], ["c", "d"], ["e"]]
    [_, choice] = parse_script(b"if a; then b; elif c; then d; fi")
    assert isinstance(choice, Choice)
    assert [_names(arm) for arm in choice.arms] == [["b"], ["c", "d"], []]


def test_a_command_knows_its_place() -> None:
    commands = [s for s in parse_script(b"#!/bin/sh\n\nif a; then\n  b 'c\nd'\nfi") if s]
    choice = commands[1]
    assert isinstance(choice, Choice)
    [command] = choice.arms[0]
    assert isinstance(command, Command)
    assert (command.line, command.text) == (4, "b 'c")


def test_what_cannot_be_read_is_passed_over() -> None:
    names = _names(parse_script(b"a\nif [ ( ; b\nc\n"))
    assert "a" in names
    assert "c" in names


def test_a_script_is_bounded() -> None:
    many = b"a\n" * (2 * MAX_STATEMENTS)
    assert len(parse_script(many)) <= MAX_STATEMENTS
    assert _names(parse_script(b"#" * MAX_SCRIPT + b"\na")) == []


@pytest.mark.parametrize(
    "unit", [b"a | ", b"x=(", b'"${', b"$(", b"( ", b"a <<E\n", b"{ a\n", b"`"]
)
def test_deep_and_wide_scripts_end(unit: bytes) -> None:
    parse_script(unit * 20_000)


def test_a_costly_script_is_read_in_pieces() -> None:
    source = b"x=$(a | b)\n" * 3000 + b"x" + b"|x" * 3000 + b"\nlast\n"
    found = parse_script(source)
    last = found[-1]
    assert isinstance(last, Command)
    assert (last.line, last.text) == (3002, "last")
    assert len(found) == 3001


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
@example(b"$'\\x")
@example(b"${")
@example(b"x <<")
def test_any_bytes_are_a_script(data: bytes) -> None:
    for statement in statements(parse_script(data)):
        assert statement is not None


@settings(deadline=None)
@given(st.lists(st.text(st.characters(min_codepoint=32, codec="utf-8")), min_size=1, max_size=5))
def test_quoted_words_are_read_as_written(texts: list[str]) -> None:
    quoted = ("'" + text.replace("'", "'\\''") + "'" for text in texts)
    words = _command("x " + " ".join(quoted)).words[1:]
    assert [literal_text(word) for word in words] == texts
