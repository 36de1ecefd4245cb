"""Debian packages out of images: files, diversions, layers, purls."""

import hashlib
from typing import Any

from support.layers import Content, Folder, Symlink, filesystem_of

from slimmer.filesystem.tree import Node
from slimmer.packages.catalogue import read_packages
from slimmer.packages.dpkg import info_files
from slimmer.packages.interface import Package

STATUS = "var/lib/dpkg/status"
INFO = "var/lib/dpkg/info"
DEBIAN: dict[str, Content] = {"etc/os-release": b'ID=debian\nVERSION_ID="12"\n'}


def paragraph(
    name: str, version: str = "1.0", *, state: str = "installed", more: str = ""
) -> bytes:
    return (
        f"Package: {name}\nStatus: install ok {state}\nArchitecture: amd64\n"
        f"Version: {version}\n{more}\n"
    ).encode()


def listing(*paths: str) -> bytes:
    return "".join(f"{path}\n" for path in ("/.", *paths)).encode()


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


def packages_of(*layers: dict[str, Content]) -> dict[str, Package]:
    found = read_packages(filesystem_of(*layers))
    assert found.unread == ()
    return {package.name: package for package in found.all}


def test_only_packages_with_files_on_disk() -> None:
    status = (
        paragraph("here")
        + paragraph("gone", state="config-files")
        + paragraph("half", state="half-configured")
    )
    assert list(packages_of({STATUS: status})) == ["half", "here"]


def test_fields() -> None:
    more = (
        "Essential: yes\nSection: libs\nSource: lib (1.0)\nProvides: virtual (= 1)\n"
        "Depends: libc6 (>= 2.36), a:any | b\nPre-Depends: dpkg\n"
    )
    found = packages_of({STATUS: paragraph("lib1", "1.0+b1", more=more)})["lib1"]
    assert (found.type, found.version, found.architecture) == ("deb", "1.0+b1", "amd64")
    assert (found.source, found.section, found.essential) == ("lib", "libs", True)
    assert found.depends == (("dpkg",), ("libc6",), ("a", "b"))
    assert found.provides == ("virtual",)
    assert found.database == STATUS


def test_purl_has_distribution_and_source() -> None:
    status = (
        paragraph("plain", "1:2.0-1")
        + paragraph("libx1", "3.0", more="Source: x\n")
        + paragraph("rebuilt", "4.0+b2", more="Source: rebuilt (4.0)\n")
    )
    found = packages_of(DEBIAN | {STATUS: status})
    assert [package.purl for package in found.values()] == [
        "pkg:deb/debian/libx1@3.0?arch=amd64&distro=debian-12&upstream=x",
        "pkg:deb/debian/plain@1:2.0-1?arch=amd64&distro=debian-12",
        "pkg:deb/debian/rebuilt@4.0%2Bb2?arch=amd64&distro=debian-12&upstream=rebuilt%404.0",
    ]


def test_purl_without_os_release() -> None:
    assert packages_of({STATUS: paragraph("a")})["a"].purl == "pkg:deb/debian/a@1.0?arch=amd64"


def test_files_through_linked_folders_and_only_those_that_are_there() -> None:
    layer: dict[str, Content] = {
        "bin": Symlink("usr/bin"),
        "usr/bin/sh": Symlink("dash"),
        "usr/bin/dash": b"x",
        "usr/share/doc": Folder(),
        f"{INFO}/dash.list": listing("/bin", "/bin/sh", "/bin/dash", "/usr/share/doc", "/gone"),
        STATUS: paragraph("dash"),
    }
    filesystem = filesystem_of(layer)
    found = read_packages(filesystem)
    # A link that a package lists is a file of its; not one where the package has a folder.
    assert found.all[0].files == ("usr/bin/sh", "usr/bin/dash")
    assert found.owner("bin") is None
    assert found.owner("usr/bin/dash") is found.all[0]
    assert found.owner("bin/dash") is None


