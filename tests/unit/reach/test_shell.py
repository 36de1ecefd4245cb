"""What scripts start, source and read, and what they do not."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.layers import Content, File, Symlink

from slimmer.reach.edge import Confidence, Kind, Role
from slimmer.reach.graph import Graph
from slimmer.reach.script import ShebangResolver
from slimmer.reach.shell.resolver import ShellResolver
from slimmer.reach.shell.wrappers import WrapperResolver

from .reaching import reached, world_of

_PROGRAMS = (
    *("awk", "basename", "bash", "cat", "chmod", "chown", "cp", "date", "dirname", "egrep", "env"),
    *("expr", "find", "getent", "gosu", "grep", "gunzip", "head", "hostname", "id", "install"),
    *("java", "ls", "mkdir", "mktemp", "mongod", "mysqld", "nginx", "node", "numactl", "openssl"),
    *("perl", "php", "postgres", "psql", "python3", "rabbitmqctl", "readlink", "redis-server"),
    *("rm", "run-parts", "sed", "sh", "sleep", "sort", "stat", "su", "tee", "timeout", "tini"),
    *("tr", "uname", "wget", "xargs", "curl", "mysql", "uuidgen", "envsubst", "which", "apachectl"),
)
PROGRAMS: dict[str, Content] = {f"usr/bin/{name}": File(b"\x7f", 0o755) for name in _PROGRAMS}
RESOLVERS = (ShebangResolver, ShellResolver, WrapperResolver)


def run(
    script: str,
    *args: str,
    files: dict[str, Content] | None = None,
    least: Confidence = Confidence.MEDIUM,
    **config: Any,
) -> Graph:
    """What an image reaches that starts `script` as /entry with arguments."""
    entry = File(b"#!/bin/sh\n" + script.encode(), 0o755)
    contents = {**PROGRAMS, "bin/sh": File(b"\x7f", 0o755), "entry": entry, **(files or {})}
    config.setdefault("Env", ["PATH=/usr/local/bin:/usr/bin:/bin"])
    world = world_of(contents, Entrypoint=["/entry"], Cmd=list(args), **config)
    return reached(world, *RESOLVERS, least=least)


def started(graph: Graph) -> set[str]:
    """The programs that are started, by base name, without the script and its shell."""
    paths = (path for path in graph.reached if graph.started(path))
    return {path.rpartition("/")[2] for path in paths if path not in ("entry", "bin/sh")}


@pytest.mark.parametrize(
    ("script", "programs"),
    [
        ("date", {"date"}),
        ("exec date +%s", {"date"}),
        ("FOO=1 date", {"date"}),
        ("/usr/bin/date", {"date"}),
        ("echo date", set()),
        ("# date", set()),
        ("printf %s date; test -x date; kill 1", set()),
        ("if id; then date; elif ls; then cat; else tee; fi", {"id", "date", "ls", "cat", "tee"}),
        ("id && date || cat", {"id", "date", "cat"}),
        ("cat x | sort | head -1", {"cat", "sort", "head"}),
        ("while id; do sleep 1; done", {"id", "sleep"}),
        ("case x in y) date ;; *) id ;; esac", {"date", "id"}),
        ("(cd /; date)", {"date"}),
        ("{ date; } > /dev/null", {"date"}),
        ("! grep x", {"grep"}),
        ("x=$(date)", {"date"}),
        ("x=`date`", {"date"}),
        ('echo "it is $(date -d "$(id)")"', {"date", "id"}),
        ("echo $((1 + $(id -u)))", {"id"}),
        ("cat <<E\n$(date)\nE", {"cat", "date"}),
        ("cat <<'E'\nid\nE", {"cat"}),
        ("cat <<E | sort\nx\nE", {"cat", "sort"}),
        ("sh <<'E'\ndate\nE", {"date", "sh"}),
        ("sort < <(date)", {"sort", "date"}),
        ("eval 'date; id'", {"date", "id"}),
        ('x=date; eval "$x -u"', {"date"}),
        ("trap 'rm -f x' EXIT", {"rm"}),
        ("trap - EXIT", set()),
        ("command date", {"date"}),
        ("f() { date; }; f", {"date"}),
        ("date() { :; }; date", set()),
        ("date() { :; }; command date", {"date"}),
        ("a=date; b=$a; $b", {"date"}),
        ("a=da; ${a}te", {"date"}),
        ("${X:-date} x", {"date"}),
        (": ${X:=date}; $X", {"date"}),
        ("a='date -u'; exec $a", {"date"}),
        ("a='date -u'; exec \"$a\"", set()),
        ("if x; then a=date; else a=id; fi; $a", {"date", "id"}),
        ("for p in date id; do $p; done", {"date", "id"}),
        ('args=(date); args+=(-u); exec "${args[@]}"', {"date"}),
        ('args=(x y); exec timeout 5 "${args[@]}" ', {"timeout"}),
        ("local x=date; $x", {"date"}),
        ("export x=date; $x", {"date"}),
        ("exec $NOT_SET date", {"date"}),
        ('"$NOT_SET" date', set()),
        ("sh -c 'date; id'", {"sh", "date", "id"}),
        ('bash -euo pipefail -c \'exec "$0" "$@"\' date x', {"bash", "date"}),
        ("su www -s /usr/bin/bash -c 'date'", {"su", "bash", "date"}),
        ("gosu www date", {"gosu", "date"}),
        ("exec env -i A=b tini -- timeout -k 3 5 date", {"env", "tini", "timeout", "date"}),
        ("ls | xargs -n 1 -I{} stat {}", {"ls", "xargs", "stat"}),
        ("find / -name x -exec chown a {} + -exec stat '{}' \\;", {"find", "chown", "stat"}),
        ("echo a b | while read -r x y; do $x; done", set()),
        ("x=$(id); $x", {"id"}),
        ("cd /usr/bin && ./date", {"date"}),
        ("diff <(id) <(date)", {"id", "date"}),
        ('set -- date; exec "$@"', {"date"}),
        ('set -eu; exec "$@"', set()),
        ("time date", {"date"}),
        ("unset x; date &", {"date"}),
        ("until date; do :; done", {"date"}),
        ("for ((i=0; i<3; i++)); do date; done", {"date"}),
        ("if [ ( ; date\nid", {"date", "id"}),
        ("awk 'BEGIN { print \"perl\" }'", {"awk"}),
        ("PATH=/opt/x:$PATH; tool", {"tool"}),
        ('export PATH="$PATH:/opt/x"; tool; date', {"tool", "date"}),
        ('x=${0%/*}; "$x/tool2"', {"tool2"}),
        ('"$(dirname "$(readlink -f "$0")")/tool2"', {"dirname", "readlink", "tool2"}),
        ("d=`dirname $0`; d=`cd $d/opt && pwd`; exec $d/x/tool", {"dirname", "tool"}),
    ],
)
def test_programs_of_a_script(script: str, programs: set[str]) -> None:
    files: dict[str, Content] = {
        "opt/x/tool": File(b"", 0o755),
        "tool2": File(b"", 0o755),
        "entry.d/x": b"",
    }
    assert started(run(script, files=files)) == programs


def test_a_file_that_is_not_executable_is_not_started() -> None:
    graph = run("/data/x", files={"data/x": b"text"})
    assert "data/x" not in graph


def test_arguments_are_what_the_config_says() -> None:
    graph = run('exec "$@"', "redis-server", "--port", "1")
    assert started(graph) == {"redis-server"}
    graph = run('shift; exec "$@"', "date", "id", "x")
    assert started(graph) == {"id"}
    graph = run('main() { exec "$2"; }; main "$@"', "date", "id")
    assert started(graph) == {"id"}
    graph = run('for a; do "$a"; done', "date", "id")
    assert started(graph) == {"date", "id"}


def test_options_alone_are_given_to_the_server() -> None:
    script = """
    if [ "${1#-}" != "$1" ] || [ "${1%.conf}" != "$1" ]; then set -- redis-server "$@"; fi
    if [ "$1" = 'redis-server' -a "$(id -u)" = '0' ]; then
        find . \\! -user redis -exec chown redis '{}' +
        exec gosu redis "$0" "$@"
    fi
    exec "$@"
    """
    for args in (["redis-server"], ["--port", "1"]):
        assert started(run(script, *args)) == {"redis-server", "id", "find", "chown", "gosu"}


def test_a_program_that_is_asked_for_is_less_sure() -> None:
    script = 'if [ -z "$(command -v "${1}")" ]; then set -- node "$@"; fi; exec "$@"'
    assert started(run(script, "app.js")) == {"node"}
    guarded = run("if command -v perl >/dev/null; then perl -e 1; fi; date")
    assert guarded.best("usr/bin/perl").confidence is Confidence.MEDIUM  # type: ignore[union-attr]
    assert guarded.best("usr/bin/date").confidence is Confidence.HIGH  # type: ignore[union-attr]
    looked_up = run('x=$(which php); "$x" -v')
    assert started(looked_up) == {"php", "which"}


def test_functions_that_nothing_calls_are_less_sure() -> None:
    script = "unused() { perl; }; said() { php; }; x_run() { id; }; used() { date; }\nused\n"
    graph = run(f'{script} log said; "${{KIND}}_run"')
    assert graph.best("usr/bin/date").confidence is Confidence.HIGH  # type: ignore[union-attr]
    assert graph.best("usr/bin/php").confidence is Confidence.MEDIUM  # type: ignore[union-attr]
    assert graph.best("usr/bin/id").confidence is Confidence.MEDIUM  # type: ignore[union-attr]
    assert "usr/bin/perl" not in graph
    assert graph.weak["usr/bin/perl"].confidence is Confidence.LOW


def test_what_is_not_known_stays_so_in_text_that_is_put_together() -> None:
    graph = run("eval \"date '$NOT_SET' $NOT_SET \\\"$NOT_SET\\\"; '$NOT_SET' id\"")
    assert started(graph) == {"date"}
    assert graph.started("usr/bin/date").detail.startswith("line 2: eval")  # type: ignore[union-attr]


def test_the_reason_is_the_line() -> None:
    graph = run('\nset -e\nexec gosu redis "$@"', "date")
    edge = graph.started("usr/bin/gosu")
    assert edge is not None
    assert (edge.detail, edge.kind) == ('line 4: exec gosu redis "$@"', Kind.EXEC)
    assert [e.source for e in graph.chain("usr/bin/date")] == [
        "ENTRYPOINT",
        "entry",
        "usr/bin/gosu",
    ]


def test_files_and_folders_in_arguments() -> None:
    files: dict[str, Content] = {
        "etc/app/app.conf": b"",
        "etc/app/other.conf": b"",
        "etc/in": b"",
        "etc/out": b"",
        "etc/flag": b"",
        "srv/data/a/b": b"",
        "srv/more/x": b"",
        "srv/glob/one.t": b"",
        "srv/glob/two": b"",
        "var/lib/app/keep": b"",
        "relative": b"",
    }
    graph = run(
        """
        nginx --conf=/etc/app/app.conf < /etc/in > /etc/out
        [ -f /etc/flag ] && cp -r /srv/data /tmp
        stat /srv/more; cat /srv/glob/*.t; cat relative
        ls /etc; date > /var/lib/app/new.log; echo /etc/app/other.conf
        """,
        files=files,
    )
    for path in ("etc/app/app.conf", "etc/in", "etc/out", "etc/flag", "relative", "srv/more"):
        assert graph.best(path).confidence is Confidence.HIGH, path  # type: ignore[union-attr]
        assert graph.role(path) is Role.READ
    assert graph.best("srv/data/a/b").confidence is Confidence.MEDIUM  # type: ignore[union-attr]
    assert {"srv/glob", "srv/glob/one.t", "var/lib/app"} <= graph.reached.keys()
    for path in ("etc/app/other.conf", "srv/more/x", "srv/glob/two", "var/lib/app/keep"):
        assert path not in graph, path


def test_a_shell_that_is_given_a_script() -> None:
    files: dict[str, Content] = {"start": b'date; exec "$1"\n', "etc/profile": b"id\n"}
    graph = run("sh -e /start hostname", files=files)
    assert {"date", "hostname"} <= started(graph)
    assert "id" not in started(graph)
    assert "id" in started(run("bash -l -c date", files=files))
    data = run("cat /start", files=files)
    assert started(data) == {"cat"}


def test_the_command_of_the_config() -> None:
    world = world_of(
        {**PROGRAMS, "bin/sh": Symlink("/usr/bin/sh")},
        Cmd=["/bin/sh", "-c", "exec nginx"],
        Healthcheck={"Test": ["CMD-SHELL", "wget -q localhost || exit 1"]},
    )
    graph = reached(world, *RESOLVERS)
    assert started(graph) == {"sh", "nginx", "wget"}
    assert graph.started("usr/bin/wget").detail == "sh -c: wget -q localhost"  # type: ignore[union-attr]


def test_busybox_is_what_it_is_called() -> None:
    files: dict[str, Content] = {
        "bin/busybox": File(b"\x7f", 0o755),
        "bin/sh": Symlink("busybox"),
        "bin/ash": Symlink("/bin/busybox"),
        "bin/ls": Symlink("/bin/busybox"),
        "usr/bin/env": Symlink("/bin/busybox"),
        "usr/bin/app": File(b"\x7f", 0o755),
        "usr/bin/other": File(b"\x7f", 0o755),
        "usr/bin/third": File(b"\x7f", 0o755),
        "usr/bin/fourth": File(b"\x7f", 0o755),
    }
    commands = (
        (["/bin/sh", "-c", "app"], "app"),
        (["busybox", "sh", "-c", "other"], "other"),
        (["env", "A=b", "third"], "third"),
        (["/bin/busybox", "timeout", "5", "ash", "-c", "fourth"], "fourth"),
    )
    for cmd, program in commands:
        graph = reached(world_of(dict(files), Cmd=cmd), *RESOLVERS)
        assert f"usr/bin/{program}" in graph, cmd
    graph = reached(world_of(dict(files), Cmd=["ls", "-c", "app"]), *RESOLVERS)
    assert "usr/bin/app" not in graph


def test_a_variable_that_a_parent_exports_is_known_to_its_child() -> None:
    files: dict[str, Content] = {"child": File(b'#!/bin/sh\nexec "$TOOL"\n', 0o755)}
    assert "date" in started(run("export TOOL=date; exec /child", files=files))


@pytest.mark.parametrize(
    "script",
    [
        "f() { f; f; }; f",
        ". /entry",
        "eval eval eval eval 'eval \"$0\"'",
        "x=a; while :; do x=$x$x$x; done; $x",
        'set -- a b; while :; do set -- "$@" "$@"; done; "$@"',
        "a() { b; }; b() { a; }; a",
        'x=(1 2); while :; do x+=("${x[@]}"); done; ${x[@]}',
        "f() { eval 'f; f'; $(f); }; f",
        "for a in 1 2 3; do for b in $a $a; do for c in $b /*; do $a$b$c; done; done; done",
        "trap 'trap \"trap x\" 1' 2",
    ],
)
def test_a_script_without_end_ends(script: str) -> None:
    assert "entry" in run(script + "\ndate")


_ODD = (
    *("date", "$x", '"$@"', "x=", "x=1", "(", ")", "`", "$(", "${", "}", "if", "then", "fi"),
    *("for f in", "do", "done", "case", "esac", ";;", "\n", ";", "|", "&&", "<", ">", "<<E"),
    *("E", "*", "/", "eval", "set --", "shift", "exec", ".", "/entry", "'", '"', "f()", "{"),
    *("cd", "%", "#", ":-", "[", "]", "command -v", "read x", "trap", "find /usr", "~", "\\"),
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(_ODD),
        max_size=25,
    )
)
def test_no_script_is_too_odd(words: list[str]) -> None:
    assert "entry" in run(" ".join(words), "date", files={"usr/bin/date": File(b"", 0o755)})
