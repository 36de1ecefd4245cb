"""Scripts as the entrypoints of well-known images and servers are written."""

import pytest
from support.layers import Content, File, Folder

from slimmer.reach.edge import Confidence, Role

from .test_shell import run, started


def test_scripts_of_a_folder_run_in_a_pipeline() -> None:
    script = """
    if [ "$1" = nginx ]; then
        if find "/entry.d/" -mindepth 1 -maxdepth 1 -type f -print -quit | read v; then
            find "/entry.d/" -follow -type f -print | sort -V | while read -r f; do
                case "$f" in
                    *.envsh) if [ -x "$f" ]; then . "$f"; fi ;;
                    *.sh) if [ -x "$f" ]; then "$f"; fi ;;
                esac
            done
        fi
    fi
    exec "$@"
    """
    files: dict[str, Content] = {
        "entry.d/10-a.sh": File(b"#!/bin/sh\nenvsubst < x\n", 0o755),
        "entry.d/15-b.envsh": File(b"awk 1\n", 0o755),
        "entry.d/README": b"perl is not run",
    }
    graph = run(script, "nginx", "-g", "daemon off;", files=files)
    assert started(graph) == {"find", "sort", "10-a.sh", "envsubst", "awk", "nginx"}
    assert graph.role("entry.d/15-b.envsh") is Role.CODE
    assert graph.role("entry.d/README") is Role.READ
    assert "entry.d" in graph


@pytest.mark.parametrize(
    "script",
    [
        'for f in /d/*.sh; do . "$f"; done',
        'for f in $(ls /d/*.sh); do . "$f"; done',
        "for f in /d/*; do case $f in *.sh) . $f ;; esac; done",
        'find /d -name "*.sh" | while read f; do . "$f"; done',
        'while read -r f; do source "$f"; done < <(find /d -name "*.sh")',
        'mapfile -t all < <(find /d -name "*.sh"); for f in "${all[@]}"; do . "$f"; done',
        'all=(/d/*.sh); for f in "${all[@]}"; do . $f; done',
        'cd /d; for f in *.sh; do . "./$f"; done',
        'run() { for f; do . "$f"; done; }; run /d/*.sh',
        'D=/d; [ -d "$D" ] && for f in "${D}"/*.sh; do [ -r "$f" ] && . "$f"; done',
    ],
)
def test_files_that_are_sourced_out_of_a_folder(script: str) -> None:
    files: dict[str, Content] = {"d/a.sh": b"date\n", "d/b.sh": b"id\n", "d/c.txt": b"perl\n"}
    graph = run(script, files=files)
    assert {"date", "id"} <= started(graph)
    assert "perl" not in started(graph)
    assert graph.role("d/a.sh") is Role.CODE


def test_an_empty_folder_of_scripts_still_needs_what_their_runner_calls() -> None:
    script = """
    for f in /initdb.d/*; do
        case "$f" in
            *.sh) . "$f" ;;
            *.sql) psql -f "$f" ;;
            *.sql.gz) gunzip -c "$f" | psql ;;
        esac
    done
    """
    graph = run(script, files={"initdb.d": Folder(0o775)})
    assert {"psql", "gunzip"} <= started(graph)
    assert "initdb.d" in graph


def test_what_is_sourced_sets_variables_and_functions() -> None:
    files: dict[str, Content] = {
        "lib.sh": b"TOOL=date\nlog() { hostname; }\nperl() { :; }\ndie() { mktemp; }\n",
        "etc/apache2/envvars": b"export APACHE_RUN_DIR=/run/apache2\n: ${CTL:=apachectl}\n",
        "run/apache2/x": b"",
    }
    script = (
        '. /lib.sh\n. /etc/apache2/envvars\nlog; "$TOOL"; perl; exec "$CTL" -D "$APACHE_RUN_DIR"'
    )
    graph = run(script, files=files)
    assert {"date", "hostname", "apachectl"} <= started(graph)
    assert "perl" not in started(graph)
    assert "run/apache2" in graph
    assert graph.best("usr/bin/hostname").detail == "lib.sh line 2: hostname"  # type: ignore[union-attr]


def test_a_server_script_that_finds_its_own_place() -> None:
    files: dict[str, Content] = {
        "opt/app/bin/run.sh": File(
            b"""#!/bin/sh
PRG="$0"
while [ -h "$PRG" ]; do
  ls=`ls -ld "$PRG"`
  link=`expr "$ls" : '.*-> \\(.*\\)$'`
  if expr "$link" : '/.*' > /dev/null; then PRG="$link"; else PRG=`dirname "$PRG"`/"$link"; fi
done
PRGDIR=`dirname "$PRG"`
[ -z "$APP_HOME" ] && APP_HOME=`cd "$PRGDIR/.." >/dev/null; pwd`
if [ -r "$APP_HOME/bin/setenv.sh" ]; then . "$APP_HOME/bin/setenv.sh"; fi
if $cygwin; then perl; fi
_RUNJAVA="$JAVA_HOME"/bin/java
eval exec "\\"$_RUNJAVA\\"" $JAVA_OPTS -cp "\\"$APP_HOME/lib/boot.jar\\"" Main "$@"
""",
            0o755,
        ),
        "opt/app/bin/setenv.sh": b'umask 0027; JAVA_OPTS="-Dx=$(hostname)"\n',
        "opt/app/lib/boot.jar": b"PK",
        "opt/jre/bin/java": File(b"\x7f", 0o755),
    }
    graph = run(
        "exec /opt/app/bin/run.sh start", files=files, Env=["PATH=/usr/bin", "JAVA_HOME=/opt/jre"]
    )
    assert {
        "opt/jre/bin/java",
        "opt/app/bin/setenv.sh",
        "opt/app/lib/boot.jar",
    } <= graph.reached.keys()
    assert "usr/bin/java" not in graph
    assert {"hostname", "ls", "expr", "dirname"} <= started(graph)


def test_a_place_that_is_not_known_is_found_by_the_name() -> None:
    graph = run('exec "$JAVA_HOME/bin/java" -jar x')
    assert started(graph) == {"java"}
    assert graph.best("usr/bin/java").confidence is Confidence.MEDIUM  # type: ignore[union-attr]
    assert started(run('"${KIND}-server" x')) == {"redis-server"}
    assert started(run('"${KIND}e" x')) == set()


def test_arrays_and_eval_as_database_entrypoints_have_them() -> None:
    script = """
    originalArgOne="$1"
    if [ "${1:0:1}" = '-' ]; then set -- mongod "$@"; fi
    if [[ "$originalArgOne" == mongo* ]] && [ "$(id -u)" = '0' ]; then
        exec gosu mongodb "$BASH_SOURCE" "$@"
    fi
    if [[ "$originalArgOne" == mongo* ]]; then
        numa='numactl --interleave=all'
        if $numa true &> /dev/null; then set -- $numa "$@"; fi
    fi
    file_env() { local var="$1"; val="$(< "${!var}")"; export "$var"="$val"; }
    _hack() {
        local -n ref="$1"; shift
        eval '"$@" --config /dev/null'
    }
    _hack ref mysql
    unset "${!MONGO_@}"
    exec "$@"
    """
    assert started(run(script, "mongod")) == {"mongod", "id", "gosu", "numactl", "mysql"}
