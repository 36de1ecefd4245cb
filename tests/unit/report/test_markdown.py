"""Markdown for a pull request: short, and nothing from an image is markup there."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import planted
from support.layers import File, Folder, Layer

from slimmer.build.plan import Grant, WritablePath
from slimmer.report.escape import escape
from slimmer.report.markdown import MOST_CHARACTERS, build_markdown, code, inspect_markdown, words
from slimmer.report.redact import Redactor

from .pages import HOSTILE, hostile_layer, inspection, outcome

SPAN = re.compile(r"(?<!`)(`+)(?!`)(.*?)(?<!`)\1(?!`)")


def _inspect(folder: Path, *layers: Layer, **config: object) -> str:
    with inspection(folder, *layers, **config) as found:
        return inspect_markdown(found, Redactor(found.subject.scanner))


def _outside_code(text: str) -> str:
    return "\n".join(SPAN.sub("", line) for line in text.splitlines())


@given(st.text(max_size=200))
def test_a_code_span_is_one_span_in_one_cell(text: str) -> None:
    shown = escape(text)
    span = code(shown)
    if not shown.strip():
        assert span == ""
        return
    assert not re.search(r"(?<!\\)\|", span)
    match = SPAN.fullmatch(span.replace("\\|", "|"))
    assert match
    inside = match[2]
    # One space on either side is taken away again (CommonMark 6.1).
    if len(inside) > 2 and inside[0] == inside[-1] == " ":
        inside = inside[1:-1]
    assert inside.strip() == shown.strip()


@given(st.text(max_size=100))
def test_words_outside_code_are_plain(text: str) -> None:
    rest = SPAN.sub("", words(text).replace("\\|", "p"))
    assert not re.search(r"[<>&@#*\[\]|`\\~!]", rest)
    assert "www." not in rest
    assert "://" not in rest


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Runs as root: the config names no user", "Runs as root: the config names no user"),
        ("a | b", "`a \\| b`"),
        ("`x`", "`` `x` ``"),
        ("@team look", "`@team look`"),
        ("see www.example.com", "`see www.example.com`"),
        ("fixes GH-12", "`fixes GH-12`"),
        ("a :smile: b", "`a :smile: b`"),
        ("in ENV DB_PASSWORD", "in ENV DB_PASSWORD"),
        ("_soon_", "`_soon_`"),
        ("- a list", "`- a list`"),
        ("1. a list", "`1. a list`"),
        ("a\nb", "`a\\x0ab`"),
        ("\u202egpj", "`\\u{202e}gpj`"),
        ("", ""),
    ],
)
def test_words(text: str, shown: str) -> None:
    assert words(text) == shown


def test_an_inspection(tmp_path: Path) -> None:
    layer: Layer = {
        "usr/bin/sh": File(b"\x7fELF", mode=0o4755),
        "srv/open": Folder(mode=0o777),
        **{f"srv/bin/p{number:02d}": File(b"x", mode=0o4755) for number in range(20)},
    }
    text = _inspect(tmp_path, layer)
    first, second = text.splitlines()[:2]
    assert first.startswith("### slim inspect: Not fit to ship: ")
    assert second == ""
    assert "<summary>More findings (" in text
    assert text.count("<details>") == text.count("</details>") == 2
    assert text.count("| `/srv/bin/p") == 20


def test_hostile_names_are_in_code(tmp_path: Path) -> None:
    layer = {f"srv/{n.replace('/', '')}": File(b"x", mode=0o4755) for n in HOSTILE}
    harm = "<img src=x> @all | [a](b)"
    text = _inspect(tmp_path, layer, config={"User": harm}, history=[{"created_by": harm}])
    rest = _outside_code(text)
    assert "<img" in text
    assert not re.search(r"<(?!/?(details|summary)>)|[@\[\]]", rest)
    for line in text.splitlines():
        if line.startswith(("| low", "| medium", "| high")):
            assert len(re.findall(r"(?<!\\)\|", line)) == 5


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    password = planted.password("markdown")
    history = [{"created_by": f"RUN login --password={password} DB_PASSWORD={password}"}]
    env = {"Env": [f"DB_PASSWORD={password}"]}
    text = _inspect(tmp_path, {"srv/x": b"x"}, config=env, history=history)
    assert "secret" in text
    assert password not in text


def test_a_build(tmp_path: Path) -> None:
    before: Layer = {
        "var/lib/dpkg/status": (
            b"Package: apt\nStatus: install ok installed\nVersion: 2.6\nArchitecture: amd64\n\n"
        ),
        "var/lib/dpkg/info/apt.list": b"/.\n/usr/bin/apt\n",
        "usr/bin/apt": File(b"\x7fELF" + b"a" * 9000, mode=0o755),
        "var/cache/apt/pkgcache.bin": b"c" * 90_000,
        "usr/bin/app": File(b"x", mode=0o755),
    }
    with outcome(tmp_path, before) as done:
        text = build_markdown(done, Redactor(done.before.scanner))
    assert re.match(r"### slim build: \S+ k?B became \S+ k?B, \d+% less\n", text)
    assert "| User | root | 65532:65532 | changed |" in text
    assert "Removed by rule" in text
    with outcome(tmp_path / "dry", before, write=False) as done:
        assert "A dry run" in build_markdown(done, Redactor(done.before.scanner))


def test_what_to_mount_and_what_changes_hands_is_told(tmp_path: Path) -> None:
    with outcome(tmp_path, {"etc/passwd": b"root:x:0:0:root:/root:/bin/sh\n"}) as done:
        mount = WritablePath("/run/shop", "tmpfs", "a|b.conf line 3: pid /run/shop/pid")
        given_away = Grant("var/shop", 7, 8, "a script writes there")
        plan = replace(done.plan, writable=(mount,), grants=(given_away,))
        text = build_markdown(replace(done, plan=plan), Redactor(done.before.scanner))
    assert "**Written to: mount these where the root is read-only**" in text
    assert "- `/run/shop: tmpfs (a\\|b.conf line 3: pid /run/shop/pid)`" in text
    assert "**Changed owners and modes**" in text
    assert "- /var/shop now belongs to user 7: a script writes there" in text


def test_it_always_fits_a_comment(tmp_path: Path) -> None:
    layer = {f"srv/{n:04d}{'|`' * 60}/x": File(b"x", mode=0o4755) for n in range(900)}
    history = [{"created_by": "`|" * 5000}]
    text = _inspect(tmp_path, layer, history=history)
    assert 30_000 < len(text) <= MOST_CHARACTERS
    assert "more do not fit here." in text
    assert text.count("<details>") == text.count("</details>")
    assert text.endswith("</details>\n")


def test_the_same_image_gives_the_same_text(tmp_path: Path) -> None:
    assert _inspect(tmp_path, hostile_layer()) == _inspect(tmp_path, hostile_layer())
