"""Which configuration a running program reads, and what that names."""

import pytest
from formats.elf_builder import Elf
from hypothesis import given
from hypothesis import strategies as st
from support.layers import Content, File, Folder, Symlink

from slimmer.reach.config.resolver import ConfigFileResolver
from slimmer.reach.config.syntax import (
    assignments,
    command_words,
    crontab_commands,
    expanded,
    paths_in,
    statements,
)
from slimmer.reach.edge import Confidence, Kind, Role
from slimmer.reach.graph import Graph
from slimmer.reach.script import ShebangResolver

from .reaching import reached, world_of

ELF = Elf().build()
PROGRAM = File(ELF, 0o755)
MODULE = File(ELF)
SHELL = {"bin/sh": PROGRAM}


def _graph(
    files: dict[str, Content], *command: str, working_dir: str = "/", environment: str = ""
) -> Graph:
    env = [environment] if environment else []
    world = world_of(files, Cmd=list(command), WorkingDir=working_dir, Env=env)
    return reached(world, ConfigFileResolver, ShebangResolver)


def _has(graph: Graph, path: str) -> tuple[Confidence, Kind, Role] | None:
    edge = graph.best(path)
    return (edge.confidence, edge.kind, edge.role) if edge is not None else None


DATA = (Confidence.HIGH, Kind.DATA, Role.READ)
MAYBE = (Confidence.MEDIUM, Kind.DATA, Role.READ)
LOADED = (Confidence.HIGH, Kind.LOAD, Role.CODE)


# --- which files --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("-c", "/srv/web.conf"),
        ("-c/srv/web.conf",),
        ("--config=/srv/web.conf",),
        ("--config", "web.conf"),
        ("./web.conf",),
        ("-Dlogging.config=file:/srv/web.conf",),
        ("@/srv/web.conf",),
    ],
)
def test_files_among_the_arguments(arguments: tuple[str, ...]) -> None:
    files: dict[str, Content] = {"bin/web": PROGRAM, "srv/web.conf": b"x", "srv/other.conf": b""}
    graph = _graph(files, "web", *arguments, working_dir="/srv")
    assert _has(graph, "srv/web.conf") == DATA
    assert "srv/other.conf" not in graph


def test_a_folder_among_the_arguments_is_read_whole() -> None:
    files: dict[str, Content] = {"bin/web": PROGRAM, "site/a/page": b"x", "usr/lib/x": b""}
    graph = _graph(files, "web", "/site", "/usr/lib")
    assert _has(graph, "site/a/page") == DATA
    assert "usr/lib/x" not in graph


def test_a_script_among_the_arguments_is_loaded() -> None:
    files: dict[str, Content] = {"bin/serve": PROGRAM, "app/conf.py": b"import x"}
    graph = _graph(files, "serve", "-c", "conf.py", working_dir="/app")
    assert _has(graph, "app/conf.py") == LOADED


@pytest.mark.parametrize(
    ("program", "path"),
    [
        ("web", "etc/web/extra/types"),
        ("web", "etc/web.conf"),
        ("web", "etc/webrc"),
        ("web", "etc/default/web"),
        ("web", "usr/local/etc/web/x"),
        ("web8.2", "etc/web/x"),
        ("web2", "etc/web2/x"),
        ("webd", "etc/web/x"),
        ("web-server", "etc/web/x"),
        ("web", "usr/share/web/page"),
        ("web", "usr/lib/web/part"),
    ],
)
def test_what_is_called_like_the_program(program: str, path: str) -> None:
    files: dict[str, Content] = {f"usr/bin/{program}": PROGRAM, path: b"x", "etc/other/x": b"x"}
    graph = _graph(files, program)
    assert _has(graph, path) == MAYBE
    assert "etc/other/x" not in graph
    assert path not in _graph({**files, "bin/none": PROGRAM}, "none")


@pytest.mark.parametrize(
    ("program", "path"),
    [("python3", "usr/lib/python3/dist-packages/x.py"), ("perl", "usr/share/perl/5.36/x.pm")],
)
def test_a_language_is_not_data_of_its_interpreter(program: str, path: str) -> None:
    assert path not in _graph({f"usr/bin/{program}": PROGRAM, path: b"x"}, program)


