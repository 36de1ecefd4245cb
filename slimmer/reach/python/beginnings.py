"""Which modules of a distribution are loaded whenever it is imported.

Asked only where it matters: most libraries have a module that imports setuptools or pytest, and it
is one that nobody loads.
"""

from slimmer.filesystem.tree import Node
from slimmer.formats.python_source import parse_python_source
from slimmer.reach.python.modules import Modules
from slimmer.reach.python.units import Unit, is_module
from slimmer.reach.world import World

_MAX_MODULES = 2000


class Beginnings:
    """Follows the imports at the beginning of lines, from a distribution's outermost modules and
    from those that an application imports itself."""

    def __init__(self, world: World, modules: Modules) -> None:
        self._world = world
        self._modules = modules
        self._named: dict[Unit, dict[str, Node]] = {}
        self._known: dict[Unit, tuple[int, set[str]]] = {}

    def add(self, unit: Unit, module: Node) -> None:
        """Note a module that an application imports."""
        self._named.setdefault(unit, {})[module.path] = module

    def covers(self, unit: Unit, module: Node) -> bool:
        """Whether a module of `unit` is loaded with the modules that are imported of it."""
        named = self._named.get(unit, {})
        count, known = self._known.get(unit, (-1, set()))
        if count != len(named):
            known = self._closure(unit, named)
            self._known[unit] = len(named), known
        return module.path in known

    def _closure(self, unit: Unit, named: dict[str, Node]) -> set[str]:
        waiting = [*self._outermost(unit), *named.values()]
        found = {node.path for node in waiting}
        own = frozenset(unit.files)
        site = self._world.get(f"/{unit.site}")
        folders = (site,) if site is not None else ()
        while waiting and len(found) < _MAX_MODULES:
            node = waiting.pop()
            if not node.name.endswith(".py"):
                continue
            for statement in parse_python_source(self._world.text(node)).imports:
                if statement.is_lazy:
                    continue
                for module, _ in self._modules.imported(node, statement, folders):
                    new = [n for n in module.files if n.path in own and n.path not in found]
                    found.update(n.path for n in new)
                    waiting += new
        return found

    def _outermost(self, unit: Unit) -> list[Node]:
        start = len(unit.site)
        nodes = []
        for path in unit.files:
            inside = path[start:] if path.startswith(unit.site) and is_module(path) else ""
            is_first = inside.count("/") == 1 and inside.endswith("/__init__.py")
            node = self._world.filesystem.get(path) if is_first or "/" not in inside else None
            if node is not None and inside:
                nodes.append(node)
        return nodes
