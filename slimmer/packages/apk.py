"""Alpine's and Wolfi's packages: apk's database of what is installed."""

import binascii
from collections.abc import Iterator

from slimmer.errors import FormatError
from slimmer.filesystem.tree import Node
from slimmer.formats.apk import ApkPackage, dependency_name, parse_installed
from slimmer.packages.interface import Ecosystem, Package, Unread
from slimmer.packages.purl import distro_qualifier, make_purl
from slimmer.packages.survey import Survey

DATABASES = ("lib/apk/db/installed", "usr/lib/apk/db/installed")

_SHA1_SIZE = 20


class Apk(Ecosystem):
    """Packages of `installed`, which may be in either of two places."""

    def read(self, survey: Survey) -> Iterator[Package | Unread]:
        nodes = (survey.filesystem.resolve(path) for path in DATABASES)
        for node in dict.fromkeys(node for node in nodes if node is not None and node.size):
            if node.facts.content is None:
                yield Unread(node.path, "too large, or not where apk has it")
                continue
            try:
                entries = parse_installed(node.facts.content)
            except FormatError as error:
                yield Unread(node.path, str(error))
                continue
            first = survey.first_layers(node, _installed)
            for entry in sorted(entries, key=_identity):
                yield _package(survey, node, entry, first.get(_identity(entry), node.layer))


def _package(survey: Survey, database: Node, entry: ApkPackage, layer: int) -> Package:
    places = survey.find_files(file.path for file in entry.files)
    return Package(
        type="apk",
        name=entry.name,
        version=entry.version,
        purl=_purl(survey, entry),
        layer=layer,
        database=database.path,
        files=tuple(dict.fromkeys(places.values())),
        architecture=entry.arch,
        source=entry.origin,
        depends=tuple((name,) for name in _names(entry.depends)),
        provides=_names(entry.provides),
        digests=dict(_digests(survey, entry)),
    )


def _digests(survey: Survey, entry: ApkPackage) -> Iterator[tuple[str, str]]:
    """Those of regular files; for a link the database has the digest of its target's name."""
    for file in entry.files:
        node = survey.find(file.path)
        digest = _digest(file.checksum)
        if node is not None and node.is_file and digest:
            yield node.path, digest


def _names(dependencies: tuple[str, ...]) -> tuple[str, ...]:
    """The names, without those of conflicts."""
    return tuple(dependency_name(item) for item in dependencies if not item.startswith("!"))


def _digest(checksum: str) -> str:
    """`Q1` and base64 of a SHA-1, as hex."""
    if not checksum.startswith("Q1"):
        return ""
    try:
        digest = binascii.a2b_base64(checksum[2:], strict_mode=True)
    except ValueError:
        return ""
    return f"sha1:{digest.hex()}" if len(digest) == _SHA1_SIZE else ""


def _purl(survey: Survey, entry: ApkPackage) -> str:
    qualifiers = {
        "arch": entry.arch,
        "distro": distro_qualifier(survey.os_release),
        "upstream": entry.origin if entry.origin != entry.name else "",
    }
    namespace = survey.os_release.id if survey.os_release is not None else "alpine"
    return make_purl("apk", namespace, entry.name, entry.version, qualifiers)


def _identity(entry: ApkPackage) -> tuple[str, str, str]:
    return entry.name, entry.arch, entry.version


def _installed(content: bytes) -> list[tuple[str, str, str]]:
    return [_identity(entry) for entry in parse_installed(content)]
