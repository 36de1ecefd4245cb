"""Debian packages: dpkg's database, and the `status.d` of distroless images."""

from collections.abc import Iterator
from weakref import WeakKeyDictionary

from slimmer.errors import FormatError
from slimmer.filesystem.tree import Filesystem, Node
from slimmer.formats.dpkg import DpkgPackage, parse_list, parse_md5sums, parse_status
from slimmer.formats.read import text
from slimmer.packages.interface import Ecosystem, Package, Unread
from slimmer.packages.purl import distro_qualifier, make_purl
from slimmer.packages.survey import Survey

STATUS = "var/lib/dpkg/status"
STATUS_FOLDER = "var/lib/dpkg/status.d"
INFO_FOLDER = "var/lib/dpkg/info"
DIVERSIONS = "var/lib/dpkg/diversions"

_NOT_A_STATUS = (".md5sums", ".list", ".conffiles")
_MD5_LENGTH = 32

Identity = tuple[str, str, str]
Diversions = dict[str, tuple[str, str]]
_BY_BASE: WeakKeyDictionary[Filesystem, dict[str, dict[str, list[Node]]]] = WeakKeyDictionary()


class Dpkg(Ecosystem):
    """Packages of `status`, then those of `status.d`."""

    def read(self, survey: Survey) -> Iterator[Package | Unread]:
        reader = _Reader(survey)
        node = survey.filesystem.resolve(STATUS)
        if node is not None and node.size:
            yield from reader.database(node)
        folder = survey.filesystem.resolve(STATUS_FOLDER)
        for name, child in sorted((folder.children or {}).items()) if folder else ():
            if child.size and not name.endswith(_NOT_A_STATUS):
                yield from reader.record(child)


def info_files(filesystem: Filesystem, package: Package) -> list[Node]:
    """dpkg's own files about a package: `info/NAME.*`, `info/NAME:ARCH.*`, `status.d/NAME.md5sums`.

    `status.d/NAME` itself is the record, `package.database`, and not among them.
    """
    folder_path, _, base = package.database.rpartition("/")
    if folder_path.endswith("/status.d"):
        folder = filesystem.get(folder_path)
        bases = {base}
    else:
        folder = filesystem.resolve(INFO_FOLDER)
        bases = {package.name, f"{package.name}:{package.architecture}"}
    if folder is None:
        return []
    by_base = _by_base(filesystem, folder)
    found = (node for base in bases for node in by_base.get(base, ()))
    return sorted(found, key=lambda node: node.name)


def _by_base(filesystem: Filesystem, folder: Node) -> dict[str, list[Node]]:
    """The files of a folder by name without suffix, told once and not again for each package."""
    folders = _BY_BASE.setdefault(filesystem, {})
    if folder.path not in folders:
        by_base: dict[str, list[Node]] = {}
        for name, node in (folder.children or {}).items():
            by_base.setdefault(name.rpartition(".")[0], []).append(node)
        folders[folder.path] = by_base
    return folders[folder.path]


