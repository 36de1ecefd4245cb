"""The policy file: every key, and one line for whatever is wrong with it."""

import re
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slimmer.errors import EXIT_USAGE, UsageError
from slimmer.policy.policy import Allow, Policy
from slimmer.policy.policy_file import MAX_FILE, parse_policy

EVERYTHING = b"""
deny = ["secret", "shell.bash", "*"]
max-severity = "low"
max-size = "1.5 GiB"
max-unpacked-size = 1000
max-packages = 0
min-efficiency = 0.95
required-labels = ["a.b"]
forbidden-packages = ["pkg:deb/debian/telnet*"]
require-non-root = true

[[allow]]
path = "/srv/**"
finding = "setuid.*"
reason = " why "
expires = 2027-01-31

[[allow]]
finding = "secret"
reason = "x"
"""


def parse(text: str) -> Policy:
    return parse_policy(text.encode(), "p.toml")


def test_every_key() -> None:
    assert parse_policy(EVERYTHING, "p.toml") == Policy(
        file="p.toml",
        deny=("secret", "shell.bash", "*"),
        max_severity=1,
        max_size=1_610_612_736,
        max_unpacked_size=1000,
        max_packages=0,
        min_efficiency=0.95,
        required_labels=("a.b",),
        forbidden_packages=("pkg:deb/debian/telnet*",),
        require_non_root=True,
        allow=(
            Allow("why", "/srv/**", "setuid.*", date(2027, 1, 31)),
            Allow("x", finding="secret"),
        ),
    )


def test_the_example_of_the_readme_shows_every_key() -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_text()
    (example,) = re.findall(r"```toml\n(max-severity.*?)```", readme, re.DOTALL)
    policy = parse(example)
    unset = [name for name in vars(policy) if getattr(policy, name) == getattr(Policy(""), name)]
    assert unset == []
    assert None not in vars(policy.allow[0]).values()


def test_an_empty_file_demands_nothing() -> None:
    assert parse("") == Policy("p.toml")


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("200 MB", 200_000_000), ("200MB", 200_000_000), ("0 B", 0), ("7", 7),
        ("0.5 kB", 500), ("1 KiB", 1024), ("1.000001 MB", 1_000_001), ("2TiB", 2 << 40),
    ],
)  # fmt: skip
def test_sizes(text: str, size: int) -> None:
    assert parse(f'max-size = "{text}"').max_size == size


@pytest.mark.parametrize(
    ("text", "share"), [('"95%"', 0.95), ('"99.5 %"', 0.995), ("1", 1.0), ("0.0", 0.0)]
)
def test_shares(text: str, share: float) -> None:
    assert parse(f"min-efficiency = {text}").min_efficiency == share


@pytest.mark.parametrize(("name", "limit"), [("none", 0), ("medium", 2), ("critical", 4)])
def test_severities(name: str, limit: int) -> None:
    assert parse(f'max-severity = "{name}"').max_severity == limit


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("max-severty = 'low'", "unknown key 'max-severty' (known are deny, max-severity, "),
        ("deny = 'secret'", "deny = 'secret' (write a list of texts"),
        ("deny = ['secrets']", "deny = ['secrets'] (write an id such as"),
        ("deny = [1]", "deny = [1] (write a list of texts"),
        ("deny = ['']", "deny = [''] (write a list of texts"),
        ("max-severity = 3", "max-severity = 3 (write one of none, low, medium, high, critical)"),
        ("max-severity = []", "max-severity = [] (write one of none"),
        ("max-size = 'big'", "max-size = 'big' (write a size such as '200 MB'"),
        ("max-size = -1", "max-size = -1 (write a size"),
        ("max-size = true", "max-size = True (write a size"),
        ("max-size = '1 mb'", "max-size = '1 mb' (write a size"),
        ("max-unpacked-size = 1.5", "max-unpacked-size = 1.5 (write a size"),
        ("max-packages = '5'", "max-packages = '5' (write a whole number"),
        ("max-packages = true", "max-packages = True (write a whole number"),
        ("min-efficiency = 95", "min-efficiency = 95 (write a share from 0 to 1, or '95%')"),
        ("min-efficiency = '101%'", "min-efficiency = '101%' (write a share"),
        ("min-efficiency = nan", "min-efficiency = nan (write a share"),
        ("required-labels = [' ']", "required-labels = [' '] (write a list"),
        ("forbidden-packages = {}", "forbidden-packages = {} (write a list"),
        ("require-non-root = 'yes'", "require-non-root = 'yes' (write true or false)"),
        ("allow = 1", "allow is not a list of tables (write [[allow]])"),
        ("[allow]", "allow is not a list of tables"),
        ("[[allow]]\npath='/a'", "allow 1 has no reason (write reason = 'why')"),
        ("[[allow]]\npath='/a'\nreason=' '", "allow 1: reason = ' ' (write a text"),
        ("[[allow]]\nreason='a'", "allow 1 names nothing to allow (write path"),
        ("[[allow]]\nreason='a'\nfinding='x'", "allow 1: finding = 'x' (write an id"),
        ("[[allow]]\nreason='a'\npath='/'", "allow 1: path = '/' (write a path pattern"),
        ("[[allow]]\nreason='a'\npath='{'", "allow 1: path = '{' (write a path pattern"),
        ("[[allow]]\nreason='a'\nexpires='2020-01-01'", "allow 1: expires = '2020-01-01' (write a"),
        ("[[allow]]\nreason='a'\nexpires=2020-01-01T00:00:00Z", "allow 1: expires = 2020-01-01 0"),
        ("[[allow]]\nuntil=2020-01-01", "unknown key 'allow 1: until' (known are path, finding, "),
        ("a = [", "not TOML: Invalid value"),
        ("a = 1\na = 2\n", "not TOML: Cannot overwrite a value (at line 2"),
        ("a = " + "1" * 9999, "not TOML: Exceeds the limit"),
        ("a = " + "[" * 100_000, "not TOML: nested too deeply"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_line(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert str(caught.value).startswith(f"p.toml: {message}")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500
    assert caught.value.exit_code == EXIT_USAGE


@pytest.mark.parametrize(
    ("data", "file", "message"),
    [
        (b"deny: [secret]\n", "p.yaml", "p.yaml: a policy is written in TOML"),
        (b"\xff", "p.toml", "p.toml: not UTF-8"),
        (b"#" * (MAX_FILE + 1), "p.toml", "p.toml: larger than"),
    ],
)
def test_what_is_no_policy(data: bytes, file: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_policy(data, file)


VALUES = st.recursive(
    st.integers() | st.booleans() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with suppress(UsageError):
        parse_policy(data, "p.toml")


@given(
    st.sampled_from(
        [line.partition(b" ")[0].decode() for line in EVERYTHING.split(b"\n") if b"=" in line]
    ),
    VALUES,
)
def test_any_value_is_read_or_refused(key: str, value: object) -> None:
    text = _toml(value)
    for document in (f"{key} = {text}", f"[[allow]]\n{key} = {text}"):
        with suppress(UsageError):
            parse(document)


def _toml(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case list():
            return f"[{', '.join(map(_toml, value))}]"
        case str():
            return '"' + "".join(f"\\U{ord(char):08x}" for char in value) + '"'
        case _:
            return str(value)
