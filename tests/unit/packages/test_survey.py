"""Looking paths of records up, against the plain look-up; and whatever an image may hold."""

from hypothesis import given, settings
from hypothesis import strategies as st
from support.layers import Content, Folder, Symlink, filesystem_of

from slimmer.packages.catalogue import read_packages
from slimmer.packages.survey import Survey

TREE: dict[str, Content] = {
    "bin": Symlink("usr/bin"),
    "usr/bin/a": b"x",
    "usr/bin/loop": Symlink("loop"),
    "usr/lib/deep/x": b"x",
    "usr/lib/up": Symlink("../.."),
    "usr/lib/abs": Symlink("/usr/lib/deep"),
    "empty": Folder(),
}
FILESYSTEM = filesystem_of(TREE)
PARTS = st.sampled_from(
    ("bin", "usr", "a", "lib", "deep", "x", "up", "abs", "loop", "empty", "..", ".", "", "gone")
)


@given(st.lists(st.lists(PARTS, max_size=6).map("/".join), max_size=8))
def test_find_is_the_plain_look_up(paths: list[str]) -> None:
    survey = Survey(FILESYSTEM)
    for path in paths:
        assert survey.find(path) is FILESYSTEM.resolve_parent(path)


def test_a_real_backslash_is_preferred_to_an_escaped_byte() -> None:
    survey = Survey(filesystem_of({"a\\xff": b"1", "a\udcff": b"2", "b\udcfe": b"3"}))
    assert [
        node.path if (node := survey.find(path)) else None
        for path in ("a\\xff", "b\\xfe", "b\\xfd")
    ] == ["a\\xff", "b\udcfe", None]


def test_files_below_leaves_out_folders_and_what_is_skipped() -> None:
    survey = Survey(
        filesystem_of(
            {
                "p/b": Symlink("/"),
                "p/a/x": b"1",
                "p/skip/y": b"2",
                "p/a/skip/z": b"3",
                "p/c": Folder(),
            }
        )
    )
    folder = survey.filesystem.get("p")
    assert folder is not None
    assert survey.files_below(folder, skip="skip") == ("p/a/x", "p/b")
    assert survey.files_below(folder) == ("p/a/skip/z", "p/a/x", "p/b", "p/skip/y")


def test_os_release_of_either_place() -> None:
    both: dict[str, Content] = {
        "etc/os-release": Symlink("../usr/lib/os-release"),
        "usr/lib/os-release": b"ID=wolfi\n",
    }
    for tree in (both, {"usr/lib/os-release": b"ID=wolfi\n"}):
        found = Survey(filesystem_of(tree)).os_release
        assert found is not None
        assert found.id == "wolfi"
    assert Survey(filesystem_of({"a": b""})).os_release is None


DATABASES = (
    "var/lib/dpkg/status",
    "var/lib/dpkg/status.d/a",
    "var/lib/dpkg/info/a.list",
    "var/lib/dpkg/info/a.md5sums",
    "var/lib/dpkg/diversions",
    "lib/apk/db/installed",
    "var/lib/rpm/rpmdb.sqlite",
    "var/lib/rpm/Packages",
    "etc/os-release",
    "s/a-1.dist-info/METADATA",
    "s/a-1.dist-info/RECORD",
    "s/b.egg-info/PKG-INFO",
    "s/b.egg-info/top_level.txt",
    "s/b.egg-info/installed-files.txt",
    "node_modules/a/package.json",
    "specifications/a-1.gemspec",
    "vendor/composer/installed.json",
    "a.jar",
)
LINES = st.sampled_from(
    (
        b"Package: a",
        b"Status: install ok installed",
        b"Version: \xff",
        b"Source: /(",
        b"",
        b"P:a",
        b"F:..",
        b"R:..",
        b"Z:Q1",
        b"ID=/",
        b"Name: ..",
        b"Version: 1",
        b"/../../..",
        b"a/..",
        b'{"packages":[{"name":"/","version":"1","install-path":"/"}]}',
        b'{"name":"/","version":"@"}',
        b's.name = "/"',
        b's.version = "1"',
        b"/etc/\\xff",
        b"d41d8cd98f00b204e9800998ecf8427e  ..",
        b"..",
        b",,",
        b"/",
        b":",
    )
)
CONTENTS = st.one_of(
    st.binary(max_size=60), st.lists(LINES, max_size=6).map(lambda lines: b"\n".join(lines) + b"\n")
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(DATABASES), CONTENTS), min_size=1, max_size=2))
def test_no_content_of_a_record_raises(layers: list[dict[str, bytes]]) -> None:
    filesystem = filesystem_of(*layers)
    found = read_packages(filesystem)
    for path, package in found.owners.items():
        node = filesystem.get(path)
        assert node is not None
        assert not node.is_directory
        assert path in package.files
    assert {path for package in found.all for path in package.files} == set(found.owners)
    again = read_packages(filesystem)
    assert [p.purl for p in again.all] == [p.purl for p in found.all]