def test_what_the_package_of_a_program_has_in_etc() -> None:
    listed = ["usr/sbin/web", "etc/shop/a.conf", "etc/init.d/web", "etc/logrotate.d/web"]
    status = "Package: shop\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n\n"
    files: dict[str, Content] = {
        "usr/sbin/web": PROGRAM,
        **dict.fromkeys(listed[1:], b"x"),
        "var/lib/dpkg/status": status.encode(),
        "var/lib/dpkg/info/shop.list": "".join(f"/{path}\n" for path in listed).encode(),
    }
    graph = _graph(files, "web")
    assert _has(graph, "etc/shop/a.conf") == MAYBE
    assert "etc/init.d/web" not in graph
    assert "etc/logrotate.d/web" not in graph


# --- what a text names --------------------------------------------------------------------------


def test_paths_in_configuration_are_data() -> None:
    config = b"""
    root /srv/www;
    key = "/etc/keys/server.pem"
    url: http://example.org/srv/closed
    prefix ${base}/srv/closed
    tool /usr/bin/tool
    socket unix:/run/app.sock
    tiles: [/data/tiles/a.bin, '/data/tiles/b.bin']
    shared /usr/lib /var/log /etc /opt/tool/bin
    """
    files: dict[str, Content] = {
        "bin/web": PROGRAM,
        "etc/web.conf": config,
        "srv/www/a/page": b"x",
        "srv/closed/x": b"x",
        "etc/keys/server.pem": b"x",
        "etc/keys/other.pem": b"x",
        "usr/bin/tool": PROGRAM,
        "data/tiles/a.bin": b"x",
        "data/tiles/b.bin": b"x",
        "usr/lib/big": b"x",
        "opt/tool/bin/x": b"x",
        "var/log/web/old": b"x",
    }
    graph = _graph(files, "web")
    for path in ("srv/www/a/page", "etc/keys/server.pem", "data/tiles/a.bin", "data/tiles/b.bin"):
        assert _has(graph, path) == MAYBE, path
    for path in (
        "srv/closed/x",
        "usr/bin/tool",
        "usr/lib/big",
        "var/log/web/old",
        "opt/tool/bin/x",
    ):
        assert path not in graph, path
    assert "etc/keys/other.pem" not in graph
    assert graph.weak["usr/bin/tool"].kind is Kind.DATA


def test_a_text_that_nobody_configures_by_needs_nothing() -> None:
    files: dict[str, Content] = {
        "bin/web": PROGRAM,
        "etc/passwd": b"x:x:1:1::/srv/home:/bin/sh\n",
        "srv/home/x": b"x",
        "srv/page.html": b"/srv/home/x",
        "srv/app.json": b'{"home": "/srv/other/x"}',
        "srv/other/x": b"x",
    }
    graph = _graph(files, "web", "/etc/passwd.d", "/srv/app.json", "/srv/page")
    assert "srv/home/x" not in graph
    assert _has(graph, "srv/other/x") == DATA


def test_settings_that_say_where_they_lie_do_not_need_all_that_lies_there() -> None:
    files: dict[str, Content] = {
        "bin/web": PROGRAM,
        "etc/web.conf": b"read /opt/env/env.cfg /opt/env/share/part.conf\n",
        "opt/env/env.cfg": b"command = make /opt/env/\nshared = /opt/shared\n",
        "opt/env/share/part.conf": b"prefix = /opt/env\n",
        "opt/env/lib/big": b"x",
        "opt/shared/data": b"x",
    }
    graph = _graph(files, "web")
    assert "opt/env/share/part.conf" in graph
    assert "opt/shared/data" in graph
    assert "opt/env/lib/big" not in graph


def test_configuration_of_nobody_has_no_directives() -> None:
    files: dict[str, Content] = {
        "bin/web": PROGRAM,
        "etc/web.conf": b"names /opt/other/app.conf\n",
        "opt/other/app.conf": b"load_module more.so\n command = run\n data /srv/d\n",
        "opt/other/more.so": MODULE,
        "bin/run": PROGRAM,
        "srv/d": b"x",
    }
    graph = _graph(files, "web")
    assert _has(graph, "srv/d") == MAYBE
    assert "opt/other/more.so" not in graph
    assert "bin/run" not in graph


# --- includes -----------------------------------------------------------------------------------


