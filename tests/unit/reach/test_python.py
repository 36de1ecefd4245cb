"""Python: what its runtime, its source and its distributions need, and what they do not."""

from typing import Any

import pytest
from formats.elf_builder import Elf
from hypothesis import given, settings
from hypothesis import strategies as st
from support.layers import Content, File, Symlink

from slimmer.reach.edge import Confidence, Kind, Need, Role
from slimmer.reach.graph import Graph
from slimmer.reach.python.resolver import PythonResolver
from slimmer.reach.python.units import is_tool
from slimmer.reach.script import ShebangResolver

from .reaching import reached, world_of

SITE = "usr/local/lib/python3.11/site-packages"
STDLIB = "usr/local/lib/python3.11"
PYTHON = File(Elf(interpreter=b"/lib/ld.so").build(), 0o755)
LIBRARY = Elf(soname=b"library").build()


def runtime(prefix: str = "usr/local") -> dict[str, Content]:
    library = f"{prefix}/lib/python3.11"
    return {
        f"{prefix}/bin/python3.11": PYTHON,
        f"{prefix}/bin/python3": Symlink("python3.11"),
        f"{prefix}/bin/python": Symlink("python3"),
        f"{library}/os.py": b"import tkinter\n",
        f"{library}/json/__init__.py": b"",
        f"{library}/json/tests/test_it.py": b"",
        f"{library}/test/support.py": b"",
        f"{library}/tkinter/__init__.py": b"",
        f"{library}/ensurepip/_bundled/pip.whl": b"",
        f"{library}/lib-dynload/_ssl.cpython-311.so": LIBRARY,
        f"{library}/lib-dynload/_tkinter.cpython-311.so": LIBRARY,
        f"{library}/lib-dynload/_testcapi.cpython-311.so": LIBRARY,
        f"{library}/lib-dynload/nis.cpython-311.so": LIBRARY,
        f"{library}/lib-dynload/_dbm.cpython-311.so": LIBRARY,
        f"{library}/dbm/__init__.py": b"",
        f"{library}/shelve.py": b"",
        f"{library}/__pycache__/os.cpython-311.pyc": b"",
        f"{library}/site-packages/README.txt": b"",
    }


def distribution(
    name: str,
    files: dict[str, bytes],
    requires: tuple[str, ...] = (),
    site: str = SITE,
    **more: bytes,
) -> dict[str, Content]:
    info = f"{name.replace('-', '_')}-1.0.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    metadata += "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
    all_files = {**files, f"{info}/METADATA": metadata.encode()}
    all_files |= {f"{info}/{file}.txt": data for file, data in more.items()}
    record = "".join(f"{path},,\n" for path in [*all_files, f"{info}/RECORD"])
    all_files[f"{info}/RECORD"] = record.encode()
    found: dict[str, Content] = {}
    for path, data in all_files.items():
        place = f"{site}/{path}"
        while "/../" in place:
            before, _, after = place.partition("/../")
            place = f"{before.rpartition('/')[0]}/{after}"
        found[place] = data
    return found


def graph_of(*parts: dict[str, Content], least: str = "MEDIUM", **config: Any) -> Graph:
    files: dict[str, Content] = {}
    for part in parts:
        files |= part
    world = world_of(files, **config)
    return reached(world, ShebangResolver, PythonResolver, least=Confidence[least])


def app(source: str, path: str = "app/main.py") -> dict[str, Content]:
    return {path: source.encode()}


def run(*parts: dict[str, Content], **config: Any) -> Graph:
    return graph_of(runtime(), *parts, Cmd=["python", "/app/main.py"], **config)


def in_site(graph: Graph, *paths: str) -> list[bool]:
    return [f"{SITE}/{path}" in graph for path in paths]


def test_the_standard_library_comes_with_its_runtime_but_not_its_tests() -> None:
    graph = run(app("import os\n"))
    kept = ("os.py", "json/__init__.py", "lib-dynload/_ssl.cpython-311.so")
    assert [f"{STDLIB}/{name}" in graph for name in kept] == [True, True, True]
    left = [
        *("json/tests/test_it.py", "test/support.py", "ensurepip/_bundled/pip.whl"),
        *("tkinter/__init__.py", "lib-dynload/_tkinter.cpython-311.so"),
        *("lib-dynload/_testcapi.cpython-311.so", "__pycache__/os.cpython-311.pyc"),
    ]
    assert not [name for name in left if f"{STDLIB}/{name}" in graph]
    assert f"{STDLIB}/json/tests/test_it.py" in graph.weak
    assert graph.role(f"{STDLIB}/lib-dynload/_ssl.cpython-311.so") is Role.CODE
    assert graph.role("app/main.py") is Role.CODE


