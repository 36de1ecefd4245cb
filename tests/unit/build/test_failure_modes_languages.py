"""Rows 2 to 4 of the ways in which slimmed images break, for profiles `package` and `file`: what
languages load by names that only the run knows."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from reach.elves import library, program
from reach.test_java import class_file, jar
from reach.test_java import runtime as java_runtime
from reach.test_python import SITE, STDLIB, distribution
from reach.test_python import runtime as python_runtime
from support.layers import Content, File, Symlink

from slimmer.build.options import BuildOptions

from .reach_images import BOTH, LIB, check, paths_of, programs, slimmed

# --- 2 ------------------------------------------------------------------------------------------

_PIP = {
    "pip/__init__.py": b"",
    "pip/_vendor/certifi/cacert.pem": b"ca",
    "../../../bin/pip3": b"#!/usr/local/bin/python3\nfrom pip import main\n",
}
_PYTHON = {
    **python_runtime(),
    **distribution("pip", _PIP),
    "usr/local/bin/pip": Symlink("pip3"),
    "usr/local/bin/pip3": File(_PIP["../../../bin/pip3"], 0o755),
}
_EXTENSION = "numpy/core/_umath.cpython-311-x86_64-linux-gnu.so"
_DISTRIBUTIONS: dict[str, Content] = {
    **distribution(
        "flask",
        {
            "flask/__init__.py": b"",
            "flask/lazy.py": b"",
            "flask/templates/error.html": b"<p>",
            "flask/py.typed": b"",
        },
        requires=("Jinja2>=3", "werkzeug; python_version > '3'", "typing-thing; extra == 'dev'"),
        entry_points=b"[flask.commands]\nx = flask:run\n",
    ),
    **distribution(
        "jinja2", {"jinja2/__init__.py": b"", "jinja2/filters.py": b""}, ("markupsafe",)
    ),
    **distribution("markupsafe", {"markupsafe/_speedups.py": b""}),
    **distribution("werkzeug", {"werkzeug/__init__.py": b""}),
    **distribution("numpy", {"numpy/__init__.py": b"", "numpy/core/__init__.py": b""}),
    f"{SITE}/{_EXTENSION}": library(needed="libblas-1.so", runpath=b"$ORIGIN/../../numpy.libs"),
    f"{SITE}/numpy.libs/libblas-1.so": library(needed="libgfortran.so.5"),
    f"{SITE}/distutils-precedence.pth": b"import flask\n",
    f"{SITE}/shop.pth": b"/srv/shop-src\n",
    "srv/shop-src/shop.py": b"",
}
_APP = b"""import importlib, flask, numpy
def later():
    importlib.import_module('lazydist')