def test_includes_of_nginx() -> None:
    files: dict[str, Content] = {
        "usr/sbin/nginx": PROGRAM,
        "opt/conf/nginx.conf": b"""
            load_module modules/ngx_http_a_module.so; # load_module modules/ngx_http_b_module.so;
            http { include mime.types; include sites/*.conf; include "/etc/x/*";
                   server { location / { root /srv/www; auth_basic_user_file users; } } }
        """,
        "opt/conf/mime.types": b"types { }",
        "opt/conf/sites/a.conf": b"server { include snippets/tls.conf; }",
        "opt/conf/sites/b.disabled": b"include never.conf;",
        "opt/conf/snippets/tls.conf": b"ssl_certificate tls.pem;",
        "opt/conf/tls.pem": b"x",
        "opt/conf/snippets/tls.pem": b"x",
        "opt/conf/never.conf": b"",
        "etc/x/y": b"",
        "srv/www/page": b"x",
        "usr/share/nginx/modules": Symlink("../../lib/nginx/modules"),
        "usr/lib/nginx/modules/ngx_http_a_module.so": MODULE,
        "usr/lib/nginx/modules/ngx_http_b_module.so": MODULE,
    }
    graph = _graph(files, "nginx", "-c", "/opt/conf/nginx.conf", "-g", "daemon off;")
    for path in ("mime.types", "sites/a.conf", "snippets/tls.conf"):
        assert _has(graph, f"opt/conf/{path}") == DATA, path
    assert _has(graph, "opt/conf/snippets/tls.pem") == MAYBE
    assert "opt/conf/never.conf" not in graph
    assert _has(graph, "etc/x/y") == DATA
    assert _has(graph, "srv/www/page") == MAYBE
    assert _has(graph, "usr/lib/nginx/modules/ngx_http_a_module.so") == LOADED
    assert graph.role("usr/lib/nginx/modules/ngx_http_b_module.so") is not Role.CODE


def test_apache_loads_what_is_enabled() -> None:
    files: dict[str, Content] = {
        "usr/sbin/apache2": PROGRAM,
        "etc/apache2/apache2.conf": (
            b"ServerRoot /etc/apache2\nInclude ports.conf\nIncludeOptional mods-enabled/*.load\n"
            b'<Directory "/srv/site">\n</Directory>\n'
            b'CustomLog "|/usr/bin/rotatelogs /x 5" common\nDocumentRoot ${SITE_ROOT}/htdocs\n'
        ),
        "etc/apache2/envvars": b"SUFFIX=\nexport SITE_ROOT=/srv/root$SUFFIX\n",
        "etc/apache2/ports.conf": b"Listen 80\n",
        "etc/apache2/mods-available/php.load": b"LoadModule php_module /usr/lib/a/modules/php.so\n",
        "etc/apache2/mods-available/cgi.load": b"LoadModule cgi_module /usr/lib/a/modules/cgi.so\n",
        "etc/apache2/mods-enabled/php.load": Symlink("../mods-available/php.load"),
        "usr/lib/a/modules/php.so": MODULE,
        "usr/lib/a/modules/cgi.so": MODULE,
        "srv/root/htdocs/page": b"x",
        "srv/site/page": b"x",
        "usr/bin/rotatelogs": PROGRAM,
    }
    graph = _graph(files, "apache2", "-f", "/etc/apache2/apache2.conf")
    assert _has(graph, "etc/apache2/ports.conf") == DATA
    assert _has(graph, "etc/apache2/mods-enabled/php.load") == DATA
    assert _has(graph, "usr/lib/a/modules/php.so") == LOADED
    assert "usr/lib/a/modules/cgi.so" not in graph
    assert _has(graph, "srv/root/htdocs/page") == MAYBE
    assert _has(graph, "srv/site/page") == MAYBE
    assert graph.started("usr/bin/rotatelogs") is not None


def test_modules_are_found_by_name() -> None:
    files: dict[str, Content] = {
        "usr/sbin/mariadbd": PROGRAM,
        "etc/mysql/my.cnf": b"!includedir /etc/mysql/conf.d/\nplugin-load=a=ha_one.so;b\n",
        "etc/mysql/conf.d/x.cnf": b"[mysqld]\nplugin_load_add = two\n",
        "usr/lib/mysql/plugin/ha_one.so": MODULE,
        "usr/lib/mysql/plugin/two.so": MODULE,
        "usr/lib/mysql/plugin/three.so": MODULE,
    }
    graph = _graph(files, "mariadbd", "--defaults-file=/etc/mysql/my.cnf")
    assert _has(graph, "usr/lib/mysql/plugin/ha_one.so") == LOADED
    assert _has(graph, "usr/lib/mysql/plugin/two.so") == LOADED
    assert "usr/lib/mysql/plugin/three.so" not in graph


