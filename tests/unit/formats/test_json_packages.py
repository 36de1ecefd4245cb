"""Packages described in JSON: npm's package.json and Composer's installed.json."""

import json

import pytest

from slimmer.errors import FormatError
from slimmer.formats import composer, node_package
from slimmer.formats.composer import ComposerPackage, parse_installed_json
from slimmer.formats.node_package import NodePackage, parse_package_json


def test_package_json() -> None:
    document = {
        "name": "@scope/tool",
        "version": "1.2.3",
        "private": True,
        "main": "index.js",
        "license": "MIT",
        "bin": {"tool": "bin/tool.js", "other": 1},
        "dependencies": {"a": "^1.0.0"},
        "optionalDependencies": {"b": "*"},
        "peerDependencies": {"c": ">=2"},
        "devDependencies": {"d": "next"},
    }
    assert parse_package_json(json.dumps(document).encode("utf-8-sig")) == NodePackage(
        name="@scope/tool",
        version="1.2.3",
        private=True,
        main="index.js",
        license="MIT",
        bin=(("tool", "bin/tool.js"),),
        dependencies=(("a", "^1.0.0"),),
        optional_dependencies=(("b", "*"),),
        peer_dependencies=(("c", ">=2"),),
        dev_dependencies=(("d", "next"),),
    )


def test_one_command_has_the_name_of_the_package() -> None:
    package = parse_package_json(b'{"name": "@s/tool", "version": "1", "bin": "cli.js"}')
    assert package is not None
    assert package.bin == (("tool", "cli.js"),)


def test_fields_of_another_type_count_as_absent() -> None:
    data = (
        b'{"name":"a","version":"1","private":"yes","main":[],'
        b'"license":{"type":"ISC"},"dependencies":[]}'
    )
    assert parse_package_json(data) == NodePackage("a", "1", license="ISC")


@pytest.mark.parametrize(
    "data",
    [b"{}", b"[]", b"1", b'{"type":"module"}', b'{"name":"a"}', b'{"name":1,"version":"1"}'],
)
def test_no_package(data: bytes) -> None:
    assert parse_package_json(data) is None


@pytest.mark.parametrize(
    "data", [b"", b"{", b"nul", b'{"a": NaN}', b'"\xff"', b'"\\ud800"', b"[" * 100_000]
)
def test_malformed(data: bytes) -> None:
    with pytest.raises(FormatError):
        parse_package_json(data)
    with pytest.raises(FormatError):
        parse_installed_json(data)


def test_size_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_package, "MAX_SIZE", 10)
    monkeypatch.setattr(composer, "MAX_SIZE", 10)
    with pytest.raises(FormatError, match="larger"):
        parse_package_json(b'{"name": "a", "version": "1"}')
    with pytest.raises(FormatError, match="larger"):
        parse_installed_json(b'{"packages": []}')


ENTRY = {
    "name": "monolog/monolog",
    "version": "3.5.0",
    "type": "library",
    "license": ["MIT"],
    "install-path": "../monolog/monolog",
    "require": {"php": ">=8.1"},
}
PACKAGE = ComposerPackage(
    name="monolog/monolog",
    version="3.5.0",
    type="library",
    licenses=("MIT",),
    install_path="../monolog/monolog",
    requires=(("php", ">=8.1"),),
)


def test_composer_2() -> None:
    document = {
        "packages": [ENTRY, {"name": "a/test", "version": "1"}],
        "dev": True,
        "dev-package-names": ["a/test"],
    }
    assert parse_installed_json(json.dumps(document).encode()) == (
        PACKAGE,
        ComposerPackage("a/test", "1", is_dev=True),
    )


def test_composer_1() -> None:
    assert parse_installed_json(json.dumps([ENTRY]).encode()) == (PACKAGE,)


@pytest.mark.parametrize("data", [b"{}", b"1", b"[1]", b'[{"name": "a"}]', b'{"packages": {}}'])
def test_malformed_composer(data: bytes) -> None:
    with pytest.raises(FormatError):
        parse_installed_json(data)
