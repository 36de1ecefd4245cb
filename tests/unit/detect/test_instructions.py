"""History lines as builders write them, and the commands in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slimmer.detect.instructions import (
    MAX_LINES,
    MAX_TEXT,
    MAX_TOTAL,
    instructions,
    parse_instruction,
    shell_commands,
)
from slimmer.oci.config import ImageConfig

from .subjects import subject_of


@pytest.mark.parametrize(
    ("created_by", "keyword", "flags", "text"),
    [
        # the classic builder
        ("/bin/sh -c #(nop) ADD file:1f in / ", "ADD", (), "file:1f in /"),
        ('/bin/sh -c #(nop)  CMD ["bash"]', "CMD", (), '["bash"]'),
        ("/bin/bash -o pipefail -c #(nop)  USER 7", "USER", (), "7"),
        ("/bin/sh -c apt-get update", "RUN", (), "apt-get update"),
        ("|2 A=1 B=two words /bin/sh -c make x", "RUN", (), "make x"),
        ("|1 A=/opt/x /bin/bash -eo pipefail -c make", "RUN", (), "make"),
        # BuildKit, buildah, kaniko
        ("RUN /bin/sh -c make # buildkit", "RUN", (), "make"),
        ("RUN |1 A=b /bin/sh -c make # buildkit", "RUN", (), "make"),
        ("RUN /bin/bash -o pipefail -c make # buildkit", "RUN", (), "make"),
        ("RUN make all", "RUN", (), "make all"),
        ("COPY /a /b # buildkit", "COPY", (), "/a /b"),
        ("ADD --chown=1:1 --keep-git-dir https://x /y # buildkit", "ADD",
         ("--chown=1:1", "--keep-git-dir"), "https://x /y"),
        ("USER 10001", "USER", (), "10001"),
        # what is none
        ("# debian.sh --arch 'amd64' out/", "", (), "# debian.sh --arch 'amd64' out/"),
        ("bazel build //app", "", (), "bazel build //app"),
        ("APKO done", "", (), "APKO done"),
        ("", "", (), ""),
    ],
)  # fmt: skip
def test_forms(created_by: str, keyword: str, flags: tuple[str, ...], text: str) -> None:
    assert parse_instruction(created_by) == (keyword, flags, text)


@pytest.mark.parametrize(
    ("script", "commands"),
    [
        ("a b && c;d||e", ["a b", "c", "d", "e"]),
        ("a | b |& c", ["a", "|b", "|c"]),
        ('a \'b c\' "d \\"e" f\\ g', ['a b c d "e f g']),
        ("a \\\n  b\nc", ["a b", "c"]),
        ("set -eux; if [ -n x ]; then X=1 a; else ! b; fi", ["set -eux", "[ -n x ]", "a", "b"]),
        ("a >/dev/null 2>&1; b 2> c d; e &> f && g <h >>i j", ["a", "b d", "e", "g j"]),
        ("a $(b c) `d`", ["a", "b c", "d"]),
        ("(cd a; b) # c; d\ne", ["cd a", "b", "e"]),
        ("A=1 B='2 3'", []),
        ("env A=1 b; exec c", ["b", "c"]),
        ("cat <<'EOF'\na\nEOF", ["cat", "a", "EOF"]),
        ("'unbalanced", ["unbalanced"]),
        ("", []),
    ],
)
def test_commands(script: str, commands: list[str]) -> None:
    found = [("|" if c.piped else "") + " ".join(c.words) for c in shell_commands(script)]
    assert found == commands


def test_program_is_a_name() -> None:
    (command,) = shell_commands("/usr/bin/apt-get update")
    assert command.program == "apt-get"


def config_of(*lines: str, empty: frozenset[int] = frozenset()) -> ImageConfig:
    history = [{"created_by": line, "empty_layer": n in empty} for n, line in enumerate(lines)]
    return subject_of({}, history=history).image.config


def test_layers_and_lines() -> None:
    config = config_of("ADD x /", "ENV A=1", "RUN make", empty=frozenset({1}))
    assert [(i.line, i.layer, i.keyword) for i in instructions(config)] == [
        (1, 0, "ADD"),
        (2, None, "ENV"),
        (3, 1, "RUN"),
    ]


def test_bounds() -> None:
    assert len(instructions(config_of(*["RUN a"] * (MAX_LINES + 1)))) == MAX_LINES
    assert len(instructions(config_of("RUN " + "a" * MAX_TEXT))[0].text) <= MAX_TEXT
    many = config_of(*["RUN " + "a" * MAX_TEXT] * (MAX_TOTAL // MAX_TEXT + 2))
    assert len(instructions(many)) == MAX_TOTAL // MAX_TEXT


@given(st.text(alphabet="RUNAD |&;$()<>'\"\\\n#-/=ashc12", max_size=300))
def test_any_text_is_read(text: str) -> None:
    keyword, _, rest = parse_instruction(text)
    assert rest in text
    for command in shell_commands(rest if keyword else text):
        assert command.words
