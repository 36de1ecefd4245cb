"""What distributions need of each other: requirements, plug-ins, and those nobody requires."""

import re
from collections.abc import Iterator

from slimmer.errors import FormatError
from slimmer.formats.python_dist import normalise_name, parse_entry_points
from slimmer.packages.interface import Package
from slimmer.reach.edge import Confidence, Kind, Need
from slimmer.reach.payload import system_owner
from slimmer.reach.python.units import Unit, Units, is_module, is_tool, is_unused_part
from slimmer.reach.world import World

_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_EXTRA = re.compile(r"\bextra\s*==\s*[\"']([^\"']*)")
# Extras for the makers of a distribution, not for its users.
_MAKERS = re.compile(r"(.*[-_])?(tests?|testing|dev|develop|docs?|lint|typing|benchmarks?|all)")
_MAX_ENTRY_POINTS = 256 * 1024


class Distributions:
    """The installed distributions and how they hang together."""

    def __init__(self, world: World, units: Units) -> None:
        self._world = world
        self._units = units
        self._packages = [p for p in world.packages.all if p.type == "pypi"]
        self._by_name: dict[str, list[Package]] = {}
        self._by_unit: dict[Unit, list[Package]] = {}
        self._required: set[str] = set()
        for package in self._packages:
            unit = units.of_package(package)
            if unit is not None:
                self._by_name.setdefault(package.name, []).append(package)
                self._by_unit.setdefault(unit, []).append(package)
            self._required.update(name for group in package.depends for name in group)

    def requires(self, unit: Unit, name: str) -> bool:
        """Whether a unit says that it requires the distribution `name`."""
        packages = self._by_unit.get(unit, ())
        return any((name,) in package.depends for package in packages)

    def requirements(self, unit: Unit) -> Iterator[Need]:
        """What a unit's records require; an extra's where it is installed anyway."""
        for package in self._by_unit.get(unit, ()):
            for requirement in self._requirements(package):
                found = _REQUIREMENT.match(requirement)
                if found is None:
                    continue
                name = normalise_name(found[1])
                extra = _EXTRA.search(requirement.partition(";")[2])
                level = Confidence.HIGH if extra is None else Confidence.MEDIUM
                if extra is not None and (is_tool(name) or _MAKERS.fullmatch(extra[1])):
                    level = Confidence.LOW
                yield from self.whole(name, f"{package.name} requires {name}", level)

    def _requirements(self, package: Package) -> tuple[str, ...]:
        node = self._world.filesystem.get(package.database)
        facts = node.facts.python if node is not None else None
        if facts is not None:
            return facts.requires_dist
        return tuple(name for group in package.depends for name in group)

    def whole(self, name: str, detail: str, level: Confidence) -> Iterator[Need]:
        """The distributions of a name, by the module that stands for each."""
        for package in self._by_name.get(name, ()):
            unit = self._units.of_package(package)
            if unit is not None:
                yield from stand_in(unit, detail, level)

    def on_purpose(self, sites: tuple[str, ...]) -> Iterator[Need]:
        """Those below `sites` that nothing installed requires: somebody asked for them by name."""
        for package in self._packages:
            if package.name in self._required or is_tool(package.name):
                continue
            if system_owner(self._world, package.database) is not None:
                continue
            if package.database.startswith(tuple(f"{site}/" for site in sites)):
                detail = f"{package.name} is installed and nothing requires it"
                yield from self.whole(package.name, detail, Confidence.MEDIUM)

    def plugins(self, reached: set[Unit]) -> Iterator[tuple[Unit, Unit, str]]:
        """(the plug-in, what it is for, the group) for each that is not reached and offers entry
        points to one that is."""
        hosts = {p.name: unit for unit in reached for p in self._by_unit.get(unit, ())}
        for unit, packages in self._by_unit.items():
            if unit in reached or unit.is_tool:
                continue
            for package in packages:
                for group in self._groups(package):
                    host = hosts.get(normalise_name(group.partition(".")[0]))
                    if host is not None:
                        yield unit, host, group

    def _groups(self, package: Package) -> list[str]:
        folder, _, name = package.database.rpartition("/")
        if name not in ("METADATA", "PKG-INFO"):
            return []
        node = self._world.get(f"/{folder}/entry_points.txt")
        if node is None:
            return []
        try:
            points = parse_entry_points(self._world.text(node, _MAX_ENTRY_POINTS))
        except FormatError:
            return []
        return list(dict.fromkeys(point.group for point in points))


def stand_in(unit: Unit, detail: str, level: Confidence) -> Iterator[Need]:
    """The outermost module of a unit, which brings the rest of it; without one, the whole unit."""
    modules = [p for p in unit.files if p.startswith(unit.site) and is_module(p)]
    modules = [path for path in modules if not is_unused_part(unit, path)]
    if modules:
        best = min(modules, key=lambda path: (path.count("/"), not path.endswith("__init__.py")))
        yield Need(f"/{best}", Kind.LOAD, detail, level)
        return
    for path in unit.files:
        yield Need(f"/{path}", Kind.DATA, detail, level)
