"""Composer's list of installed PHP packages, `vendor/composer/installed.json`."""

from slimmer.errors import FormatError
from slimmer.formats.facts import Facts
from slimmer.formats.read import decode_json, text_pairs

MAX_SIZE = 64 << 20


class ComposerPackage(Facts, frozen=True):
    """`install_path` is relative to `vendor/composer`; `requires` is (name, constraint)."""

    name: str
    version: str
    type: str = ""
    licenses: tuple[str, ...] = ()
    install_path: str = ""
    is_dev: bool = False
    requires: tuple[tuple[str, str], ...] = ()


def parse_installed_json(data: bytes) -> tuple[ComposerPackage, ...]:
    """Read the list of Composer 2 (an object) or of Composer 1 (an array)."""
    if len(data) > MAX_SIZE:
        raise FormatError(f"installed.json is larger than {MAX_SIZE} bytes")
    document = decode_json(data, "installed.json")
    development: object = None
    if isinstance(document, dict):
        development = document.get("dev-package-names")
        document = document.get("packages")
    if not isinstance(document, list):
        raise FormatError("installed.json has no list of packages")
    names = frozenset(name for name in _list(development) if isinstance(name, str))
    return tuple(_package(entry, names) for entry in document)


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _package(entry: object, development: frozenset[str]) -> ComposerPackage:
    if not isinstance(entry, dict):
        raise FormatError("installed.json has an entry that is no object")

    def string(key: str) -> str:
        value = entry.get(key)
        return value if isinstance(value, str) else ""

    name, version = string("name"), string("version")
    if not name or not version:
        raise FormatError("installed.json has an entry without name and version")
    licenses = tuple(item for item in _list(entry.get("license")) if isinstance(item, str))
    return ComposerPackage(
        name=name,
        version=version,
        type=string("type"),
        licenses=licenses,
        install_path=string("install-path"),
        is_dev=name in development,
        requires=text_pairs(entry.get("require")),
    )
