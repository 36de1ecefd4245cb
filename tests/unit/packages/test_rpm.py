"""RPM packages out of images: three formats of the database, and the manifest."""

from collections.abc import Callable
from pathlib import Path

import pytest
from formats.rpm_builder import INT32, STRING, STRING_ARRAY, database, header, package
from formats.rpm_databases import Rows, bdb, logged, ndb
from support.layers import Content, Symlink, filesystem_of

from slimmer.formats.rpm_header import FILE_GHOST, RpmPackage
from slimmer.formats.rpm_manifest import manifest_of
from slimmer.packages.catalogue import read_packages

DATABASE = "var/lib/rpm/rpmdb.sqlite"
RHEL: dict[str, Content] = {"etc/os-release": b'ID="rhel"\nVERSION_ID="9.4"\n'}


def test_package() -> None:
    record = package("bash", files=[("/bin/", "bash"), ("/usr/share/", "doc"), ("/bin/", "gone")])
    layer: dict[str, Content] = {
        "bin": Symlink("usr/bin"),
        "usr/bin/bash": b"x",
        "usr/share/doc/bash": b"x",
        DATABASE: database(record, log=True),
    }
    (found,) = read_packages(filesystem_of(RHEL | layer)).all
    assert found.purl == "pkg:rpm/redhat/bash@1.2-3.el9?arch=x86_64&distro=rhel-9.4"
    assert (found.version, found.architecture) == ("1.2-3.el9", "x86_64")
    assert found.files == ("usr/bin/bash",)
    assert found.digests == {"usr/bin/bash": f"sha256:{'ab' * 32}"}


def test_epoch_source_and_dependencies() -> None:
    tags = [
        (1000, STRING, "dbus"),
        (1001, STRING, "1.12"),
        (1002, STRING, "18.el9"),
        (1003, INT32, 1),
        (1044, STRING, "dbus-1.12-18.el9.src.rpm"),
        (1047, STRING_ARRAY, ["dbus", "dbus(x86-64)"]),
        (1049, STRING_ARRAY, ["/bin/sh", "rpmlib(PayloadIsZstd)", "libc.so.6()(64bit)"]),
    ]
    (found,) = read_packages(filesystem_of(RHEL | {DATABASE: database(header(tags))})).all
    assert found.version == "1:1.12-18.el9"
    assert found.purl == (
        "pkg:rpm/redhat/dbus@1.12-18.el9?distro=rhel-9.4&epoch=1&upstream=dbus-1.12-18.el9.src.rpm"
    )
    assert found.depends == (("/bin/sh",), ("libc.so.6()(64bit)",))
    assert found.provides == ("dbus", "dbus(x86-64)")


def test_one_database_in_several_places_counts_once() -> None:
    layer: dict[str, Content] = {
        "usr/lib/sysimage/rpm/rpmdb.sqlite": database(package("a")),
        "var/lib/rpm": Symlink("../../usr/lib/sysimage/rpm"),
    }
    (found,) = read_packages(filesystem_of(layer)).all
    assert found.database == "usr/lib/sysimage/rpm/rpmdb.sqlite"


def test_layers() -> None:
    lower, upper = database(package("a")), database(package("a"), package("b"))
    found = read_packages(filesystem_of({DATABASE: lower}, {DATABASE: upper}))
    assert [(p.name, p.layer) for p in found.all] == [("a", 0), ("b", 1)]


@pytest.mark.parametrize(("name", "make"), [("Packages", bdb), ("Packages.db", ndb)])
def test_older_databases(name: str, make: Callable[[Rows], bytes]) -> None:
    rows = [(2, package("b")), (1, package("a", files=[("/usr/bin/", "a")]))]
    layer = {f"var/lib/rpm/{name}": make(rows), "usr/bin/a": b"x"}
    found = read_packages(filesystem_of(layer))
    assert [(one.name, one.version, one.files) for one in found.all] == [
        ("a", "1.2-3.el9", ("usr/bin/a",)),
        ("b", "1.2-3.el9", ()),
    ]
    assert found.unread == ()


@pytest.mark.parametrize("name", ["Packages", "Packages.db"])
def test_no_database_is_told(name: str) -> None:
    found = read_packages(filesystem_of({f"var/lib/rpm/{name}": b"\0" * 64}))
    assert found.all == ()
    assert found.unread == (f"var/lib/rpm/{name}: rpm database is in no format that rpm has had",)


def test_a_log_beside_the_database_is_read(tmp_path: Path) -> None:
    data, log = logged(tmp_path, [(1, package("a"))], [(2, package("b"))])
    found = read_packages(filesystem_of({DATABASE: data, f"{DATABASE}-wal": log}))
    assert [one.name for one in found.all] == ["a", "b"]
    found = read_packages(filesystem_of({DATABASE: data, f"{DATABASE}-wal": b""}))
    assert [one.name for one in found.all] == ["a"]


def test_the_database_is_no_file_of_a_package() -> None:
    """rpm's package lists it, as one that is not in the package; /run/x is a ghost as well."""
    tags = [
        (1000, STRING, "rpm"),
        (1001, STRING, "4"),
        (1037, INT32, [FILE_GHOST, FILE_GHOST, 0]),
        (1116, INT32, [0, 1, 2]),
        (1117, STRING_ARRAY, ["rpmdb.sqlite", "x", "rpm"]),
        (1118, STRING_ARRAY, ["/var/lib/rpm/", "/run/", "/usr/bin/"]),
    ]
    layer: dict[str, Content] = {DATABASE: database(header(tags)), "run/x": b"", "usr/bin/rpm": b""}
    (found,) = read_packages(filesystem_of(layer)).all
    assert found.files == ("run/x", "usr/bin/rpm")


MANIFEST = "var/lib/rpmmanifest/container-manifest-2"


def test_manifest() -> None:
    lines = manifest_of([RpmPackage("a", "1.2", "3.el9", "x86_64"), RpmPackage("c", "1", "1")])
    found = read_packages(filesystem_of(RHEL | {MANIFEST: lines}))
    assert [(one.name, one.version, one.files) for one in found.all] == [
        ("a", "1.2-3.el9", ()),
        ("c", "1-1", ()),
    ]
    assert found.all[0].purl == "pkg:rpm/redhat/a@1.2-3.el9?arch=x86_64&distro=rhel-9.4"
    assert found.all[0].database == MANIFEST


def test_who_is_in_database_and_manifest_is_one_package() -> None:
    lines = manifest_of([RpmPackage("a", "1.2", "3.el9", "x86_64"), RpmPackage("c", "1", "1")])
    layer = {DATABASE: database(package("a"), package("b")), MANIFEST: lines}
    found = read_packages(filesystem_of(layer)).all
    assert [(one.name, one.database) for one in found] == [
        ("a", DATABASE),
        ("b", DATABASE),
        ("c", MANIFEST),
    ]


def test_what_a_conversion_left_behind_is_not_announced() -> None:
    layer: dict[str, Content] = {"var/lib/rpm/Packages": b"old", DATABASE: database(package("a"))}
    found = read_packages(filesystem_of(layer))
    assert [p.name for p in found.all] == ["a"]
    assert found.unread == ()


def test_damage_is_told() -> None:
    found = read_packages(filesystem_of({DATABASE: b"SQLite format 3\0" + b"\xff" * 2000}))
    assert found.all == ()
    assert len(found.unread) == 1
    assert found.unread[0].startswith(f"{DATABASE}: rpm database cannot be read: ")
