"""Every rule of rules.toml: what it takes, what it leaves, and what speaks against it."""

import tomllib
from dataclasses import replace
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
from support.layers import File, Folder, Layer, Symlink

from slimmer.build.globs import compile_globs
from slimmer.build.rules import load_rules
from slimmer.errors import UsageError

from .building import PLAIN, built, debian, paragraph

_DOCUMENT = tomllib.loads(
    resources.files("slimmer.build").joinpath("rules.toml").read_text("utf-8")
)
# A JDK as far as the rules look: a runtime and what surrounds it.
_JAVA = {"usr/lib/jvm/jdk/lib/modules": b"m", "usr/lib/jvm/jdk/bin/java": File(b"x", 0o755)}
_GONE_DPKG = debian({"dpkg": ["usr/bin/dpkg"]}) | {"usr/bin/dpkg": b"x"}
_GONE_APK = {
    "lib/apk/db/installed": b"P:apk-tools\nV:2\nA:x86_64\nF:sbin\nR:apk\n\n",
    "sbin/apk": b"x",
}


class Sample(NamedTuple):
    """For one `[[path]]` table: paths it takes, paths it leaves, what else is in the image."""

    goes: tuple[str, ...]
    stays: tuple[str, ...] = ()
    beside: Layer = MappingProxyType({})