def test_a_list_over_several_lines() -> None:
    files: dict[str, Content] = {
        "usr/sbin/lighttpd": PROGRAM,
        "etc/lighttpd/lighttpd.conf": b'server.modules = (\n "mod_a",\n# "mod_c",\n "mod_b",\n)\n',
        **{f"usr/lib/lighttpd/mod_{letter}.so": MODULE for letter in "abc"},
    }
    graph = _graph(files, "lighttpd", "-f", "/etc/lighttpd/lighttpd.conf")
    loaded = [
        letter for letter in "abc" if _has(graph, f"usr/lib/lighttpd/mod_{letter}.so") == LOADED
    ]
    assert loaded == ["a", "b"]


def test_an_unknown_program_loads_what_its_own_configuration_says() -> None:
    files: dict[str, Content] = {
        "usr/bin/thing": PROGRAM,
        "etc/thing/thing.conf": b"plugin = fast\nlibrary /opt/x/libslow.so\n",
        "usr/lib/thing/plugins/fast.so": MODULE,
        "opt/x/libslow.so": MODULE,
    }
    graph = _graph(files, "thing")
    assert graph.role("usr/lib/thing/plugins/fast.so") is Role.CODE
    assert graph.role("opt/x/libslow.so") is Role.CODE


def test_drivers_are_needed_by_who_loads_the_library() -> None:
    files: dict[str, Content] = {
        "usr/bin/app": PROGRAM,
        "etc/odbcinst.ini": b"[PG]\nDriver = psqlodbcw.so\nSetup=/usr/lib/odbc/libsetup.so\n",
        "usr/lib/odbc/psqlodbcw.so": MODULE,
        "usr/lib/odbc/libsetup.so": MODULE,
        "usr/lib/libodbc.so.2": PROGRAM,
        "etc/pam.d/app": b"@include common\nauth required pam_one.so\n",
        "etc/pam.d/common": b"auth required pam_two.so nullok\n# pam_three.so\n",
        "usr/lib/libpam.so.0": PROGRAM,
        **{f"usr/lib/security/pam_{name}.so": MODULE for name in ("one", "two", "three")},
    }
    graph = _graph(files, "app")
    assert "usr/lib/odbc/psqlodbcw.so" not in graph
    used = {**files, "usr/bin/app": Symlink("../lib/libodbc.so.2")}
    graph = _graph(used, "app")
    assert graph.role("usr/lib/odbc/psqlodbcw.so") is Role.CODE
    assert graph.role("usr/lib/odbc/libsetup.so") is Role.CODE
    graph = _graph({**files, "usr/bin/app": Symlink("../lib/libpam.so.0")}, "app")
    assert graph.role("usr/lib/security/pam_one.so") is Role.CODE
    assert graph.role("usr/lib/security/pam_two.so") is Role.CODE
    assert "usr/lib/security/pam_three.so" not in graph


# --- commands -----------------------------------------------------------------------------------


def test_programs_of_a_supervisor() -> None:
    files: dict[str, Content] = {
        "usr/bin/supervisord": PROGRAM,
        "etc/supervisor/supervisord.conf": (
            b"[include]\nfiles = /etc/supervisor/conf.d/*.conf\n"
            b"[program:a]\ncommand=one -c '/etc/o n'\n"
        ),
        "etc/supervisor/conf.d/two.conf": b"[program:b]\ncommand = /opt/two --x %(ENV_X)s\n",
        "etc/supervisor/conf.d/three.bak": b"[program:c]\ncommand = /opt/three\n",
        "bin/one": PROGRAM,
        "opt/two": PROGRAM,
        "opt/three": PROGRAM,
    }
    graph = _graph(files, "supervisord", "-c", "/etc/supervisor/supervisord.conf")
    assert graph.started("bin/one") is not None
    edge = graph.started("opt/two")
    assert edge is not None
    assert edge.detail == "line 2: command /opt/two --x %(ENV_X)s"
    assert graph.started("opt/three") is None


def test_commands_of_a_crontab() -> None:
    files: dict[str, Content] = {
        **SHELL,
        "usr/sbin/cron": PROGRAM,
        "etc/cron.d/job": b"SHELL=/bin/sh\n# x\n*/5 * * * * root /opt/job >/dev/null\n",
        "opt/job": PROGRAM,
    }
    graph = _graph(files, "cron", "-f")
    assert graph.started("bin/sh") is not None
    assert _has(graph, "etc/cron.d/job") == DATA
    assert "etc/cron.d/job" not in _graph({**files, "bin/x": PROGRAM}, "x")


