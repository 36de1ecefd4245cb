"""Where PHP's configuration and extensions lie, for each way that PHP is run."""

import re
from collections.abc import Iterator

from slimmer.filesystem.tree import Node
from slimmer.formats.php_source import parse_php_ini
from slimmer.reach.language_places import folders, glob, text_of
from slimmer.reach.world import World

# Debian's folders for each way to run it, official images, Alpine, RPM systems.
_CONFIGS = (
    *("etc/php/*/{sapi}", "usr/local/etc/php", "usr/local/etc", "usr/local/lib"),
    *("etc/php[0-9]*", "etc/php.d", "etc/php", "etc/opt/remi/php*", "opt/*/etc"),
)
_INIS = ("php.ini", "php-{sapi}.ini", "php-production.ini")
_SCANNED = ("conf.d", "php.d")
_POOLS = (
    *("etc/php/*/fpm/php-fpm.conf", "usr/local/etc/php-fpm.conf", "etc/php-fpm.conf"),
    *("etc/php[0-9]*/php-fpm.conf", "opt/*/etc/php-fpm.conf"),
)
_EXTENSIONS = (
    *("usr/lib/php/20*", "usr/local/lib/php/extensions/*", "usr/lib/php[0-9]*/modules"),
    *("usr/lib64/php/modules", "usr/lib64/php-zts/modules", "opt/*/lib/php/extensions/*"),
    *("usr/lib/php/extensions/*", "usr/lib64/php[0-9]*/modules"),
)
_VERSION = re.compile(r"\d+\.\d+")


class PhpConfig:
    """`world`'s configuration of PHP for one `sapi`: cli, fpm, cgi, apache2, embed."""

    def __init__(self, world: World, sapi: str, version: str) -> None:
        self._world = world
        self._sapi = sapi
        self._version = version
        self.files = list(self._files())
        self.settings = [
            setting
            for path in self.files
            if (node := world.get(path)) is not None
            for setting in parse_php_ini(text_of(world, node))
        ]

    def _folders(self) -> dict[str, Node]:
        found = folders(self._world, (each.format(sapi=self._sapi) for each in _CONFIGS))
        said = self._world.environment.get("PHPRC", "")
        for path in (said, self._world.environment.get("PHP_INI_DIR", "")):
            node = self._world.get(path) if path.startswith("/") else None
            if node is not None and node.is_directory:
                found[path] = node
        return {path: node for path, node in found.items() if self._fits(path)}

    def _fits(self, path: str) -> bool:
        """Whether a folder is of this version of PHP, as far as its name tells."""
        versions = _VERSION.findall(path)
        return not versions or not self._version or self._version in versions

    def _files(self) -> Iterator[str]:
        said = self._world.environment.get("PHP_INI_SCAN_DIR", "").split(":")
        scanned = [path for path in said if path.startswith("/")]
        for folder, node in self._folders().items():
            for name in (each.format(sapi=self._sapi) for each in _INIS):
                if name in (node.children or {}):
                    yield f"{folder}/{name}"
            scanned += (f"{folder}/{name}" for name in _SCANNED)
            if folder.endswith("php.d"):
                scanned.append(folder)
        for folder in dict.fromkeys(scanned):
            yield from glob(self._world, f"{folder}/*.ini")

    def pools(self) -> Iterator[str]:
        """The files of php-fpm: its own, and those it includes."""
        for pattern in _POOLS:
            for path in glob(self._world, pattern):
                if not self._fits(path):
                    continue
                yield path
                node = self._world.get(path)
                settings = parse_php_ini(text_of(self._world, node)) if node is not None else []
                for name, value in settings:
                    if name == "include":
                        prefix = path.rpartition("/etc/")[0]
                        place = value if value.startswith("/") else f"{prefix}/{value}"
                        yield from glob(self._world, place)

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.settings if key == name and value]

    def extension_folders(self) -> list[str]:
        """`extension_dir`, else every folder that distributions use."""
        said = [path for path in self.values("extension_dir") if path.startswith("/")]
        return said[-1:] or [path for path in folders(self._world, _EXTENSIONS) if self._fits(path)]

    def extension(self, name: str) -> str:
        """The path of an extension as `extension=` names it: by name, file or path."""
        if name.startswith("/"):
            return name
        bare = name.removesuffix(".so").removeprefix("php_")
        for folder in self.extension_folders():
            for each in (name, f"{bare}.so"):
                node = self._world.get(f"{folder}/{each}")
                if node is not None and node.is_file:
                    return f"{folder}/{each}"
        return ""
