"""RPM packages: the database in each of its three formats, and the manifest of images without."""

from collections.abc import Callable, Iterator, Sequence

from slimmer.errors import FormatError
from slimmer.filesystem.tree import Filesystem, Node
from slimmer.formats.rpm import parse_rpm_database
from slimmer.formats.rpm_header import FILE_GHOST, RpmPackage
from slimmer.formats.rpm_manifest import parse_manifest
from slimmer.formats.sqlite_log import merged_log
from slimmer.packages.interface import Ecosystem, Package, Unread
from slimmer.packages.purl import distro_qualifier, make_purl
from slimmer.packages.survey import Survey

FOLDERS = ("var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm")
MANIFEST = "var/lib/rpmmanifest/container-manifest-2"

SQLITE = "rpmdb.sqlite"
LOG = f"{SQLITE}-wal"
# The newest first: a folder that was converted may still hold the older.
DATABASES = (SQLITE, "Packages.db", "Packages")
# rpm's ID of a distribution is not always the namespace its purls have.
_NAMESPACES = {"rhel": "redhat"}

Identity = tuple[str, str, str]
"""Name, version with epoch and release, architecture: as `Package` has them."""


class Rpm(Ecosystem):
    """Packages of the rpm database, which distributions keep in one of three places."""

    def read(self, survey: Survey) -> Iterator[Package | Unread]:
        seen: set[Identity] = set()
        for database in find_databases(survey.filesystem):
            yield from _listed(survey, database, seen)
        manifest = survey.filesystem.resolve(MANIFEST)
        if manifest is not None and manifest.size:
            yield from _listed(survey, manifest, seen)


def find_databases(filesystem: Filesystem) -> Iterator[Node]:
    """The database of each folder that has one."""
    nodes = (filesystem.resolve(path) for path in FOLDERS)
    for folder in dict.fromkeys(node for node in nodes if node is not None):
        found = ((folder.children or {}).get(name) for name in DATABASES)
        database = next((node for node in found if node is not None and node.size), None)
        if database is not None:
            yield database


def read_entries(node: Node) -> tuple[RpmPackage, ...]:
    """What a database or a manifest lists, in the order in which `Rpm` gives its packages.

    Raises `FormatError`.
    """
    content = whole_content(node)
    return _sorted(_parse(node)(content))


def whole_content(node: Node) -> bytes:
    """The bytes of a database, with what is still in a log beside it. Raises `FormatError`."""
    content = node.facts.content
    if content is None:
        raise FormatError("too large, or not where rpm has it")
    children = node.parent.children if node.parent is not None else None
    log = (children or {}).get(LOG)
    if node.name != SQLITE or log is None or not log.size:
        return content
    if log.facts.content is None:
        raise FormatError(f"{LOG} beside it has changes that cannot be read")
    return merged_log(content, log.facts.content)


def identity(entry: RpmPackage) -> Identity:
    """What makes an entry another one than its neighbour."""
    version = _version(entry)
    return entry.name, version if entry.epoch is None else f"{entry.epoch}:{version}", entry.arch


def _version(entry: RpmPackage) -> str:
    return f"{entry.version}-{entry.release}" if entry.release else entry.version


def _parse(node: Node) -> Callable[[bytes], tuple[RpmPackage, ...]]:
    return parse_rpm_database if node.name in DATABASES else parse_manifest


def _sorted(entries: Sequence[RpmPackage]) -> tuple[RpmPackage, ...]:
    return tuple(sorted(entries, key=identity))


def _listed(survey: Survey, node: Node, seen: set[Identity]) -> Iterator[Package | Unread]:
    """The packages of one record, but for those that a record before it lists as well."""
    try:
        entries = read_entries(node)
    except FormatError as error:
        yield Unread(node.path, str(error))
        return
    parse = _parse(node)
    first = survey.first_layers(node, lambda data: [identity(entry) for entry in parse(data)])
    before = frozenset(seen)
    for entry in entries:
        if identity(entry) not in before:
            seen.add(identity(entry))
            yield _package(survey, node, entry, first.get(identity(entry), node.layer))


def _package(survey: Survey, database: Node, entry: RpmPackage, layer: int) -> Package:
    # rpm's own package lists the database as a ghost: what describes packages is of none of them.
    records = f"{database.parent.path}/" if database.parent is not None else ""
    places = survey.find_files(
        file.path
        for file in entry.files
        if not (file.flags & FILE_GHOST and file.path.startswith(records))
    )
    name, version, architecture = identity(entry)
    return Package(
        type="rpm",
        name=name,
        version=version,
        purl=_purl(survey, entry),
        layer=layer,
        database=database.path,
        files=tuple(dict.fromkeys(places.values())),
        architecture=architecture,
        source=entry.source_rpm,
        depends=tuple((name,) for name in entry.requires if not name.startswith("rpmlib(")),
        provides=entry.provides,
        digests={
            places[file.path]: f"{entry.file_digest_algorithm}:{file.digest}"
            for file in entry.files
            if file.digest and file.path in places
        },
    )


def _purl(survey: Survey, entry: RpmPackage) -> str:
    os_release = survey.os_release
    qualifiers = {
        "arch": entry.arch,
        "distro": distro_qualifier(os_release),
        "epoch": "" if entry.epoch is None else str(entry.epoch),
        "upstream": entry.source_rpm,
    }
    namespace = os_release.id if os_release is not None else ""
    namespace = _NAMESPACES.get(namespace, namespace)
    return make_purl("rpm", namespace, entry.name, _version(entry), qualifiers)
