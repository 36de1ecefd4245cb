"""Java archives: what each says it is, what was merged into it, what is packed inside it."""

from collections.abc import Iterator

from slimmer.filesystem.tree import Node
from slimmer.formats.jar import JarFacts, MavenCoordinates, guess_package
from slimmer.packages.interface import Ecosystem, Package, Unread
from slimmer.packages.purl import make_purl
from slimmer.packages.survey import Survey


class Maven(Ecosystem):
    """Jars and wars. All that one holds has that one file."""

    def read(self, survey: Survey) -> Iterator[Package | Unread]:
        for node in survey.noted:
            facts = node.facts.jar
            if facts is not None:
                for coordinates in dict.fromkeys(_coordinates(node, facts)):
                    yield _package(node, coordinates)
            elif node.facts.unread and node.name.endswith((".jar", ".war", ".ear")):
                yield Unread(node.path, node.facts.unread)


def _coordinates(node: Node, facts: JarFacts) -> Iterator[MavenCoordinates]:
    """The archive's own, those of the artifacts merged into it, those of the archives inside.

    Of an archive inside an archive nothing but the name is known.
    """
    yield guess_package(facts, node.name)
    yield from (pom for pom in facts.poms if pom.artifact)
    for member in facts.nested:
        yield guess_package(JarFacts(0), member.name)


def _package(node: Node, coordinates: MavenCoordinates) -> Package:
    group, artifact, version = coordinates
    return Package(
        type="maven",
        name=artifact,
        version=version,
        purl=make_purl("maven", group or artifact, artifact, version),
        layer=node.layer,
        database=node.path,
        files=(node.path,),
    )