def test_names_that_are_not_utf8() -> None:
    name = b"usr/share/\xe9t\xe9".decode("utf-8", "surrogateescape")
    layer: dict[str, Content] = {
        name: b"x",
        f"{INFO}/a.list": b"/usr/share/\xe9t\xe9\n",
        STATUS: paragraph("a"),
    }
    assert packages_of(layer)["a"].files == (name,)


def test_architecture_in_the_name_of_the_list() -> None:
    layer: dict[str, Content] = {
        "lib/a": b"x",
        f"{INFO}/a:amd64.list": listing("/lib/a"),
        f"{INFO}/a:i386.list": listing("/lib/other"),
        STATUS: paragraph("a"),
    }
    assert packages_of(layer)["a"].files == ("lib/a",)


def test_a_list_is_of_one_package_however_many_name_it() -> None:
    other = paragraph("a").replace(b"amd64", b"i386")
    layer: dict[str, Content] = {
        "lib/a": b"x",
        f"{INFO}/a.list": listing("/lib/a"),
        STATUS: paragraph("a") * 3 + other,
    }
    found = read_packages(filesystem_of(layer))
    assert [(p.architecture, p.files) for p in found.all] == [
        ("amd64", ("lib/a",)),
        ("i386", ()),
    ]


def test_diversions_lead_elsewhere_but_for_the_package_that_diverts() -> None:
    layer: dict[str, Content] = {
        "bin/sh": b"of dash",
        "bin/sh.distrib": b"of bash",
        "bin/local": b"of nobody",
        "bin/local.real": b"of bash",
        f"{INFO}/bash.list": listing("/bin/sh", "/bin/local"),
        f"{INFO}/bash.md5sums": f"{md5(b'of bash')}  bin/sh\n".encode(),
        f"{INFO}/dash.list": listing("/bin/sh"),
        "var/lib/dpkg/diversions": (
            b"/bin/sh\n/bin/sh.distrib\ndash\n/bin/local\n/bin/local.real\n:\n"
        ),
        STATUS: paragraph("bash") + paragraph("dash"),
    }
    found = packages_of(layer)
    assert sorted(found["bash"].files) == ["bin/local.real", "bin/sh.distrib"]
    assert found["dash"].files == ("bin/sh",)
    assert found["bash"].digests == {"bin/sh.distrib": f"md5:{md5(b'of bash')}"}


def test_digests_of_files_and_of_configuration() -> None:
    layer: dict[str, Content] = {
        "lib": Symlink("usr/lib"),
        "usr/lib/a": b"a",
        "etc/a.conf": b"conf",
        "etc/new.conf": b"new",
        f"{INFO}/a.list": listing("/lib/a", "/etc/a.conf", "/etc/new.conf"),
        f"{INFO}/a.md5sums": f"{md5(b'a')}  lib/a\n".encode(),
        STATUS: paragraph(
            "a", more=f"Conffiles:\n /etc/a.conf {md5(b'conf')}\n /etc/new.conf newconffile\n"
        ),
    }
    assert packages_of(layer)["a"].digests == {
        "usr/lib/a": f"md5:{md5(b'a')}",
        "etc/a.conf": f"md5:{md5(b'conf')}",
    }


def test_layer_is_the_lowest_that_lists_the_version() -> None:
    layers: list[dict[str, Content]] = [
        {STATUS: paragraph("old") + paragraph("upgraded", "1") + paragraph("removed")},
        {STATUS: b"Package: damaged\nno field\n"},
        {STATUS: paragraph("old") + paragraph("upgraded", "2")},
        {STATUS: paragraph("old") + paragraph("upgraded", "2") + paragraph("new")},
    ]
    found = packages_of(*layers)
    assert {name: package.layer for name, package in found.items()} == {
        "new": 3,
        "old": 0,
        "upgraded": 2,
    }