def test_optional_parts_of_the_library_come_when_the_application_imports_them() -> None:
    graph = run(app("def show():\n    import tkinter\n"))
    assert f"{STDLIB}/tkinter/__init__.py" in graph
    assert f"{STDLIB}/lib-dynload/_tkinter.cpython-311.so" in graph
    lib = distribution("lib", {"lib/__init__.py": b"", "lib/gui.py": b"import tkinter\n"})
    graph = run(app("import lib\n"), lib)
    assert f"{STDLIB}/tkinter/__init__.py" not in graph


def test_extensions_that_few_use_come_with_the_module_that_loads_them() -> None:
    nis, dbm = (f"{STDLIB}/lib-dynload/{name}.cpython-311.so" for name in ("nis", "_dbm"))
    graph = run(app("import json\nname = 'dbm'\n"))
    assert [path in graph for path in (nis, dbm)] == [False, False]
    assert f"{STDLIB}/shelve.py" in graph
    graph = run(app("import nis\n"))
    assert [path in graph for path in (nis, dbm)] == [True, False]
    for statement in ("import shelve\n", "def f():\n    import dbm.ndbm\n"):
        assert dbm in run(app(statement))
        lib = distribution("lib", {"lib/__init__.py": statement.encode()})
        assert dbm in run(app("import lib\n"), lib)


def test_optional_parts_come_with_a_library_that_always_loads_them() -> None:
    lib = distribution(
        "lib", {"lib/__init__.py": b"from . import gui\n", "lib/gui.py": b"import tkinter"}
    )
    assert f"{STDLIB}/tkinter/__init__.py" in run(app("import lib\n"), lib)


def test_a_program_that_embeds_python_needs_its_library() -> None:
    files = runtime("usr")
    files |= {"usr/lib/x86_64-linux-gnu/libpython3.11.so.1.0": LIBRARY}
    need = Need("/usr/lib/x86_64-linux-gnu/libpython3.11.so.1.0", Kind.LINK, "NEEDED")
    graph = reached(world_of(files), PythonResolver, roots=[("gdb", need)])
    # A root is run; the library is recognised by its name whatever reached it.
    assert "usr/lib/python3.11/json/__init__.py" in graph


def test_an_imported_distribution_is_whole_without_tests_and_sources() -> None:
    files = {
        "shop/__init__.py": b"from . import late\n",
        "shop/late.py": b"",
        "shop/never_imported.py": b"",
        "shop/testing/__init__.py": b"",
        "shop/templates/a.html": b"",
        "shop/py.typed": b"",
        "shop/fast.cpython-311.so": LIBRARY,
        "shop/tests/test_it.py": b"",
        "shop/__init__.pyi": b"",
        "shop/fast.c": b"",
        "shop/__pycache__/late.cpython-311.pyc": b"",
        "shop.libs/libz-12.so.1": LIBRARY,
        "../../../bin/shop-admin": b"#!/usr/local/bin/python\n",
        "../../../share/shop/data": b"",
    }
    graph = run(app("import shop\n"), distribution("shop", files))
    assert in_site(graph, "shop/never_imported.py", "shop/testing/__init__.py") == [True, True]
    assert in_site(graph, "shop/templates/a.html", "shop/py.typed") == [True, True]
    assert in_site(graph, "shop-1.0.dist-info/METADATA") == [True]
    assert graph.role(f"{SITE}/shop.libs/libz-12.so.1") is Role.CODE
    assert graph.role(f"{SITE}/shop/templates/a.html") is Role.READ
    assert "usr/local/share/shop/data" in graph
    assert "usr/local/bin/shop-admin" not in graph
    assert (
        in_site(graph, "shop/tests/test_it.py", "shop/__init__.pyi", "shop/fast.c") == [False] * 3
    )
    assert in_site(graph, "shop/__pycache__/late.cpython-311.pyc") == [False]