def test_a_program_of_a_language() -> None:
    files: dict[str, Content] = {
        "usr/bin/uwsgi": PROGRAM,
        "app/uwsgi.ini": b"[uwsgi]\nmodule = shop.web:app\nplugins = python3\n",
        "app/shop/web.py": b"",
        "usr/lib/uwsgi/plugins/python3_plugin.so": MODULE,
    }
    graph = _graph(files, "uwsgi", "--ini", "uwsgi.ini", working_dir="/app")
    assert _has(graph, "app/shop/web.py") == LOADED
    assert _has(graph, "usr/lib/uwsgi/plugins/python3_plugin.so") == LOADED


def test_configuration_in_the_working_folder() -> None:
    files: dict[str, Content] = {"bin/gunicorn": PROGRAM, "app/gunicorn.conf.py": b""}
    assert _has(_graph(files, "gunicorn", working_dir="/app"), "app/gunicorn.conf.py") == LOADED


def test_configuration_known_before_its_program() -> None:
    """What names the program's configuration can be reached before the program is."""
    files: dict[str, Content] = {
        "bin/first": PROGRAM,
        "etc/first.conf": b"see /etc/redis/redis.conf\n",
        "etc/redis/redis.conf": b"loadmodule /opt/more.so\n",
        "opt/more.so": MODULE,
        "bin/redis-server": PROGRAM,
    }
    graph = _graph(files, "first")
    assert graph.role("opt/more.so") is not Role.CODE
    script = File(b"#!/bin/redis-server\n", 0o755)
    graph = _graph({**files, "bin/second": script, "bin/first": script}, "first")
    assert graph.role("opt/more.so") is Role.CODE


def test_loops_and_depth_end() -> None:
    files: dict[str, Content] = {
        "bin/web": PROGRAM,
        "etc/web/a.conf": b"include b.conf\ninclude *\n",
        "etc/web/b.conf": b"include a.conf\ninclude /etc/web/*/../*\n",
        "etc/web/loop": Symlink("."),
        "etc/web/empty": Folder(),
    }
    assert "etc/web/b.conf" in _graph(files, "web")


# --- syntax -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "name", "words"),
    [
        (b"LoadModule a modules/a.so", "loadmodule", ["a", "modules/a.so"]),
        (b"key = 'a b', c", "key", ["a", "b", "c"]),
        (b"!includedir /etc/x", "includedir", ["/etc/x"]),
        (b"$IncludeConfig /etc/x/*", "includeconfig", ["/etc/x/*"]),
        (b".include = /etc/x", "include", ["/etc/x"]),
        (b'  "library_path": "x.so",', "library_path", ["x.so"]),
        (b"- cmd: run", "cmd", ["run"]),
        (b'module(load="x" y="z")', "module", ["load", "x", "y", "z"]),
    ],
)
def test_one_line(line: bytes, name: str, words: list[str]) -> None:
    (said,) = statements(line)
    assert (said.name, said.words) == (name, words)


def test_blocks() -> None:
    text = b'a 1;\nb { c "x;y" ${d}; # e f;\n g\n h; }'
    said = [(item.name, item.value, item.line) for item in statements(text, blocks=True)]
    assert said == [("a", "1", 1), ("b", "", 2), ("c", '"x;y" ${d}', 2), ("g", "h", 3)]


def test_variables() -> None:
    known = assignments(b"export A=/x\nB='$A/y$NONE'\n# C=1\n", {"HOME": "/h"})
    assert expanded("$HOME ${B} $C", known) == "/h /x/y \0"


def test_crontab_lines() -> None:
    text = b"A=1\n@daily me run x\n1 2 * * mon-fri me go\nnot a line\n"
    assert list(crontab_commands(text, with_user=True)) == [(2, "run x"), (3, "go")]
    assert list(crontab_commands(text, with_user=False)) == [(2, "me run x"), (3, "me go")]


@given(st.binary(max_size=400) | st.text(alphabet="ab\n;{}\"'#\\()=$%[]/*@ ", max_size=400))
def test_any_text_is_read(text: bytes | str) -> None:
    data = text if isinstance(text, bytes) else text.encode()
    for blocks in (False, True):
        for said in statements(data, blocks=blocks):
            assert said.name
            assert 1 <= said.line <= data.count(b"\n") + 1
            command_words(said.value)
    for path in paths_in(data):
        assert path.startswith("/")
    list(crontab_commands(data, with_user=True))
    assignments(data, {})
