"""Files of /etc: os-release, passwd, group, shadow."""

import shlex

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slimmer.errors import FormatError
from slimmer.formats.os_release import OsRelease, parse_os_release
from slimmer.formats.passwd import (
    Group,
    Password,
    Shadow,
    User,
    parse_group,
    parse_passwd,
    parse_shadow,
)


def test_os_release() -> None:
    data = (
        b"# c\nID=ubuntu\nID_LIKE=\"debian x\"\nVERSION_ID='22.04'\n"
        b'PRETTY_NAME="A \\"b\\""\nbad line\n'
    )
    release = parse_os_release(data)
    assert release == OsRelease(
        id="ubuntu",
        version_id="22.04",
        pretty_name='A "b"',
        id_like=("debian", "x"),
        pairs=(
            ("ID", "ubuntu"),
            ("ID_LIKE", "debian x"),
            ("VERSION_ID", "22.04"),
            ("PRETTY_NAME", 'A "b"'),
        ),
    )
    assert release.get("VERSION_ID") == "22.04"
    assert release.get("NOTHING", "x") == "x"


def test_an_empty_os_release_is_linux() -> None:
    assert parse_os_release(b"") == OsRelease()
    assert parse_os_release(b"NAME=Foo\nID=\n").pretty_name == "Foo"


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_values_as_a_shell_reads_them(value: str) -> None:
    escaped = "".join(
        "\\" + character if character in '"\\$`' else character for character in value
    )
    for quoted in (shlex.quote(value) if "'" not in value else '""', f'"{escaped}"'):
        expected = value if quoted != '""' else ""
        assert parse_os_release(f"A={quoted}\n".encode()).get("A") == expected


def test_a_large_os_release_is_refused() -> None:
    with pytest.raises(FormatError):
        parse_os_release(b"A=b\n" * 20_000)


def test_passwd() -> None:
    data = (
        b"root:x:0:0:root:/root:/bin/sh\n# comment\n\nshort:x:1\n+nis::::::\n"
        b"big:*:4294967296:-1::/:\nodd::0x0: 0:::\nopen:$6$salt$hash:1:4294967295:a,b:/h:/s\r\n"
    )
    assert parse_passwd(data) == (
        User("root", Password("shadowed"), 0, 0, "root", "/root", "/bin/sh", 1),
        User("big", Password("locked"), None, None, "", "/", "", 6),
        User("odd", Password("empty"), None, None, "", "", "", 7),
        User("open", Password("hashed", "sha512"), 1, 4294967295, "a,b", "/h", "/s", 8),
    )


def test_group() -> None:
    assert parse_group(b"root:x:0:\nadm:x:4:a,b\nbad:x:y:\n:x:1:\n") == (
        Group("root", Password("shadowed"), 0, (), 1),
        Group("adm", Password("shadowed"), 4, ("a", "b"), 2),
        Group("bad", Password("shadowed"), None, (), 3),
    )


@pytest.mark.parametrize(
    ("field", "password"),
    [
        ("", Password("empty")),
        ("*", Password("locked")),
        ("!", Password("locked")),
        ("!!", Password("locked")),
        ("!$y$j9T$a$b", Password("locked", "yescrypt")),
        ("$y$j9T$a$b", Password("hashed", "yescrypt")),
        ("$2y$10$abc", Password("hashed", "bcrypt")),
        ("$1$a$b", Password("hashed", "md5")),
        ("$new$a", Password("hashed", "unknown")),
        ("ab01FAX.bQRSU", Password("hashed", "des")),
        ("NP", Password("locked")),
    ],
)
def test_shadow(field: str, password: Password) -> None:
    (entry,) = parse_shadow(f"root:{field}:19000:0:99999:7::20000:\n".encode())
    assert entry == Shadow("root", password, 19000, 99999, 20000, 1)


def test_a_hash_does_not_become_a_fact() -> None:
    secret = b"$6$saltsalt$hashhashhash"
    facts = (
        parse_shadow(b"root:" + secret + b":::::::\n"),
        parse_passwd(b"a:" + secret + b":::::\n"),
    )
    stored = msgspec.msgpack.encode(facts)
    assert b"salt" not in stored
    assert b"hashhash" not in stored