"""


@BOTH
def test_02_distributions_stay_with_all_that_they_require(
    options: BuildOptions, tmp_path: Path
) -> None:
    lazy = distribution("lazydist", {"lazydist/__init__.py": b"", "lazydist/part.json": b"{}"})
    stdlib = [f"{STDLIB}/{name}" for name in ("os.py", "json/__init__.py")]
    stdlib.append(f"{STDLIB}/lib-dynload/_ssl.cpython-311.so")
    packages: Mapping[str, Any] = {
        "libgfortran5": {f"{LIB}/libgfortran.so.5": library()},
        "libtk8.6": {f"{LIB}/libtk8.6.so": library()},
        "dash": programs("usr/bin/dash"),
    }
    files = {**_PYTHON, **_DISTRIBUTIONS, **lazy, "srv/main.py": _APP}
    with slimmed(tmp_path, options, packages, files, Cmd=["python", "/srv/main.py"]) as result:
        owed = [*packages["libgfortran5"], "usr/local/bin/python3.11", "usr/local/bin/python"]
        check(result, stays=[*_DISTRIBUTIONS, *lazy, *stdlib, *owed])
        idle = ("test/support.py", "ensurepip/_bundled/pip.whl", "tkinter/__init__.py")
        gone = [f"{SITE}/pip/__init__.py", "usr/local/bin/pip3", *packages["libtk8.6"]]
        check(result, goes=[*gone, *(f"{STDLIB}/{name}" for name in idle), "usr/bin/dash"])
        with result.after(quiet=True) as after:
            names = {p.name for p in after.subject.packages.all if p.type == "pypi"}
        assert names == {"flask", "jinja2", "markupsafe", "werkzeug", "numpy", "lazydist"}


@BOTH
@pytest.mark.parametrize(
    ("source", "requires", "stays"),
    [
        (b"import requests\n", (), True),
        (b"def f():\n    from requests import get\n", (), True),
        (b"try:\n    import requests\nexcept ImportError:\n    pass\n", (), True),
        (b"import importlib\nimportlib.import_module('requests')\n", (), True),
        (b"__import__('requests')\n", (), True),
        (b"import host\n", ("requests>=2",), True),
        (b"import host\n", ("Requests ; extra == 'dev'",), False),
        (b"import host\n", (), False),
    ],
)
def test_02_a_requirement_of_others_stays_only_for_who_uses_it(
    source: bytes, requires: tuple[str, ...], stays: bool, options: BuildOptions, tmp_path: Path
) -> None:
    """`tools` requires it too, which nobody uses here."""
    requests = distribution("requests", {"requests/__init__.py": b"", "requests/certs.pem": b""})
    tools = distribution("pipenv", {"pipenv/__init__.py": b""}, ("requests",))
    host = distribution("host", {"host/__init__.py": b""}, requires)
    files = {**_PYTHON, **requests, **tools, **host, "srv/main.py": source}
    with slimmed(tmp_path, options, {}, files, Cmd=["python3", "/srv/main.py"]) as result:
        left = paths_of(result) & requests.keys()
        assert left == (requests.keys() if stays else set())
        check(result, stays=host, goes=[f"{SITE}/pipenv/__init__.py"])


@BOTH
@pytest.mark.parametrize(
    ("cmd", "source", "requires", "stays"),
    [
        (["python3", "-m", "pip", "list"], b"", (), True),
        (["pip", "list"], b"", (), True),
        (["python3", "/srv/main.py"], b"import pip\n", (), True),
        (["python3", "/srv/main.py"], b"import host\n", ("pip>=20",), True),
        (["python3", "/srv/main.py"], b"import host\n", (), False),
    ],
)
def test_02_pip_stays_whole_where_it_is_in_use(
    cmd: list[str],
    source: bytes,
    requires: tuple[str, ...],
    stays: bool,
    options: BuildOptions,
    tmp_path: Path,
) -> None:
    host = distribution("host", {"host/__init__.py": b""}, requires)
    files = {**_PYTHON, **host, "srv/main.py": source}
    with slimmed(tmp_path, options, {}, files, Cmd=cmd) as result:
        pip = [f"{SITE}/{path}" for path in _PIP if not path.startswith("..")]
        check(result, stays=pip if stays else (), goes=() if stays else pip)


@BOTH
def test_02_a_virtual_environment_stays_with_the_runtime_it_is_of(
    options: BuildOptions, tmp_path: Path
) -> None:
    site = "srv/venv/lib/python3.11/site-packages"
    start = b"#!/srv/venv/bin/python\nfrom gunicorn.app import run\nrun()\n"
    gunicorn = {"gunicorn/app.py": b"", "gunicorn/workers/gthread.py": b""}
    pip = distribution("pip", {"pip/__init__.py": b""}, site=site)
    venv: dict[str, Content] = {
        "srv/venv/pyvenv.cfg": b"home = /usr/local/bin\ninclude-system-site-packages = false\n",
        "srv/venv/bin/python": Symlink("/usr/local/bin/python3.11"),
        "srv/venv/bin/python3": Symlink("python"),
        "srv/venv/bin/gunicorn": File(start, 0o755),
        "srv/shop.py": b"from flask_like import app\n",
        **distribution("gunicorn", gunicorn, site=site),
        **distribution("flask-like", {"flask_like/__init__.py": b""}, site=site),
    }
    files = {**_PYTHON, **venv, **pip}
    config: Mapping[str, Any] = {"Cmd": ["/srv/venv/bin/gunicorn", "shop:app"]}
    with slimmed(tmp_path, options, {}, files, WorkingDir="/srv", **config) as result:
        check(result, stays=[*venv, "usr/local/bin/python3.11", f"{STDLIB}/os.py"])
        check(result, goes=[f"{site}/pip/__init__.py", f"{SITE}/pip/__init__.py"])


# --- 3 ------------------------------------------------------------------------------------------


def _manifest(name: str, **fields: Any) -> bytes:
    return json.dumps({"name": name, "version": "1.0.0", **fields}).encode()


_NODE_RUNTIME = programs("usr/local/bin/node", "usr/bin/node")
_MODULES = "app/node_modules"
_PRODUCTION: dict[str, Content] = {
    "app/package.json": _manifest(
        "shop",
        main="server.js",
        dependencies={"express": "4", "sharp": "1"},
        devDependencies={"typescript": "5"},
        optionalDependencies={"fsevents": "2", "bufferutil": "4"},
    ),
    "app/server.js": b"const e = require('express')\n",
    "app/dist/bundle.js": b"x",
    "app/views/lazy.ejs": b"<%= x %>",
    f"{_MODULES}/express/package.json": _manifest("express", dependencies={"debug": "2"}),
    f"{_MODULES}/express/lib/view.js": b"",
    f"{_MODULES}/express/node_modules/debug/package.json": _manifest("debug", version="2.0.0"),
    f"{_MODULES}/express/node_modules/debug/src/node.js": b"",
    f"{_MODULES}/sharp/package.json": _manifest("sharp", dependencies={"@img/native": "1"}),
    f"{_MODULES}/sharp/lib/index.js": b"require('@img/native')",
    f"{_MODULES}/@img/native/package.json": _manifest("@img/native"),
    f"{_MODULES}/@img/native/build/Release/sharp.node": library(needed="libvips.so.42"),
    f"{_MODULES}/bufferutil/package.json": _manifest("bufferutil"),
    f"{_MODULES}/bufferutil/prebuilds/linux-x64/node.napi.node": library(),
}
_DEVELOPMENT: dict[str, Content] = {
    f"{_MODULES}/typescript/package.json": _manifest("typescript", dependencies={"tslib": "2"}),
    f"{_MODULES}/typescript/lib/tsc.js": File(b"#!/usr/bin/env node\n", 0o755),
    f"{_MODULES}/tslib/package.json": _manifest("tslib"),
    "usr/local/lib/node_modules/npm/lib/cli.js": b"",
    f"{_MODULES}/.bin/tsc": Symlink("../typescript/lib/tsc.js"),
    "usr/local/lib/node_modules/npm/package.json": _manifest("npm"),
    "usr/local/lib/node_modules/npm/bin/npm-cli.js": b"#!/usr/bin/env node\n",
    "usr/local/bin/npm": Symlink("../lib/node_modules/npm/bin/npm-cli.js"),
}
_VIPS: Mapping[str, Any] = {
    "libvips42": {f"{LIB}/libvips.so.42": library(needed="libglib-2.0.so.0")},
    "libglib2.0-0": {f"{LIB}/libglib-2.0.so.0": library()},
}


@BOTH
def test_03_the_production_closure_stays_and_development_goes(
    options: BuildOptions, tmp_path: Path
) -> None:
    files = {"usr/local/bin/node": program(), **_PRODUCTION, **_DEVELOPMENT}
    config: Mapping[str, Any] = {"Cmd": ["node", "server.js"], "WorkingDir": "/app"}
    with slimmed(tmp_path, options, _VIPS, files, **config) as result:
        linked = [path for contents in _VIPS.values() for path in contents]
        check(result, stays=[*_PRODUCTION, *linked], goes=_DEVELOPMENT)
        with result.after(quiet=True) as after:
            found = {p.name for p in after.subject.packages.all if p.type == "npm"}
        assert found >= {"express", "debug", "sharp", "@img/native", "bufferutil"}
        assert not found & {"typescript", "tslib", "npm"}


@BOTH
@pytest.mark.parametrize(
    ("source", "stays"),
    [
        (b"import('typescript')", True),
        (b"const t = require.resolve('typescript/lib/tsc')", True),
        (b"const text = 'written in typescript'\n", False),
    ],
)
def test_03_a_development_package_that_the_application_loads_stays(
    source: bytes, stays: bool, options: BuildOptions, tmp_path: Path
) -> None:
    files = {"usr/local/bin/node": program(), **_PRODUCTION, **_DEVELOPMENT}
    files["app/lib/late.js"] = source
    config: Mapping[str, Any] = {"Cmd": ["node", "."], "WorkingDir": "/app"}
    with slimmed(tmp_path, options, {}, files, **config) as result:
        wanted = {f"{_MODULES}/typescript/lib/tsc.js", f"{_MODULES}/tslib/package.json"}
        assert paths_of(result) & wanted == (wanted if stays else set())


@BOTH
@pytest.mark.parametrize(
    "cmd", [["npm", "start"], ["node", "/usr/local/lib/node_modules/npm/bin/npm-cli.js", "start"]]
)
def test_03_npm_stays_where_it_starts_the_application(
    cmd: list[str], options: BuildOptions, tmp_path: Path
) -> None:
    manifest = _manifest("shop", scripts={"start": "NODE_ENV=production jq . && node server.js"})
    packages = {
        "dash": {**programs("usr/bin/dash"), "usr/bin/sh": Symlink("dash")},
        "jq": programs("usr/bin/jq"),
        "coreutils": programs("usr/bin/env", "usr/bin/tac"),
    }
    files = {"usr/local/bin/node": program(), **_DEVELOPMENT, "app/server.js": b""}
    files["app/package.json"] = manifest
    with slimmed(tmp_path, options, packages, files, Cmd=cmd, WorkingDir="/app") as result:
        wanted = ["usr/bin/sh", "usr/bin/jq", "usr/local/bin/node"]
        wanted += [path for path in _DEVELOPMENT if "/node_modules/npm/" in path]
        check(result, stays=wanted, goes=["usr/bin/tac"])


@BOTH
def test_03_packages_behind_links_stay(options: BuildOptions, tmp_path: Path) -> None:
    """As pnpm lays them out, and workspaces of one repository."""
    store = f"{_MODULES}/.pnpm"
    kept: dict[str, Content] = {
        "app/package.json": _manifest("shop", dependencies={"a": "1", "@shop/lib": "*"}),
        "app/server.js": b"require('a')",
        f"{_MODULES}/a": Symlink(".pnpm/a@1.0.0/node_modules/a"),
        f"{store}/a@1.0.0/node_modules/a/package.json": _manifest("a", dependencies={"b": "1"}),
        f"{store}/a@1.0.0/node_modules/a/index.js": b"",
        f"{store}/a@1.0.0/node_modules/b": Symlink("../../b@1.0.0/node_modules/b"),
        f"{store}/b@1.0.0/node_modules/b/package.json": _manifest("b"),
        f"{store}/b@1.0.0/node_modules/b/index.js": b"",
        f"{_MODULES}/@shop/lib": Symlink("../../packages/lib"),
        "app/packages/lib/package.json": _manifest("@shop/lib", dependencies={"c": "1"}),
        "app/packages/lib/index.js": b"require('c')",
        f"{_MODULES}/c/package.json": _manifest("c"),
    }
    gone: dict[str, Content] = {
        f"{store}/old@1.0.0/node_modules/old/package.json": _manifest("old"),
        f"{store}/old@1.0.0/node_modules/old/index.js": b"",
    }
    files = {"usr/local/bin/node": program(), **kept, **gone}
    config: Mapping[str, Any] = {"Cmd": ["node", "/app/server.js"]}
    with slimmed(tmp_path, options, {}, files, **config) as result:
        check(result, stays=kept, goes=gone)


# --- 4 ------------------------------------------------------------------------------------------

_HOME = "opt/java/openjdk"
_JRE = java_runtime(_HOME) | {
    f"{_HOME}/lib/libzip.so": library(),
    f"{_HOME}/lib/libinstrument.so": library(needed="libjvm.so"),
    f"{_HOME}/lib/libfontmanager.so": library(needed="libfreetype.so.6"),
    f"{_HOME}/lib/security/java.security": b"security.provider.1=SUN",
    f"{_HOME}/lib/tzdb.dat": b"x",
    f"{_HOME}/conf/logging.properties": b"x",
}
_KIT = {
    *(f"{_HOME}/bin/javac", f"{_HOME}/bin/jlink", f"{_HOME}/lib/ct.sym"),
    *(f"{_HOME}/lib/src.zip", f"{_HOME}/jmods/java.base.jmod"),
}
# Outside of a package it stays: a compiler that runs inside of `java` reads it.
_SYMBOLS = {f"{_HOME}/lib/ct.sym"}
# An archive of classes for another size of the heap: the runtime does without it.
_SPARE = {f"{_HOME}/lib/server/classes_nocoops.jsa"}


@BOTH
def test_04_a_java_runtime_stays_whole_and_its_kit_goes(
    options: BuildOptions, tmp_path: Path
) -> None:
    files = {**_JRE, "srv/app.jar": jar({"a/Main.class": class_file()}, "Main-Class: a.Main\r\n")}
    packages: Mapping[str, Any] = {
        "libfreetype6": {f"{LIB}/libfreetype.so.6": library(needed="libpng16.so.16")},
        "libpng16-16": {f"{LIB}/libpng16.so.16": library()},
        "dash": {**programs("usr/bin/dash"), "usr/bin/sh": Symlink("dash")},
    }
    config: Mapping[str, Any] = {"Cmd": ["java", "-jar", "/srv/app.jar"]}
    with slimmed(tmp_path, options, packages, files, **config) as result:
        check(result, stays=files.keys() - _KIT - _SPARE, goes=[*_KIT - _SYMBOLS, "usr/bin/sh"])
        # Only code that draws text opens the font manager, which is not known not to.
        check(result, stays=[f"{LIB}/libfreetype.so.6", f"{LIB}/libpng16.so.16"])


@BOTH
@pytest.mark.parametrize(
    ("literals", "stays"), [((), False), (("/usr/bin/curl",), True), (("usr/bin/curl",), False)]
)
def test_04_programs_that_classes_start_stay(
    literals: tuple[str, ...], stays: bool, options: BuildOptions, tmp_path: Path
) -> None:
    main = class_file(*literals, names=("java/lang/ProcessBuilder",))
    files = {**_JRE, "srv/app.jar": jar({"a/Main.class": main}, "Main-Class: a.Main\r\n")}
    packages = {"curl": programs("usr/bin/curl")}
    config: Mapping[str, Any] = {"Cmd": ["java", "-jar", "/srv/app.jar"]}
    with slimmed(tmp_path, options, packages, files, **config) as result:
        assert ("usr/bin/curl" in paths_of(result)) is stays


@BOTH
@pytest.mark.parametrize(
    ("tool", "brings"), [("javac", "lib/ct.sym"), ("jlink", "jmods/java.base.jmod")]
)
def test_04_a_tool_of_the_kit_that_is_started_stays_with_what_it_reads(
    tool: str, brings: str, options: BuildOptions, tmp_path: Path
) -> None:
    packages = {"openjdk-17-jdk-headless": {path: _JRE[path] for path in _KIT}}
    rest = {path: content for path, content in _JRE.items() if path not in _KIT}
    with slimmed(tmp_path, options, packages, rest, Cmd=[f"/{_HOME}/bin/{tool}"]) as result:
        wanted = {f"{_HOME}/bin/{tool}", f"{_HOME}/{brings}"}
        check(result, stays=wanted)
    with slimmed(tmp_path, options, packages, rest, Cmd=["java", "-version"]) as result:
        check(result, goes=wanted)
