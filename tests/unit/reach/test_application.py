"""Programs and paths in the source of applications and of libraries."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.layers import Content, File, Symlink

from slimmer.reach.application.commands import Command, find_commands, table
from slimmer.reach.application.resolver import ApplicationResolver
from slimmer.reach.edge import Confidence, Kind, Need, Role
from slimmer.reach.graph import Graph

from .reaching import reached, world_of

PROGRAM = File(b"#!/bin/true\n", 0o755)
TOOLS: dict[str, Content] = {
    **{f"usr/bin/{name}": PROGRAM for name in ("convert", "git", "other", "dash")},
    "bin/sh": Symlink("../usr/bin/dash"),
    "usr/share/fonts/good.ttf": b"font",
    "usr/share/shared/data/one": b"1",
}


@pytest.mark.parametrize(
    ("language", "source", "words", "line"),
    [
        ("python", 'subprocess.run(["convert", "-x", a])', ("convert",), ""),
        ("python", "subprocess.check_output(\n    ('convert', '-x'))", ("convert",), ""),
        ("python", "from subprocess import Popen\nPopen(['convert'])", ("convert",), ""),
        ("python", "import os\nos.system('convert a | b')", ("convert", "a", "|", "b"), "same"),
        ("python", 'subprocess.run("convert a", shell=True)', ("convert", "a"), "same"),
        ("python", 'subprocess.run("convert")', ("convert",), ""),
        ("python", "await asyncio.create_subprocess_exec('convert', x)", ("convert",), ""),
        ("python", "os.spawnlp(os.P_WAIT, 'convert', 'convert')", ("convert",), ""),
        ("python", "shutil.which('convert')", ("convert",), ""),
        ("python", "os.execvp(b'convert', x)", ("convert",), ""),
        ("python", "os.popen(f'convert {x}')", ("convert", "{x}"), "same"),
        ("node", "require('child_process').spawn('convert', [])", ("convert",), ""),
        (
            "node",
            "const {execFile} = require('child_process'); execFile('convert')",
            ("convert",),
            "",
        ),
        (
            "node",
            "import {exec} from 'child_process'; exec(`convert ${x}`)",
            ("convert", "${x}"),
            "same",
        ),
        ("node", "const x = require('execa'); execa('convert')", ("convert",), ""),
        ("ruby", "system 'convert', 'a'", ("convert",), ""),
        ("ruby", "out = `convert a`", ("convert", "a"), ""),
        ("ruby", 'system("convert #{x}")', ("convert", "#{x}"), "same"),
        ("ruby", "Open3.capture2e('convert', x)", ("convert",), ""),
        ("ruby", "IO.popen(['convert', x])", ("convert",), ""),
        ("php", "exec('convert a', $out);", ("convert", "a"), "same"),
        ("php", '$out = \\shell_exec("convert $a");', ("convert", "$a"), "same"),
        ("php", "$p = new Process(['convert', $a]);", ("convert",), ""),
        ("perl", "system('convert', $a);", ("convert",), ""),
        ("perl", "my $x = qx(convert -x);", ("convert", "-x"), ""),
        ("perl", "exec 'convert $a';", ("convert", "$a"), "same"),
        ("perl", "my $x = `convert a > b`;", ("convert", "a", ">", "b"), "same"),
        ("lua", "os.execute('convert a')", ("convert", "a"), "same"),
    ],
)
def test_each_way_to_start_a_program(
    language: str, source: str, words: tuple[str, ...], line: str
) -> None:
    expected = Command(words, " ".join(words) if line else "")
    assert list(find_commands(language, source)) == [expected]


@pytest.mark.parametrize(
    ("language", "source"),
    [
        ("python", "import subprocess\nname = 'convert'"),
        ("python", "subprocess.run([program, 'convert'])"),
        ("python", "subprocess.run(f'{program} convert')"),
        ("node", "require('child_process'); /a/.exec('convert')"),
        ("node", "exec('convert')"),
        ("ruby", "puts 'system'"),
        ("php", "$db->exec('convert a');"),
        ("cobol", "system('convert')"),
    ],
)
def test_what_starts_nothing(language: str, source: str) -> None:
    assert list(find_commands(language, source)) == []


@given(st.sampled_from(sorted(table().language)), st.text(max_size=300))
def test_any_text_is_searched_without_an_error(language: str, text: str) -> None:
    list(find_commands(language, f"subprocess child_process ` {text}"))


@pytest.mark.parametrize("language", sorted(table().language))
def test_long_runs_of_one_thing_take_no_long_time(language: str) -> None:
    # Each of these would be 10^10 steps and more, were blanks and names not bounded.
    call = "subprocess child_process os.popen new Process system exec "
    for run in (f"run({' ' * 200_000}", f"system({' ' * 200_000}", "a\\" * 100_000, "a." * 100_000):
        assert len(list(find_commands(language, call + run))) <= 1


def graph_of(
    files: dict[str, Content], start: str = "app/main.py", role: Role = Role.CODE, **config: Any
) -> Graph:
    world = world_of(TOOLS | files, Env=["PATH=/usr/bin:/bin"], **config)
    source = Need(f"/{start}", Kind.LOAD, "test", role=role)
    payload = [Need(f"/{path}", Kind.DATA, "payload") for path in files]
    roots = [("test", source), *(("payload", need) for need in payload)]
    return reached(world, ApplicationResolver, roots=roots)


def test_an_application_starts_programs_and_their_shell() -> None:
    source = b"import os, subprocess\nos.system('convert a > b')\nsubprocess.run(['git'])\n"
    graph = graph_of({"app/main.py": source})
    assert graph.role("usr/bin/convert") is Role.RUN
    assert graph.role("usr/bin/dash") is Role.RUN
    assert "usr/bin/git" in graph
    assert "usr/bin/other" not in graph
    assert graph.chain("usr/bin/convert")[-1].detail == "runs convert a > b"


def test_a_library_starts_programs_but_no_shells_and_no_tools_of_makers() -> None:
    source = b"import os, subprocess\nos.system('convert a')\nsubprocess.run(['git', 'log'])\n"
    path = "usr/local/lib/python3.11/site-packages/lib/x.py"
    graph = graph_of({path: source}, path)
    assert "usr/bin/convert" in graph
    assert "usr/bin/dash" not in graph
    assert "usr/bin/git" not in graph
    assert graph.weak["usr/bin/git"].confidence is Confidence.LOW


def test_a_standard_library_is_not_believed() -> None:
    path = "usr/local/lib/python3.11/uuid.py"
    graph = graph_of({path: b"import subprocess\nsubprocess.run(['convert'])\n"}, path)
    assert "usr/bin/convert" not in graph


def test_what_a_runtime_was_built_with_is_nobodys_need() -> None:
    for path in ("perl5/5.38.0/x86_64-linux-gnu/Config_heavy.pl", "jruby/lib/x/rbconfig.rb"):
        place = f"usr/local/lib/{path}"
        graph = graph_of({place: b"cc => '/usr/share/fonts/good.ttf', system('convert')"}, place)
        assert "usr/share/fonts/good.ttf" not in graph
        assert "usr/bin/convert" not in graph


def test_source_that_is_only_data_starts_nothing() -> None:
    source = b"import subprocess\nsubprocess.run(['convert'])\n"
    graph = graph_of({"data/x.py": source}, "data/x.py", Role.KEEP)
    assert "usr/bin/convert" not in graph


def test_paths_in_quotes_are_needed_where_they_are_something_of_their_own() -> None:
    source = b"""A = "/usr/share/fonts/good.ttf"
