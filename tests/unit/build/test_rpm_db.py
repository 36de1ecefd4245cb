"""What rpm's records say after a build, in each format they come in."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from formats.rpm_builder import database, package
from formats.rpm_databases import Rows, bdb, logged, ndb, sqlite
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.layers import Content, Symlink

from slimmer.build.options import PROFILES, BuildOptions
from slimmer.errors import InputError
from slimmer.formats.rpm_header import RpmPackage
from slimmer.formats.rpm_manifest import manifest_of, parse_manifest
from slimmer.formats.rpm_sqlite import sqlite_headers

from .building import Result, built, rebuilt

FOLDER = "var/lib/rpm"
MANIFEST = "var/lib/rpmmanifest/container-manifest-2"
LIBRARY = "usr/lib64/librpm.so.9.4.0"

Files = Mapping[str, Sequence[str]]
Image = dict[str, Content]


def rows_of(packages: Files) -> Rows:
    return [
        (row, package(name, files=[_split(path) for path in paths]))
        for row, (name, paths) in enumerate(packages.items(), 1)
    ]


def _split(path: str) -> tuple[str, str]:
    folder, _, name = path.rpartition("/")
    return f"/{folder}/", name


def _sqlite(rows: Rows) -> bytes:
    return sqlite(rows, {row: [f"key-of-{row}"] for row, _ in rows})


def _odd(rows: Rows) -> bytes:
    return sqlite(rows, {}, "CREATE VIEW Mine AS SELECT 1")


Make = Callable[[Rows], bytes]
FORMATS: list[tuple[str, Make]] = [
    ("rpmdb.sqlite", _sqlite),
    ("rpmdb.sqlite", _odd),
    ("Packages", bdb),
    ("Packages.db", ndb),
]
each_format = pytest.mark.parametrize(
    ("name", "make"), FORMATS, ids=["sqlite", "odd", "bdb", "ndb"]
)
unwritten = pytest.mark.parametrize(("name", "make"), FORMATS[1:], ids=["odd", "bdb", "ndb"])
not_sqlite = pytest.mark.parametrize(("name", "make"), FORMATS[2:], ids=["bdb", "ndb"])


def image(packages: Files, name: str, make: Make) -> Image:
    """An image with the files of the packages and their database."""
    layer: Image = {path: path.encode() for paths in packages.values() for path in paths}
    return layer | {f"{FOLDER}/{name}": make(rows_of(packages))}


def without(*drop: str, profile: str = "safe", squash: bool = False) -> BuildOptions:
    return BuildOptions(profile, user="keep", drop=drop, squash=squash)


def listed(result: Result) -> list[str]:
    with result.after(quiet=True) as after:
        return [one.name for one in after.subject.packages.all]


def check_truth(result: Result) -> None:
    """Every file that stays and had an owner has a listed one; who is listed has a file."""
    before = result.before.subject.packages
    with result.after(quiet=True) as after:
        filesystem, packages = after.subject.filesystem, after.subject.packages
        assert packages.unread == ()
        names = {one.name for one in packages.all}
        for path, owner in before.owners.items():
            node = filesystem.get(path)
            assert node is None or owner.name in names, path
        for one in before.all:
            if one.name in names and one.files:
                assert any(filesystem.get(path) for path in one.files), one.name
        if result.outcome.plan.written:
            assert all(one.files for one in before.all if one.name in names)


PACKAGES = {
    "stays": ["usr/bin/stays", "usr/share/stays/data"],
    "leaves": ["usr/bin/leaves", "usr/lib/leaves/data"],
    "partly": ["usr/bin/partly", "usr/lib/partly/data"],
    "nothing": [],
}
DROPPED = ("usr/bin/leaves", "usr/lib/leaves", "usr/bin/partly")


@each_format
@pytest.mark.parametrize("squash", [False, True])
def test_what_is_left_is_listed(name: str, make: Make, squash: bool, tmp_path: Path) -> None:
    options = without(*DROPPED, squash=squash)
    with built(tmp_path, image(PACKAGES, name, make), options=options) as result:
        assert sorted(listed(result)) == ["partly", "stays"]
        assert b"leaves" not in result.everything
        assert len(result.outcome.plan.written) == 1
        check_truth(result)


def test_what_is_listed_whole_and_there_in_part_is_said(tmp_path: Path) -> None:
    with built(
        tmp_path, image(PACKAGES, "rpmdb.sqlite", _sqlite), options=without(*DROPPED)
    ) as result:
        (kept,) = result.outcome.plan.kept
        assert kept.path == f"/{FOLDER}/rpmdb.sqlite"
        assert kept.reason.endswith("1 (partly)")
    with built(tmp_path, image(PACKAGES, "Packages", bdb), options=without(*DROPPED)) as result:
        assert result.outcome.plan.kept == ()


def test_sqlite_keeps_headers_byte_for_byte(tmp_path: Path) -> None:
    layer = image(PACKAGES, "rpmdb.sqlite", _sqlite)
    with built(tmp_path, layer, options=without(*DROPPED)) as result:
        rows = rows_of(PACKAGES)
        assert sqlite_headers(result.written(f"{FOLDER}/rpmdb.sqlite")) == [rows[0], rows[2]]
        assert MANIFEST not in {item.path for item in result.outcome.plan.written}


@unwritten
def test_a_manifest_takes_the_place_of_a_database(name: str, make: Make, tmp_path: Path) -> None:
    beside = ["Name", "Basenames", "__db.001", "Index.db", "rpmdb.sqlite-shm", ".rpm.lock"]
    layer = image(PACKAGES, name, make) | {f"{FOLDER}/{other}": b"x" for other in beside}
    with built(tmp_path, layer, options=without(*DROPPED)) as result:
        found = parse_manifest(result.written(MANIFEST))
        assert [(one.name, one.version, one.release) for one in found] == [
            ("partly", "1.2", "3.el9"),
            ("stays", "1.2", "3.el9"),
        ]
        with result.after(quiet=True) as after:
            folder = after.subject.filesystem.get(FOLDER)
            assert folder is not None
            assert set(folder.children or {}) == {".rpm.lock"}


@each_format
def test_nothing_is_written_while_each_package_has_a_file(
    name: str, make: Make, tmp_path: Path
) -> None:
    layer = image(PACKAGES, name, make)
    with built(tmp_path, layer, options=without("usr/bin/*")) as result:
        assert result.outcome.plan.written == ()
        assert listed(result) == ["leaves", "nothing", "partly", "stays"]
        check_truth(result)


@not_sqlite
@pytest.mark.parametrize("profile", PROFILES)
def test_where_rpm_stays_its_database_does(
    name: str, make: Make, profile: str, tmp_path: Path
) -> None:
    layer = image({**PACKAGES, "rpm-libs": [LIBRARY]}, name, make)
    options = BuildOptions(profile, user="keep", drop=DROPPED, keep=(LIBRARY, "usr/bin/stays"))
    with built(tmp_path, layer, config={"Cmd": ["/usr/bin/stays"]}, options=options) as result:
        assert result.outcome.plan.written == ()
        assert "leaves" in listed(result)
        assert any("all of package leaves" in kept.reason for kept in result.outcome.plan.kept)


def test_where_rpm_stays_keys_do(tmp_path: Path) -> None:
    packages = {**PACKAGES, "gpg-pubkey": [], "rpm-libs": [LIBRARY]}
    with built(
        tmp_path, image(packages, "rpmdb.sqlite", _sqlite), options=without(*DROPPED)
    ) as result:
        assert listed(result) == ["gpg-pubkey", "nothing", "partly", "rpm-libs", "stays"]


@pytest.mark.parametrize("profile", ["package", "file"])
@each_format
def test_profiles(name: str, make: Make, profile: str, tmp_path: Path) -> None:
    layer = image(PACKAGES, name, make)
    options = BuildOptions(profile, user="keep", keep=("usr/bin/stays",))
    with built(tmp_path, layer, config={"Cmd": ["/usr/bin/stays"]}, options=options) as result:
        assert listed(result) == ["stays"]
        assert b"leaves" not in result.everything
        check_truth(result)


def test_a_log_is_part_of_the_database(tmp_path: Path) -> None:
    packages = {"stays": ["usr/bin/stays"], "leaves": ["usr/bin/leaves"], "late": ["usr/bin/late"]}
    rows = rows_of(packages)
    data, log = logged(tmp_path, rows[:2], rows[2:])
    layer: Image = {
        **{path: b"x" for paths in packages.values() for path in paths},
        f"{FOLDER}/rpmdb.sqlite": data,
        f"{FOLDER}/rpmdb.sqlite-wal": log,
        f"{FOLDER}/rpmdb.sqlite-shm": bytes(32768),
    }
    with built(tmp_path, layer, options=without("usr/bin/leaves")) as result:
        assert listed(result) == ["late", "stays"]
        assert sqlite_headers(result.written(f"{FOLDER}/rpmdb.sqlite")) == [rows[0], rows[2]]
        assert result.rules[f"{FOLDER}/rpmdb.sqlite-wal"] == "package-database"
        assert result.rules[f"{FOLDER}/rpmdb.sqlite-shm"] == "package-database"
        check_truth(result)


def test_what_a_conversion_left_behind_goes_too(tmp_path: Path) -> None:
    layer = image(PACKAGES, "rpmdb.sqlite", _sqlite)
    layer[f"{FOLDER}/Packages"] = bdb(rows_of(PACKAGES))
    with built(tmp_path, layer, options=without(*DROPPED)) as result:
        assert result.rules[f"{FOLDER}/Packages"] == "package-database"
        assert b"leaves" not in result.everything
        check_truth(result)


@each_format
def test_a_second_build_has_nothing_to_do(name: str, make: Make, tmp_path: Path) -> None:
    with (
        built(tmp_path, image(PACKAGES, name, make), options=without(*DROPPED)) as first,
        rebuilt(first.out, tmp_path, without(*DROPPED)) as second,
    ):
        assert second.outcome.plan.written == ()
        assert listed(second) == listed(first)


@each_format
def test_builds_are_the_same_to_the_byte(name: str, make: Make, tmp_path: Path) -> None:
    layer = image(PACKAGES, name, make)
    with (
        built(tmp_path, layer, options=without(*DROPPED)) as one,
        built(tmp_path, layer, options=without(*DROPPED)) as other,
    ):
        assert one.blobs == other.blobs


def test_a_manifest_that_was_there_is_kept_true(tmp_path: Path) -> None:
    lines = [RpmPackage(name, "1.2", "3.el9", "x86_64") for name in ("leaves", "stays", "other")]
    for name, make in FORMATS:
        layer = image(PACKAGES, name, make) | {MANIFEST: manifest_of(lines)}
        with built(tmp_path, layer, options=without(*DROPPED)) as result:
            assert listed(result) == ["partly", "stays", "other"] or sorted(listed(result)) == [
                "other",
                "partly",
                "stays",
            ]
            assert b"leaves" not in result.everything


def test_a_folder_that_is_a_link(tmp_path: Path) -> None:
    layer = image(PACKAGES, "Packages", bdb)
    layer |= {"var/lib/rpmmanifest": Symlink("../../opt/lists"), "opt/lists/x": b"x"}
    with built(tmp_path, layer, options=without(*DROPPED)) as result:
        (item,) = result.outcome.plan.written
        assert item.path == "opt/lists/container-manifest-2"


def test_a_folder_in_the_place_of_the_manifest(tmp_path: Path) -> None:
    layer = image(PACKAGES, "Packages", bdb) | {f"{MANIFEST}/x": b"x"}
    with pytest.raises(InputError), built(tmp_path, layer, options=without(*DROPPED)):
        pass


def test_databases_of_two_folders(tmp_path: Path) -> None:
    both = {"stays": PACKAGES["stays"], "leaves": PACKAGES["leaves"]}
    layer = image(both, "rpmdb.sqlite", _sqlite)
    layer["usr/share/rpm/rpmdb.sqlite"] = database(*(blob for _, blob in rows_of(both)))
    with built(tmp_path, layer, options=without(*DROPPED)) as result:
        assert listed(result) == ["stays"]
        assert b"leaves" not in result.everything


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    packages=st.dictionaries(
        st.sampled_from(["aa", "bb", "cc", "dd"]),
        st.sets(st.sampled_from([f"usr/{f}/{n}" for f in ("bin", "x") for n in "pqr"])),
        min_size=1,
    ),
    drop=st.sets(st.sampled_from([f"usr/{f}/{n}" for f in ("bin", "x") for n in "pqr"])),
    kind=st.sampled_from(FORMATS),
    profile=st.sampled_from(["safe", "package"]),
)
def test_truth_in_general(
    packages: dict[str, set[str]],
    drop: set[str],
    kind: tuple[str, Make],
    profile: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    made = {name: sorted(paths) for name, paths in packages.items()}
    options = BuildOptions(profile, user="keep", drop=tuple(sorted(drop)))
    folder = tmp_path_factory.mktemp("build")
    layer = image(made, *kind) | {"start": b"#!/usr/bin/p\n"}
    with built(folder, layer, config={"Cmd": ["/start"]}, options=options, quiet=True) as result:
        check_truth(result)
