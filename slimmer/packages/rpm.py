"""RPM packages: `rpmdb.sqlite` is read, the older kinds of database are announced."""

from collections.abc import Iterator

from slimmer.errors import FormatError
from slimmer.filesystem.tree import Node
from slimmer.formats.rpm import parse_rpm_sqlite
from slimmer.formats.rpm_header import RpmPackage
from slimmer.packages.interface import Ecosystem, Package, Unread
from slimmer.packages.purl import distro_qualifier, make_purl
from slimmer.packages.survey import Survey

FOLDERS = ("var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm")

_SQLITE = "rpmdb.sqlite"
# In the order in which rpm came by them; a folder that was converted may still hold the older.
_UNREADABLE = {
    "Packages.db": "an rpm database in the ndb format, whose packages are not read",
    "Packages": "an rpm database in the Berkeley DB format, whose packages are not read",
}
# rpm's ID of a distribution is not always the namespace its purls have.
_NAMESPACES = {"rhel": "redhat"}

Identity = tuple[str, int, str, str, str]


class Rpm(Ecosystem):
    """Packages of the rpm database, which distributions keep in one of three places."""

    def read(self, survey: Survey) -> Iterator[Package | Unread]:
        nodes = (survey.filesystem.resolve(path) for path in FOLDERS)
        for folder in dict.fromkeys(node for node in nodes if node is not None):
            children = folder.children or {}
            database = children.get(_SQLITE)
            if database is not None and database.size:
                yield from _database(survey, database)
                continue
            for name, why in _UNREADABLE.items():
                node = children.get(name)
                if node is not None and node.size:
                    yield Unread(node.path, why)
                    break


def _database(survey: Survey, node: Node) -> Iterator[Package | Unread]:
    if node.facts.content is None:
        yield Unread(node.path, "too large, or not where rpm has it")
        return
    try:
        entries = parse_rpm_sqlite(node.facts.content)
    except FormatError as error:
        yield Unread(node.path, str(error))
        return
    first = survey.first_layers(node, _installed)
    for entry in sorted(entries, key=_identity):
        yield _package(survey, node, entry, first.get(_identity(entry), node.layer))


def _package(survey: Survey, database: Node, entry: RpmPackage, layer: int) -> Package:
    places = survey.find_files(file.path for file in entry.files)
    version = f"{entry.version}-{entry.release}" if entry.release else entry.version
    return Package(
        type="rpm",
        name=entry.name,
        version=version if entry.epoch is None else f"{entry.epoch}:{version}",
        purl=_purl(survey, entry, version),
        layer=layer,
        database=database.path,
        files=tuple(dict.fromkeys(places.values())),
        architecture=entry.arch,
        source=entry.source_rpm,
        depends=tuple((name,) for name in entry.requires if not name.startswith("rpmlib(")),
        provides=entry.provides,
        digests={
            places[file.path]: f"{entry.file_digest_algorithm}:{file.digest}"
            for file in entry.files
            if file.digest and file.path in places
        },
    )


def _purl(survey: Survey, entry: RpmPackage, version: str) -> str:
    os_release = survey.os_release
    qualifiers = {
        "arch": entry.arch,
        "distro": distro_qualifier(os_release),
        "epoch": "" if entry.epoch is None else str(entry.epoch),
        "upstream": entry.source_rpm,
    }
    namespace = os_release.id if os_release is not None else ""
    namespace = _NAMESPACES.get(namespace, namespace)
    return make_purl("rpm", namespace, entry.name, version, qualifiers)


def _identity(entry: RpmPackage) -> Identity:
    return entry.name, entry.epoch or 0, entry.version, entry.release, entry.arch


def _installed(content: bytes) -> list[Identity]:
    return [_identity(entry) for entry in parse_rpm_sqlite(content)]
