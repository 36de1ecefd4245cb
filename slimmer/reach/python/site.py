"""What Python does at each start in the folders for distributions: the `site` module."""

from collections.abc import Iterator

from slimmer.filesystem.tree import Node
from slimmer.reach.edge import Confidence, Kind, Need
from slimmer.reach.python.imports import Imports
from slimmer.reach.python.paths import SearchPath
from slimmer.reach.python.units import Units
from slimmer.reach.world import World

_MAX_BYTES = 64 * 1024
_MAX_LINES = 256


class Startup:
    """Path configuration files (`.pth`), sitecustomize and usercustomize."""

    def __init__(self, world: World, paths: SearchPath, units: Units, imports: Imports) -> None:
        self._world = world
        self._paths = paths
        self._units = units
        self._imports = imports

    def of_site(self, site: str) -> Iterator[Need]:
        """What is read and imported in one folder for distributions."""
        folder = self._world.filesystem.get(site)
        if folder is None:
            return
        for name in sorted(folder.children or ()):
            if name.endswith(".pth"):
                yield from self._path_file(folder, f"{site}/{name}")
        yield from self._imports.customizing(folder)

    def _path_file(self, folder: Node, path: str) -> Iterator[Need]:
        node = self._world.get(f"/{path}")
        if node is None or not node.is_file:
            return
        unit = self._units.of(path)
        if unit is not None and unit.is_tool:
            yield Need(f"/{path}", Kind.DATA, "path configuration of a tool", Confidence.LOW)
            return
        yield Need(f"/{path}", Kind.DATA, "path configuration file")
        for line in self._world.text(node, _MAX_BYTES).split(b"\n")[:_MAX_LINES]:
            if line.startswith((b"import ", b"import\t")):
                yield from self._imports.of_command(line)
            elif line.strip() and not line.startswith(b"#"):
                place = line.decode("utf-8", "surrogateescape").strip()
                added = self._world.absolute(place, f"/{folder.path}")
                self._paths.add_folder(self._world.get(added))
