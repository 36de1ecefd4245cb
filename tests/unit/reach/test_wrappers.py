"""Which command a wrapper starts, told by its arguments, and what supervisors run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.layers import Content, File

from slimmer.reach.edge import UNKNOWN, Role
from slimmer.reach.script import ShebangResolver
from slimmer.reach.shell.resolver import ShellResolver
from slimmer.reach.shell.wrappers import (
    WrapperResolver,
    is_wrapper,
    wrapped,
    wrapped_commands,
)

from .reaching import reached, world_of


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("gosu www app -x", "app -x"),
        ("/usr/local/bin/gosu www app", "app"),
        ("su-exec 0:0 app", "app"),
        ("tini -- app -- x", "app -- x"),
        ("tini -g -s -p SIGTERM app", "app"),
        ("dumb-init --rewrite 15:3 --single-child app", "app"),
        ("dumb-init -v -- app", "app"),
        ("env app", "app"),
        ("env -i -u C A=b D=e app x=y", "app x=y"),
        ("env -C /x -- app", "app"),
        ("env -uA app", "app"),
        ("xargs -0 -n1 -I {} app {}", "app {}"),
        ("xargs --max-args=3 app", "app"),
        ("nice -n 5 app", "app"),
        ("nice app", "app"),
        ("ionice -c2 -n 7 app", "app"),
        ("timeout 5 app", "app"),
        ("timeout -s KILL --kill-after=3 5s app", "app"),
        ("nohup app", "app"),
        ("setsid -w app", "app"),
        ("stdbuf -oL -e 0 app", "app"),
        ("sudo -E -u www A=b app", "app"),
        ("sudo -Eu www app", "app"),
        ("doas -u www app", "app"),
        ("runuser -u www -- app x", "app x"),
        ("setpriv --reuid 5 --clear-groups app", "app"),
        ("setpriv --reuid=5 app", "app"),
        ("chroot --userspec=a:b /x app", "app"),
        ("unshare -m app", "app"),
        ("chpst -u www -e /env app", "app"),
        ("s6-setuidgid www app", "app"),
        ("with-contenv bash /script", "bash /script"),
        ("flock -n /lock app", "app"),
        ("time -f %e app", "app"),
        ("strace -f -o x app", "app"),
        ("taskset 0x1 app", "app"),
        ("numactl --interleave=all app", "app"),
        ("parallel -j 2 app", "app"),
        ("start-stop-daemon --start --exec /app -- -x", "/app -x"),
        ("start-stop-daemon -S -x /app", "/app"),
        ("find / -type f -exec app {} +", f"app {UNKNOWN}"),
        ("app gosu www other", ""),
        ("gosu www", ""),
        ("env", ""),
        ("env A=b", ""),
        ("tini --version", ""),
        (f"gosu {UNKNOWN} app", "app"),
        (f"tini {UNKNOWN} -- app", "app"),
        (f"gosu www {UNKNOWN}", ""),
    ],
)
def test_the_command_in_the_arguments(line: str, command: str) -> None:
    assert " ".join(wrapped(tuple(line.split(" ")))) == command


@pytest.mark.parametrize(
    ("argv", "command"),
    [
        (("su", "-", "www", "-c", "app -x"), ("/bin/sh", "-c", "app -x")),
        (("su", "-s", "/bin/bash", "-c", "app", "www"), ("/bin/bash", "-c", "app")),
        (("su", "www", "--command=app"), ("/bin/sh", "-c", "app")),
        (("runuser", "-l", "www", "-c", "app"), ("/bin/sh", "-c", "app")),
        (("flock", "/lock", "-c", "app"), ("/bin/sh", "-c", "app")),
        (("watch", "-n", "1", "app", "x"), ("/bin/sh", "-c", "app x")),
        (("script", "-q", "-c", "app", "/dev/null"), ("/bin/sh", "-c", "app")),
        (("env", "-S", "app -x", "y"), ("app", "-x", "y")),
        (("env", "-vSapp -x", "y"), ("app", "-x", "y")),
        (("env", "-S", "app 'x", "y"), ("app", "'x", "y")),
    ],
)
def test_a_command_in_one_word(argv: tuple[str, ...], command: tuple[str, ...]) -> None:
    assert wrapped(argv) == command


def test_find_may_start_several() -> None:
    argv = ("find", ".", "-exec", "a", "x", ";", "-o", "-execdir", "b", "{}", "+", "-print")
    assert wrapped_commands(argv) == [("a", "x"), ("b", UNKNOWN)]
    assert wrapped(("find", ".", "-name", "x")) == ()


def test_names() -> None:
    assert is_wrapper("/usr/bin/env")
    assert is_wrapper("with-contenv")
    assert not is_wrapper("sh")


_ODD = (
    *("env", "find", "su", "sudo", "-c", "--", "-S", "a b", "'", "-exec", ";", "A=b", UNKNOWN),
    *("start-stop-daemon", "-x", "--exec=", "x", "-", "", "-u", "timeout", "script", "watch"),
)


@given(
    st.lists(
        st.sampled_from(_ODD),
        max_size=8,
    )
)
def test_a_wrapped_command_has_a_name_that_is_not_said_to_be_unknown(words: list[str]) -> None:
    for command in wrapped_commands(tuple(words)):
        assert command


_FILES: dict[str, Content] = {
    "bin/sh": File(b"", 0o755),
    "usr/bin/date": File(b"", 0o755),
    "usr/bin/perl": File(b"", 0o755),
    **{
        f"usr/sbin/{name}": File(b"", 0o755)
        for name in (
            "service",
            "cron",
            "runsvdir",
            "run-parts",
            "su",
            "gosu",
            "execlineb",
            "init",
            "fdmove",
            "foreground",
        )
    },
}


def _runs(files: dict[str, Content], *cmd: str) -> set[str]:
    graph = reached(
        world_of({**_FILES, **files}, Cmd=list(cmd)),
        *(ShebangResolver, ShellResolver, WrapperResolver),
    )
    return {path for path, roles in graph.reached.items() if max(roles) >= Role.CODE}


_DATE: Content = File(b"#!/bin/sh\ndate\n", 0o755)
_EXECLINE: Content = File(b"#!/usr/sbin/execlineb -P\nfdmove -c 2 1\ngosu perl date\n", 0o755)
_PERL: Content = File(b"#!/bin/sh\nperl\n", 0o755)


@pytest.mark.parametrize(
    ("files", "cmd"),
    [
        ({"etc/init.d/x": _DATE, "etc/init.d/y": _PERL}, ("service", "x", "start")),
        ({"etc/service/x/run": _DATE, "etc/service/x/data": _PERL}, ("runsvdir", "/etc/service")),
        ({"my/x/run": _DATE, "my/x/log/run": _DATE}, ("runsvdir", "-P", "/my")),
        ({"parts/10": _DATE, "other/10": _PERL}, ("run-parts", "--verbose", "/parts")),
        ({"etc/cont-init.d/10": _DATE}, ("init",)),
        ({"etc/s6-overlay/s6-rc.d/x/up": b"# perl\nforeground { date }\ncd /"}, ("init",)),
        ({"etc/services.d/x/run": _EXECLINE}, ("init",)),
        ({"etc/services.d/x/run": _DATE}, ("init",)),
        ({"etc/crontab": b"SHELL=/bin/sh\n# perl\n1 2 * * * root date -u\n"}, ("cron", "-f")),
        ({"etc/cron.d/x": b"@daily root test -x /x && date\n"}, ("cron",)),
        ({"var/spool/cron/crontabs/me": b"* * * * * date # perl\n"}, ("cron",)),
        (
            {
                "etc/crontab": b"1 * * * * root cd / && run-parts --report /etc/cron.hourly\n",
                "etc/cron.hourly/x": _DATE,
                "etc/cron.daily/y": _PERL,
            },
            ("cron",),
        ),
    ],
)
def test_what_lies_in_a_supervisors_folder(files: dict[str, Content], cmd: tuple[str, ...]) -> None:
    found = _runs(files, *cmd)
    assert "usr/bin/date" in found
    assert "usr/bin/perl" not in found


def test_the_shell_of_an_account() -> None:
    passwd = (
        b"root:x:0:0::/root:/bin/sh\nwww:x:33:33::/www:/usr/bin/date\nq:x:3:3::/:/usr/bin/perl\n"
    )
    found = _runs({"etc/passwd": passwd}, "su", "-", "www")
    assert "usr/bin/date" in found
    assert "usr/bin/perl" not in found
