"""Where Node finds modules (its documentation, "Modules: Packages", "Folders as modules")."""

from collections.abc import Iterator

from slimmer.filesystem.tree import Node
from slimmer.reach.language_places import folders
from slimmer.reach.node.manifest import NAME, package_name, read_manifest
from slimmer.reach.world import World

SUFFIXES = (".js", ".mjs", ".cjs", ".ts", ".tsx", ".jsx", ".mts", ".cts")
_TRIED = ("", ".js", ".json", ".node", *SUFFIXES[1:])
_INDEX = ("index.js", "index.json", "index.node", "index.mjs", "index.cjs", "index.ts", "index.tsx")
# Where Debian puts packages, beside the folders of NODE_PATH.
_GLOBAL = ("usr/share/nodejs", "usr/lib/nodejs", "usr/lib/*/nodejs")


class Modules:
    """Looks up module specifiers; every path it takes and gives is absolute, with links kept."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._found: dict[tuple[str, str], str] = {}
        said = world.environment.get("NODE_PATH", "").split(":")
        self._global = [
            *(folder.rstrip("/") for folder in said if folder.startswith("/")),
            *folders(world, _GLOBAL),
        ]

    def package(self, folder: str, name: str) -> str:
        """The folder of package `name` for a module in `folder` (`usr/x`); empty when none."""
        key = folder, name
        if key not in self._found:
            self._found[key] = next(self._candidates(folder, name), "")
        return self._found[key]

    def _candidates(self, folder: str, name: str) -> Iterator[str]:
        parts = folder.split("/") if folder else []
        above = ("/".join(["", *parts[:count]]) for count in range(len(parts), -1, -1))
        places = [f"{each}/node_modules" for each in above if not each.endswith("/node_modules")]
        for place in [*places, *self._global]:
            node = self._world.get(f"{place}/{name}")
            if node is not None and node.is_directory:
                yield f"{place}/{name}"

    def file(self, path: str, depth: int = 2) -> str:
        """The file that `path` (absolute) loads as Node would: itself, with a suffix, or a folder's
        main file; empty when none."""
        for suffix in _TRIED:
            node = self._world.get(path + suffix)
            if node is not None and node.is_file:
                return path + suffix
        stem, dot, suffix = path.rpartition(".")
        if dot and suffix in ("js", "mjs", "cjs", "jsx"):
            # TypeScript's imports name the file that the compiler would write.
            for other in (".ts", ".tsx", ".mts"):
                if (node := self._world.get(stem + other)) is not None and node.is_file:
                    return stem + other
        return self._main(path, depth)

    def _main(self, path: str, depth: int) -> str:
        folder = self._world.get(path)
        if folder is None or folder.children is None or depth <= 0:
            return ""
        manifest = self._world.get(f"{path}/{NAME}")
        if manifest is not None and (main := read_manifest(self._world, manifest).main):
            found = self.file(f"{path}/{main.removeprefix('./')}", depth - 1)
            if found:
                return found
        return next((f"{path}/{name}" for name in _INDEX if name in folder.children), "")

    def specified(self, folder: str, specifier: str) -> str:
        """The file that `specifier` names in a module of `folder` (`usr/x`), exports aside."""
        if specifier.startswith("/"):
            return self.file(specifier)
        if specifier.startswith("."):
            return self.file(f"/{folder}/{specifier}")
        if not (name := package_name(specifier)) or not (found := self.package(folder, name)):
            return ""
        return self.file(found + specifier[len(name) :])


def nearest_manifest(folder: Node | None) -> Node | None:
    """The `package.json` of a folder or of the nearest one above; never that of the root."""
    while folder is not None and folder.path:
        found = (folder.children or {}).get(NAME)
        if found is not None:
            return found
        if folder.name == "node_modules":
            return None
        folder = folder.parent
    return None


def is_installed(manifest: Node) -> bool:
    """Whether the package lies where package managers put them, not where an application does."""
    return "/node_modules/" in f"/{manifest.path}" or manifest.path.startswith(
        ("usr/share/nodejs/", "usr/lib/nodejs/")
    )


def is_package(folder: Node) -> bool:
    """Whether a folder is a package of its own, not merely told how its modules are written."""
    manifest = (folder.children or {}).get(NAME)
    return manifest is not None and manifest.facts.node is not None
