"""Installed gems: by name, by the features they provide, and which of their files serve."""

import re
from collections.abc import Iterator

from slimmer.packages.interface import Package
from slimmer.reach.edge import Confidence, Kind, Need, Role
from slimmer.reach.languages import RUBY
from slimmer.reach.payload import system_owner
from slimmer.reach.world import World

_SUFFIX = ".gemspec"
_LICENSE = re.compile(r"(?:licen[cs]e|copying|notice|copyright)", re.IGNORECASE)
_WORKSHOP = re.compile(
    r"(?:spec|tests?|features|docs?|examples?|samples?|benchmarks?|rdoc|man|\.github|\.yardoc)/.*"
    r"|ext/.*\.(?:c|cc|cpp|h|hh|hpp|o|a|rl|java|log|def|mk|inc|S)|ext/(?:.*/)?Makefile"
    r"|ports/archives/.*|.*\.(?:o|a|md|rdoc|markdown|gem|rbi)|(?:.*/)?(?:mkmf\.log|gem_make\.out)",
    re.IGNORECASE,
)
# The same of Ruby's own library: manuals, and how its documentation looks.
_PAPERS = re.compile(
    r".*/bundler/man/.*|.*/rdoc/generator/template/.*|.*\.(?:c|h|o|a|ri|rbs)", re.IGNORECASE
)


def is_paper(path: str) -> bool:
    """Whether a file of Ruby's own library serves no program that runs."""
    return _PAPERS.fullmatch(path) is not None


class Gems:
    """Every gem with a specification that RubyGems would find."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._by_name: dict[str, list[Package]] = {}
        self._by_record: dict[str, Package] = {}
        self._features: dict[str, tuple[Package, str]] | None = None
        for package in world.packages.all:
            if package.type == "gem":
                self._by_name.setdefault(package.name, []).append(package)
                self._by_record[package.database] = package

    def named(self, name: str, versions: tuple[str, ...] = ()) -> list[Package]:
        """The gems of this name: of these versions (`1.2.0-x86_64-linux`), if any is, else all."""
        found = self._by_name.get(name, [])
        exact = [each for each in found if _is_of(each, versions)]
        return exact or found

    def of_record(self, path: str) -> Package | None:
        return self._by_record.get(path)

    def providing(self, feature: str) -> tuple[Package, str] | None:
        """The gem that has `feature` (`rack/handler`), and the path of its file."""
        if self._features is None:
            self._features = {}
            for package in self._by_record.values():
                for name, path in self._provided(package):
                    self._features.setdefault(name, (package, path))
        return self._features.get(feature)

    def _provided(self, package: Package) -> Iterator[tuple[str, str]]:
        node = self._world.filesystem.get(package.database)
        gem = node.facts.gem if node is not None else None
        for path in package.files:
            stem, dot, suffix = path.rpartition(".")
            inside = _inside(package, stem)
            if not dot or suffix not in ("rb", "so"):
                continue
            if "/extensions/" in f"/{path}":
                yield inside, path
            for folder in (gem.require_paths if gem is not None else ()) or ("lib",):
                if inside.startswith(f"{folder}/"):
                    yield inside[len(folder) + 1 :], path

    def files(self, package: Package) -> Iterator[Need]:
        """The files of a gem: shared libraries as code, the rest as it lies there, what only its
        authors need as a hint."""
        for path in package.files:
            inside = _inside(package, path)
            is_license = _LICENSE.match(inside.rpartition("/")[2])
            if path != package.database and _WORKSHOP.fullmatch(inside) and not is_license:
                detail, role = "not used at run time", Role.KEEP
                yield Need(f"/{path}", Kind.LOAD, detail, Confidence.LOW, role)
            else:
                role = Role.CODE if path.endswith(".so") else Role.KEEP
                yield Need(f"/{path}", Kind.LOAD, f"in the gem {package.name}", role=role)
        yield from self._debian(package)

    def _debian(self, package: Package) -> Iterator[Need]:
        """Debian has the code of a gem in Ruby's own folders."""
        owner = system_owner(self._world, package.database)
        if owner is None:
            return
        for path in owner.files:
            if "/vendor_ruby/" not in path and "/rubygems-integration/" not in path:
                continue
            role = Role.CODE if path.endswith(".so") else Role.KEEP
            inside = path.rpartition("/gems/")[2].partition("/")[2]
            is_used = "/gems/" not in path or not _WORKSHOP.fullmatch(inside)
            level = Confidence.HIGH if is_used else Confidence.LOW
            yield Need(f"/{path}", Kind.LOAD, f"in the package {owner.name}", level, role)


def gem_need(package: Package, detail: str, confidence: Confidence = Confidence.HIGH) -> Need:
    """A gem, by its specification; the visit of that has the rest."""
    return Need(f"/{package.database}", Kind.LOAD, detail, confidence, language=RUBY)


def _inside(package: Package, path: str) -> str:
    """A path in the gem's folder, without what leads there."""
    full_name = package.database.rpartition("/")[2].removesuffix(_SUFFIX)
    _, found, inside = path.partition(f"/{full_name}/")
    return inside if found else path


def _is_of(package: Package, versions: tuple[str, ...]) -> bool:
    full_name = package.database.rpartition("/")[2].removesuffix(_SUFFIX)
    return any(full_name == f"{package.name}-{version}" for version in versions)
