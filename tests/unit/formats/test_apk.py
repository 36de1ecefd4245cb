import pytest
from hypothesis import given
from hypothesis import strategies as st

from slimmer.errors import FormatError
from slimmer.formats.apk import ApkFile, ApkPackage, dependency_name, parse_installed

INSTALLED = b"""\
C:Q1aaaa=
P:musl
V:1.2.5-r10
A:x86_64
S:400
L:MIT
o:musl
D:so:libc.musl-x86_64.so.1 !other a>=1
p:so:libc.musl-x86_64.so.1=1
q:a field of the future
F:
R:top
Z:Q1top=
F:lib
M:0:0:1777
R:ld-musl-x86_64.so.1
a:0:0:755
Z:Q1ld=
R:libc.musl-x86_64.so.1
a:65534:4294967296:777:Q1xattr=
F:var/empty

P:empty
V:0

"""


def test_fields() -> None:
    musl, empty = parse_installed(INSTALLED)
    assert musl == ApkPackage(
        name="musl",
        version="1.2.5-r10",
        arch="x86_64",
        start=0,
        end=INSTALLED.index(b"P:empty"),
        license="MIT",
        origin="musl",
        depends=("so:libc.musl-x86_64.so.1", "!other", "a>=1"),
        provides=("so:libc.musl-x86_64.so.1=1",),
        dirs=("lib", "var/empty"),
        files=(
            ApkFile("top", "Q1top="),
            ApkFile("lib/ld-musl-x86_64.so.1", "Q1ld=", 0, 0, 0o755),
            ApkFile("lib/libc.musl-x86_64.so.1", "", 65534, None, 0o777),
        ),
    )
    assert (empty.name, empty.version, empty.end) == ("empty", "0", len(INSTALLED))


@pytest.mark.parametrize(
    ("dependency", "name"),
    [
        ("busybox", "busybox"),
        ("a>=1", "a"),
        ("a~3.1", "a"),
        ("a=1-r0", "a"),
        ("so:libz.so.1", "so:libz.so.1"),
        ("!b<2", "!b"),
        ("a@edge", "a"),
    ],
)
def test_dependency_name(dependency: str, name: str) -> None:
    assert dependency_name(dependency) == name


@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[a-z]{1,8}", fullmatch=True),
            st.lists(st.from_regex(r"[a-z./]{1,8}", fullmatch=True), max_size=4),
            st.sampled_from(["\n", "\n\n"]),
        ),
        max_size=6,
    )
)
def test_paragraphs_joined_are_the_database(made: list[tuple[str, list[str], str]]) -> None:
    texts = [
        f"P:{name}\nF:usr\n{''.join(f'R:{file}{chr(10)}' for file in files)}{gap}".encode()
        for name, files, gap in made
    ]
    data = b"".join(texts)
    packages = parse_installed(data)
    assert [data[package.start : package.end] for package in packages] == texts
    assert [[file.path for file in package.files] for package in packages] == [
        [f"usr/{file}" for file in files] for _, files, _ in made
    ]


@pytest.mark.parametrize("data", [b"V:1\n", b"P:\n", b"P:a\nno field\n", b"P:a\nX\n", b"\0"])
def test_malformed(data: bytes) -> None:
    with pytest.raises(FormatError):
        parse_installed(data)


def test_a_long_folder_named_by_many_files_is_refused() -> None:
    data = b"P:a\nF:" + b"d" * 100_000 + b"\n" + b"R:f\n" * 100_000
    with pytest.raises(FormatError, match="far longer"):
        parse_installed(data)
