"""What slim itself must never do, checked on its source and on what it leaves on disk."""

import ast
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import images, tars
from support.opened import open_everything

import slimmer
from slimmer.store.locate import StoreOptions, open_sink

ROOT = Path(slimmer.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))

# Code out of data, and formats that are code in disguise.
_FORBIDDEN_MODULES = frozenset(
    {"pickle", "marshal", "shelve", "dill", "cloudpickle", "yaml", "pty", "ctypes", "imp"}
    | {"xml", "lxml", "code", "codeop", "runpy", "http.server", "telnetlib", "ftplib"}
)
_FORBIDDEN_CALLS = frozenset({"eval", "exec", "compile", "__import__", "breakpoint", "input"})
_FORBIDDEN_METHODS = frozenset(
    {
        *(f"os.{name}" for name in ("system", "popen", "mknod", "mkfifo", "symlink", "link")),
        *(f"os.{name}" for name in ("setxattr", "chown", "lchown", "fchown")),
        *(f"os.exec{end}" for end in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")),
        *(f"os.spawn{end}" for end in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")),
        "subprocess.getoutput",
        "subprocess.getstatusoutput",
        "tarfile.open",
        "zipfile.ZipFile",
        "shutil.unpack_archive",
        "tempfile.mktemp",
        "ssl._create_unverified_context",
    }
)
# The one program that is started is a credential helper, which the user's own file names.
_MAY_START_PROGRAMS = {"store/registry/credential_helper.py"}


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_nothing_is_run_or_unpacked(path: Path) -> None:
    for module in _imported(path):
        assert module not in _FORBIDDEN_MODULES
        assert module.partition(".")[0] not in _FORBIDDEN_MODULES
        assert module != "subprocess" or _name(path) in _MAY_START_PROGRAMS
    for called, call in _calls(path):
        assert called not in _FORBIDDEN_CALLS
        assert called not in _FORBIDDEN_METHODS
        assert not called.endswith((".extractall", ".extract"))
        for keyword in call.keywords:
            # A field `shell` is what /etc/passwd has; a flag is what a subprocess has.
            assert keyword.arg != "shell" or not isinstance(keyword.value, ast.Constant)
            assert keyword.arg != "verify" or ast.unparse(keyword.value) != "False"


def test_what_is_looked_for_would_be_found() -> None:
    """The names above are those that Python code uses."""
    code = "import os\nos.system('x')\nsubprocess.run('x', shell=True)\neval('1')\n"
    called = {
        ast.unparse(node.func) for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)
    }
    assert called & _FORBIDDEN_METHODS
    assert called & _FORBIDDEN_CALLS


def test_an_image_never_decides_where_files_go(tmp_path: Path) -> None:
    """Reading an image makes no file but unnamed ones, whatever its names say."""
    layer = tars.make_tar(tars.file("/etc/cron.d/x"), tars.symlink("l", "/"), tars.file("l/out"))
    reference = images.oci_archive(tmp_path / "image.tar", images.image(layer))
    work = tmp_path / "work"
    work.mkdir(mode=0o700)
    before = set(tmp_path.rglob("*"))
    open_everything(reference, work)
    assert set(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("reference", ["oci:{}/out", "oci-archive:{}/out.tar"])
def test_what_is_on_its_way_is_private(reference: str, tmp_path: Path) -> None:
    """Until it is whole and has its name, an output is nobody else's to read."""
    old = os.umask(0)
    try:
        with open_sink(reference.format(tmp_path), StoreOptions(work_dir=tmp_path)):
            [path] = tmp_path.iterdir()
            assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
    finally:
        os.umask(old)
    assert not list(tmp_path.iterdir())
