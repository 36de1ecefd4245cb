"""slim.toml: where it is looked for, how it adds to the command line, what is wrong with it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slimmer.build.settings import parse_settings
from slimmer.errors import UsageError

from .conftest import Run
from .shop import write_layout


@pytest.fixture(autouse=True)
def image(place: Path) -> str:
    files = {"srv/app": b"app", "opt/a": b"a", "opt/b": b"b", "opt/c": b"c"}
    write_layout(place / "image", [files], {"Cmd": ["/srv/app"]}, ["COPY . /"])
    return "image"


def _options(run: Run, place: Path, *arguments: str) -> dict[str, Any]:
    result = run("build", "--dry-run", "--plan", "plan.json", *arguments, "image")
    assert (result.code, result.err) == (0, "")
    return json.loads((place / "plan.json").read_text())["options"]  # type: ignore[no-any-return]


def test_every_key(run: Run, place: Path) -> None:
    (place / "slim.toml").write_text(
        """
        [build]
        profile = "safe"
        user = "7:8"
        keep = ["/opt/a"]
        drop = ["/opt/b"]
        keep-package = ["one"]
        drop-package = ["two"]
        keep-shell = true
        squash = true
        base = "oci:image"
        compression = "zstd:3"
        """
    )
    assert parse_settings((place / "slim.toml").read_bytes(), "f") == {
        "profile": "safe",
        "user": "7:8",
        "keep": ("/opt/a",),
        "drop": ("/opt/b",),
        "keep_package": ("one",),
        "drop_package": ("two",),
        "keep_shell": True,
        "squash": True,
        "base": "oci:image",
        "compression": "zstd:3",
    }


def test_the_example_of_the_readme_is_one() -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_bytes()
    (example,) = re.findall(rb"```toml\n(\[build\].*?)```", readme, re.DOTALL)
    settings = parse_settings(example, "README.md")
    assert settings["profile"] == "file"
    assert settings["drop_package"] == ("libllvm14",)


def test_the_command_line_wins_and_lists_add_up(run: Run, place: Path) -> None:
    (place / "slim.toml").write_text(
        '[build]\nprofile = "safe"\nuser = "7"\nkeep = ["/opt/a"]\nsquash = true\n'
        'compression = "zstd"\nkeep-shell = true\n'
    )
    options = _options(run, place)
    assert (options["profile"], options["user"], options["squash"]) == ("safe", "7", True)
    assert (options["keep"], options["compression"]) == (["/opt/a"], "zstd")
    given = ("--profile", "file", "--no-squash", "--keep", "/opt/b", "--compression", "gzip:2")
    options = _options(run, place, "--user", "auto", *given)
    assert (options["profile"], options["user"], options["squash"]) == ("file", "auto", False)
    assert options["keep"] == ["/opt/a", "/opt/b"]
    assert (options["compression"], options["level"]) == ("gzip", 2)
    assert options["keep_shell"] is True


def test_where_it_is_looked_for(run: Run, place: Path) -> None:
    (place / "slim.toml").write_text('[build]\nuser = "7"\n')
    (place / "other.toml").write_text('[build]\nuser = "8"\n')
    assert _options(run, place)["user"] == "7"
    assert _options(run, place, "--config", "other.toml")["user"] == "8"
    assert _options(run, place, "--no-config")["user"] == "auto"
    verbose = run("build", "--verbose", "--dry-run", "image")
    assert verbose.err == "slim: settings of slim.toml: user\n"
    assert run("build", "--dry-run", "--config", "other.toml", "--no-config", "image").code == 2
    assert run("build", "--dry-run", "--config", "none.toml", "image").code == 2


def test_a_folder_of_that_name_is_no_settings(run: Run, place: Path) -> None:
    (place / "slim.toml").mkdir()
    assert _options(run, place)["user"] == "auto"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[build]\nprfile = 'safe'\n", "slim.toml:2: unknown key 'prfile' (did you mean profile?)"),
        ("[build]\n\nzzz = 1\n", "slim.toml:3: unknown key 'zzz' (known: profile, user"),
        ("build.squash = true\nbuild.zzz = 1\n", "slim.toml:2: unknown key 'zzz'"),
        ("[biuld]\n", "slim.toml:1: unknown key 'biuld' (did you mean build?)"),
        ("keep = ['/a']\n", "slim.toml:1: unknown key 'keep' (write keep below [build])"),
        ("build = 1\n", "slim.toml: build is not a table (write [build])"),
        ("[build]\nsquash = 1\n", "slim.toml:2: squash = 1 (true or false)"),
        ("[build]\nkeep = '/a'\n", "slim.toml:2: keep = '/a' (a list of texts"),
        ("[build]\nkeep = [1]\n", "slim.toml:2: keep = [1] (a list of texts"),
        ("[build]\nkeep = ['{a']\n", "slim.toml:2: keep: unbalanced braces"),
        ("[build]\ndrop-package = ['']\n", "slim.toml:2: drop-package: a text is empty"),
        ("[build]\nprofile = 'wild'\n", "slim.toml:2: profile: no profile 'wild' (one of package"),
        ("[build]\nuser = 'me'\n", "slim.toml:2: user: not a user: 'me'"),
        ("[build]\nuser = 7\n", "slim.toml:2: user = 7"),
        ("[build]\ncompression = 'xz'\n", "slim.toml:2: compression: not a compression: 'xz'"),
        ("[build]\nbase = ''\n", "slim.toml:2: base: a text is empty"),
        ("[build]\nbase = 'oci:image'\n", "--base is for --squash"),
        ("[build\n", "slim.toml: not TOML: "),
        ("a = " + "[" * 5000, "slim.toml: not TOML: "),
        ("\udcff", "slim.toml: not UTF-8"),
    ],
)
def test_errors_are_one_line(text: str, said: str, run: Run, place: Path) -> None:
    (place / "slim.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    result = run("build", "--dry-run", "image")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"slim: error: {said}")
    assert result.err.count("\n") == 1


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_are_settings_or_a_usage_error(data: bytes) -> None:
    _parse_or_refuse(data)


_LINES = st.sampled_from(
    ["[build]", "keep = ['/a']", "squash = true", "user = 'keep'", "base = 1", "x.y = {}", "[[a]]"]
)


@given(st.lists(_LINES, max_size=5).map("\n".join))
def test_any_lines_are_settings_or_a_usage_error(text: str) -> None:
    _parse_or_refuse(text.encode())


def _parse_or_refuse(data: bytes) -> None:
    where = "f"
    try:
        assert isinstance(parse_settings(data, "f"), dict)
    except UsageError as error:
        where = str(error.where)
    assert where.startswith("f")


def test_a_file_that_is_too_large() -> None:
    with pytest.raises(UsageError, match="larger than"):
        parse_settings(b"#" * (1024 * 1024 + 1), "f")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("inspct", "No such command 'inspct'. Did you mean inspect?"),
        ("bulid", "No such command 'bulid'. Did you mean build?"),
        ("zzz", "No such command 'zzz'. (see"),
    ],
)
def test_a_command_that_is_misspelt(name: str, said: str, run: Run) -> None:
    result = run(name, "image")
    assert (result.code, result.out) == (2, "")
    assert said in result.err
