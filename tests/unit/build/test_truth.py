"""What dpkg's database says after a build, against a model of it, on Debians made up at random."""

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest
from formats.elf_builder import Elf
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.layers import Content, File, Hardlink, Symlink

from slimmer.build.options import PROFILES, BuildOptions
from slimmer.detect.inspection import Inspection
from slimmer.filesystem.tree import Filesystem

from .building import Result, built, paragraph

_INFO = "var/lib/dpkg/info"
_START = "srv/start"
_NAMES = ("one", "two", "three", "four")
_FOLDERS = ("usr/bin", "usr/lib/shared", "usr/share/data", "etc", "etc/alternatives", "opt/x")
_PLAIN = st.builds("{}/{}".format, st.sampled_from(_FOLDERS), st.sampled_from(["a", "b"]))
_PAPERS = st.builds(
    "usr/share/doc/{}/{}".format, st.sampled_from(_NAMES), st.sampled_from(["copyright", "NEWS"])
)
_SHARED = st.sampled_from(["usr/share/doc/one", "usr/share/doc/two", "usr/share/alias", "lib"])
_PATHS = _PLAIN | _PAPERS | _SHARED | st.just("usr/share/man/man1/a.1")


@dataclass(frozen=True)
class _Debian:
    """What the lists of packages say, what lies there, what the program names and the user says."""

    lists: dict[str, list[str]]
    files: dict[str, Content]
    diversions: dict[str, tuple[str, str]]
    named: str
    keep: tuple[str, ...]
    drop: tuple[str, ...]
    depends: dict[str, str]

    def layer(self) -> dict[str, Content]:
        program = Elf(interpreter=b"/lib/ld.so", needed=[b"a"], data=f"\0/{self.named}\0".encode())
        layer: dict[str, Content] = {_START: File(program.build(), 0o755), **self.files}
        records = [
            paragraph(name, **({"Depends": self.depends[name]} if name in self.depends else {}))
            for name in self.lists
        ]
        layer["var/lib/dpkg/status"] = b"".join(records)
        layer["var/lib/dpkg/diversions"] = "".join(
            f"/{path}\n/{place}\n{by}\n" for path, (place, by) in self.diversions.items()
        ).encode()
        for name, lines in self.lists.items():
            every = [".", *sorted(_folders(lines)), *lines]
            layer[f"{_INFO}/{name}.list"] = "".join(f"/{line}\n" for line in every).encode()
            sums = "".join(f"{'0' * 32}  {line}\n" for line in lines)
            layer[f"{_INFO}/{name}.md5sums"] = sums.encode()
        return layer

    def place(self, name: str, line: str) -> str:
        """Where the file of a package's line is."""
        place, by = self.diversions.get(line, (line, name))
        return line if by == name else place


def _folders(lines: Iterable[str]) -> set[str]:
    """Every folder above these paths, as they are spelt."""
    return {str(folder) for line in lines for folder in PurePosixPath(line).parents} - {"."}


@st.composite
def _contents(draw: st.DrawFn, path: str, others: list[str]) -> Content:
    kind = draw(st.sampled_from(["data", "program", "library", "link", "link", "hard"]))
    if kind == "program":
        needed = [name.encode() for name in draw(st.lists(st.sampled_from(["a", "b"]), max_size=1))]
        return File(Elf(interpreter=b"/lib/ld.so", needed=needed).build(), 0o755)
    if kind == "library":
        return File(Elf().build())
    if kind == "hard" and others:
        return Hardlink(draw(st.sampled_from(others)))
    if kind == "link":
        folders = ["usr/share/data", "usr/share/doc/three", "usr/share/doc/one"]
        target = draw(st.sampled_from([*others, *folders]))
        if target != path and not f"{path}/".startswith(f"{target}/"):
            return Symlink(f"/{target}")
    return f"content of {path}".encode()


@st.composite
def _debians(draw: st.DrawFn) -> _Debian:
    files: dict[str, Content] = {}
    regular: list[str] = []
    shared = {"usr/share/doc/three/copyright", "usr/share/data/a"}
    for path in sorted(shared | draw(st.sets(_PATHS, min_size=4, max_size=14))):
        if path == "lib":
            files["lib"] = Symlink("usr/lib")
            continue
        if any(path.startswith(f"{link}/") for link in files):
            continue
        as_link = path in ("usr/share/doc/one", "usr/share/doc/two", "usr/share/alias")
        if as_link:
            files[path] = Symlink("data" if path == "usr/share/alias" else "three")
        else:
            files[path] = draw(_contents(path, regular))
        if not isinstance(files[path], Symlink):
            regular.append(path)
    owned = sorted(files)
    lists: dict[str, list[str]] = {}
    for name in draw(st.lists(st.sampled_from(_NAMES), min_size=1, unique=True)):
        lines = draw(st.lists(st.sampled_from(owned), unique=True, max_size=8))
        lists[name] = [draw(_spelt(line, "lib" in files)) for line in lines]
    diversions = draw(_diverted(files, lists))
    some = st.lists(st.sampled_from(owned), max_size=2).map(
        lambda paths: tuple(f"/{path}" for path in paths)
    )
    depends = draw(st.dictionaries(st.sampled_from(_NAMES), st.sampled_from(_NAMES), max_size=2))
    named = draw(st.sampled_from(owned))
    return _Debian(lists, files, diversions, named, draw(some), draw(some), depends)