def test_status_folder_of_distroless_images() -> None:
    folder = "var/lib/dpkg/status.d"
    base = b"Package: base\nVersion: 12\nArchitecture: amd64\n"
    layers: list[dict[str, Content]] = [
        {
            f"{folder}/base": base,
            f"{folder}/base.md5sums": f"{md5(b'x')}  etc/host.conf\n".encode(),
            "etc/host.conf": b"x",
        },
        {f"{folder}/ssl": base.replace(b"base", b"libssl3")},
    ]
    filesystem = filesystem_of(*layers)
    found = read_packages(filesystem)
    assert found.unread == ()
    assert [(p.name, p.layer, p.database, p.files) for p in found.all] == [
        ("base", 0, f"{folder}/base", ("etc/host.conf",)),
        ("libssl3", 1, f"{folder}/ssl", ()),
    ]
    assert [node.path for node in info_files(filesystem, found.all[0])] == [
        f"{folder}/base.md5sums"
    ]


def test_info_files_are_those_of_the_package_alone() -> None:
    names = ("a.list", "a.postinst", "a:amd64.md5sums", "a:i386.list", "a.b.list", "ab.list")
    layer: dict[str, Content] = {f"{INFO}/{name}": b"x" for name in names}
    filesystem = filesystem_of(layer | {STATUS: paragraph("a")})
    (package,) = read_packages(filesystem).all
    assert [node.name for node in info_files(filesystem, package)] == [
        "a.list",
        "a.postinst",
        "a:amd64.md5sums",
    ]


def test_the_info_folder_is_looked_through_once_for_all_packages() -> None:
    names = [f"p{number}" for number in range(50)]
    layer: dict[str, Content] = {f"{INFO}/{name}.list": b"x" for name in names}
    filesystem = filesystem_of(layer | {STATUS: b"".join(map(paragraph, names))})
    info = filesystem.get(INFO)
    assert info is not None
    info.children = counted = _Counted(info.children or {})
    packages = read_packages(filesystem).all
    before = counted.looked_through
    assert [len(info_files(filesystem, package)) for package in packages] == [1] * 50
    assert counted.looked_through == before + 1


class _Counted(dict[str, Node]):
    looked_through = 0

    def items(self) -> Any:
        self.looked_through += 1
        return super().items()


def test_a_file_two_packages_list_is_the_first_ones_by_name() -> None:
    layer: dict[str, Content] = {
        "shared": b"x",
        f"{INFO}/b.list": listing("/shared"),
        f"{INFO}/a.list": listing("/shared"),
        STATUS: paragraph("b") + paragraph("a"),
    }
    found = read_packages(filesystem_of(layer))
    assert [package.files for package in found.all] == [("shared",), ("shared",)]
    assert found.owner("shared") is found.all[0]
    assert found.all[0].name == "a"


def test_damage_is_told_and_the_rest_is_read() -> None:
    layer: dict[str, Content] = {
        f"{INFO}/a.md5sums": b"no digest\n",
        f"{INFO}/a.list": listing("/etc/x"),
        "etc/x": b"x",
        STATUS: paragraph("a"),
        "var/lib/dpkg/status.d/bad": b"Version: 1\n",
    }
    found = read_packages(filesystem_of(layer))
    assert [package.files for package in found.all] == [("etc/x",)]
    assert found.unread == (
        "var/lib/dpkg/info/a.md5sums: md5sums line is not a digest and a path",
        "var/lib/dpkg/status.d/bad: dpkg paragraph at byte 0: dpkg paragraph names no package",
    )


def test_a_damaged_database_is_told() -> None:
    found = read_packages(filesystem_of({STATUS: paragraph("a") + b"Package: b\nnonsense\n"}))
    assert found.all == ()
    assert len(found.unread) == 1
    assert found.unread[0].startswith("var/lib/dpkg/status: dpkg paragraph at byte ")


def test_a_database_that_is_not_in_its_place_is_told() -> None:
    layer: dict[str, Content] = {STATUS: Symlink("/srv/status"), "srv/status": paragraph("a")}
    assert read_packages(filesystem_of(layer)).unread == (
        "srv/status: too large, or not where dpkg has it",
    )
