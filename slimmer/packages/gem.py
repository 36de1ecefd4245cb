"""Ruby gems: `specifications/NAME-VERSION.gemspec` and the folders that go with it."""

from collections.abc import Iterator

from slimmer.errors import FormatError
from slimmer.filesystem.tree import Node
from slimmer.formats.gemspec import GemSpecification
from slimmer.packages.interface import Ecosystem, Package, Unread
from slimmer.packages.purl import make_purl
from slimmer.packages.survey import Survey

_SUFFIX = ".gemspec"
_SPECIFICATIONS = "specifications"
# Default gems come with Ruby; their code is part of its library, not in a folder of the gem.
_DEFAULT = "default"
# Of Ruby versions and platforms that an image can have compiled gems for.
_MAX_ABIS = 64


class Gem(Ecosystem):
    """Gems that RubyGems knows of; a gemspec elsewhere is source code."""

    def read(self, survey: Survey) -> Iterator[Package | Unread]:
        for node in survey.noted:
            home = _home(node) if node.name.endswith(_SUFFIX) else None
            if home is None:
                continue
            if node.facts.gem is not None:
                yield from _package(survey, node, home, node.facts.gem)
            elif node.facts.unread:
                yield Unread(node.path, node.facts.unread)


def _home(specification: Node) -> Node | None:
    """The folder that holds `specifications`, `gems` and the rest."""
    folder = specification.parent
    if folder is not None and folder.name == _DEFAULT:
        folder = folder.parent
    return folder.parent if folder is not None and folder.name == _SPECIFICATIONS else None


def _package(
    survey: Survey, node: Node, home: Node, facts: GemSpecification
) -> Iterator[Package | Unread]:
    files: tuple[str, ...] = (node.path,)
    try:
        for folder in _folders(home, node.name.removesuffix(_SUFFIX)):
            files += survey.files_below(folder)
    except FormatError as error:
        yield Unread(node.path, str(error))
    qualifiers = {"platform": facts.platform if facts.platform != "ruby" else ""}
    yield Package(
        type="gem",
        name=facts.name,
        version=facts.version,
        purl=make_purl("gem", "", facts.name, facts.version, qualifiers),
        layer=node.layer,
        database=node.path,
        files=files,
        depends=tuple((name,) for name, _ in facts.dependencies),
    )


def _folders(home: Node, full_name: str) -> Iterator[Node]:
    """`gems/NAME-VERSION`, and `extensions/PLATFORM/ABI/NAME-VERSION` with what was compiled."""
    roots = [_child(home, "gems")]
    for platform in _children(_child(home, "extensions"))[:_MAX_ABIS]:
        roots += _children(platform)
    for root in roots[: 1 + _MAX_ABIS]:
        folder = _child(root, full_name)
        if folder is not None and folder.is_directory:
            yield folder


def _child(folder: Node | None, name: str) -> Node | None:
    return (folder.children or {}).get(name) if folder is not None else None


def _children(folder: Node | None) -> list[Node]:
    if folder is None or folder.children is None:
        return []
    return [folder.children[name] for name in sorted(folder.children)]
