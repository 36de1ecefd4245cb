"""Node packages: folders of `node_modules`, and of Debian's `usr/share/nodejs`."""

from collections.abc import Iterator

from slimmer.errors import FormatError
from slimmer.filesystem.tree import Node
from slimmer.formats.node_package import NodePackage
from slimmer.packages.interface import Ecosystem, Package, Unread
from slimmer.packages.purl import make_purl
from slimmer.packages.survey import Survey

_MODULES = "node_modules"
_DEBIAN = "usr/share/nodejs"


class Npm(Ecosystem):
    """Packages that were installed, not the application's own `package.json`."""

    def read(self, survey: Survey) -> Iterator[Package | Unread]:
        for node in survey.noted:
            if node.name != "package.json" or not _is_installed(node):
                continue
            if node.facts.node is not None:
                yield from _package(survey, node, node.facts.node)
            elif node.facts.unread:
                yield Unread(node.path, node.facts.unread)


def _is_installed(record: Node) -> bool:
    """Whether the folder with the record lies in a folder of packages, or in a scope of one."""
    package = record.parent
    holder = package.parent if package is not None else None
    if holder is not None and holder.name.startswith("@"):
        holder = holder.parent
    return holder is not None and (holder.name == _MODULES or holder.path == _DEBIAN)


def _package(survey: Survey, record: Node, facts: NodePackage) -> Iterator[Package | Unread]:
    assert record.parent is not None
    try:
        files = survey.files_below(record.parent, skip=_MODULES)
    except FormatError as error:
        yield Unread(record.path, str(error))
        files = (record.path,)
    scope, _, name = facts.name.rpartition("/")
    yield Package(
        type="npm",
        name=facts.name,
        version=facts.version,
        purl=make_purl("npm", scope, name, facts.version),
        layer=record.layer,
        database=record.path,
        files=files,
        depends=tuple((name,) for name, _ in facts.dependencies),
    )