SAMPLES = {
    "documentation": Sample(
        goes=(
            *("usr/share/doc/tool/README.gz", "usr/share/doc/tool/examples/a/b.conf"),
            *("usr/share/doc-base/x", "usr/share/gtk-doc/html/x.html", "usr/share/info/dir"),
            *("usr/share/help/C/x", "usr/share/lintian/overrides/x", "usr/share/linda/x"),
            *("usr/share/bug/x/presubj", "usr/share/reportbug/x", "usr/local/share/doc/x"),
            *("usr/local/share/info/x",),
        ),
        stays=(
            *("usr/share/doc/tool/copyright", "usr/share/doc/tool/LICENSE.txt"),
            *("usr/share/doc/tool/NOTICE", "usr/share/doc/tool/COPYING", "srv/usr/share/doc/a"),
            *("usr/share/docs/x", "app/doc/readme", "usr/share/doc/a/licence-b"),
        ),
    ),
    "manual": Sample(
        goes=(
            *("usr/share/man/man1/ls.1.gz", "usr/local/share/man/de/man1/x", "usr/local/man/x"),
            *("usr/man/man1/x", "opt/tool/man/man8/x.8", "usr/lib/jvm/jdk/man/man1/java.1"),
            *("usr/local/lib/node_modules/tool/man/x.1",),
        ),
        stays=("opt/tool/man/index.html", "usr/share/manual/x", "app/man/man1/x"),
    ),
    "completion": Sample(
        goes=(
            *("usr/share/bash-completion/completions/git", "usr/share/zsh/site-functions/_x"),
            *("usr/share/zsh/vendor-completions/_y", "usr/share/fish/completions/x.fish"),
            *("usr/share/fish/vendor_completions.d/x", "etc/bash_completion.d/x"),
        ),
        stays=("usr/share/zsh/functions/x", "usr/share/fish/config.fish"),
    ),
    "package-cache": Sample(
        goes=(
            *("var/cache/apt/pkgcache.bin", "var/cache/apt/archives/x.deb"),
            *("var/lib/apt/lists/deb_Packages", "var/cache/apk/APKINDEX.tar.gz"),
            *("etc/apk/cache/x.apk", "var/cache/dnf/x/y.solv", "var/cache/yum/x"),
            *("var/cache/libdnf5/x", "var/cache/zypp/x", "var/cache/PackageKit/x"),
            *("var/lib/dnf/repos/x", "var/lib/dnf/yumdb/x", "var/lib/dnf/history.sqlite"),
            *("var/cache/pacman/pkg/x.zst", "var/lib/pacman/sync/core.db"),
            *("root/.cache/pip/http/a", "home/me/.cache/yarn/v6/x", "root/.cache/pnpm/x"),
            *("root/.cache/composer/x", "root/.cache/go-build/00/x", "root/.cache/node-gyp/18/x"),
            *("root/.cache/pipenv/x", "root/.cache/pypoetry/cache/x"),
            *("root/.cache/pypoetry/artifacts/x", "root/.npm/_cacache/x", "root/.npm/_logs/x"),
            *("root/.npm/_update-notifier-last-checked", "root/.node-gyp/x"),
            *("root/.cargo/registry/cache/x", "home/me/.cargo/registry/src/x"),
            *("root/.bundle/cache/x", "root/.composer/cache/x"),
            *("usr/local/share/.cache/yarn/x", "usr/local/bundle/cache/x.gem"),
        ),
        stays=(
            # Poetry's virtual environments and Cypress's browser are no caches of anything.
            *("root/.cache/pypoetry/virtualenvs/app/bin/python", "root/.cache/Cypress/12/x"),
            *("var/cache/nginx/x", "root/.cache/huggingface/model", "root/.cargo/bin/tool"),
            *("var/lib/dnf/modulefile", "var/cache/fontconfig/x"),
        ),
    ),
    "package-cache 2": Sample(goes=("root/.cache/uv/archive/x", "root/.npm/_npx/1/x")),
    "system-cache": Sample(
        goes=(
            *("var/cache/debconf/config.dat-old", "var/cache/ldconfig/aux-cache"),
            *("var/cache/man/index.db", "var/lib/dpkg/status-old", "var/lib/dpkg/available-old"),
            *("var/lib/dpkg/diversions-old", "var/lib/dpkg/statoverride-old", "etc/passwd-"),
            *("etc/group-", "etc/shadow-", "etc/gshadow-", "etc/subuid-", "etc/subgid-"),
            *("var/backups/apt.extended_states.0", "var/backups/dpkg.status.0"),
            *("var/backups/alternatives.tar.0", "var/backups/shadow.bak"),
        ),
        stays=("etc/passwd", "var/backups/database.sql", "var/cache/debconf/config.dat"),
    ),
    "log": Sample(
        goes=(
            *("var/log/dpkg.log", "var/log/alternatives.log.1", "var/log/apt/history.log"),
            *("var/log/fontconfig.log", "var/log/faillog", "var/log/lastlog", "var/log/README"),
            *("var/log/installer/x", "var/log/app/old.log.gz", "var/log/app/error.log.1"),
            *("srv/npm-debug.log", "root/.bash_history", "root/.lesshst", "root/.wget-hsts"),
        ),
        stays=("var/log/app/error.log", "home/me/.bash_history", "var/log/journal/x"),
    ),
    "bytecode": Sample(
        goes=("app/__pycache__/a.cpython-311.pyc", "app/__pycache__/a.cpython-311.opt-1.pyc"),
        stays=("app/__pycache__/gone.cpython-311.pyc", "app/a.py", "app/b.pyc"),
    ),
    "version-control": Sample(
        goes=(
            *("app/.git/objects/00/x", "app/.git/refs/heads/main", "app/.git/hooks/x"),
            *("app/.git/logs/HEAD", "app/.git/HEAD", "app/.git/config", "app/.git/index"),
            *("app/.git/packed-refs", ".git/HEAD", "app/.svn/entries", "app/.hg/store/x"),
        ),
        stays=("app/.gitignore", "app/.github/x", "app/git/config"),
    ),
    "development": Sample(
        goes=(
            *("usr/include/stdio.h", "usr/local/include/x/y.h", "usr/lib/x86/libc.a"),
            *("usr/lib64/libm.a", "usr/local/lib/libx.a", "usr/lib/x86_64-linux-gnu/crt1.o"),
            *("usr/lib/x86_64-linux-gnu/pkgconfig/zlib.pc", "usr/share/pkgconfig/x.pc"),
            *("usr/local/lib/pkgconfig/x.pc", "usr/share/aclocal/x.m4"),
        ),
        stays=(
            *("usr/include/python3.11/pyconfig.h", "usr/local/include/python3.12/pyconfig.h"),
            # ImageMagick and others read these to load their modules.
            *("usr/lib/x86_64-linux-gnu/ImageMagick/modules/png.la", "usr/lib/libx.la"),
            *("usr/lib/x86_64-linux-gnu/libc.so.6", "app/libx.a", "opt/include/x.h"),
            "usr/local/lib/python3.12/site-packages/numpy/core/lib/libnpymath.a",
        ),
    ),
    "java-development": Sample(
        goes=(
            *("usr/lib/jvm/jdk/jmods/java.base.jmod", "usr/lib/jvm/jdk/include/jni.h"),
            *("usr/lib/jvm/jdk/demo/x", "usr/lib/jvm/jdk/sample/x", "usr/lib/jvm/jdk/lib/src.zip"),
            *(
                "usr/lib/jvm/jdk/src.zip",
                "opt/java/openjdk/jmods/x.jmod",
                "opt/java/openjdk/src.zip",
            ),
        ),
        stays=("usr/lib/jvm/jdk/lib/modules", "opt/java/shop/demo/page.html"),
        beside=_JAVA | {"opt/java/openjdk/lib/modules": b"m"},
    ),
    "java-tools": Sample(
        goes=("usr/lib/jvm/jdk/bin/javac", "opt/jdk-17/bin/jlink"),
        stays=(
            *("usr/lib/jvm/jdk/bin/java", "usr/lib/jvm/jdk/bin/keytool", "opt/jdk-17/bin/jcmd"),
            *("opt/java/shop/bin/jar",),
        ),
        beside=_JAVA | {"opt/jdk-17/lib/modules": b"m"},
    ),
    "compiler": Sample(
        goes=("usr/local/go/bin/go", "root/go/pkg/mod/cache/x", "go/pkg/mod/cache/download/x"),
        stays=("go/bin/tool", "usr/local/gone", "go/src/x.go"),
    ),
    "compiler 2": Sample(
        goes=("usr/local/rustup/toolchains/x", "usr/local/cargo/bin/cargo", "root/.rustup/x"),
        stays=("root/.cargo/bin/tool",),
    ),
    "language-package-manager 2": Sample(
        goes=("usr/bin/cpan", "usr/bin/cpan5.36-x86_64-linux-gnu", "usr/local/bin/cpan"),
        stays=("usr/bin/perl", "opt/x/bin/cpan", "usr/share/perl/5.36.0/CPAN.pm"),
    ),
    "language-package-manager": Sample(
        goes=(
            *("usr/lib/python3/dist-packages/pip/x.py", "usr/local/bin/pip3.11", "usr/bin/pip"),
            *("usr/local/lib/python3.11/site-packages/pip-23.0.dist-info/METADATA",),
            *("usr/lib/python3/dist-packages/pip-23.0.egg-info", "usr/local/bin/pip3"),
            *("opt/venv/lib/python3.11/site-packages/pip/x.py",),
            *("app/.venv/lib/python3.11/site-packages/pip/x.py",),
            *("usr/lib/python3.11/ensurepip/_bundled/x.whl", "usr/share/python-wheels/x.whl"),
        ),
        stays=(
            *("usr/local/lib/python3.11/site-packages/pipx/x.py", "usr/local/bin/pipx"),
            *("usr/lib/python3.11/ensurepip/__init__.py",),
        ),
    ),
    "node-package-manager": Sample(
        goes=(
            *("usr/local/lib/node_modules/npm/x.js", "usr/lib/node_modules/corepack/x.js"),
            *("usr/local/bin/npm", "usr/local/bin/yarnpkg", "opt/yarn-v1.22/bin/yarn"),
        ),
        stays=("usr/local/lib/node_modules/pm2/x.js", "usr/local/bin/node"),
    ),
    "package-manager-state": Sample(
        goes=(
            *(
                "var/lib/dpkg/info/x.postinst",
                "var/lib/dpkg/info/x.triggers",
                "etc/apt/sources.list",
            ),
            *("var/lib/dpkg/available", "var/lib/dpkg/lock", "var/lib/dpkg/triggers/File"),
            *("var/lib/apt/extended_states", "var/cache/debconf/config.dat", "etc/dpkg/dpkg.cfg"),
            *("usr/share/keyrings/debian-archive-keyring.gpg",),
        ),
        stays=("etc/dpkg/origins/debian", "var/lib/dpkg/diversions", "var/lib/dpkg/alternatives/x"),
        beside=_GONE_DPKG,
    ),
    "package-manager-state 2": Sample(
        goes=("lib/apk/db/scripts.tar", "lib/apk/db/lock", "etc/apk/keys/x.pub"),
        stays=("etc/apk/world", "etc/apk/arch", "lib/apk/db/other"),
        beside=_GONE_APK,
    ),
}