class _Reader:
    """What the records of all packages need: the files of the info folder, and diversions."""

    def __init__(self, survey: Survey) -> None:
        self._survey = survey
        info = survey.filesystem.resolve(INFO_FOLDER)
        self._info = dict((info.children if info is not None else None) or {})
        self._diversions = diversions_of(survey.filesystem)
        self._folders = _folders(self._info)

    def database(self, node: Node) -> Iterator[Package | Unread]:
        content = node.facts.content
        if content is None:
            yield Unread(node.path, "too large, or not where dpkg has it")
            return
        try:
            entries = parse_status(content)
        except FormatError as error:
            yield Unread(node.path, str(error))
            return
        first = self._survey.first_layers(node, _installed)
        # Of two paragraphs about one package dpkg believes the later.
        installed = {_identity(entry)[:2]: entry for entry in entries if entry.installed}
        for _, entry in sorted(installed.items()):
            layer = first.get(_identity(entry), node.layer)
            listed, sums = (self._take_info(entry, kind) for kind in ("list", "md5sums"))
            yield from self._package(entry, node, layer, listed, sums)

    def record(self, node: Node) -> Iterator[Package | Unread]:
        try:
            entries = parse_status(node.facts.content or b"")
        except FormatError as error:
            yield Unread(node.path, str(error))
            return
        siblings = (node.parent.children if node.parent is not None else None) or {}
        is_only = len(entries) == 1
        listed = siblings.get(f"{node.name}.list") if is_only else None
        sums = siblings.get(f"{node.name}.md5sums") if is_only else None
        for entry in entries:
            if entry.installed:
                yield from self._package(entry, node, node.layer, listed, sums)

    def _take_info(self, entry: DpkgPackage, kind: str) -> Node | None:
        """`info/NAME:ARCH.kind` for what may be installed for several architectures, or without.

        Each is given out once: it is of one package, however many paragraphs name that.
        """
        qualified = self._info.pop(f"{entry.name}:{entry.architecture}.{kind}", None)
        return qualified or self._info.pop(f"{entry.name}.{kind}", None)

    def _package(
        self,
        entry: DpkgPackage,
        database: Node,
        layer: int,
        listed: Node | None,
        sums: Node | None,
    ) -> Iterator[Package | Unread]:
        digests = entry.conffiles
        if sums is not None:
            try:
                digests += parse_md5sums(sums.facts.content or b"")
            except FormatError as error:
                yield Unread(sums.path, str(error))
        if listed is not None and listed.facts.content is not None:
            paths = parse_list(listed.facts.content)
        else:
            paths = tuple(item.path for item in digests)
        places = self._places(entry.name, paths)
        yield Package(
            type="deb",
            name=entry.name,
            version=entry.version,
            purl=self._purl(entry),
            layer=layer,
            database=database.path,
            files=tuple(dict.fromkeys(places.values())),
            architecture=entry.architecture,
            source=entry.source,
            section=entry.section,
            essential=entry.essential,
            depends=tuple(
                tuple(relation.name for relation in group)
                for group in entry.pre_depends + entry.depends
            ),
            provides=tuple(relation.name for relation in entry.provides),
            digests={
                places[path]: f"md5:{md5}"
                for path, md5 in digests
                if path in places and len(md5) == _MD5_LENGTH
            },
        )

    def _places(self, package: str, paths: tuple[str, ...]) -> dict[str, str]:
        """Where each listed path is in the filesystem, if it is there and no folder."""
        diverted = self._diversions.keys() & paths
        found = self._survey.find_files(paths, self._folders)
        for path in diverted:
            target, by = self._diversions[path]
            if by != package:
                found.pop(path, None)
                found.update((path, place) for place in self._survey.find_files([target]).values())
        return found

    def _purl(self, entry: DpkgPackage) -> str:
        os_release = self._survey.os_release
        upstream = entry.source if entry.source != entry.name else ""
        if entry.source_version != entry.version:
            upstream = f"{entry.source}@{entry.source_version}"
        qualifiers = {
            "arch": entry.architecture,
            "distro": distro_qualifier(os_release),
            "upstream": upstream,
        }
        namespace = os_release.id if os_release is not None else "debian"
        return make_purl("deb", namespace, entry.name, entry.version, qualifiers)


def _folders(info: dict[str, Node]) -> set[str]:
    """What any package has files in: a link there is nobody's, as /lib after the /usr merge."""
    return {
        path.rpartition("/")[0]
        for name, node in info.items()
        if name.endswith(".list") and node.facts.content is not None
        for path in parse_list(node.facts.content)
    }


def _identity(entry: DpkgPackage) -> Identity:
    return entry.name, entry.architecture, entry.version


def _installed(content: bytes) -> list[Identity]:
    return [_identity(entry) for entry in parse_status(content) if entry.installed]


def diversions_of(filesystem: Filesystem) -> Diversions:
    """Diverted path -> (where the file is instead, the package that is not diverted).

    Three lines each (dpkg-divert(1)); a local diversion has ":" for a package, which no package is.
    """
    lines = text(filesystem.content(DIVERSIONS) or b"").split("\n")
    return {
        path.lstrip("/"): (target.lstrip("/"), package)
        for path, target, package in zip(lines[::3], lines[1::3], lines[2::3], strict=False)
    }
