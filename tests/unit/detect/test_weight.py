"""Headers, libraries, caches, logs, documentation, repositories, wasted bytes, unread files."""

import pytest
from support.layers import Content, Hardlink, Symlink

from slimmer.detect.bytecode import BytecodeDetector
from slimmer.detect.place_table import Place, PlaceTable, place_table
from slimmer.detect.places import PlaceDetector
from slimmer.detect.policy import checks
from slimmer.detect.repositories import RepositoryDetector
from slimmer.detect.static_libraries import StaticLibraryDetector
from slimmer.detect.unread import UnreadDetector
from slimmer.detect.wasted import WastedSpaceDetector
from slimmer.packages.interface import Packages

from .subjects import Layer, brief, found, ids, noise, program, subject_of

PLACES, REPOSITORIES, BYTECODE = PlaceDetector(), RepositoryDetector(), BytecodeDetector()
LIBRARIES, WASTED, UNREAD = StaticLibraryDetector(), WastedSpaceDetector(), UnreadDetector()
ARCHIVE = b"!<arch>\n" + bytes(992)


def test_places_are_found_by_pattern() -> None:
    rooted = Place(check="log.files", what="a", folders=("/a/*/log",))
    loose = Place(check="log.files", what="b", folders=(".cache/pip",), files=("lib/src.zip",))
    table = PlaceTable([rooted, loose])
    assert table.folder("a/b/log") is rooted
    assert table.folder("root/.cache/pip") is table.folder(".cache/pip") is loose
    assert table.file("usr/lib/src.zip") is loose
    for path in ("a/log", "a/b/c/log", "x/a/b/log", "cache/pip", "x.cache/pip", "a/b/logs"):
        assert table.folder(path) is None
    assert table.file("mylib/src.zip") is None


def test_the_table_names_checks_that_exist() -> None:
    categories = {checks()[place.check].category for place in place_table().places}
    assert categories == {*PLACES.categories, *REPOSITORIES.categories}


@pytest.mark.parametrize(
    ("path", "check", "at"),
    [
        ("usr/include/stdio.h", "compiler.headers", "usr/include"),
        ("usr/lib/gcc/x/12/include/stddef.h", "compiler.headers", "usr/lib/gcc/x/12/include"),
        ("usr/local/go/src/fmt/print.go", "compiler.go-toolchain", "usr/local/go/src"),
        ("usr/share/dotnet/sdk/8.0/dotnet.dll", "compiler.dotnet-sdk", "usr/share/dotnet/sdk"),
        ("var/lib/apt/lists/x_Packages", "cache.package-index", "var/lib/apt/lists"),
        ("var/cache/apk/APKINDEX.tar.gz", "cache.package-index", "var/cache/apk"),
        ("var/cache/apt/archives/x.deb", "cache.packages", "var/cache/apt"),
        ("var/cache/dnf/x.solv", "cache.packages", "var/cache/dnf"),
        ("root/.cache/pip/http/x", "cache.language", "root/.cache/pip"),
        ("root/.npm/_cacache/x", "cache.language", "root/.npm/_cacache"),
        ("home/app/.cargo/registry/x", "cache.language", "home/app/.cargo/registry"),
        ("root/.m2/repository/x.jar", "cache.language", "root/.m2/repository"),
        ("root/.cache/other/x", "cache.home", "root/.cache"),
        ("tmp/build/x.o", "cache.temporary", "tmp"),
        ("var/log/dpkg.log", "log.files", "var/log"),
        ("usr/share/man/man1/ls.1.gz", "documentation.files", "usr/share/man"),
    ],
)
def test_places(path: str, check: str, at: str) -> None:
    (finding,) = found(PLACES, subject_of({"a": b"a"}, {path: noise(70_000)}))
    assert (finding.id, finding.path, finding.layer, finding.bytes) == (check, at, 1, 70_000)
    assert finding.severity.label == ("medium" if check == "compiler.dotnet-sdk" else "low")
    assert finding.message.endswith(": 1 file, 70.0 kB")