def test_tests_that_a_module_imports_stay() -> None:
    files = {
        "shop/__init__.py": b"from shop.tests import helpers\n",
        "shop/tests/__init__.py": b"",
        "shop/tests/helpers.py": b"",
        "shop/tests/beside.py": b"",
        "shop/tests/test_all.py": b"",
        "shop/sub/tests/test_it.py": b"",
    }
    graph = run(app("import shop\n"), distribution("shop", files))
    assert in_site(graph, "shop/tests/helpers.py", "shop/tests/beside.py") == [True, True]
    assert in_site(graph, "shop/tests/test_all.py", "shop/sub/tests/test_it.py") == [False] * 2


def test_documents_are_left_out_unless_they_are_a_package() -> None:
    files = {
        "shop/__init__.py": b"",
        "shop/docs/__init__.py": b"",
        "shop/docs/service.py": b"",
        "shop/examples/first.py": b"",
        "shop/examples/data.csv": b"",
    }
    graph = run(app("import shop\n"), distribution("shop", files))
    assert in_site(graph, "shop/docs/service.py") == [True]
    assert in_site(graph, "shop/examples/first.py", "shop/examples/data.csv") == [False, False]


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        *(("setuptools", True), ("python3-setuptools", True), ("py3-pip", True)),
        *(("python3.11-wheel", True), ("pytest-xdist", True), ("pip-api", False)),
        *(("build", True), ("buildbot", False), ("requests", False)),
    ],
)
def test_tools_are_known_by_name(name: str, is_one: bool) -> None:
    assert is_tool(name) is is_one


def test_requirements_are_followed_and_those_of_extras_where_they_are_there() -> None:
    graph = run(
        app("import a\n"),
        distribution(
            "a",
            {"a/__init__.py": b""},
            ("B.b>=1", 'c ; extra == "fast"', 'd; extra == "test"', "gone"),
        ),
        distribution("b-b", {"bb/__init__.py": b""}),
        distribution("c", {"c.py": b""}),
        distribution("d", {"d.py": b""}),
        distribution("e", {"e.py": b""}, ("d",)),
    )
    assert in_site(graph, "bb/__init__.py", "c.py") == [True, True]
    assert graph.chain(f"{SITE}/bb/__init__.py")[-1].detail == "a requires b-b"
    # d is there for e, which nobody requires.
    assert graph.chain(f"{SITE}/d.py")[-1].source == f"{SITE}/e.py"


def test_what_is_installed_on_purpose_stays_and_tools_do_not() -> None:
    graph = run(
        app(""),
        distribution("whitenoise", {"whitenoise/__init__.py": b""}),
        distribution("pip", {"pip/__init__.py": b"", "pip/_vendor/x.py": b""}),
        distribution("pytest-cov", {"pytest_cov.py": b""}, ("coverage", "own")),
        distribution("own", {"own.py": b""}),
    )
    assert in_site(graph, "whitenoise/__init__.py", "whitenoise-1.0.dist-info/RECORD") == [True] * 2
    assert in_site(graph, "pip/__init__.py", "pytest_cov.py", "own.py") == [False] * 3


SETUPTOOLS = distribution(
    "setuptools", {"setuptools/__init__.py": b"", "pkg_resources/__init__.py": b""}
)


@pytest.mark.parametrize(
    ("files", "is_needed"),
    [
        ({"a/__init__.py": b"import pkg_resources\n"}, True),
        ({"a/__init__.py": b"from . import b\n", "a/b.py": b"import setuptools\n"}, True),
        ({"a/__init__.py": b"", "a/build.py": b"import setuptools\n"}, False),
        ({"a/__init__.py": b"def late():\n    import setuptools\n"}, False),
        ({"a/__init__.py": b"KNOWN = 'setuptools.command'\n"}, False),
    ],
)
def test_a_tool_is_needed_by_a_library_that_loads_it(
    files: dict[str, bytes], is_needed: bool
) -> None:
    graph = run(app("import a\n"), distribution("a", files), SETUPTOOLS)
    assert (f"{SITE}/setuptools/__init__.py" in graph) is is_needed


def test_a_tool_is_needed_by_an_application_that_imports_it_late() -> None:
    graph = run(app("def late():\n    import setuptools\n"), SETUPTOOLS)
    assert in_site(graph, "setuptools/__init__.py") == [True]
    # The application uses the part of the library that nobody else would load.
    part = {"a/__init__.py": b"", "a/build.py": b"import setuptools\n"}
    graph = run(app("from a import build\n"), distribution("a", part), SETUPTOOLS)
    assert in_site(graph, "setuptools/__init__.py") == [True]


