import pytest
from hypothesis import given
from hypothesis import strategies as st

from slimmer.errors import FormatError
from slimmer.formats.dpkg import (
    DpkgPackage,
    FileDigest,
    Relation,
    parse_list,
    parse_md5sums,
    parse_status,
)

STATUS = b"""\
Package: bash
Essential: yes
Status: install ok installed
Priority: required
Section: shells
Maintainer: Somebody <s@example.org>
Architecture: amd64
Multi-Arch: foreign
Source: bash-source (5.2.15-2)
Version: 5.2.15-2+b7
Replaces: bash-doc (<= 2.05-1)
Depends: base-files (>= 2.1.12), debianutils (>= 5.6-0.1) | sed:any
Pre-Depends: libc6 (>= 2.36), libtinfo6 (>= 6)
Recommends: bash-completion (>= 20060301-0)
Provides: shell, posix-shell (= 2)
Conffiles:
 /etc/bash.bashrc 89269e1298235f1b12b4c16e4065ad0d
 /etc/my file 11269e1298235f1b12b4c16e4065ad0d
 /etc/old 22269e1298235f1b12b4c16e4065ad0d obsolete
Description: GNU Bourne Again SHell
 A shell.
 .
 Package: not a field

Package: gone
Status: deinstall ok config-files
Architecture: all
Version: 1
"""


def test_fields() -> None:
    bash, gone = parse_status(STATUS)
    assert bash == DpkgPackage(
        name="bash",
        version="5.2.15-2+b7",
        architecture="amd64",
        start=0,
        end=STATUS.index(b"Package: gone"),
        want="install",
        flag="ok",
        state="installed",
        installed=True,
        essential=True,
        priority="required",
        section="shells",
        source="bash-source",
        source_version="5.2.15-2",
        multi_arch="foreign",
        maintainer="Somebody <s@example.org>",
        depends=(
            (Relation("base-files", ">= 2.1.12"),),
            (Relation("debianutils", ">= 5.6-0.1"), Relation("sed")),
        ),
        pre_depends=((Relation("libc6", ">= 2.36"),), (Relation("libtinfo6", ">= 6"),)),
        recommends=((Relation("bash-completion", ">= 20060301-0"),),),
        provides=(Relation("shell"), Relation("posix-shell", "= 2")),
        conffiles=(
            FileDigest("etc/bash.bashrc", "89269e1298235f1b12b4c16e4065ad0d"),
            FileDigest("etc/my file", "11269e1298235f1b12b4c16e4065ad0d"),
            FileDigest("etc/old", "22269e1298235f1b12b4c16e4065ad0d"),
        ),
    )
    assert (gone.name, gone.installed, gone.state) == ("gone", False, "config-files")
    assert (gone.source, gone.source_version) == ("gone", "1")


def test_a_file_of_status_d_has_no_status() -> None:
    (package,) = parse_status(b"Package: tzdata\nVersion: 2024a\nArchitecture: all\n")
    assert package.installed
    assert (package.want, package.state) == ("", "")


@pytest.mark.parametrize(
    ("state", "installed"),
    [
        *[("installed", True), ("unpacked", True), ("half-configured", True)],
        *[("triggers-pending", True), ("not-installed", False), ("config-files", False)],
    ],
)
def test_installed_means_files_on_disk(state: str, installed: bool) -> None:
    (package,) = parse_status(f"Package: a\nStatus: install ok {state}\n".encode())
    assert package.installed is installed


paragraphs = st.lists(
    st.builds(
        lambda name, text, gap: f"Package: {name}\nDescription: {text}\n more\n{gap}".encode(),
        st.from_regex(r"[a-z][a-z0-9.+-]{1,10}", fullmatch=True),
        st.text("abc é:", max_size=10),
        st.sampled_from(["\n", "\n\n", " \n", "\t\n \n"]),
    ),
    max_size=8,
)


@given(paragraphs, st.sampled_from([b"", b"\n", b" \n\n"]))
def test_paragraphs_joined_are_the_database(made: list[bytes], leading: bytes) -> None:
    data = leading + b"".join(made)
    packages = parse_status(data)
    assert [data[package.start : package.end] for package in packages] == made


@pytest.mark.parametrize(
    "data",
    [
        b"Version: 1\n",
        b"Package: a\nPackage: b\n",
        b"Package: a\npackage: b\n",
        b"Package: a\nno field\n",
        b" continued\nPackage: a\n",
        b"Package: a\nStatus: installed\n",
        b"Package: a\nDepends: (>= 1)\n",
        b"Package:\n",
    ],
)
def test_malformed(data: bytes) -> None:
    with pytest.raises(FormatError) as caught:
        parse_status(b"Package: ok\n\n" + data)
    assert caught.value.where == "dpkg paragraph at byte 13"


def test_invalid_bytes_are_escaped() -> None:
    (package,) = parse_status(b"Package: a\nMaintainer: M\xfcller\n")
    assert package.maintainer == "M\\xfcller"
    assert parse_list(b"/a\xff\n") == ("a\\xff",)


def test_list() -> None:
    data = b"/.\n/usr\n/usr/share/x y\n/etc/a:b\n./rel\n\n"
    assert parse_list(data) == ("usr", "usr/share/x y", "etc/a:b", "rel")


def test_md5sums() -> None:
    digest = "0123456789abcdef" * 2
    data = f"{digest}  usr/bin/a b\n{digest.upper()} *./usr/x\n".encode()
    assert parse_md5sums(data) == (("usr/bin/a b", digest), ("usr/x", digest))


@pytest.mark.parametrize("data", [b"abc  usr/x\n", b"g" * 32 + b"  x\n", b"0" * 32 + b"\n", b"\0"])
def test_malformed_md5sums(data: bytes) -> None:
    with pytest.raises(FormatError):
        parse_md5sums(data)