def _names() -> list[str]:
    """The ids of the path rules; a second table of the same id has a 2 behind it."""
    names: list[str] = []
    for rule in _DOCUMENT["path"]:
        names.append(rule["id"] if rule["id"] not in names else f"{rule['id']} 2")
    return names


def test_every_rule_has_a_sample() -> None:
    assert sorted(SAMPLES) == sorted(_names())


@pytest.mark.parametrize("name", SAMPLES)
def test_rule_takes_what_it_should_and_nothing_else(name: str, tmp_path: Path) -> None:
    sample = SAMPLES[name]
    layer: dict[str, Any] = {**sample.beside, "app/a.py": b"pass\n"}
    for path in (*sample.goes, *sample.stays):
        layer.setdefault(path, b"content of " + path.encode())
    with built(tmp_path, layer) as result:
        rule = name.removesuffix(" 2")
        assert [path for path in sample.goes if result.rules.get(path) != rule] == []
        assert [path for path in sample.stays if path in result.rules] == []


@pytest.mark.parametrize("number", range(len(_DOCUMENT["path"])), ids=_names())
def test_every_pattern_is_reached(number: int) -> None:
    """A pattern that matches no sample is misspelt, or has none."""
    rule = _DOCUMENT["path"][number]
    goes = SAMPLES[_names()[number]].goes
    for pattern in rule["paths"]:
        assert any(compile_globs([pattern]).fullmatch(path) for path in goes), pattern
    for pattern in rule.get("except", ()):
        stays = SAMPLES[_names()[number]].stays
        if rule["id"] != "version-control":
            assert any(compile_globs([pattern]).fullmatch(path) for path in stays), pattern


