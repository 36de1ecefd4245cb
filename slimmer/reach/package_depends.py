"""What packages in use depend on, and the papers that go with them."""

from collections.abc import Iterator

from slimmer.packages.interface import Package
from slimmer.reach.edge import Confidence, Kind, Need, Role
from slimmer.reach.graph import Graph
from slimmer.reach.package_files import is_data_only
from slimmer.reach.payload import SYSTEM_TYPES
from slimmer.reach.resolver import Resolver
from slimmer.reach.world import World


class DataDepends(Resolver):
    """Fonts, tables, `-common` packages: a dependency without code is one that no other evidence
    leads to (its dependents read it by names made up at run time)."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._done: set[int] = set()
        self._by_name: dict[tuple[str, str], Package] = {}
        for package in world.packages.all:
            for name in (package.name, *package.provides):
                self._by_name.setdefault((package.type, name), package)

    def settle(self, graph: Graph) -> Iterator[tuple[str, Need]]:
        for source, package in list(in_use(self.world, graph)):
            waiting = [package]
            while waiting:
                package = waiting.pop()
                if id(package) in self._done:
                    continue
                self._done.add(id(package))
                for other in self._data_of(package):
                    waiting.append(other)
                    yield from self._all_of(other, source, package)

    def _data_of(self, package: Package) -> Iterator[Package]:
        for name in dict.fromkeys(name for group in package.depends for name in group):
            other = self._by_name.get((package.type, name))
            if other is not None and is_data_only(self.world, other):
                yield other

    def _all_of(
        self, package: Package, source: str, dependent: Package
    ) -> Iterator[tuple[str, Need]]:
        detail = f"package {dependent.name} depends on {package.name}, which is data only"
        for path in package.files:
            yield source, Need(path, Kind.DATA, detail, Confidence.MEDIUM, Role.KEEP)


class Licences(Resolver):
    """The copyright file of each package of which something is kept, since its terms ask for it."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._done: set[int] = set()

    def settle(self, graph: Graph) -> Iterator[tuple[str, Need]]:
        for path in list(graph.reached):
            package = self.world.owner(path)
            if package is None or package.type not in SYSTEM_TYPES or id(package) in self._done:
                continue
            self._done.add(id(package))
            for place in (
                f"usr/share/doc/{package.name}/copyright",
                f"usr/share/licenses/{package.name}",
            ):
                if self.world.get(place) is not None:
                    detail = f"the licence of package {package.name}"
                    yield path, Need(place, Kind.POLICY, detail, tree=True)


def in_use(world: World, graph: Graph) -> Iterator[tuple[str, Package]]:
    """Each system package with code that runs or is loaded, and the first path of it that does."""
    seen: set[int] = set()
    for path, roles in graph.reached.items():
        if max(roles) < Role.CODE:
            continue
        package = world.owner(path)
        if package is None or package.type not in SYSTEM_TYPES or id(package) in seen:
            continue
        seen.add(id(package))
        yield path, package
