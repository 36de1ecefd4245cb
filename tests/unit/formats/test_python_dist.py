import csv
import io
from email.message import Message

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slimmer.errors import FormatError
from slimmer.formats.python_dist import (
    EntryPoint,
    PythonMetadata,
    RecordEntry,
    normalise_name,
    parse_entry_points,
    parse_installed_files,
    parse_metadata,
    parse_record,
    parse_requires_txt,
)


def test_metadata() -> None:
    data = (
        b"Metadata-Version: 2.1\r\nName: Flask\r\nVersion: 3.0.0\r\n"
        b"License: BSD\r\n  3-Clause\r\nRequires-Dist: Werkzeug>=3.0.0\r\n"
        b'Requires-Dist: asgiref>=3.2 ; extra == "async"\r\n\r\n'
        b"Requires-Dist: not-a-header\r\n"
    )
    assert parse_metadata(data) == PythonMetadata(
        name="Flask",
        version="3.0.0",
        requires_dist=("Werkzeug>=3.0.0", 'asgiref>=3.2 ; extra == "async"'),
        license="BSD\n3-Clause",
    )


def test_license_expression_comes_first() -> None:
    data = b"Name: a\nVersion: 1\nLicense: old\nLicense-Expression: MIT\n"
    assert parse_metadata(data).license == "MIT"


words = st.text("abcXYZ019 .-()[]", min_size=1, max_size=20).map(str.strip).filter(bool)


@given(words, words, st.lists(words), st.text("abc\n:"))
def test_metadata_as_the_email_package_writes_it(
    name: str, version: str, requires: list[str], body: str
) -> None:
    message = Message()
    message["Name"] = name
    message["Version"] = version
    for requirement in requires:
        message["Requires-Dist"] = requirement
    message.set_payload(body)
    assert parse_metadata(str(message).encode()) == PythonMetadata(name, version, tuple(requires))


@pytest.mark.parametrize("data", [b"", b"Name: a\n", b"Version: 1\n", b"\nName: a\nVersion: 1\n"])
def test_malformed_metadata(data: bytes) -> None:
    with pytest.raises(FormatError):
        parse_metadata(data)


paths = st.text(
    st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from('\n,"'), min_size=1
)


@given(st.lists(st.tuples(paths, st.sampled_from(["", "sha256=abc_-1"]), st.integers(-1, 1 << 40))))
def test_record_as_the_csv_module_writes_it(entries: list[tuple[str, str, int]]) -> None:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerows([path, digest, "" if size < 0 else size] for path, digest, size in entries)
    assert parse_record(buffer.getvalue().encode()) == tuple(RecordEntry(*e) for e in entries)


@pytest.mark.parametrize("data", [b'"a', b"a,,x\n", b",,\n", b"a,,-1\n", "a,,\u0661\n".encode()])
def test_malformed_record(data: bytes) -> None:
    with pytest.raises(FormatError):
        parse_record(data)


def test_record_with_short_lines() -> None:
    assert parse_record(b"a.py\nb.py,\n\n") == (RecordEntry("a.py"), RecordEntry("b.py"))


def test_installed_files() -> None:
    assert parse_installed_files(b"../a.py\n../b c.py\r\n\n") == ("../a.py", "../b c.py")


def test_requires_txt() -> None:
    data = (
        b'idna>=2\n\n[:python_version < "3"]\nfutures\n[tls]\npyopenssl\n[x:os_name == "nt"]\nw\n'
    )
    assert parse_requires_txt(data) == (
        "idna>=2",
        'futures ; python_version < "3"',
        'pyopenssl ; extra == "tls"',
        'w ; (os_name == "nt") and extra == "x"',
    )


def test_entry_points() -> None:
    data = b"# made by hand\n[console_scripts]\nflask = flask.cli:main [extra]\n\n[a.b]\nc=d\n"
    assert parse_entry_points(data) == (
        EntryPoint("console_scripts", "flask", "flask.cli:main"),
        EntryPoint("a.b", "c", "d"),
    )


@pytest.mark.parametrize("data", [b"a = b\n", b"[g]\nnothing\n"])
def test_malformed_entry_points(data: bytes) -> None:
    with pytest.raises(FormatError):
        parse_entry_points(data)


@pytest.mark.parametrize(
    "name", ["zope.interface", "Zope-Interface", "zope__interface", "zope-_.interface"]
)
def test_normalise_name(name: str) -> None:
    assert normalise_name(name) == "zope-interface"