def test_plug_ins_come_with_what_they_are_for() -> None:
    points = b"[shop.colours]\nred = shop_red:Red\n"
    graph = run(
        app("import shop\n"),
        distribution("shop", {"shop.py": b""}),
        distribution("shop-red", {"shop_red.py": b""}, entry_points=points),
        distribution("other", {"other.py": b""}, entry_points=b"[elsewhere.x]\na = other\n"),
        distribution("pip", {"pip.py": b""}, ("shop-red", "other")),
    )
    assert in_site(graph, "shop_red.py", "other.py") == [True, False]


def test_imports_lead_to_the_application_and_all_its_modules() -> None:
    graph = run(
        app("from shop import views\n"),
        {
            "app/shop/__init__.py": b"",
            "app/shop/views.py": b"from .deep import x\nfrom .. import y\n",
            "app/shop/deep.py": b"",
            "app/shop/plugins/late.py": b"import needed\n",
            "app/tests/test_it.py": b"import unneeded\n",
            "app/.venv/lib/x.py": b"",
            "elsewhere/other.py": b"",
        },
        distribution("needed", {"needed.py": b""}),
        distribution("unneeded", {"unneeded.py": b""}),
        distribution("pip", {"pip.py": b""}, ("needed", "unneeded")),
    )
    assert graph.chain("app/shop/views.py")[-1].detail == "from shop import views"
    assert "app/shop/plugins/late.py" in graph
    assert in_site(graph, "needed.py", "unneeded.py") == [True, False]
    assert "app/tests/test_it.py" not in graph
    assert "elsewhere/other.py" not in graph


def _hidden(*names: str) -> dict[str, Content]:
    """Distributions that only a tool requires, so that nothing but evidence reaches them."""
    found: dict[str, Content] = {}
    for name in names:
        found |= distribution(name, {f"{name}/__init__.py": b"", f"{name}/sub.py": b""})
    return found | distribution("tox", {"tox.py": b""}, names)


@pytest.mark.parametrize(
    "source",
    [
        "import lib.sub",
        "from lib import sub",
        'import importlib\nimportlib.import_module("lib")',
        '__import__("lib.sub")',
        'APPS = ["lib"]',
        'HANDLER = "lib.sub.Handler"',
        'run("lib.sub:create")',
    ],
)
def test_each_way_to_name_a_module(source: str) -> None:
    assert in_site(run(app(source), _hidden("lib")), "lib/sub.py") == [True]


@pytest.mark.parametrize("source", ['TEXT = "the lib of it"', "# import lib", 'x = "lib/sub"', ""])
def test_words_that_name_no_module(source: str) -> None:
    assert in_site(run(app(source), _hidden("lib")), "lib/sub.py") == [False]


@pytest.mark.parametrize(
    ("command", "config"),
    [
        (["gunicorn", "-w", "2", "shop:app"], {"WorkingDir": "/srv/app"}),
        (["gunicorn", "--chdir", "/srv/app", "shop.wsgi"], {}),
        (["gunicorn", "shop.wsgi"], {"Env": ["PYTHONPATH=/srv/app"]}),
        (["gunicorn", "--app-dir=app", "main"], {"WorkingDir": "/srv"}),
        (["gunicorn", "-c", "/srv/app/conf.py"], {}),
        # Flask looks for app.py and wsgi.py by itself, others for other names.
        (["gunicorn"], {"WorkingDir": "/srv/app"}),
        (["gunicorn"], {"WorkingDir": "/srv/app", "Env": ["FLASK_APP=shop:create()"]}),
        (["python", "-u", "-X", "dev", "-m", "shop"], {"WorkingDir": "/srv/app"}),
        (["python", "-Im", "shop"], {"WorkingDir": "/srv/app"}),
        (["python", "-c", "import shop; shop.run()"], {"WorkingDir": "/srv/app"}),
        (["python", "/srv/app/shop/start"], {}),
        (["python", "start"], {"WorkingDir": "/srv/app/shop"}),
    ],
)
def test_each_way_to_start_an_application(command: list[str], config: dict[str, Any]) -> None:
    files: dict[str, Content] = {
        "usr/local/bin/gunicorn": File(b"#!/usr/local/bin/python3\nimport gunicorn\n", 0o755),
        "srv/app/shop/__init__.py": b"import lib\n",
        "srv/app/shop/__main__.py": b"",
        "srv/app/shop/start": b"import lib\n",
        "srv/app/shop/wsgi.py": b"",
        "srv/app/conf.py": b"import lib\n",
    }
    config = {"Env": [], **config}
    config["Env"] = [*config["Env"], "PATH=/usr/local/bin"]
    gunicorn = distribution("gunicorn", {"gunicorn/__init__.py": b""})
    graph = graph_of(runtime(), files, gunicorn, _hidden("lib"), Cmd=command, **config)
    assert in_site(graph, "lib/sub.py") == [True]


