"""Who the container runs as."""

import pytest
from support.layers import Symlink

from slimmer.detect.user import UserDetector

from .subjects import brief, found, ids, subject_of

USER = UserDetector()
PASSWD = b"root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/:/sbin/nologin\n"


@pytest.mark.parametrize(
    ("user", "message"),
    [
        ("", "Runs as root: the config names no user"),
        ("root", "Runs as root: USER is root"),
        ("0", "Runs as root: USER is 0"),
        ("0:1000", "Runs as root: USER is 0"),
        ("root:app", "Runs as root: USER is root"),
        ("000", "Runs as root: USER is 000"),
        ("+0", "Runs as root: USER is +0"),
        (":1000", "Runs as root: the config names no user"),
    ],
)
def test_root(user: str, message: str) -> None:
    expected = [("high", "user.root", None, message)]
    assert brief(found(USER, subject_of({"etc/passwd": PASSWD}, config={"User": user}))) == expected
    # The same without a passwd to look in.
    assert brief(found(USER, subject_of({"a": b""}, config={"User": user}))) == expected


def test_a_name_that_means_root() -> None:
    layer = {"etc/passwd": b"toor:x:0:0::/:/bin/sh\n"}
    findings = found(USER, subject_of(layer, config={"User": "toor"}))
    assert ids(findings) == [("user.root", None), ("user.second-root", "etc/passwd")]


@pytest.mark.parametrize("user", ["10001", "1000:1000", "65534", "65532:root"])
def test_a_number_is_right(user: str) -> None:
    assert found(USER, subject_of({"etc/passwd": PASSWD}, config={"User": user})) == []


@pytest.mark.parametrize("user", ["4294967296", "2147483648", "-1", "9" * 4000])
def test_numbers_that_are_none(user: str) -> None:
    findings = found(USER, subject_of({"etc/passwd": PASSWD}, config={"User": user}))
    assert ids(findings) == [("user.overflow", None)]
    assert len(findings[0].message) < 100


def test_names() -> None:
    layer = {"etc/passwd": PASSWD}
    assert brief(found(USER, subject_of(layer, config={"User": "app"}))) == [
        ("low", "user.name", None, "USER is the name app, which only the image can look up")
    ]
    assert brief(found(USER, subject_of(layer, config={"User": "ap"}))) == [
        ("medium", "user.unknown", None, "USER is ap, which is not in the image's /etc/passwd")
    ]


def test_accounts() -> None:
    passwd = PASSWD + b"admin:x:0:0::/:/bin/sh\nopen::1001:1001::/:/bin/sh\n"
    shadow = b"root::19000:0:99999:7:::\napp:!:19000::::::\ngone::1::::::\nopen:*:1::::::\n"
    layer = {"etc/passwd": passwd, "etc/shadow": shadow}
    assert brief(found(USER, subject_of({"a": b""}, layer))) == [
        ("high", "user.second-root", "etc/passwd", "Has number 0 besides root: admin"),
        ("high", "user.empty-password", "etc/passwd", "No password is needed for open"),
        ("high", "user.empty-password", "etc/shadow", "No password is needed for root"),
    ]


def test_accounts_that_are_right() -> None:
    layer = {"etc/passwd": PASSWD, "etc/shadow": b"root:*:19000:0:99999:7:::\napp:!::::::::\n"}
    assert found(USER, subject_of(layer)) == []
    assert found(USER, subject_of({"etc/passwd": Symlink("/nowhere")})) == []
    assert found(USER, subject_of({"etc/passwd": b"\xff\0:::\n::\n:::::::::\n"})) == []
