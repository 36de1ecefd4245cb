"""`slim why`: chains, rules, what lies hidden, what is not there; and nothing is written."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from support.layers import File, Layer, Symlink

from .conftest import Run
from .shop import LATIN_NAME, TOKEN, write_layout

_FILES = {
    "dash": ("usr/bin/dash", "usr/bin/sh", "usr/share/doc/dash/README"),
    "perl": ("usr/bin/perl", "usr/share/perl/strict.pm"),
}
LAYERS: tuple[Layer, ...] = (
    {
        "var/lib/dpkg/status": "".join(
            f"Package: {name}\nStatus: install ok installed\nVersion: 1.0\nArchitecture: all\n\n"
            for name in _FILES
        ).encode(),
        **{
            f"var/lib/dpkg/info/{name}.list": "".join(f"/{path}\n" for path in paths).encode()
            for name, paths in _FILES.items()
        },
        "bin": Symlink("usr/bin"),
        "usr/bin/dash": File(b"dash", mode=0o755),
        "usr/bin/sh": Symlink("dash"),
        "usr/bin/perl": File(b"perl" * 50, mode=0o755),
        "usr/share/perl/strict.pm": b"1;",
        "usr/share/doc/dash/README": b"read me",
        "srv/old": b"12345",
        "srv/page": b"old page",
    },
    {
        "entry.sh": File(b'#!/usr/bin/sh\nexec "$@"\n', mode=0o755),
        "srv/.wh.old": b"",
        "srv/page": b"new page",
        LATIN_NAME: b"x",
        "srv/\x1b[2J": b"x",
    },
)
CONFIG = {"Entrypoint": ["/entry.sh", f"--token={TOKEN}"]}


@pytest.fixture(autouse=True)
def image(place: Path) -> str:
    write_layout(place / "image", LAYERS, CONFIG, [])
    return "image"


def _lines(text: str) -> list[str]:
    """Without what only lines columns up."""
    return [" ".join(line.split()) for line in text.splitlines()]


def test_a_chain_leads_from_the_entrypoint(run: Run) -> None:
    result = run("why", "image", "/usr/bin/dash")
    assert (result.code, result.err) == (0, "")
    head, first, second, third, *_ = _lines(result.out)
    assert head == "/usr/bin/dash kept (package dash 1.0)"
    assert first.startswith('ENTRYPOINT ["/entry.sh", "--token=')
    assert first.endswith("starts /entry.sh")
    assert second == "/entry.sh runs /usr/bin/sh #!/usr/bin/sh"
    assert third == "/usr/bin/sh is a link to /usr/bin/dash"
    assert TOKEN not in result.out


def test_a_link_is_answered_with_what_it_leads_to(run: Run) -> None:
    lines = _lines(run("why", "image", "bin/sh").out)
    assert lines[:2] == ["/usr/bin/sh kept (package dash 1.0)", "a link to dash"]
    assert "/usr/bin/dash kept (package dash 1.0)" in lines


def test_the_same_answer_is_given_once(run: Run) -> None:
    lines = _lines(run("why", "image", "/bin/dash", "/usr/bin/dash", "/usr/bin/dash").out)
    assert sum(line.startswith("/usr/bin/dash kept") for line in lines) == 1


def test_what_goes_has_a_rule(run: Run) -> None:
    lines = _lines(run("why", "image", "/usr/bin/perl").out)
    assert lines[0] == "/usr/bin/perl goes (package perl 1.0)"
    assert lines[1].startswith("unreached: ")
    assert lines[2] == "The nearest that is needed, in the same folder: /usr/bin/dash"


def test_options_are_those_of_build(run: Run, place: Path) -> None:
    assert "--keep keeps /usr/bin/perl" in _lines(
        run("why", "--keep", "/usr/bin/perl", "image", "/usr/bin/perl").out
    )
    goes = run("why", "--drop", "/entry.sh", "image", "/entry.sh").out
    assert _lines(goes)[:2] == ["/entry.sh goes", "--drop: asked for with --drop"]
    assert "(profile" not in goes
    (place / "slim.toml").write_text('[build]\nkeep = ["/usr/bin/perl"]\nuser = "7"\n')
    assert run("why", "image", "/usr/bin/perl").out.startswith("/usr/bin/perl  kept")
    assert run("why", "--no-config", "image", "/usr/bin/perl").out.startswith("/usr/bin/perl  goes")


def test_profile_safe_has_evidence_too(run: Run) -> None:
    lines = _lines(run("why", "--profile", "safe", "image", "/usr/bin/dash", "/usr/bin/perl").out)
    assert "/usr/bin/sh is a link to /usr/bin/dash" in lines
    assert lines[-2:] == [
        "/usr/bin/perl kept (package perl 1.0)",
        "no rule of the profile safe takes it",
    ]


def test_a_folder_is_summed_up(run: Run) -> None:
    lines = _lines(run("why", "image", "/usr").out)
    assert lines[0] == "/usr kept (folder)"
    (goes,) = (line for line in lines if line.startswith("goes:"))
    unreached = next(line for line in lines if "unreached" in line)
    assert goes == "goes: 3 files, 209 B"
    assert unreached.startswith("2 202 B unreached: ")


def test_a_copy_in_a_lower_layer(run: Run) -> None:
    gone = _lines(run("why", "image", "/srv/old").out)
    assert gone == [
        "/srv/old goes (no container sees it)",
        "layer 0 has it (5 B), layer 1 removes or replaces it: that copy goes",
    ]
    replaced = _lines(run("why", "image", "/srv/page").out)
    assert replaced[0] == "/srv/page kept"
    assert replaced[-1].startswith("layer 0 has it (8 B), layer 1 removes or replaces it")


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("/usr/bin/dasch", "near it: /usr/bin/dash"),
        ("/opt/perl", "near it: /usr/bin/perl"),
        ("/usr/sbin/strict.mp", "near it: /usr/share/perl/strict.pm"),
        ("/zzzzzz", "no such file in the image\n"),
        ("/entry.sh/x", "no such file"),
        ("../../\x1b", "no such file"),
    ],
)
def test_a_path_that_is_not_there(path: str, near: str, run: Run) -> None:
    result = run("why", "image", path, "/usr/bin/dash")
    assert result.code == 1
    assert result.out.startswith("/usr/bin/dash")
    assert result.err.count("\n") == 1
    assert near in result.err
    assert "\x1b" not in result.err


def test_odd_names_are_escaped(run: Run) -> None:
    result = run("why", "image", "/srv/\x1b[2J", "/" + LATIN_NAME)
    assert result.code == 0
    assert "/srv/\\x1b[2J  kept" in result.out
    assert "/srv/caf\\xe9  kept" in result.out
    assert "\x1b" not in result.out


def test_all_reasons(run: Run) -> None:
    short = run("why", "image", "/entry.sh").out
    long = run("why", "--all", "image", "/entry.sh").out
    assert "(--all shows them)" in short
    assert "Other reasons:" in long
    assert "payload: no package owns it" in long


def test_json_follows_its_schema(run: Run) -> None:
    schema = json.loads(run("why", "--schema").out)
    Draft202012Validator.check_schema(schema)
    paths = ["/bin/sh", "/usr/bin/perl", "/usr", "/srv/old", "/srv/page", "/no", "/" + LATIN_NAME]
    result = run("why", "--format", "json", "image", *paths)
    assert result.code == 1
    document: Any = json.loads(result.out)
    Draft202012Validator(schema).validate(document)
    answers = {answer["path"]: answer for answer in document["answers"]}
    assert [step["target"] for step in answers["/usr/bin/dash"]["chain"]] == [
        "/entry.sh",
        "/usr/bin/sh",
        "/usr/bin/dash",
    ]
    assert answers["/usr/bin/perl"]["decision"]["rule"] == "unreached"
    assert answers["/srv/old"]["state"] == "hidden"
    assert document["absent"] == [{"path": "/no", "near": []}]
    assert TOKEN not in result.out


def test_nothing_is_written(run: Run, place: Path) -> None:
    before = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    run("why", "image", "/usr/bin/dash", "/usr")
    assert {path: path.read_bytes() for path in place.rglob("*") if path.is_file()} == before


def test_a_path_has_to_be_named(run: Run) -> None:
    assert run("why", "image").code == 2