B = '/usr/share/shared/data'
C = "/usr/share"
D = "/usr/bin/other"
E = "/nowhere/x"
"""
    graph = graph_of({"app/main.py": source})
    assert graph.role("usr/share/fonts/good.ttf") is Role.READ
    assert "usr/share/shared/data/one" in graph
    assert graph.role("usr/bin/other") is Role.RUN
    assert "usr/bin/convert" not in graph
    assert not graph.missing
    folder = graph_of({"app/main.py": b'C = "/usr/share"\nD = "/"\nE = "/usr/bin"\n'})
    assert "usr/share/fonts/good.ttf" not in folder
    assert "usr/bin/other" not in folder


def test_a_library_that_names_a_program_does_not_start_it() -> None:
    path = "usr/local/lib/python3.11/site-packages/lib/x.py"
    source = b'A = "/usr/bin/other"\nB = "/usr/share/fonts/good.ttf"\n'
    graph = graph_of({path: source}, path)
    assert "usr/bin/other" not in graph
    assert "usr/share/fonts/good.ttf" in graph


def test_other_source_and_settings_beside_the_application_count() -> None:
    files: dict[str, Content] = {
        "app/main.py": b"",
        "app/jobs/late.rb": b"system('convert', 'a')\n",
        "app/settings.yaml": b"font: /usr/share/fonts/good.ttf\nworker:\n  command: other --all\n",
        "app/package.json": b'{"exec": "git"}',
        "app/node_modules/x/y.rb": b"system('git')\n",
        "elsewhere/z.rb": b"system('git')\n",
    }
    graph = graph_of(files)
    assert {"usr/bin/convert", "usr/bin/other", "usr/share/fonts/good.ttf"} <= set(graph.reached)
    assert "usr/bin/git" not in graph
    # The working directory is an application's, too.
    graph = graph_of(files, WorkingDir="/elsewhere")
    assert "usr/bin/git" in graph


@pytest.mark.parametrize(
    "line",
    [
        'command = "other --x"',
        '"cmd": ["other", "--x"],',
        "ENTRYPOINT=other",
        "  program: 'other'",
    ],
)
def test_each_form_of_a_command_in_settings(line: str) -> None:
    graph = graph_of({"app/main.py": b"", "app/a.conf": line.encode()})
    assert graph.role("usr/bin/other") is Role.RUN


@pytest.mark.parametrize(
    "line", ["description = other", "command_line_help: other", "x = /usr/bin/other"]
)
def test_words_in_settings_that_are_no_commands(line: str) -> None:
    graph = graph_of({"app/main.py": b"", "app/a.conf": line.encode()})
    assert "usr/bin/other" not in graph
