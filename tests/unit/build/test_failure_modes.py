"""How slimmed images break elsewhere, one test for each way: none of it may happen here.

Each builds an image and looks at the output as slim reads it back. Where something must stay, the
same image is also built in a way in which it may go: else a build that removes nothing would pass.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from formats.elf_builder import Elf
from support import images, planted
from support.layers import File, Folder, Hardlink, Layer, Symlink, tar_of
from support.tars import Member, folder, hardlink, make_tar, opaque, symlink, whiteout

from slimmer.build.options import BuildOptions
from slimmer.detect.inspection import Inspection
from slimmer.filesystem.tree import Node

from .building import (
    GROUP,
    PASSWD,
    PLAIN,
    Memory,
    Result,
    built,
    debian,
    groups_of,
    inflated,
    memory_of,
    paragraph,
    rebuilt,
    view_of,
)

AUTO = BuildOptions("safe")
SQUASH = replace(PLAIN, squash=True)
_PROGRAM = File(b"a program", 0o755)


def _script(*lines: str) -> File:
    return File("\n".join(("#!/bin/sh", *lines, "")).encode(), 0o755)


def _after(result: Result, *, quiet: bool = True) -> frozenset[str]:
    """The paths of the output, as slim finds them."""
    with result.after(quiet=quiet) as after:
        return frozenset(view_of(after))


def _node(inspection: Inspection, path: str) -> Node:
    node = inspection.subject.filesystem.get(path)
    assert node is not None, path
    return node


def _content(inspection: Inspection, path: str) -> bytes:
    node = inspection.subject.filesystem.resolve(path)
    assert node is not None, path
    entry = node.inode.entry
    assert entry is not None, path
    return inspection.reader.read(node.inode.layer, entry, node.size)


def _check_untouched(result: Result, paths: Iterable[str]) -> None:
    """Content, owner, mode, times and extended attributes of these are what they were."""
    before = view_of(result.before)
    with result.after(quiet=True) as after:
        now = view_of(after)
    assert {path: now.get(path) for path in paths} == {path: before[path] for path in paths}


# --- 1 ------------------------------------------------------------------------------------------

_TOOLS = {
    "make": ["usr/bin/make", "usr/lib/make/helper"],
    "apt": ["usr/bin/apt-get"],
    "binutils": ["usr/bin/strings"],
    "coreutils": ["usr/bin/chown", "usr/bin/id", "usr/bin/dirname", "usr/bin/readlink"],
    "findutils": ["usr/bin/find"],
    "dash": ["bin/sh"],
}
_TOOL_FILES = {path: _PROGRAM for paths in _TOOLS.values() for path in paths}
_MAKE = {*_TOOLS["make"]}
_OF_RULES = {*_MAKE, "usr/bin/apt-get", "usr/bin/strings"}


@pytest.mark.parametrize(
    ("config", "files", "named"),
    [
        ({"Cmd": ["/app"]}, {}, set()),
        ({"Entrypoint": ["make", "run"]}, {}, _MAKE),
        ({"Cmd": ["exec", "make", "run"]}, {}, _MAKE),
        ({"Cmd": ["/bin/sh", "-c", "cd /srv && apt-get -v"]}, {}, {"usr/bin/apt-get"}),
        (
            {"Healthcheck": {"Test": ["CMD-SHELL", "strings /app | find || exit 1"]}},
            {},
            {"usr/bin/strings"},
        ),
        (
            {"Entrypoint": ["/start.sh"]},
            {
                "start.sh": _script('. "/lib.sh"', 'exec "$@"'),
                "lib.sh": b"strings $(dirname $0)\nif test x; then eval 'make all'; fi\n",
            },
            {*_MAKE, "usr/bin/strings"},
        ),
        (
            {"Entrypoint": ["/init"]},
            {
                "init": _script('for f in /usr/lib/init.d/*; do . "$f"; done'),
                "usr/lib/init.d/10.sh": b"cmd=(make -C /srv)\n",
                "usr/lib/init.d/20.envsh": b"X=`apt-get -v`\n",
            },
            {*_MAKE, "usr/bin/apt-get"},
        ),
        # The first `tool` of PATH is a wrapper for the next.
        (
            {"Cmd": ["tool"]},
            {"usr/local/bin/tool": _PROGRAM, "usr/bin/tool": _script("exec make $1")},
            _MAKE,
        ),
        (
            {"Cmd": ["run"], "Env": ["PATH=/srv/bin:/usr/bin"]},
            {"srv/bin/run": Symlink("../real"), "srv/real": _script("strings x")},
            {"usr/bin/strings"},
        ),
        (
            {"Cmd": ["./run"], "WorkingDir": "/srv"},
            {"srv/run": File(b"#!/usr/bin/env -S make -f\nall:\n", 0o755)},
            _MAKE,
        ),
        # A comment runs nothing.
        ({"Cmd": ["/start.sh"]}, {"start.sh": _script("# make strings", "exec /app")}, set()),
    ],
)
def test_01_what_a_scripted_entrypoint_runs_stays(
    config: Mapping[str, Any], files: Layer, named: set[str], tmp_path: Path
) -> None:
    layer: dict[str, Any] = {**_TOOL_FILES, "app": _PROGRAM, **debian(_TOOLS), **files}
    with built(tmp_path, layer, config=config, quiet=True) as result:
        assert _after(result) & _TOOL_FILES.keys() == (_TOOL_FILES.keys() - _OF_RULES) | named


def test_01_a_program_stays_also_where_a_rule_clears(tmp_path: Path) -> None:
    start = "usr/local/bundle/cache/tool/start"
    layer: dict[str, Any] = {start: _script("exec /app"), "usr/local/bundle/cache/x.gem": b"x"}
    with built(tmp_path, layer, config={"Cmd": [f"/{start}"]}, quiet=True) as result:
        _check_untouched(result, [start])
        assert "usr/local/bundle/cache/x.gem" not in _after(result)


# --- 2 ------------------------------------------------------------------------------------------

_SITE = "usr/local/lib/python3.12/site-packages"
_FLASK: dict[str, Any] = {
    f"{_SITE}/{path}": path.encode()
    for path in (
        *("flask/__init__.py", "flask/templates/lazy.html", "flask/py.typed", "flask/README.md"),
        *("flask/tests/data.json", "numpy/core/_multiarray.cpython-312-x86_64-linux-gnu.so"),
        *("numpy.libs/libopenblas64.so", "distutils-precedence.pth", "editable.egg-link"),
        *("only_compiled.pyc", "flask/__pycache__/no_source.cpython-312.pyc"),
        *("flask-3.0.dist-info/RECORD", "flask-3.0.dist-info/entry_points.txt"),
        *("flask-3.0.dist-info/licenses/LICENSE", "flask-3.0.dist-info/INSTALLER"),
        *("pipdeptree/__init__.py", "zope/interface/__init__.py"),
    )
} | {f"{_SITE}/flask-3.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: flask\nVersion: 3\n"}
_PIP: dict[str, Any] = {
    f"{_SITE}/pip/__init__.py": b"",
    f"{_SITE}/pip/_vendor/certifi/cacert.pem": b"",
    f"{_SITE}/pip-24.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: pip\nVersion: 24\n",
    "usr/local/bin/pip3": _PROGRAM,
}


def test_02_python_distributions_stay_whole_while_pip_goes(tmp_path: Path) -> None:
    stdlib: dict[str, Any] = {
        f"usr/local/lib/python3.12/{name}": b"x" for name in ("json/__init__.py", "venv/x.py")
    }
    layer: dict[str, Any] = {**_FLASK, **_PIP, **stdlib, "app/a.py": b"import flask\n"}
    with built(tmp_path, layer, config={"Cmd": ["python3", "/app/a.py"]}) as result:
        _check_untouched(result, [*_FLASK, *stdlib])
        assert not _after(result) & _PIP.keys()
        with result.after(quiet=True) as after:
            assert [package.name for package in after.subject.packages.all] == ["flask"]


@pytest.mark.parametrize(
    "files",
    [
        {"app/a.py": b"import pip\n"},
        {"app/a.py": b"subprocess.check_call([sys.executable, '-m', 'pip', 'list'])\n"},
        {f"{_SITE}/t-1.dist-info/METADATA": b"Name: t\nVersion: 1\nRequires-Dist: pip (>=20)\n"},
    ],
)
def test_02_pip_stays_where_something_needs_it(files: Layer, tmp_path: Path) -> None:
    with built(tmp_path, {**_FLASK, **_PIP, **files}, quiet=True) as result:
        _check_untouched(result, [*_FLASK, *_PIP])


# --- 3 ------------------------------------------------------------------------------------------

_NODE: dict[str, Any] = {
    f"app/{path}": path.encode()
    for path in (
        *("package.json", "server.js", "dist/bundle.js.map", "node_modules/x/index.js"),
        *("node_modules/x/README.md", "node_modules/x/man/x.1", "node_modules/x/LICENSE"),
        *("node_modules/x/build/Release/x.node", "node_modules/x/prebuilds/linux-x64/y.node"),
        *("node_modules/@s/p/docs/a.md", "node_modules/x/test/a.js", "node_modules/npm/index.js"),
        *("node_modules/.package-lock.json", "node_modules/x/node_modules/y/y.js"),
        *("node_modules/x/deps/libz.a", "node_modules/x/.eslintrc", "node_modules/sharp/lib.so.8"),
    )
} | {"app/node_modules/.bin/x": Symlink("../x/index.js")}
_NPM: dict[str, Any] = {
    "usr/local/lib/node_modules/npm/bin/npm-cli.js": _PROGRAM,
    "usr/local/lib/node_modules/npm/package.json": b"{}",
    "usr/local/lib/node_modules/corepack/dist/corepack.js": b"x",
    "usr/local/bin/npm": Symlink("../lib/node_modules/npm/bin/npm-cli.js"),
    "usr/local/bin/yarnpkg": Symlink("/opt/yarn-v1.22.22/bin/yarn"),
    "opt/yarn-v1.22.22/bin/yarn": _PROGRAM,
}


def test_03_node_modules_stay_while_npm_goes(tmp_path: Path) -> None:
    pm2: dict[str, Any] = {
        "usr/local/lib/node_modules/pm2/bin/pm2": _PROGRAM,
        "usr/local/bin/pm2": Symlink("../lib/node_modules/pm2/bin/pm2"),
        "usr/local/bin/node": _PROGRAM,
    }
    config = {"Cmd": ["node", "server.js"], "WorkingDir": "/app"}
    with built(tmp_path, {**_NODE, **_NPM, **pm2}, config=config, quiet=True) as result:
        _check_untouched(result, [*_NODE, *pm2])
        assert not _after(result) & _NPM.keys()


@pytest.mark.parametrize(
    ("config", "package"),
    [
        ({"Cmd": ["npm", "start"]}, b"{}"),
        ({"Cmd": ["sh", "-c", "npx --yes serve"]}, b"{}"),
        ({"Cmd": ["node", "."]}, b'{"scripts": {"start": "npm run build && node ."}}'),
    ],
)
def test_03_npm_stays_where_it_starts_the_application(
    config: Mapping[str, Any], package: bytes, tmp_path: Path
) -> None:
    layer: dict[str, Any] = {**_NODE, **_NPM, "app/package.json": package}
    with built(tmp_path, layer, config=config, quiet=True) as result:
        assert _NPM.keys() <= _after(result)


# --- 4 ------------------------------------------------------------------------------------------


def _java(home: str, *paths: str) -> dict[str, File]:
    return {f"{home}/{path}": File(path.encode(), 0o755) for path in paths}


_JRE = (
    *("lib/modules", "lib/libzip.so", "lib/libinstrument.so", "lib/server/libjvm.so"),
    *("lib/security/cacerts", "lib/jrt-fs.jar", "lib/tzdb.dat", "conf/net.properties"),
    *("lib/charsets.jar", "lib/jsse.jar", "lib/ext/sunjce_provider.jar", "lib/ext/localedata.jar"),
    *("bin/java", "bin/keytool", "bin/jcmd", "release", "legal/java.base/LICENSE"),
)
_JDK = ("jmods/java.base.jmod", "lib/src.zip", "bin/javac", "bin/jlink", "include/jni.h")


@pytest.mark.parametrize("home", ["usr/lib/jvm/java-17", "opt/java/openjdk", "opt/jdk-21"])
def test_04_a_java_runtime_is_not_taken_apart(home: str, tmp_path: Path) -> None:
    layer: dict[str, Any] = {**_java(home, *_JRE, *_JDK), "srv/app.jar": b"PK"}
    config = {"Cmd": [f"/{home}/bin/java", "-jar", "/srv/app.jar"]}
    with built(tmp_path, layer, config=config, quiet=True) as result:
        _check_untouched(result, [*_java(home, *_JRE), "srv/app.jar"])
        assert not _after(result) & _java(home, *_JDK).keys()


@pytest.mark.parametrize("named", ["javac", "jlink"])
def test_04_a_compiler_that_is_named_stays(named: str, tmp_path: Path) -> None:
    home = "usr/lib/jvm/java-17"
    layer: dict[str, Any] = {
        **_java(home, *_JRE, *_JDK),
        "start": _script(f"{home}/bin/{named} /srv"),
    }
    with built(tmp_path, layer, config={"Cmd": ["/start"]}, quiet=True) as result:
        assert {*_java(home, "bin/javac", "bin/jlink", "jmods/java.base.jmod")} <= _after(result)


def test_04_folders_that_only_look_like_a_jdk(tmp_path: Path) -> None:
    layer: dict[str, Any] = _java(
        "opt/java/shop", "demo/page.html", "bin/jar", "src.zip", "include/a"
    )
    with built(tmp_path, layer, quiet=True) as result:
        _check_untouched(result, layer)


# --- 5 ------------------------------------------------------------------------------------------


def test_05_what_is_only_loaded_at_run_time_stays(tmp_path: Path) -> None:
    """No ELF file links these: name services, charset converters, modules, plugins."""
    lib = "usr/lib/x86_64-linux-gnu"
    library = File(Elf(type=3).build())
    loaded: dict[str, File | bytes | Symlink] = {
        f"{lib}/{name}": library
        for name in (
            *("libnss_dns.so.2", "libnss_files.so.2", "gconv/UTF-16.so", "ossl-modules/legacy.so"),
            *("engines-3/afalg.so", "sasl2/libplain.so", "gtk-3.0/modules/x.so", "libcuda.so.1"),
            *("security/pam_unix.so", "ImageMagick-6/modules/png.so", "qt5/plugins/p.so"),
        )
    }
    loaded |= {
        f"{lib}/gconv/gconv-modules": b"module INTERNAL UTF-16// UTF-16 1\n",
        f"{lib}/gconv/gconv-modules.cache": b"x",
        f"{lib}/ImageMagick-6/modules/png.la": b"dlname='png.so'\n",
        "etc/nsswitch.conf": b"hosts: files dns\n",
        "etc/ld.so.cache": b"x",
        "etc/ld.so.conf.d/a.conf": b"/usr/local/lib\n",
    }
    owned = [path for path in loaded if path.startswith(lib)]
    layer: dict[str, Any] = {**loaded, **debian({"libc6": owned, "make": ["usr/bin/make"]})}
    layer |= {"usr/bin/make": _PROGRAM, f"{lib}/libc.a": b"x", "app": _PROGRAM}
    with built(tmp_path, layer, quiet=True) as result:
        _check_untouched(result, loaded)
        assert not _after(result) & {f"{lib}/libc.a", "usr/bin/make"}


# --- 6 ------------------------------------------------------------------------------------------


def test_06_trust_stores_stay(tmp_path: Path) -> None:
    certificate = planted._pem("CERTIFICATE", planted.stream("certificate", 400)).encode()
    stores: dict[str, bytes | Symlink | Folder] = dict.fromkeys(
        (
            *("etc/ssl/certs/ca-certificates.crt", "etc/ssl/cert.pem", "etc/ssl/openssl.cnf"),
            *("usr/share/ca-certificates/mozilla/Root.crt", "etc/pki/tls/certs/ca-bundle.crt"),
            *("usr/local/share/ca-certificates/ours.crt", "etc/ca-certificates.conf"),
            *("etc/pki/ca-trust/extracted/java/cacerts", "etc/ssl/certs/java/cacerts"),
            *(f"{_SITE}/certifi/cacert.pem", "app/node_modules/ca/ca.pem", "srv/tls/ca.pem"),
            "var/lib/ca-certificates/ca-bundle.pem",
        ),
        certificate,
    )
    stores |= {
        "etc/ssl/certs/Root.pem": Symlink("/usr/share/ca-certificates/mozilla/Root.crt"),
        "etc/ssl/certs/9f0f5fd6.0": Symlink("Root.pem"),
        "etc/ssl/private": Folder(0o710, gid=101),
    }
    layer: dict[str, Any] = {
        **stores,
        **_PIP,
        **debian({"ca-certificates": ["etc/ca-certificates.conf"]}),
    }
    layer |= {"srv/tls/key.pem": planted.rsa_private_key("trust").encode()}
    with built(tmp_path, layer) as result:
        _check_untouched(result, stores)
        # A private key is not trust: it goes, and so does pip's own bundle.
        after = _after(result)
        assert "srv/tls/key.pem" not in after
        assert not after & _PIP.keys()


# --- 7 ------------------------------------------------------------------------------------------


def test_07_time_zones_and_locales_stay(tmp_path: Path) -> None:
    kept: dict[str, bytes | Symlink] = dict.fromkeys(
        (
            *("usr/share/zoneinfo/Europe/Berlin", "usr/share/zoneinfo/tzdata.zi", "etc/timezone"),
            *("usr/lib/locale/C.utf8/LC_CTYPE", "usr/lib/locale/locale-archive", "etc/locale.gen"),
            *("usr/share/locale/de/LC_MESSAGES/app.mo", "usr/share/i18n/charmaps/UTF-8.gz"),
            *(
                "usr/share/locale/locale.alias",
                "etc/default/locale",
                f"{_SITE}/tzdata/zoneinfo/UTC",
            ),
        ),
        b"x",
    ) | {"etc/localtime": Symlink("/usr/share/zoneinfo/Europe/Berlin")}
    layer: dict[str, Any] = {**kept, "usr/share/man/de/man1/ls.1.gz": b"x"}
    with built(tmp_path, layer, quiet=True) as result:
        _check_untouched(result, kept)
        assert "usr/share/man/de/man1/ls.1.gz" not in _after(result)


# --- 8 ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("top", ["app", "srv/shop", "opt/shop", "var/www/html", "home/me", "data"])
def test_08_files_of_the_application_stay_without_any_evidence(top: str, tmp_path: Path) -> None:
    layer: dict[str, Any] = {
        f"{top}/{path}": path.encode()
        for path in (
            *("templates/lazy.html", "static/app.css", "docs/index.md", "README.md", "tests/t.py"),
            *("examples/a", "man/index.html", "usr/share/doc/a", "include/a.h", "lib/liba.a"),
            *("cache/x", "tmp/x", "logs/app.log.1", "log/x.gz", ".cache/x", ".env.example"),
            *("app.pyc", "a/__pycache__/b.cpython-312.pyc", "x.o", "Makefile", "gcc", "core"),
            *("vendor/bundle/x.rb", "jmods/x", "src.zip", ".gitignore", ".dockerignore", "\u00fc"),
        )
    }
    with built(tmp_path, layer, quiet=True) as result:
        assert result.rules == {}
        _check_untouched(result, layer)


def test_08_what_a_rule_names_goes_from_the_application_too(tmp_path: Path) -> None:
    goes: dict[str, Any] = {
        "app/.git/HEAD": b"x",
        "app/npm-debug.log": b"x",
        "app/__pycache__/a.cpython-312.pyc": b"",
    }
    with built(tmp_path, {**goes, "app/a.py": b"x", "app/b": b"x"}, quiet=True) as result:
        assert _after(result) >= {"app/a.py", "app/b"}
        assert not _after(result) & goes.keys()
        assert all(why.reason for why in result.outcome.plan.removals)


# --- 9 ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [PLAIN, SQUASH])
def test_09_package_databases_tell_what_is_there(options: BuildOptions, tmp_path: Path) -> None:
    packages = {
        "make": ["usr/bin/make", "usr/share/doc/make/copyright"],
        "cpp": ["usr/bin/cpp"],
        "zlib1g-dev": ["usr/include/zlib.h", "usr/lib/libz.a", "usr/lib/libz.so"],
        "curl": ["usr/bin/curl", "usr/share/man/man1/curl.1.gz", "usr/share/doc/curl/copyright"],
        "libc6": ["usr/lib/libc.so.6"],
    }
    layer: dict[str, Any] = {
        path: b"of " + path.encode() for paths in packages.values() for path in paths
    }
    with built(tmp_path, layer, debian(packages), options=options, quiet=True) as result:
        with result.after(quiet=True) as after:
            status = _content(after, "var/lib/dpkg/status").decode()
            found = {package.name: set(package.files) for package in after.subject.packages.all}
            paths = {node.path for node in after.subject.filesystem.walk() if node.is_file}
        # Of make and cpp nothing is left, and of zlib1g-dev one file.
        assert found.keys() == {"zlib1g-dev", "curl", "libc6"}
        assert set().union(*found.values()) >= {path for path in paths if path in layer}
        for name in found:
            listed = _listed(result, name)
            assert listed <= paths
            assert listed == found[name] & paths
        assert not paths & {f"var/lib/dpkg/info/{name}.list" for name in ("make", "cpp")}
        assert not paths & {*packages["make"], *packages["cpp"]}
        records = dict(_records(status))
        assert "X-Slim-Removed: 2 of 3 files" in records["zlib1g-dev"]
        # Documentation is nothing a package lacks.
        assert "X-Slim" not in records["curl"] + records["libc6"]
        assert records["libc6"] == paragraph("libc6").decode()


def _listed(result: Result, name: str) -> set[str]:
    with result.after(quiet=True) as after:
        lines = _content(after, f"var/lib/dpkg/info/{name}.list").decode().split()
    return {line.strip("/") for line in lines} - {".", ""}


def _records(status: str) -> list[tuple[str, str]]:
    parts = [part + "\n\n" for part in status.rstrip("\n").split("\n\n")]
    return [(part.splitlines()[0].partition(": ")[2], part) for part in parts]


# --- 10 -----------------------------------------------------------------------------------------

_USRMERGE: dict[str, Any] = {
    "bin": Symlink("usr/bin"),
    "sbin": Symlink("usr/sbin"),
    "lib": Symlink("usr/lib"),
    "lib64": Symlink("/usr/lib64"),
    "usr/bin/sh": _PROGRAM,
    "usr/sbin/init": _PROGRAM,
    "usr/lib64/ld-linux-x86-64.so.2": Symlink("../lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"),
    "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2": _PROGRAM,
    "usr/lib/x86_64-linux-gnu/libc.so.6": _PROGRAM,
    "var/run": Symlink("/run"),
    "run": Folder(),
}


@pytest.mark.parametrize("options", [PLAIN, SQUASH])
@pytest.mark.parametrize("package", ["make", "apt"])
def test_10_links_to_folders_survive_a_package_that_lists_them(
    options: BuildOptions, package: str, tmp_path: Path
) -> None:
    links = ["bin", "lib", "lib64", "sbin", "var/run"]
    libc = ["lib", "lib/x86_64-linux-gnu/libc.so.6", "lib64/ld-linux-x86-64.so.2"]
    packages = {package: [*links, f"bin/{package}", "lib/extra.so"], "libc6": libc}
    layer: dict[str, Any] = {**_USRMERGE, f"usr/bin/{package}": _PROGRAM, "usr/lib/extra.so": b"x"}
    with built(tmp_path, layer, debian(packages), options=options, quiet=True) as result:
        _check_untouched(result, _USRMERGE)
        assert not _after(result) & {f"usr/bin/{package}", "usr/lib/extra.so"}
        with result.after(quiet=True) as after:
            filesystem = after.subject.filesystem
            for path in ("lib64/ld-linux-x86-64.so.2", "lib/x86_64-linux-gnu/libc.so.6", "bin/sh"):
                assert filesystem.resolve(path) is not None
            assert [found.name for found in after.subject.packages.all] == ["libc6"]


def test_10_alternatives_go_with_their_target_and_only_then(tmp_path: Path) -> None:
    layer: dict[str, Any] = {
        "etc/alternatives/editor": Symlink("/usr/bin/vim"),
        "usr/bin/editor": Symlink("/etc/alternatives/editor"),
        "usr/bin/vim": _PROGRAM,
        "etc/alternatives/cpp": Symlink("/usr/bin/cpp"),
        "usr/bin/cc1": Symlink("/etc/alternatives/cpp"),
        "usr/bin/cpp": _PROGRAM,
        "srv/dangling": Symlink("/nowhere"),
        **debian({"cpp": ["usr/bin/cpp"], "vim": ["usr/bin/vim"]}),
    }
    kept = ["etc/alternatives/editor", "usr/bin/editor", "usr/bin/vim", "srv/dangling"]
    with built(tmp_path, layer, quiet=True) as result:
        _check_untouched(result, kept)
        assert not _after(result) & {"etc/alternatives/cpp", "usr/bin/cc1", "usr/bin/cpp"}


def test_10_entries_that_went_through_a_link_stay_where_they_led(tmp_path: Path) -> None:
    """A layer names `/lib/x` where `/lib` is a link of the layer below."""
    layers: list[Any] = [
        make_tar(folder("usr/lib"), symlink("lib", "usr/lib"), Member("usr/bin/make", data=b"m")),
        make_tar(Member("lib/late.so", data=b"late"), Member("usr/share/doc/x/README", data=b"r")),
    ]
    with built(tmp_path, *layers, quiet=True) as result, result.after(quiet=True) as after:
        assert _node(after, "lib").is_symlink
        assert _content(after, "lib/late.so") == _content(after, "usr/lib/late.so") == b"late"
        assert "usr/share/doc/x/README" not in view_of(after)


# --- 11 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [PLAIN, SQUASH, replace(PLAIN, compression="zstd")])
def test_11_hard_links_stay_links(options: BuildOptions, tmp_path: Path) -> None:
    """Also where the name goes that had the bytes."""
    big, other = (hashlib.shake_128(text).digest(300_000) for text in (b"big", b"other"))
    names = ["usr/share/doc/tool/data", "opt/a", "opt/b", "opt/c"]
    layer: dict[str, Any] = {"usr/share": Folder(), names[0]: File(big, 0o751, 7, 8)}
    layer |= {name: Hardlink(names[0]) for name in names[1:]}
    layer |= {"srv/one": other, "srv/two": Hardlink("srv/one")}
    with built(tmp_path, layer, options=options, quiet=True) as result:
        with result.after(quiet=True) as after:
            left = [frozenset(names[1:]), frozenset({"srv/one", "srv/two"})]
            assert groups_of(after) == sorted(left, key=min)
            assert _content(after, "opt/c") == big
            node = _node(after, "opt/b")
            assert (node.inode.mode, node.inode.uid, node.inode.gid) == (0o751, 7, 8)
            assert names[0] not in view_of(after)
        assert result.everything.count(big) == result.everything.count(other) == 1
        before = len(tar_of(layer))
        assert sum(len(inflated(result.blobs[d])) for d in _layers(result)) < before
        assert [r.size for r in result.outcome.plan.removals if r.path == names[0]] == [0]


def _layers(result: Result) -> list[str]:
    return [layer["digest"] for layer in result.manifest["layers"]]


def test_11_links_across_layers(tmp_path: Path) -> None:
    layers: list[Any] = [
        make_tar(
            Member("usr/share/doc/t/x", data=b"the bytes", mode=0o640),
            hardlink("a", "usr/share/doc/t/x"),
        ),
        make_tar(hardlink("b", "a"), Member("c", data=b"c")),
    ]
    with built(tmp_path, *layers, quiet=True) as result, result.after(quiet=True) as after:
        assert groups_of(after) == [frozenset({"a", "b"})]
        assert result.everything.count(b"the bytes") == 1


# --- 12 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [AUTO, replace(AUTO, squash=True)])
def test_12_owners_modes_and_attributes_stay(options: BuildOptions, tmp_path: Path) -> None:
    capability = {"SCHILY.xattr.security.capability": "\x01\x00\x00\x02\x00\udc80"}
    members = [
        folder("tmp", 0o1777),
        folder("var/tmp", 0o1777),
        folder("root", 0o700),
        folder("srv/data", 0o2750, 999, 4_000_000),
        Member("usr/bin/su", data=b"x", mode=0o4755),
        Member("usr/bin/wall", data=b"x", mode=0o2755, gid=5),
        Member("usr/bin/ping", data=b"x", mode=0o755, pax=capability),
        Member("srv/data/db", data=b"x", mode=0o600, uid=999, pax={"SCHILY.xattr.user.k": "v"}),
        Member("srv/fifo", kind=b"6", mode=0o620, uid=9),
        Member("dev/null", kind=b"3", mode=0o666, device=(1, 3)),
        Member("tmp/left", data=b"x", mode=0o000, mtime=1.25),
        folder("etc/ssl/private", 0o710, 0, 101),
    ]
    gone = Member("usr/share/doc/x/README", data=b"x" * 5000)
    with built(tmp_path, make_tar(*members, gone), options=options, quiet=True) as result:
        _check_untouched(result, [member.path for member in members])
        assert gone.path not in _after(result)
        with result.after(quiet=True) as after:
            assert _node(after, "tmp").inode.mode == 0o1777
            entry = _node(after, "usr/bin/ping").inode.entry
            assert entry is not None
            assert entry.xattrs == {"security.capability": b"\x01\x00\x00\x02\x00\x80"}


def test_12_the_new_user_has_a_number_a_name_and_is_told_what_it_cannot_do(tmp_path: Path) -> None:
    layer: dict[str, Any] = {
        "etc/passwd": PASSWD,
        "etc/group": GROUP,
        "app": Folder(),
        "app/run": _PROGRAM,
        "app/secretive": File(b"x", 0o600),
        "data": Folder(),
    }
    config = {"Cmd": ["/app/run"], "WorkingDir": "/app", "Volumes": {"/data": {}}}
    with built(tmp_path, layer, config=config, options=AUTO, quiet=True) as result:
        assert result.config["config"]["User"] == "65532:65532"
        with result.after(quiet=True) as after:
            assert b"\nnonroot:x:65532:65532:" in _content(after, "etc/passwd")
            assert b"\nnonroot:x:65532:\n" in _content(after, "etc/group")
            assert _node(after, "data").inode.uid == 65532  # a volume is there to be written to
        for text in (
            "cannot read /app/secretive",
            "cannot write to the working directory /app",
        ):
            assert text in result.warnings
        assert "cannot run" not in result.warnings


# --- 13 -----------------------------------------------------------------------------------------

_CONFIG: dict[str, Any] = {
    "Cmd": ["/app", "--serve"],
    "Entrypoint": ["/start"],
    "Env": ["PATH=/usr/bin:/bin", "A=1=2", "EMPTY=", "NOT-EVEN-AN-ASSIGNMENT"],
    "Labels": {"a.b": "c", "empty": "", "\u00fc": "\u2603"},
    "Healthcheck": {"Test": ["CMD", "/app", "ok"], "Interval": 30000000000, "StartInterval": 1},
    "StopSignal": "SIGQUIT",
    "StopTimeout": 30,
    "Volumes": {"/data": {}, "/logs": {}},
    "ExposedPorts": {"8080/tcp": {}, "53/udp": {}},
    "WorkingDir": "/srv",
    "User": "7:7",
    "Shell": ["/bin/bash", "-c"],
    "OnBuild": ["RUN x"],
    "ArgsEscaped": True,
    "MemorySwap": 0,
    "NetworkDisabled": None,
    "x-unknown": {"deep": [1, {"er": None}]},
}


@pytest.mark.parametrize(
    ("options", "user"), [(PLAIN, "7:7"), (AUTO, "7:7"), (replace(AUTO, user="9"), "9:9")]
)
def test_13_the_config_is_edited_not_rebuilt(
    options: BuildOptions, user: str, tmp_path: Path
) -> None:
    document = {
        "created": "2026-01-02T03:04:05.678Z",
        "author": "somebody",
        "docker_version": "27",
        "os.version": "1.2",
        "x-top": [{"unknown": True}],
    }
    layers: list[Any] = [
        {"usr/share/doc/a/README": b"x"},
        {"app": _PROGRAM, "usr/share/doc/b/README": b"x"},
    ]
    with built(
        tmp_path, *layers, config=_CONFIG, options=options, quiet=True, **document
    ) as result:
        before = json.loads(result.before.subject.image.config.raw)
        after = result.config
        changed = {k for k in before.keys() | after.keys() if before.get(k) != after.get(k)}
        run = {k for k in _CONFIG if _CONFIG[k] != after["config"].get(k, ...)}
        assert changed == {"rootfs", "history"} | ({"config"} if run else set())
        assert run == ({"User"} if user != "7:7" else set())
        assert after["config"].keys() == _CONFIG.keys()
        assert after["config"]["User"] == user
        # The first layer is empty now, and its line in the history says so.
        assert before["history"][0] | {"empty_layer": True} == after["history"][0]
        assert len(after["rootfs"]["diff_ids"]) == len(result.manifest["layers"])


def test_13_a_config_without_anything_gets_nothing(tmp_path: Path) -> None:
    layer: dict[str, Any] = {"a": b"x", "usr/share/doc/b/README": b"x"}
    with built(tmp_path, layer, config={}, quiet=True, history=[]) as result:
        assert result.config["config"] == {}
        assert result.config["history"] == []
        assert "created" not in result.config


# --- 14 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [PLAIN, SQUASH])
def test_14_deleted_files_do_not_come_back(options: BuildOptions, tmp_path: Path) -> None:
    layers: list[Any] = [
        make_tar(
            *(Member(path, data=f"old {path}".encode()) for path in ("a/x", "a/y", "o/x", "o/s/y")),
            *(Member(path, data=f"old {path}".encode()) for path in ("d/x", "f", "real/new")),
        ),
        make_tar(whiteout("a/x"), opaque("o"), Member("o/z", data=b"new"), symlink("d", "real")),
        make_tar(
            Member("d/through", data=b"x"),
            folder("f"),
            Member("f/now", data=b"a folder"),
            whiteout("real/new"),
            Member("a/y", data=b"again"),
        ),
        make_tar(Member("usr/share/doc/t/README", data=b"x"), whiteout("never-there")),
    ]
    with built(tmp_path, *layers, options=options, quiet=True) as result:
        expected = {
            *("a", "a/y", "o", "o/z", "d", "real", "real/through", "f", "f/now"),
        }
        with result.after(quiet=True) as after:
            seen = view_of(after)
            assert {path for path in seen if not path.startswith("usr")} == expected
            assert _node(after, "d").is_symlink
            assert _content(after, "a/y") == b"again"
            assert not after.subject.filesystem.hidden
        assert b"old " not in result.everything
        assert "usr/share/doc/t/README" not in seen


# --- 15 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("out", [None, "layout", "archive"])
def test_15_the_output_says_what_it_is_and_was_made_from(out: str | None, tmp_path: Path) -> None:
    built_image = images.image(
        tar_of({"app": _PROGRAM, "usr/share/doc/a/README": b"x"}),
        architecture="arm64",
        variant="v8",
        os="linux",
    )
    built_image.manifest |= {
        "subject": built_image.blobs.add_json({"a": "subject"}, images.MANIFEST_TYPE),
        "annotations": {
            "org.opencontainers.image.source": "s",
            "org.opencontainers.image.base.digest": "old",
        },
    }
    source = images.dump(built_image.manifest)
    attached = images.attestation(built_image.blobs, built_image.descriptor())
    platform = images.platform("arm64", variant="v8")
    top = images.index(built_image.descriptor(platform=platform), attached)
    place = images.write_layout(tmp_path / "in", built_image.blobs, top)
    forms = {"layout": f"oci:{tmp_path}/out", "archive": f"oci-archive:{tmp_path}/out.tar"}
    with rebuilt(place, tmp_path, out=forms.get(out or ""), quiet=True) as result:
        with result.after(quiet=True) as after:
            image = after.subject.image
            assert str(image.config.platform) == "linux/arm64/v8"
            assert after.subject.image.digest != result.before.subject.image.digest
        assert result.config["variant"] == "v8"
        assert "subject" not in result.manifest
        annotations = result.manifest["annotations"]
        assert annotations["org.opencontainers.image.base.digest"] == images.sha256(source)
        assert annotations["org.opencontainers.image.source"] == "s"
        old = (attached["digest"].encode(), b"vnd.docker.reference", b'"a": "subject"')
        assert [text for text in old if text in _all_bytes(result, tmp_path)] == []


def _all_bytes(result: Result, folder: Path) -> bytes:
    if isinstance(result.out, Memory):
        return result.everything
    outputs = [folder / "out.tar", *(folder / "out").rglob("*")]
    return b"\n".join(path.read_bytes() for path in outputs if path.is_file())


def test_15_annotations_of_a_layer_do_not_outlive_its_content(tmp_path: Path) -> None:
    """Such as the digest of its table of contents."""
    first: Layer = {"a": b"1", "usr/share": Folder(), "usr/share/doc/a/README": b"x"}
    image = images.image(tar_of(first), tar_of({"b": b"2"}))
    for layer in image.manifest["layers"]:
        layer["annotations"] = {"toc.digest": layer["digest"]}
    with rebuilt(memory_of(image), tmp_path, quiet=True) as result:
        changed, same = result.manifest["layers"]
        assert "annotations" not in changed
        assert same == image.manifest["layers"][1]


# --- 16 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "stays"),
    [
        ({"usr/share/misc/magic": b'0 string #! "/usr/bin/gcc" script\n'}, False),
        ({"usr/share/vim/syntax/x.py": b'run(["gcc", "-c"])\n'}, False),
        ({"srv/words.txt": b'"gcc" and /usr/bin/gcc\n'}, False),
        ({"srv/page.html": b"<b>'gcc'</b>"}, False),
        ({"srv/names.json": b'{"known": "gcc", "x": 1}'}, False),
        ({f"{_SITE}/tool/x.py": b"run(['gcc'])"}, False),
        ({"srv/a.py": b"# runs gcc\nx = 'not gcc'\n"}, False),
        ({"srv/a.py": b"subprocess.run(['gcc', '-c'])\n"}, True),
        ({"srv/a.js": b"spawn(`gcc -c`)\n"}, True),
        ({"srv/tool": File(b"#!/usr/bin/perl\nsystem('gcc');\n", 0o755)}, True),
        ({"srv/build.sh": b"gcc -c x.c\n"}, True),
        ({"srv/jobs.json": b'{"run": ["gcc", "-c"]}'}, True),
    ],
)
def test_16_a_name_in_data_is_not_a_use(files: Layer, stays: bool, tmp_path: Path) -> None:
    packages = {"gcc": ["usr/bin/gcc"], "perl": ["usr/bin/perl"], "perl-modules": ["usr/share/p"]}
    layer: dict[str, Any] = {path: _PROGRAM for paths in packages.values() for path in paths}
    with built(tmp_path, {**layer, **debian(packages), **files}, quiet=True) as result:
        after = _after(result)
        assert ("usr/bin/gcc" in after) is stays
        # Whether a file speaks of it or not: no rule takes an interpreter.
        assert {"usr/bin/perl", "usr/share/p", *files} <= after


# --- 17 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [PLAIN, SQUASH])
def test_17_empty_folders_stay_with_owner_and_mode(options: BuildOptions, tmp_path: Path) -> None:
    folders = {
        "docker-entrypoint-initdb.d": Folder(0o755, 999, 999),
        "var/lib/app": Folder(0o2770, 7, 8),
        "var/run/app/deep": Folder(0o1777),
        "usr/share/doc/was-empty": Folder(0o750),
        "usr/share/doc/somebodys": Folder(0o700, 5),
        "var/cache/apt/archives/partial": Folder(0o700, 100),
        "var/log/apt": Folder(0o755),
        "var/lib/apt/lists": Folder(0o711, 0, 9),
    }
    files = {
        "usr/share/doc/somebodys/README": b"x",
        "var/cache/apt/archives/partial/x.deb": b"x",
        "var/log/apt/history.log": b"x",
        "var/lib/apt/lists/x": b"x",
        "usr/share/doc/plain/deep/README": b"x",
    }
    with built(tmp_path, {**folders, **files}, options=options, quiet=True) as result:
        _check_untouched(result, folders)
        # Files go, and with them the folders a package made for nothing but them.
        assert not _after(result) & {*files, "usr/share/doc/plain"}


def test_17_folders_that_no_entry_names_stay_too(tmp_path: Path) -> None:
    layers: list[Any] = [
        {"var/lib/apt/lists/x": b"x", "srv/empty/.keep": b"x"},
        {"srv/empty/.wh..keep": b""},
    ]
    with built(tmp_path, *layers, {"a": b"x"}, quiet=True) as result:
        assert {"var/lib/apt/lists", "srv/empty"} <= _after(result)


# --- 18 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["Depends", "Pre-Depends"])
def test_18_packages_of_nothing_but_data_stay_with_what_depends_on_them(
    field: str, tmp_path: Path
) -> None:
    packages = {
        "magic-tool": ["usr/bin/magic-tool"],
        "libmagic-mgc": ["usr/lib/file/magic.mgc"],
        "fonts-a": ["usr/share/fonts/a.ttf"],
        "cmake-data": ["usr/share/cmake/x"],
        "make": ["usr/bin/make"],
        "libmake-data": ["usr/share/make-data/x"],
        "fonts-make": ["usr/share/fonts/make.ttf"],
    }
    data = {path: path.encode() for paths in packages.values() for path in paths}
    automatic = ["libmagic-mgc", "fonts-a", "libmake-data", "fonts-make"]
    states = "".join(f"Package: {n}\nArchitecture: amd64\nAuto-Installed: 1\n\n" for n in automatic)
    needs = "libmagic-mgc (>= 1), fonts-a | fonts-b, cmake-data"
    database = debian(
        packages,
        magic_tool=paragraph("magic-tool", **{field: needs}),
        libmagic_mgc=paragraph("libmagic-mgc", section="libs"),
        fonts_a=paragraph("fonts-a", section="fonts"),
        make=paragraph("make", Depends="libmagic-mgc, fonts-a, libmake-data, fonts-make"),
        libmake_data=paragraph("libmake-data", section="libs"),
        # No library: the application may look for it.
        fonts_make=paragraph("fonts-make", section="fonts"),
    )
    layer: dict[str, Any] = {**data, **database, "var/lib/apt/extended_states": states.encode()}
    with built(tmp_path, layer, quiet=True) as result:
        gone = {"usr/bin/make", "usr/share/make-data/x"}
        _check_untouched(result, data.keys() - gone)
        assert not _after(result) & gone
        assert result.rules["usr/share/make-data/x"] == "orphaned-library"


# --- 20 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [AUTO, replace(AUTO, squash=True)])
@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_20_what_was_removed_is_in_no_blob(
    options: BuildOptions, compression: str, tmp_path: Path
) -> None:
    key = planted.rsa_private_key("below").encode()
    later = planted.ed25519_private_key("on top").encode()
    noise = os.urandom(20_000)
    layers: list[Any] = [
        {"root/.ssh/id_rsa": File(key, 0o600), "srv/old": b"REPLACED CONTENT", "app": _PROGRAM},
        {"root/.ssh/.wh.id_rsa": b"", "srv/old": b"new", "usr/share/doc/x/README": b"DOC" + noise},
        {"srv/key.pem": later},
    ]
    token, build_secret = planted.github_token("arg"), planted.npm_token("info")
    history: list[dict[str, Any]] = [
        {"created_by": "ARG TOKEN", "empty_layer": True},
        {"created_by": f"|1 TOKEN={token} /bin/sh -c make", "comment": f"by {token}"},
        {"created_by": "RUN rm /root/.ssh/id_rsa"},
        {"created_by": f"LABEL x={token}", "empty_layer": True, "author": token},
        {"created_by": "COPY key.pem"},
    ]
    document: dict[str, Any] = {
        "history": history,
        "container_config": {"Cmd": ["sh", "-c", f"TOKEN={token} make"]},
        "moby.buildkit.buildinfo.v1": json.dumps({"attrs": {"build-arg:T": build_secret}}),
    }
    image = images.image(*map(tar_of, layers), compression=compression, **document)
    with rebuilt(memory_of(image), tmp_path, options) as result:
        # Nothing of it is in the source's bytes by chance only.
        source = b"\n".join(inflated(data) for data in image.blobs.content.values())
        lost = [
            *(key, key[40:80], later, b"REPLACED CONTENT", b"DOC" + noise, noise[:64]),
            *(token.encode(), build_secret.encode()),
        ]
        assert [text for text in lost if text not in source] == []
        assert [text for text in lost if text in result.everything] == []
        with result.after() as after:
            assert [f for f in after.findings if f.category == "secret"] == []
            assert _content(after, "srv/old") == b"new"
        assert "/srv/key.pem is removed because it holds a secret" in result.warnings
        told = [entry for entry in result.config["history"] if not entry.get("empty_layer")]
        assert len(told) == len(_layers(result)) == len(result.config["rootfs"]["diff_ids"])
        assert len(result.config["history"]) >= len(history)
        kept = result.config["history"][: len(history)]
        emptied = [{k: v for k, v in line.items() if k != "empty_layer"} for line in kept]
        assert emptied == _without_secrets(history, token)
        assert all(
            line.get("empty_layer")
            for line, old in zip(kept, history, strict=True)
            if old.get("empty_layer")
        )


def _without_secrets(history: list[dict[str, Any]], token: str) -> list[dict[str, Any]]:
    """What is left of the lines' texts: all but the secret itself."""
    return [
        {
            name: text.replace(token, "[removed by slim]")
            for name, text in line.items()
            if text is not True
        }
        for line in history
    ]


def test_20_a_secret_that_stays_is_told_of(tmp_path: Path) -> None:
    """One inside a program's own file: without the file the program would not run."""
    token = planted.github_token("in code")
    layer: dict[str, Any] = {"srv/a.py": f"TOKEN = '{token}'\nprint('run')\n".encode()}
    with built(tmp_path, layer) as result:
        assert "srv/a.py" in _after(result)
        assert "a secret stays in /srv/a.py" in result.warnings
        assert token not in result.warnings