@pytest.mark.parametrize(
    "path",
    [
        "app/include/x.h",
        "app/tmp/x",
        "app/var/log/x",
        "srv/cache/x",
        "usr/share/dotnet/shared/x.dll",
        "app/jmods/readme",
        "app/lib/src.zip",
        "usr/share/doc/bash/copyright",
        "usr/share/zoneinfo/UTC",
        "go/bin/server",
    ],
)
def test_no_places(path: str) -> None:
    assert found(PLACES, subject_of({path: noise(70_000)})) == []


def test_places_add_up_by_layer_and_part_of_the_tree() -> None:
    base: Layer = {
        "usr/share/doc/a/readme": noise(40_000),
        "usr/share/doc/a/copyright": noise(40_000),
        "usr/share/man/man1/a.1": noise(40_000),
        "usr/share/man/man1/b.1": Hardlink("usr/share/man/man1/a.1"),
        "usr/share/man/man1/c.1": Symlink("a.1"),
        "usr/lib/jvm/x/man/java.1": noise(65_536),
    }
    above: Layer = {"usr/share/doc/b/readme": noise(100_000)}
    assert [(f.path, f.layer, f.message) for f in found(PLACES, subject_of(base, above))] == [
        ("usr/lib/jvm/x/man", 0, "Manuals and documentation: 1 file, 65.5 kB"),
        ("usr/share/doc", 1, "Manuals and documentation: 1 file, 100 kB"),
        ("usr/share", 0, "Manuals and documentation: 2 files, 80.0 kB"),
    ]


def test_little_is_not_worth_a_line() -> None:
    layer: Layer = {"usr/share/doc/a/readme": noise(60_000), "var/log/empty": b""}
    assert found(PLACES, subject_of(layer)) == []


def test_a_place_inside_another_is_counted_once() -> None:
    layer: Layer = {"root/.cache/pip/x": noise(100), "root/.cache/y": noise(10)}
    assert [(f.id, f.bytes) for f in found(PLACES, subject_of(layer))] == [
        ("cache.home", 10),
        ("cache.language", 100),
    ]


def test_jdk() -> None:
    home = "usr/lib/jvm/jdk"
    layer: Layer = {
        f"{home}/jmods/java.base.jmod": b"JM\1\0" + bytes(96),
        f"{home}/lib/src.zip": b"PK\5\6" + bytes(18),
        f"{home}/lib/modules": b"modules",
    }
    assert ids(found(PLACES, subject_of(layer))) == [
        ("compiler.jmods", f"{home}/jmods"),
        ("compiler.jdk-source", f"{home}/lib/src.zip"),
    ]


def test_static_libraries() -> None:
    base: Layer = {
        "usr/lib/libc.a": ARCHIVE,
        "usr/lib/x86_64-linux-gnu/libm.a": ARCHIVE,
        "usr/lib/package.deb": ARCHIVE,
        "usr/lib/text.a": b"hello",
        "usr/lib/libm.so": program(),
    }
    findings = found(LIBRARIES, subject_of(base, {"opt/sdk/lib/libx.a": ARCHIVE}))
    assert [(f.path, f.layer, f.message) for f in findings] == [
        ("opt/sdk/lib", 1, "Static libraries: 1 file, 1.0 kB"),
        ("usr/lib", 0, "Static libraries: 2 files, 2.0 kB"),
    ]


def test_bytecode() -> None:
    data = noise(600_000)
    layer: Layer = {
        "usr/lib/python3/a.py": b"",
        "usr/lib/python3/__pycache__/a.cpython-311.pyc": data,
        "usr/lib/python3/__pycache__/a.cpython-311.opt-1.pyc": data,
        "usr/lib/python3/__pycache__/gone.cpython-311.pyc": data,
    }
    message = "Python bytecode beside its source: 2 files, 1.2 MB"
    assert brief(found(BYTECODE, subject_of(layer))) == [
        ("low", "cache.bytecode", "usr/lib/python3/__pycache__", message)
    ]
    alone: Layer = {"app/__pycache__/a.cpython-311.pyc": noise(1_200_000)}
    assert found(BYTECODE, subject_of(alone)) == []