@st.composite
def _spelt(draw: st.DrawFn, line: str, is_merged: bool) -> str:
    if is_merged and line.startswith("usr/lib/") and draw(st.booleans()):
        return line.removeprefix("usr/")
    return line


@st.composite
def _diverted(
    draw: st.DrawFn, files: dict[str, Content], lists: dict[str, list[str]]
) -> dict[str, tuple[str, str]]:
    """At most one file that one package has put aside for its own."""
    regular = sorted(path for path, content in files.items() if not isinstance(content, Symlink))
    if not regular or not draw(st.booleans()):
        return {}
    path = draw(st.sampled_from(regular))
    files[f"{path}.other"] = b"put aside"
    return {path: (f"{path}.other", draw(st.sampled_from([*lists, "none"])))}


def _is_structure(filesystem: Filesystem, path: str) -> bool:
    """A link near the root to a folder: nobody's, whoever lists it."""
    node, target = filesystem.get(path), filesystem.resolve(path)
    is_link = node is not None and node.is_symlink
    return is_link and path.count("/") < 2 and target is not None and target.is_directory


def _owned(debian: _Debian, filesystem: Filesystem) -> dict[str, set[str]]:
    """Package -> the files and links of its list that are there, where they are."""
    folders = _folders(line for lines in debian.lists.values() for line in lines)
    owned: dict[str, set[str]] = {}
    for name, lines in debian.lists.items():
        nodes = [filesystem.resolve_parent(debian.place(name, line)) for line in lines]
        owned[name] = {
            node.path
            for node, line in zip(nodes, lines, strict=True)
            if node is not None and not node.is_directory
            if not (node.is_symlink and line in folders)
        }
    return owned


def _check(debian: _Debian, result: Result, after: Inspection) -> None:
    before = result.before.subject.filesystem
    filesystem, packages = after.subject.filesystem, after.subject.packages
    had, has = _owned(debian, before), _owned(debian, filesystem)
    left = {
        name
        for name, paths in has.items()
        if any(not _is_structure(before, path) for path in paths) or (paths and paths == had[name])
    }
    assert {package.name for package in packages.all} == left
    for name in left:
        for path in has[name]:
            owner = packages.owner(path)
            assert owner is not None, path
        _check_lists(debian, name, before, filesystem)
    for name in debian.lists.keys() - left:
        assert filesystem.get(f"{_INFO}/{name}.list") is None
        assert filesystem.get(f"{_INFO}/{name}.md5sums") is None
    status = filesystem.content("var/lib/dpkg/status") or b""
    assert {name for name in _NAMES if f"Package: {name}\n".encode() in status} == left


def _check_lists(debian: _Debian, name: str, before: Filesystem, after: Filesystem) -> None:
    """A line of the lists goes with its file, and not otherwise."""
    for kind, skip in ((".list", 1), (".md5sums", 34)):
        old = before.content(f"{_INFO}/{name}{kind}") or b""
        new = (after.content(f"{_INFO}/{name}{kind}") or b"").decode().splitlines()
        for line in old.decode().splitlines():
            place = debian.place(name, line[skip:])
            is_there = place == "." or after.resolve_parent(place) is not None
            was_there = place == "." or before.resolve_parent(place) is not None
            assert (line in new) == is_there or not was_there, line


@pytest.mark.parametrize("profile", PROFILES)
@settings(max_examples=25)
@given(debian=_debians())
def test_the_database_lists_exactly_what_still_has_a_file(debian: _Debian, profile: str) -> None:
    # Whoever drops /lib itself takes the way to files that stay: the lists are right of the rest.
    assume("/lib" not in debian.drop)
    options = BuildOptions(profile, user="keep", keep=debian.keep, drop=debian.drop)
    with (
        tempfile.TemporaryDirectory() as folder,
        built(
            Path(folder),
            debian.layer(),
            config={"Cmd": [f"/{_START}"]},
            options=options,
            quiet=True,
        ) as result,
        result.after(quiet=True) as after,
    ):
        _check(debian, result, after)
