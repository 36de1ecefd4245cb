"""Python distributions: `.dist-info` folders, `.egg-info` folders and files."""

import base64
import re
from collections.abc import Iterable, Iterator

from slimmer.errors import FormatError
from slimmer.filesystem.tree import Node
from slimmer.formats.python_dist import (
    PythonMetadata,
    normalise_name,
    parse_installed_files,
    parse_record,
)
from slimmer.formats.read import text
from slimmer.packages.interface import Ecosystem, Package, Unread
from slimmer.packages.purl import make_purl
from slimmer.packages.survey import Survey

# A requirement: the name in front, and a marker that makes it part of an extra.
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_OF_AN_EXTRA = re.compile(r"\bextra\s*==")

Files = tuple[tuple[str, ...], dict[str, str]]
"""The files of a distribution, and the digests of some of them."""


class Python(Ecosystem):
    """Distributions. The files of each are those its records list, or else what has its name."""

    def read(self, survey: Survey) -> Iterator[Package | Unread]:
        for node in survey.noted:
            if not _is_record(node):
                continue
            if node.facts.python is None:
                if node.facts.unread:
                    yield Unread(node.path, node.facts.unread)
                continue
            try:
                files, digests = _files(survey, node, node.facts.python)
            except FormatError as error:
                yield Unread(node.path, str(error))
                files, digests = (node.path,), {}
            yield _package(node, node.facts.python, files, digests)


def _is_record(node: Node) -> bool:
    folder = node.parent.name if node.parent is not None else ""
    match node.name:
        case "METADATA":
            return folder.endswith(".dist-info")
        case "PKG-INFO":
            return folder.endswith(".egg-info")
        case name:
            return name.endswith(".egg-info")


def _package(
    node: Node, metadata: PythonMetadata, files: tuple[str, ...], digests: dict[str, str]
) -> Package:
    # The normal form is what dependencies are resolved by, and what a purl has.
    name = normalise_name(metadata.name)
    return Package(
        type="pypi",
        name=name,
        version=metadata.version,
        purl=make_purl("pypi", "", name, metadata.version),
        layer=node.layer,
        database=node.path,
        files=files,
        depends=tuple((name,) for name in _required(metadata.requires_dist)),
        digests=digests,
    )


def _required(requirements: Iterable[str]) -> Iterator[str]:
    """Names, normalised, of what a distribution needs without any of its extras."""
    for requirement in requirements:
        name = _REQUIREMENT.match(requirement)
        if name is not None and not _OF_AN_EXTRA.search(requirement.partition(";")[2]):
            yield normalise_name(name[1])


def _files(survey: Survey, metadata: Node, facts: PythonMetadata) -> Files:
    if metadata.name.endswith(".egg-info"):
        return (metadata.path, *_by_name(survey, metadata, [facts.name.replace("-", "_")])), {}
    info = metadata.parent
    assert info is not None
    assert info.children is not None
    own = survey.files_below(info)
    record = _content(info, "RECORD")
    if record is not None:
        survey.claim(_lines(record))
        listed, digests = _by_record(survey, info, record)
        return _union(own, listed), digests
    installed = _content(info, "installed-files.txt")
    if installed is not None:
        survey.claim(_lines(installed))
        paths = (_beside(info, path) for path in parse_installed_files(installed))
        return _union(own, survey.find_files(paths).values()), {}
    names = text(_content(info, "top_level.txt") or b"").split() or [facts.name.replace("-", "_")]
    return _union(own, _by_name(survey, info, names)), {}


def _content(folder: Node, name: str) -> bytes | None:
    node = (folder.children or {}).get(name)
    return node.facts.content if node is not None else None


def _lines(data: bytes) -> int:
    """At least as many as there are lines, told without splitting them."""
    return data.count(b"\n") + data.count(b"\r") + 1


def _by_record(survey: Survey, info: Node, record: bytes) -> Files:
    """RECORD's paths are relative to the folder that holds the `.dist-info`."""
    site = info.parent
    assert site is not None
    digests = {_beside(site, entry.path): entry.digest for entry in parse_record(record)}
    places = survey.find_files(digests)
    return tuple(places.values()), {
        place: digest for path, place in places.items() if (digest := _digest(digests[path]))
    }


def _beside(folder: Node, path: str) -> str:
    return path if path.startswith("/") else f"{folder.path}/{path}"


def _digest(written: str) -> str:
    """`sha256=` and URL-safe base64 without padding, as hex."""
    algorithm, _, encoded = written.partition("=")
    if not encoded.isascii():
        return ""
    try:
        digest = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    except ValueError:
        return ""
    return f"{algorithm}:{digest.hex()}" if digest else ""


def _by_name(survey: Survey, info: Node, names: Iterable[str]) -> Iterator[str]:
    """Modules and packages of these top-level names beside the record: all there is to go by."""
    site = (info.parent.children if info.parent is not None else None) or {}
    for name in dict.fromkeys(names):
        folder = site.get(name)
        if folder is not None and folder.is_directory:
            yield from survey.files_below(folder)
        module = site.get(f"{name}.py")
        if module is not None and not module.is_directory:
            yield module.path


def _union(*paths: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(path for some in paths for path in some))