def test_a_script_that_comes_before_its_runtime_is_not_forgotten() -> None:
    files = runtime() | app("import lib\n") | _hidden("lib")
    script = Need("/app/main.py", Kind.LOAD, "x")
    python = Need("/usr/local/bin/python3", Kind.EXEC, "x", argv=("python3",))
    graph = reached(world_of(files), PythonResolver, roots=[("a", script), ("b", python)])
    assert in_site(graph, "lib/sub.py") == [True]


def test_a_virtual_environment_and_the_python_below_it() -> None:
    site = "opt/venv/lib/python3.11/site-packages"
    files: dict[str, Content] = {
        "opt/venv/bin/python": Symlink("/usr/local/bin/python3"),
        "opt/venv/pyvenv.cfg": b"home = /usr/local/bin\ninclude-system-site-packages = false\n",
        **distribution("inside", {"inside.py": b""}, site=site),
        **distribution("outside", {"outside.py": b""}),
    }
    graph = graph_of(
        runtime(), files, app("import inside\n"), Cmd=["/opt/venv/bin/python", "/app/main.py"]
    )
    assert "opt/venv/pyvenv.cfg" in graph
    assert f"{site}/inside.py" in graph
    assert f"{STDLIB}/os.py" in graph
    assert in_site(graph, "outside.py") == [False]
    files["opt/venv/pyvenv.cfg"] = b"include-system-site-packages = True\n"
    graph = graph_of(runtime(), files, app(""), Cmd=["/opt/venv/bin/python", "/app/main.py"])
    assert in_site(graph, "outside.py") == [True]


def test_path_configuration_files_run_and_lead_on() -> None:
    files: dict[str, Content] = {
        f"{SITE}/hook.pth": b"import lib\n",
        f"{SITE}/call.pth": b"import os; __import__('odd').start()\n",
        f"{SITE}/source.pth": b"/code/src\n",
        "code/src/editable.py": b"",
        **distribution("setuptools", {"precedence.pth": b"import _hack\n", "_hack.py": b""}),
    }
    graph = run(app("import editable\n"), files, _hidden("lib", "odd"))
    assert in_site(graph, "call.pth", "odd/sub.py") == [True, True]
    assert in_site(graph, "hook.pth", "lib/sub.py", "source.pth") == [True, True, True]
    assert "code/src/editable.py" in graph
    assert in_site(graph, "precedence.pth", "_hack.py") == [False, False]


def test_namespace_packages_lead_to_the_distribution_that_has_the_part() -> None:
    graph = run(
        app("from cloud import storage\nimport cloud.queue\n"),
        distribution(
            "cloud-storage", {"cloud/storage/__init__.py": b"", "cloud/storage/x.py": b""}
        ),
        distribution("cloud-queue", {"cloud/queue.py": b""}),
        distribution("cloud-other", {"cloud/other.py": b""}),
        distribution("tox", {"tox.py": b""}, ("cloud-storage", "cloud-queue", "cloud-other")),
    )
    assert in_site(graph, "cloud/storage/x.py", "cloud/queue.py") == [True, True]
    assert in_site(graph, "cloud/other.py") == [False]


def test_modules_without_any_record_come_by_their_folder() -> None:
    files: dict[str, Content] = {
        f"{SITE}/loose/__init__.py": b"",
        f"{SITE}/loose/part.py": b"",
        f"{SITE}/unused/__init__.py": b"",
    }
    graph = run(app("import loose\n"), files)
    assert in_site(graph, "loose/part.py", "unused/__init__.py") == [True, False]


def debian(packages: dict[str, dict[str, bytes]]) -> dict[str, Content]:
    """Files of Debian packages, and the database that says whose they are."""
    status = "Package: {}\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n\n"
    files: dict[str, Content] = {
        path: data for owned in packages.values() for path, data in owned.items()
    }
    files["var/lib/dpkg/status"] = "".join(map(status.format, packages)).encode()
    for name, owned in packages.items():
        lines = "".join(f"/{path}\n" for path in owned)
        files[f"var/lib/dpkg/info/{name}.list"] = lines.encode()
    return files


