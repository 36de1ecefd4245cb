import pytest
from hypothesis import given
from hypothesis import strategies as st

from slimmer.errors import FormatError
from slimmer.formats.rpm_header import RpmPackage
from slimmer.formats.rpm_manifest import manifest_of, parse_manifest

BASH = RpmPackage(
    name="bash",
    version="4.4.20",
    release="3.el8",
    arch="x86_64",
    source_rpm="bash-4.4.20-3.el8.src.rpm",
    vendor="Red Hat, Inc.",
    size=6930068,
    build_time=1642429264,
    install_time=1651566241,
)
# As `rpm -qa --qf` prints it.
LINE = (
    b"bash\t4.4.20-3.el8\t1651566241\t1642429264\tRed Hat, Inc.\t(none)\t6930068\tx86_64\t0\t"
    b"bash-4.4.20-3.el8.src.rpm\n"
)
KEY = (
    b"gpg-pubkey\td4082792-5b32db75\t1651566258\t1530059637\t(none)\t(none)\t0\t(none)\t0\t(none)\n"
)


def test_lines_are_those_of_rpm() -> None:
    assert manifest_of([BASH]) == LINE
    assert parse_manifest(LINE) == (BASH,)
    (key,) = parse_manifest(KEY)
    assert (key.is_gpg_pubkey, key.arch, key.source_rpm) == (True, "", "")
    assert manifest_of([key]) == KEY


def test_an_epoch_stands_wherever_a_reader_takes_it_from() -> None:
    line = b"dbus\t1.12-18\t(none)\t(none)\t(none)\t1\t1\t(none)\t1\t(none)\n"
    assert manifest_of([RpmPackage("dbus", "1.12", "18", epoch=1, size=99)]) == line
    assert parse_manifest(line)[0].epoch == 1


words = st.text(st.characters(codec="utf-8", exclude_characters="\t\n"), min_size=1, max_size=9)
names = words.filter(lambda word: word.strip() and word != "(none)")
numbers = st.one_of(st.none(), st.integers(0, 1 << 32))
versions = names.filter(lambda word: "-" not in word)
packages = st.builds(
    RpmPackage,
    name=names,
    version=versions,
    release=versions,
    arch=names,
    epoch=st.none(),
    size=st.integers(0, 1 << 40),
    build_time=numbers,
    install_time=numbers,
)


@given(st.lists(packages, max_size=5))
def test_what_is_written_is_read(made: list[RpmPackage]) -> None:
    data = manifest_of(made)
    again = parse_manifest(data)
    assert manifest_of(again) == data
    assert len(again) == len(made)


def test_a_field_cannot_make_another() -> None:
    evil = RpmPackage("a\nfake\t1-1", "1", "1\n")
    (line,) = manifest_of([evil]).splitlines()
    assert line.count(b"\t") == 9


def test_the_order_is_that_of_the_lines() -> None:
    other = RpmPackage("acl", "1", "1")
    assert manifest_of([BASH, other]) == manifest_of([other, BASH])


@pytest.mark.parametrize("data", [b"bash\n", b"\t" * 9 + b"\n", b"a\t1-1\t\t\n", b"x" * 500])
def test_malformed(data: bytes) -> None:
    with pytest.raises(FormatError):
        parse_manifest(LINE + data)


@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    try:
        parse_manifest(data)
    except FormatError:
        return
