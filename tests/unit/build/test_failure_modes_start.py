"""Row 1 of the ways in which slimmed images break, for profiles `package` and `file`: what starts.

Each image has the programs of a whole small system. Exactly those that the way of starting uses may
be left: one too few breaks the container, one too many is what slim is there to take.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from reach.elves import program
from support.layers import Content, File, Layer, Symlink

from slimmer.build.options import BuildOptions
from slimmer.build.plan import RULE_TOOL

from .building import built
from .reach_images import BOTH, check, paths_of, programs, script, slimmed

_NAMES = {
    "dash": "dash",
    "bash": "bash",
    "coreutils": "cat chmod chown dirname env id ls mkdir mktemp readlink rm sort tac tr",
    "findutils": "find xargs",
    "debianutils": "run-parts",
    "grep": "grep",
    "sed": "sed",
    "mawk": "mawk",
    "perl": "perl",
    "gosu": "gosu",
    "tini": "tini",
    "login": "su",
    "curl": "curl",
    "jq": "jq",
    "server": "server",
    "client": "client",
}
_SYSTEM: dict[str, dict[str, Content]] = {
    name: programs(*(f"usr/bin/{program}" for program in names.split()))
    for name, names in _NAMES.items()
}
_SYSTEM["dash"]["usr/bin/sh"] = Symlink("dash")
_SYSTEM["mawk"]["usr/bin/awk"] = Symlink("mawk")
_EVERY = {path for contents in _SYSTEM.values() for path in contents}
_SHELL = "sh dash"


def _check(
    tmp_path: Path,
    options: BuildOptions,
    files: Layer,
    names: str,
    config: Mapping[str, Any],
) -> None:
    with slimmed(tmp_path, options, _SYSTEM, files, **config) as result:
        check(result, stays=files)
        left = {path.rpartition("/")[2] for path in paths_of(result) & _EVERY}
        assert left == set(names.split())


_ENTRY = {"Entrypoint": ["/entry.sh"], "Cmd": ["server"]}


@BOTH
@pytest.mark.parametrize(
    ("names", "lines"),
    [
        (
            "id find chown gosu",
            [
                'if [ "$1" = server -a "$(id -u)" = 0 ]; then',
                "  find /srv \\! -user app -exec chown app '{}' +",
                '  exec gosu app "$0" "$@"',
                "fi",
                'exec "$@"',
            ],
        ),
        ("", ['if [ "${1#-}" != "$1" ]; then set -- server "$@"; fi', 'exec "$@"']),
        ("gosu", ['set -- gosu app "$@"', 'exec "$@"']),
        ("cat", ["eval 'cat /etc/passwd'", 'exec "$@"']),
        ("sed", ["line='sed -i x /srv/a'", 'eval "$line"', 'exec "$@"']),
        ("sort", ["run() { sort -u /srv/a; }", "run", 'exec "$@"']),
        ("jq", ["[ -x /usr/bin/jq ] && jq . /srv/a", 'exec "$@"']),
        ("jq", ["if command -v jq >/dev/null; then jq .; fi", 'exec "$@"']),
        ("ls xargs grep", ["ls /srv | xargs -r grep x", 'exec "$@"']),
        ("cat", ["cat > /srv/conf <<END", "perl curl $HOME", "END", 'exec "$@"']),
        ("tac", ["cat() { tac; }", "x=$(cat < /srv/a)", 'exec "$@"']),
        ("curl", ["TOOL=curl", '"$TOOL" -f http://a/', 'exec "$@"']),
        ("client", ['exec "${SERVER_BIN:-client}" || exec "$@"']),
        ("su", ["su -s /bin/sh app -c 'server'"]),
        ("rm mktemp", ["trap 'rm -f \"$x\"' EXIT", "x=`mktemp`", '"$@"']),
        ("tr", ["for i in 1 2; do case $i in 2) tr a b;; esac; done", 'exec "$@"']),
        ("gosu id", ['[ "$(id -u)" = 0 ] && exec gosu app "$0" "$@"', 'exec "$@"']),
        ("jq", ["JSON=`jq -r .x < /srv/a || true`", 'export JSON; exec "$@"']),
        ("perl", ['"$(command -v perl)" -e 1', 'exec "$@"']),
        ("perl", ["find='perl -e'", "$find 1", 'exec "$@"']),
        ("sed tr", ["X=$(echo $1 | sed s/a/b/ | tr a b)", '(exec "$@")']),
        ("rm", ["cd /usr/bin && ./rm -f x", 'exec "$@"']),
        ("env", ['env -i A=1 "$@"']),
        ("xargs client", ["echo a | xargs -n1 client --to", 'exec "$@"']),
        ("find grep", ["find /srv -exec grep -q x {} \\;", 'exec "$@"']),
        ("client", ["/usr/bin/client --wait & pid=$!; wait $pid", 'exec "$@"']),
        ("curl", ["until curl -s http://db; do :; done", 'exec "$@"']),
        ("jq", ["alias j=jq", "PATH=$PATH:/opt jq .", 'exec "$@"']),
        ("cat", ["IFS=: read -r a b <<END", "$(cat /srv/a)", "END", 'exec "$@"']),
        # None of these is started.
        ("", ["# perl -e 1; curl", "echo 'jq is not here'", ": sed", 'exec "$@"']),
    ],
)
def test_01_what_the_script_of_an_entrypoint_starts(
    names: str, lines: list[str], options: BuildOptions, tmp_path: Path
) -> None:
    files = {"entry.sh": script("set -e", *lines)}
    _check(tmp_path, options, files, f"{_SHELL} server {names}", _ENTRY)


@BOTH
@pytest.mark.parametrize(
    ("names", "lines"),
    [
        ("grep", ["cmd=(grep -q)", "cmd+=(x /etc/passwd)", '"${cmd[@]}" && exec "$@"']),
        ("cat", ["declare -A x=([a]=cat)", '"${x[a]}" /srv/a', 'exec "$@"']),
        ("cat tr", ["x[1]=cat; x[2]=tr", '"${x[$1]}" /srv/a', 'exec "$@"']),
        ("sort mktemp", ["sort < <(mktemp)", '[[ $1 =~ ^s ]] && exec "$@"']),
        ("sed", ['here="${BASH_SOURCE%/*}"', 'source "$here/srv/common"', 'exec "$@"']),
    ],
)
def test_01_what_only_bash_understands(
    names: str, lines: list[str], options: BuildOptions, tmp_path: Path
) -> None:
    start = script(*lines, shell="#!/usr/bin/env bash")
    files = {"entry.sh": start, "srv/common": b"sed -n p /srv/a\n"}
    _check(tmp_path, options, files, f"bash env server {names}", _ENTRY)


_SOURCED: list[tuple[str, list[str], dict[str, Content]]] = [
    (
        "dirname readlink sed",
        ['here=$(dirname "$(readlink -f "$0")")', '. "$here/lib/common.sh"'],
        {"lib2/common.sh": b"perl\n", "srv/lib/common.sh": b"use() { sed p; }\nuse\n"},
    ),
    ("sed", [". /etc/default/server"], {"etc/default/server": b"x=$(sed p /srv/a)\n"}),
    ("run-parts awk mawk", ["run-parts /entry.d"], {"entry.d/10-x": script("awk 1")}),
    (
        "find sort grep awk mawk",
        [
            'find "/entry.d/" -follow -type f -print | sort -V | while read -r f; do',
            '  case "$f" in *.envsh) . "$f";; *.sh) if [ -x "$f" ]; then "$f"; fi;; esac',
            "done",
        ],
        {"entry.d/10.sh": script("grep x"), "entry.d/20.envsh": b"Y=$(awk 1)\n"},
    ),
    (
        "jq",
        ['for f in /initdb.d/*; do case "$f" in *.sh) . "$f";; esac; done'],
        {"initdb.d/a.sh": b"jq .\n"},
    ),
]


@BOTH
@pytest.mark.parametrize(("names", "lines", "files"), _SOURCED)
def test_01_scripts_that_a_script_reads_or_runs(
    names: str,
    lines: list[str],
    files: dict[str, Content],
    options: BuildOptions,
    tmp_path: Path,
) -> None:
    place = "srv/entry.sh" if "srv/lib/common.sh" in files else "entry.sh"
    layer = {**files, place: script(*lines, 'exec "$@"')}
    if place != "entry.sh":
        layer["entry.sh"] = Symlink(place)
    _check(tmp_path, options, layer, f"{_SHELL} server {names}", _ENTRY)


_PATH = ["PATH=/opt:/usr/bin"]


@BOTH
@pytest.mark.parametrize(
    ("names", "config"),
    [
        ("server", {"Cmd": ["server", "client"]}),
        ("server", {"Cmd": ["/bin/sh", "-c", "server --port 80"]}),
        ("tini server", {"Entrypoint": ["/usr/bin/tini", "--"], "Cmd": ["server"]}),
        ("server sh dash", {"Cmd": ["/bin/sh", "-c", "server --port $PORT"]}),
        ("server sh dash cat", {"Cmd": ["/bin/sh", "-c", "cat /srv/a && exec server"]}),
        ("server curl", {"Cmd": ["server"], "Healthcheck": {"Test": ["CMD", "curl", "-f"]}}),
        (
            "server curl",
            {"Cmd": ["server"], "Healthcheck": {"Test": ["CMD-SHELL", "curl -f a || exit 1"]}},
        ),
        (
            "server curl grep sh dash",
            {"Cmd": ["server"], "Healthcheck": {"Test": ["CMD-SHELL", "curl a | grep ok"]}},
        ),
        ("server", {"Cmd": ["server"], "Healthcheck": {"Test": ["NONE"]}}),
        ("server", {"Cmd": ["../usr/bin/server"], "WorkingDir": "/srv"}),
        ("server sh dash", {"Entrypoint": ["entry.sh"], "Cmd": ["server"], "Env": _PATH}),
        ("server sh dash", {"Entrypoint": ["tini", "--", "/opt/entry.sh"], "Cmd": ["server"]}),
        ("server env", {"Cmd": ["env", "A=1", "server"]}),
        ("bash server curl", {"Entrypoint": ["bash", "-ec", "curl a; exec server"]}),
        ("server jq sh dash", {"Cmd": ["sh", "-c", "A=1 server; jq ."]}),
        ("gosu server", {"Entrypoint": ["gosu", "app:app"], "Cmd": ["server"]}),
        (
            "server sh dash jq",
            {"Cmd": ["server"], "Healthcheck": {"Test": ["CMD", "/opt/check.sh"]}},
        ),
    ],
)
def test_01_what_the_config_starts_in_any_of_its_forms(
    names: str, config: Mapping[str, Any], options: BuildOptions, tmp_path: Path
) -> None:
    files = {
        "srv/a": b"x",
        "opt/real.sh": script('exec "$@"'),
        "opt/entry.sh": Symlink("real.sh"),
        "opt/check.sh": script("jq . /srv/a"),
    }
    names = f"{names} tini" if config.get("Entrypoint", [""])[0] == "tini" else names
    _check(tmp_path, options, files, names, config)


@BOTH
def test_01_a_line_that_needs_no_shell_is_started_without(
    options: BuildOptions, tmp_path: Path
) -> None:
    config = {"Cmd": ["/bin/sh", "-c", "exec server --name 'a b'"]}
    with slimmed(tmp_path, options, _SYSTEM, quiet=False, **config) as result:
        assert result.config["config"]["Cmd"] == ["server", "--name", "a b"]
        assert 'CMD starts ["server", "--name", "a b"] without a shell' in result.warnings
        check(result, goes=_SYSTEM["dash"])


@BOTH
def test_01_a_line_that_needs_a_shell_keeps_it_and_says_so(
    options: BuildOptions, tmp_path: Path
) -> None:
    config = {"Cmd": ["/bin/sh", "-c", "exec server --port $PORT"], "Env": ["PORT=80"]}
    with slimmed(tmp_path, options, _SYSTEM, quiet=False, **config) as result:
        assert result.config["config"]["Cmd"] == config["Cmd"]
        check(result, stays=_SYSTEM["dash"], goes=_SYSTEM["bash"])
        said = {kept.path: kept for kept in result.outcome.plan.kept}
        assert said["/usr/bin/dash"].rule == RULE_TOOL
        assert "CMD" in said["/usr/bin/dash"].reason


_WRAPPER = "usr/share/postgresql-common/pg_wrapper"
_POSTGRES: dict[str, dict[str, Content]] = {
    "client-common": {
        "usr/bin/psql": Symlink("../share/postgresql-common/pg_wrapper"),
        _WRAPPER: File(b"#!/usr/bin/perl -w\nexec { $cmd } ($cmd, @ARGV);\n", 0o755),
    },
    "client-16": {
        "usr/lib/postgresql/16/bin/psql": program(needed="libpq.so.5"),
        "usr/lib/postgresql/16/bin/createdb": program(),
    },
    "libpq5": {"usr/lib/x86_64-linux-gnu/libpq.so.5": File(program().data)},
}


@BOTH
@pytest.mark.parametrize(
    "config",
    [
        {"Cmd": ["psql"]},
        {"Entrypoint": ["/entry.sh"], "Cmd": ["server"]},
        {"Cmd": ["server"], "Healthcheck": {"Test": ["CMD", "psql", "-l"]}},
    ],
)
def test_01_every_match_in_path_stays_because_the_first_may_be_a_wrapper(
    config: Mapping[str, Any], options: BuildOptions, tmp_path: Path
) -> None:
    path = "PATH=/usr/local/sbin:/usr/bin:/usr/lib/postgresql/16/bin"
    files = {"entry.sh": script('psql -v x=1 <<< ""', 'exec "$@"')}
    packages = {**_SYSTEM, **_POSTGRES}
    with slimmed(tmp_path, options, packages, files, Env=[path], **config) as result:
        wanted = ["usr/bin/psql", _WRAPPER, "usr/lib/postgresql/16/bin/psql", "usr/bin/perl"]
        check(result, stays=[*wanted, *_POSTGRES["libpq5"]], goes=["usr/bin/jq"])


@BOTH
def test_01_the_applets_that_a_script_uses_stay(options: BuildOptions, tmp_path: Path) -> None:
    """On Alpine nearly every program is a link to busybox, which no package lists."""
    database = (
        b"P:busybox\nV:1.36\nA:x86_64\nF:bin\nR:busybox\na:0:0:755\n\n"
        b"P:su-exec\nV:1\nA:x86_64\nF:sbin\nR:su-exec\na:0:0:755\n\n"
        b"P:idle\nV:1\nA:x86_64\nF:usr/bin\nR:idle\na:0:0:755\n\n"
    )
    applets: dict[str, Content] = {
        path: Symlink("/bin/busybox") for path in ("bin/sh", "bin/chown", "usr/bin/find")
    }
    files: dict[str, Content] = {
        **applets,
        "lib/apk/db/installed": database,
        "bin/busybox": program(),
        "sbin/su-exec": program(),
        "usr/bin/idle": program(),
        "srv/app": program(),
        "start": script(
            "find /srv \\! -user app -exec chown app {} +", 'exec su-exec app /srv/app "$@"'
        ),
    }
    config = {"Entrypoint": ["/start"], "Cmd": ["serve"]}
    with built(tmp_path, files, config=config, options=options, quiet=True) as result:
        check(result, stays=[*applets, "bin/busybox", "sbin/su-exec", "srv/app", "start"])
        check(result, goes=["usr/bin/idle"])