def test_a_debian_module_is_reached_by_its_import_only() -> None:
    site = "usr/lib/python3/dist-packages"
    files = debian(
        {
            "python3-yaml": {f"{site}/yaml/__init__.py": b"", f"{site}/yaml/late.py": b""},
            "python3-apt": {f"{site}/apt_pkg.py": b""},
        }
    )
    graph = graph_of(
        runtime("usr"), files, app("import yaml\n"), Cmd=["/usr/bin/python3", "/app/main.py"]
    )
    assert f"{site}/yaml/late.py" in graph
    assert f"{site}/apt_pkg.py" not in graph


@pytest.mark.parametrize(
    "source",
    [
        "__requires__ = 'boss==4.2'\nfrom importlib.metadata import distribution\n",
        "from pkg_resources import load_entry_point\n"
        "load_entry_point('Boss==4.2', 'console_scripts', 'bossd')()\n",
        'import importlib.metadata as m\nprint(m.version("boss"))\n',
    ],
)
def test_a_distribution_that_a_script_asks_for_stays_with_its_record(source: str) -> None:
    site = "usr/lib/python3/dist-packages"
    record = b"Metadata-Version: 2.1\nName: boss\nVersion: 4.2\n"
    boss = {f"{site}/boss/main.py": b"", f"{site}/boss-4.2.egg-info/PKG-INFO": record}
    other = {
        f"{site}/other.py": b"",
        f"{site}/other-1.egg-info/PKG-INFO": record.replace(b"boss", b"other"),
    }
    files = debian({"boss": boss, "other": other})
    graph = graph_of(runtime("usr"), files, app(source), Cmd=["/usr/bin/python3", "/app/main.py"])
    assert [path in graph for path in boss] == [True, True]
    assert [path in graph for path in other] == [False, False]
    graph = graph_of(
        runtime("usr"), files, app("version('boss')\n"), Cmd=["/usr/bin/python3", "/app/main.py"]
    )
    assert [path in graph for path in boss] == [False, False]


def test_shared_libraries_and_time_zones_by_name() -> None:
    files: dict[str, Content] = {
        "usr/lib/x86_64-linux-gnu/libmagic.so.1": LIBRARY,
        "usr/lib/x86_64-linux-gnu/libmagic.so": LIBRARY,
        "usr/lib/x86_64-linux-gnu/libpq.so.5": LIBRARY,
        "usr/lib/x86_64-linux-gnu/libother.so.5": LIBRARY,
        "sbin/ldconfig": File(LIBRARY, 0o755),
        "usr/share/zoneinfo/Europe/Rome": b"TZif",
    }
    source = 'import ctypes.util as u\nu.find_library("magic")\nctypes.CDLL("libpq.so.5")\n'
    graph = run(app(source), files)
    folder = "usr/lib/x86_64-linux-gnu"
    names = ("libmagic.so.1", "libpq.so.5", "libmagic.so", "libother.so.5")
    assert [f"{folder}/{name}" in graph for name in names] == [True, True, False, False]
    assert "sbin/ldconfig" in graph
    assert "usr/share/zoneinfo/Europe/Rome" not in graph
    assert "usr/share/zoneinfo/Europe/Rome" in run(app("import zoneinfo\n"), files)


def test_settings_of_the_application_name_modules() -> None:
    graph = run(app(""), {"app/gunicorn.ini": b"worker = lib.sub.Worker\n"}, _hidden("lib", "odd"))
    assert in_site(graph, "lib/sub.py", "odd/sub.py") == [True, False]


def test_without_a_runtime_nothing_is_said() -> None:
    graph = graph_of(app("import lib\n"), _hidden("lib"), Cmd=["/app/main.py"])
    assert in_site(graph, "lib/sub.py") == [False]


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=200), st.text(max_size=40))
def test_any_content_is_taken_as_it_is(data: bytes, word: str) -> None:
    files: dict[str, Content] = {
        **dict.fromkeys(
            ("app/main.py", "app/x.ini", f"{SITE}/x.pth", "usr/local/pyvenv.cfg"), data
        ),
        **distribution("shop", {"shop.py": data}, entry_points=data),
        **distribution("tox", {"tox.py": data}, ("shop",)),
    }
    words = [part.replace("\0", "") for part in (word, f"-m{word}", f"x={word}")]
    graph = graph_of(runtime(), files, Cmd=["python", "/app/main.py", *words])
    assert "app/main.py" in graph