def test_rules_name_only_keys_that_are_interpreted() -> None:
    known = {"id", "reason", "paths", "except", "needs", "emptied", "unless", "with-package"}
    known |= {
        "unless-started",
        "unless-stays",
        "unless-package",
        "dependencies",
        "dependency-type",
        "of-spared",
    }
    assert set().union(*_DOCUMENT["path"]) <= known
    assert set().union(*_DOCUMENT["package"]) <= {"id", "type", "reason", "names", "unless-package"}
    assert load_rules().paths[0].id == "documentation"


_UNLESS = [
    ("development", "gcc", "usr/include/stdio.h", {}),
    ("java-development", "jlink", "usr/lib/jvm/jdk/jmods/x", _JAVA),
    ("java-tools", "javac", "usr/lib/jvm/jdk/bin/javac", _JAVA),
    ("language-package-manager", "venv", "usr/share/python-wheels/x.whl", {}),
    ("language-package-manager", "cpan", "usr/bin/cpan", {}),
    ("node-package-manager", "npm", "usr/local/lib/node_modules/npm/x.js", {}),
    ("package-cache", "npx", "root/.npm/_npx/1/x", {}),
]


@pytest.mark.parametrize(("rule", "command", "path", "beside"), _UNLESS)
@pytest.mark.parametrize(
    ("config", "files"),
    [
        ({"Entrypoint": ["{command}", "run"]}, {}),
        ({"Cmd": ["sh", "-c", "exec {command} run"]}, {}),
        ({"Healthcheck": {"Test": ["CMD-SHELL", "{command} || exit 1"]}}, {}),
        ({"Entrypoint": ["/start.sh"]}, {"start.sh": "#!/bin/sh\n{command} build\n"}),
        (
            {"Entrypoint": ["/start.sh"]},
            {"start.sh": "#!/bin/sh\n. /lib.sh\n", "lib.sh": "{command}"},
        ),
        (
            {"Cmd": ["/run"]},
            {"run": "#!/bin/sh\nfor f in /run.d/*; do . $f; done", "run.d/1.sh": "{command}"},
        ),
        (
            {"Cmd": ["supervisord", "-c", "/srv/s.conf"]},
            {"srv/s.conf": "command={command} start\n"},
        ),
        ({"Cmd": ["/app"]}, {"srv/main.py": "subprocess.run(['{command}', '-v'])\n"}),
        ({"Cmd": ["/app"]}, {"srv/main.js": 'exec("cd x && {command} y")\n'}),
        ({"Cmd": ["/app"]}, {"srv/package.json": '{{"scripts": {{"start": "{command} run"}}}}'}),
        ({"Cmd": ["/app"]}, {"srv/jobs/nightly.sh": "#!/bin/sh\nset -e\n{command}\n"}),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else None,
)
def test_a_command_that_is_named_keeps_the_rule_off(
    rule: str, command: str, path: str, beside: Layer, config: Any, files: Any, tmp_path: Path
) -> None:
    def fill(value: Any) -> Any:
        match value:
            case str():
                return value.format(command=command) if "{command}" in value else value
            case list():
                return [fill(item) for item in value]
            case dict():
                return {key: fill(item) for key, item in value.items()}
        return value

    layer = {**beside, path: b"x"}
    layer |= {name: File(fill(text).encode(), 0o755) for name, text in files.items()}
    with built(tmp_path, layer, config=fill(config)) as result:
        assert path not in result.rules
        assert rule in {kept.rule for kept in result.outcome.plan.kept}


@pytest.mark.parametrize(
    ("config", "files", "stays"),
    [
        ({"Cmd": ["git", "daemon"]}, {}, True),
        ({"Entrypoint": ["/start.sh"]}, {"start.sh": b"#!/bin/sh\ngit pull\n"}, True),
        ({"Cmd": ["/app"]}, {"srv/main.py": b"run(['git', 'log'])\n"}, False),
        ({"Cmd": ["/app"]}, {"usr/local/bin/deploy": b"#!/bin/sh\ngit push\n"}, False),
    ],
)
def test_a_repository_stays_only_for_what_is_started(
    config: Any, files: Any, stays: bool, tmp_path: Path
) -> None:
    layer: Layer = {name: File(content, 0o755) for name, content in files.items()}
    with built(tmp_path, {**layer, "app/.git/HEAD": b"x"}, config=config) as result:
        assert ("app/.git/HEAD" not in result.rules) is stays


@pytest.mark.parametrize(
    "files",
    [
        {"srv/main.py": b"# run gcc by hand\nprint('the gcc of the day')\n"},
        {"srv/package.json": b'{"keywords": ["x"], "type": "gcc"}'},
        {"usr/lib/python3/dist-packages/x/y.py": b"run(['gcc'])"},
        {"app/node_modules/x/y.js": b"run('gcc')"},
    ],
)
def test_other_words_keep_nothing(files: Layer, tmp_path: Path) -> None:
    with built(
        tmp_path, {"usr/include/stdio.h": b"x", **files}, config={"Cmd": ["/app"]}
    ) as result:
        assert result.rules["usr/include/stdio.h"] == "development"


def test_a_compiler_that_stays_keeps_its_headers(tmp_path: Path) -> None:
    layer = {"usr/local/bin/gcc": File(b"x", 0o755), "usr/include/stdio.h": b"x"}
    with built(tmp_path, layer) as result:
        assert result.rules == {}


def test_a_distribution_that_depends_on_pip_keeps_it(tmp_path: Path) -> None:
    site = "usr/local/lib/python3.11/site-packages"
    layer = {
        f"{site}/pip/a.py": b"",
        f"{site}/pip-1.dist-info/METADATA": b"Metadata-Version: 2.1\nName: pip\nVersion: 1\n",
        f"{site}/piptools-1.dist-info/METADATA": (
            b"Metadata-Version: 2.1\nName: piptools\nVersion: 1\nRequires-Dist: pip\n"
        ),
    }
    with built(tmp_path, layer) as result:
        assert result.rules == {}


def test_documentation_whose_path_is_written_down_stays(tmp_path: Path) -> None:
    entrypoint = b"#!/bin/sh\nzcat /usr/share/doc/zabbix-$DB/create.sql.gz | psql\n"
    layer = {
        "start": File(entrypoint, 0o755),
        "usr/share/doc/zabbix-pgsql/create.sql.gz": b"x",
        "usr/share/doc/other/README": b"x",
        "app/main.py": b"open('/usr/share/doc/tool/schema.txt')",
        "usr/share/doc/tool/schema.txt": b"x",
    }
    with built(tmp_path, layer, config={"Cmd": ["/start"]}) as result:
        assert set(result.rules) == {"usr/share/doc/other", "usr/share/doc/other/README"}


def test_logs_somebody_else_may_write_stay(tmp_path: Path) -> None:
    layer = {"var/log/a.log.1": File(b"x", uid=7), "var/log/b.log.1": File(b"x", 0o666)}
    with built(tmp_path, layer) as result:
        assert result.rules == {}


def test_folders_that_a_rule_empties(tmp_path: Path) -> None:
    layer = {
        "usr/share/doc/tool/sub": Folder(),
        "usr/share/doc/tool/sub/README": b"x",
        "usr/share/doc/owned": Folder(uid=7),
        "usr/share/doc/owned/README": b"x",
        "var/lib/apt/lists/partial": Folder(0o700, 100),
        "var/lib/apt/lists/x": b"x",
        "docker-entrypoint-initdb.d": Folder(),
        "usr/share/doc/was-empty": Folder(),
    }
    with built(tmp_path, layer) as result:
        assert set(result.rules) == {
            *("usr/share/doc/tool", "usr/share/doc/tool/sub", "usr/share/doc/tool/sub/README"),
            *("usr/share/doc/owned/README", "var/lib/apt/lists/x"),
        }


def test_keep_wins_over_rules_and_drop(tmp_path: Path) -> None:
    layer = {
        "usr/share/doc/a/README": b"a",
        "usr/share/doc/b/README": b"b",
        "srv/x/1": b"1",
        "srv/x/2": b"2",
        "srv/x": Folder(0o711, 3, 4),
    }
    options = replace(PLAIN, keep=("/usr/share/doc/a/**", "srv/x/2"), drop=("srv/x",))
    with built(tmp_path, layer, options=options) as result, result.after() as after:
        assert "usr/share/doc/a/README" not in result.rules
        assert result.rules["srv/x/1"] == "--drop"
        node = after.subject.filesystem.get("srv/x")
        assert node is not None
        assert (node.inode.mode, node.inode.uid, node.inode.gid) == (0o711, 3, 4)


# --- links --------------------------------------------------------------------------------------


def test_links_to_what_goes(tmp_path: Path) -> None:
    layer = {
        "usr/share/man/man1/a.1": b"x",
        "etc/alternatives/a.1": Symlink("/usr/share/man/man1/a.1"),
        "usr/share/man/man1/b.1": Symlink("/etc/alternatives/a.1"),
        "usr/share/doc/tool/schema.sql": b"x",
        "app/schema.sql": Symlink("../usr/share/doc/tool/schema.sql"),
        "usr/share/doc/alias": Symlink("tool"),
        "app/gone": Symlink("nowhere"),
        "var/cache/apt/x": b"x",
        "app/cached": Symlink("/var/cache/apt/x"),
    }
    with built(tmp_path, layer) as result:
        assert result.rules == {
            "usr/share/man/man1/a.1": "manual",
            "etc/alternatives/a.1": "dangling-link",
            "usr/share/man/man1/b.1": "manual",
            "usr/share/man/man1": "manual",
            "usr/share/man": "manual",
        }


def test_links_to_dropped_programs_go_and_those_to_keep_hold(tmp_path: Path) -> None:
    layer = {
        "srv/a": b"1",
        "usr/bin/one": Symlink("/srv/a"),
        "usr/bin/two": Symlink("one"),
        "srv/b": b"2",
        "opt/link": Symlink("/usr/share/man/x"),
        "usr/share/man/x": Symlink("man1/y"),
        "usr/share/man/man1/y": b"y",
    }
    options = replace(PLAIN, drop=("srv/a",), keep=("opt/link",))
    with built(tmp_path, layer, options=options) as result:
        assert set(result.rules) == {"srv/a", "usr/bin/one", "usr/bin/two"}


def test_a_link_to_a_folder_is_structure(tmp_path: Path) -> None:
    """Every package lists /lib, and /lib is none of theirs."""
    layer = {
        "lib": Symlink("usr/lib"),
        "usr/lib/libc.so": b"x",
        "usr/bin/apt": b"x",
        **debian({"apt": ["lib", "usr/bin/apt"], "libc6": ["lib", "lib/libc.so"]}),
    }
    with built(tmp_path, layer) as result, result.after() as after:
        assert "lib" not in result.rules
        assert result.rules["usr/bin/apt"] == "package-manager"
        assert [p.name for p in after.subject.packages.all] == ["libc6"]


def test_link_chains_of_any_length_are_settled(tmp_path: Path) -> None:
    chain = {f"usr/bin/l{n:03}": Symlink(f"l{n + 1:03}") for n in range(300)}
    layer = {**chain, "usr/bin/l300": b"x"}
    with built(tmp_path, layer, options=replace(PLAIN, drop=("usr/bin/l300",))) as result:
        assert len(result.rules) == 301


# --- patterns -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "matches", "misses"),
    [
        ("/srv/app", ["srv/app", "srv/app/x"], ["srv/application", "x/srv/app"]),
        ("srv/*.py", ["srv/a.py"], ["srv/x/a.py", "srv/apy"]),
        ("**/x", ["x", "a/x", "a/b/x"], ["ax"]),
        ("a/**/z", ["a/z", "a/b/z"], ["az"]),
        ("a?c", ["abc"], ["a/c", "ac"]),
        ("{a,b{c,d}}/e", ["a/e", "bc/e", "bd/e"], ["b/e", "ab/e"]),
        ("v[0-9]", ["v1"], ["va", "v[0-9]"]),
        ("v[!0-9]", ["va"], ["v1", "v/"]),
        ("v[]x]", ["v]", "vx"], ["v"]),
        ("v[a\\d]", ["va", "vd", "v\\"], ["v1"]),
        ("v[^a]", ["v^", "va"], ["vb"]),
        ("v[", ["v["], ["v"]),
        ("a,b}", ["a,b}"], ["a"]),
        ("a.b+(c)", ["a.b+(c)"], ["axb+(c)"]),
        ("new\nline", ["new\nline"], ["new"]),
    ],
)
def test_patterns(pattern: str, matches: list[str], misses: list[str]) -> None:
    compiled = compile_globs([pattern])
    assert [path for path in matches if not compiled.fullmatch(path)] == []
    assert [path for path in misses if compiled.fullmatch(path)] == []


@pytest.mark.parametrize("pattern", ["", "/", "{a", "{a,{b}", "x" * 5000, "[z-a]"])
def test_patterns_that_are_none(pattern: str) -> None:
    with pytest.raises(UsageError):
        compile_globs([pattern])


def test_no_pattern_matches_nothing() -> None:
    assert compile_globs([]).fullmatch("") is None


def test_paragraph_helper_is_what_dpkg_writes() -> None:
    assert paragraph("a").startswith(b"Package: a\nStatus: install ok installed\n")
