"""PHP packages: Composer's list of what is in a `vendor` folder."""

from collections.abc import Iterator

from slimmer.errors import FormatError
from slimmer.filesystem.tree import Node
from slimmer.formats.composer import ComposerPackage, parse_installed_json
from slimmer.packages.interface import Ecosystem, Package, Unread
from slimmer.packages.purl import make_purl
from slimmer.packages.survey import Survey

_RECORD = "vendor/composer/installed.json"


class Composer(Ecosystem):
    """Packages of every `vendor/composer/installed.json`."""

    def read(self, survey: Survey) -> Iterator[Package | Unread]:
        for node in survey.noted:
            if f"/{node.path}".endswith(f"/{_RECORD}"):
                yield from _read(survey, node)


def _read(survey: Survey, node: Node) -> Iterator[Package | Unread]:
    try:
        entries = parse_installed_json(node.facts.content or b"")
    except FormatError as error:
        yield Unread(node.path, str(error))
        return
    first = survey.first_layers(node, _installed)
    for entry in sorted(entries, key=_identity):
        files: tuple[str, ...] = ()
        folder = _folder(survey, node, entry)
        if folder is not None:
            try:
                files = survey.files_below(folder)
            except FormatError as error:
                yield Unread(node.path, f"{entry.name}: {error}")
        yield _package(node, entry, first.get(_identity(entry), node.layer), files)


def _package(node: Node, entry: ComposerPackage, layer: int, files: tuple[str, ...]) -> Package:
    vendor, _, name = entry.name.rpartition("/")
    return Package(
        type="composer",
        name=entry.name,
        version=entry.version,
        purl=make_purl("composer", vendor, name, entry.version),
        layer=layer,
        database=node.path,
        files=files,
        depends=tuple((name,) for name, _ in entry.requires),
    )


def _folder(survey: Survey, record: Node, entry: ComposerPackage) -> Node | None:
    """Where the package is; Composer 1 does not say, but knows one place only."""
    composer = record.path.rpartition("/")[0]
    folder = survey.filesystem.resolve(f"{composer}/{entry.install_path or '../' + entry.name}")
    if folder is None or not folder.is_directory or f"{record.path}/".startswith(folder.path):
        return None
    return folder


def _identity(entry: ComposerPackage) -> tuple[str, str]:
    return entry.name, entry.version


def _installed(content: bytes) -> list[tuple[str, str]]:
    return [_identity(entry) for entry in parse_installed_json(content)]