REPOSITORY: dict[str, Content] = {
    "app/.git/HEAD": b"ref: refs/heads/main\n",
    "app/.git/objects/pack/x.pack": noise(1000),
    "app/.git/config": b"[core]\n",
}


def test_a_repository_is_one_finding() -> None:
    (finding,) = found(REPOSITORIES, subject_of({"a": b"a"}, REPOSITORY))
    assert (finding.id, finding.path, finding.layer) == (
        "version-control.repository",
        "app/.git",
        1,
    )
    assert (finding.severity.label, finding.bytes) == ("medium", 1028)
    assert finding.message == "A Git repository: 3 files, 1.0 kB"


def test_a_repository_that_is_hidden() -> None:
    (finding,) = found(REPOSITORIES, subject_of(REPOSITORY, {"app/.wh..git": b""}))
    assert (finding.path, finding.layer, finding.in_final_filesystem) == ("app/.git", 0, False)
    assert finding.message == "A Git repository; layer 1 hides it, layer 0 still holds it"


def test_other_systems() -> None:
    layer: Layer = {"a/.hg/requires": b"store\n", "b/.svn/wc.db": b"x"}
    assert [f.path for f in found(REPOSITORIES, subject_of(layer))] == ["a/.hg", "b/.svn"]


def test_what_is_no_repository() -> None:
    layer: Layer = {
        "app/.git": b"gitdir: ../.git/modules/app\n",
        "app/.gitignore": b"*.o\n",
        "srv/.git/description": b"x",
        "usr/share/git-core/templates/description": b"x",
    }
    assert found(REPOSITORIES, subject_of(layer)) == []


def test_wasted_bytes() -> None:
    base: Layer = {
        "old": noise(10_000),
        "kept": noise(9_000),
        "also": Hardlink("kept"),
        "pair/a": noise(5_000),
        "pair/b": Hardlink("pair/a"),
        "link": Symlink("old"),
    }
    middle: Layer = {".wh.old": b"", "also": b"new", "big": noise(20_000)}
    top: Layer = {".wh.big": b"", ".wh.pair": b"", ".wh.link": b""}
    assert brief(found(WASTED, subject_of(base, middle, top))) == [
        (
            "low",
            "wasted-space.hidden",
            "old",
            "2 files of layer 0, 15.0 kB, removed or replaced by layers 1 and 2",
        ),
        (
            "low",
            "wasted-space.hidden",
            "big",
            "1 file of layer 1, 20.0 kB, removed or replaced by layer 2",
        ),
    ]


def test_wasted_bytes_are_those_of_the_layer() -> None:
    (finding,) = found(WASTED, subject_of({"a": noise(5_000)}, {"a": noise(6_000)}))
    assert (finding.layer, finding.bytes, finding.in_final_filesystem) == (0, 5_000, False)


def test_nothing_is_wasted() -> None:
    assert found(WASTED, subject_of({"a": noise(5_000)}, {"b": noise(5_000)})) == []
    # Less than a block of the disk.
    assert found(WASTED, subject_of({"a": noise(4_000)}, {".wh.a": b""})) == []
    # A folder that gets new attributes loses nothing.
    assert found(WASTED, subject_of({"d/a": noise(5_000)}, {"d/b": b"b"})) == []


def test_unread() -> None:
    packages = Packages((), ("var/lib/rpm/Packages: Berkeley DB",), {})
    layer: Layer = {
        "app/a.jar": b"PK\3\4broken",
        "app/b.jar": b"PK\3\4broken",
        "usr/lib/x/package.json": b"{",
    }
    findings = found(UNREAD, subject_of({"a": b"a"}, layer, packages=packages))
    assert ids(findings) == [("unread.package-database", None), ("unread.files", "app/a.jar")]
    assert findings[0].message == ("Packages could not be read: var/lib/rpm/Packages: Berkeley DB")
    assert findings[1].message.startswith("3 files could not be read: ")
    assert findings[1].layer == 1


def test_everything_was_read() -> None:
    assert found(UNREAD, subject_of({"usr/lib/x/package.json": b'{"name": "x"}'})) == []
