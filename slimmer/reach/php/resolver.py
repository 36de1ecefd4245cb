"""PHP: its configuration, the extensions that turns on, and the packages of an application."""

import posixpath
import re
from collections.abc import Iterator, Sequence

from slimmer.errors import FormatError
from slimmer.filesystem.tree import Node
from slimmer.formats.composer import parse_installed_json
from slimmer.formats.php_source import parse_php_source
from slimmer.reach.edge import UNKNOWN, Confidence, Kind, Need, Role
from slimmer.reach.language_places import files_below, text_of
from slimmer.reach.language_resolver import LanguageResolver
from slimmer.reach.languages import PHP
from slimmer.reach.payload import is_payload, payload, system_owner
from slimmer.reach.php.config import PhpConfig
from slimmer.reach.resolver import Visit
from slimmer.reach.world import World

_INCLUDE_PATH = ("/usr/share/php", "/usr/local/lib/php", "/usr/share/pear", "/usr/share/php8")
_ZONES = "/usr/share/zoneinfo"
_INSTALLED = "installed.json"
_VERSION = re.compile(r"(\d)\.?(\d)")
_SUFFIXES = (".php", ".phtml", ".inc", ".module", ".phar")
_DEVELOPMENT = re.compile(
    r"(?:tests?|docs?|examples?|\.github)/.*|(?!(?i:licen[cs]e|copying|notice)).*\.(?:md|dist|neon)|phpunit.*"
)
_MAX_FILES = 20_000
_SKIPPED = frozenset({"node_modules", ".git", "vendor", "tests", "cache"})
_TAKES_WORD = frozenset({"-c", "-d", "-S", "-t", "-r", "-B", "-R", "-E", "-z"})


class PhpResolver(LanguageResolver):
    """An application's own files are kept by nobody's owning them; here is what they load."""

    language = PHP
    libraries = ("libphp", "mod_php")

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._config: PhpConfig | None = None
        self._applications: set[str] = set()
        self._owners: set[str] = set()

    def interpreter(self, visit: Visit, *, is_run: bool, is_first: bool) -> Iterator[Need]:
        sapi = _sapi(visit.node.name if _VERSION.search(visit.node.name) else visit.called)
        match = _VERSION.search(visit.node.name)
        config = PhpConfig(self.world, sapi, f"{match[1]}.{match[2]}" if match else "")
        self._config = config
        for path in config.files:
            yield Need(path, Kind.DATA, f"configuration of PHP ({sapi})", role=Role.CODE)
        for path in config.pools() if sapi == "fpm" else ():
            yield Need(path, Kind.DATA, "configuration of php-fpm", role=Role.CODE)
        yield from self._extensions(config)
        owner = system_owner(self.world, visit.node.path)
        if owner is not None and owner.type == "deb" and self.world.get(_ZONES) is not None:
            # Debian's PHP reads the system's zones; others have their own.
            yield Need(_ZONES, Kind.DATA, "zones of PHP's dates", Confidence.MEDIUM, tree=True)
        for name in ("auto_prepend_file", "auto_append_file", "opcache.preload"):
            for value in config.values(name):
                yield from self._include(value, None, f"{name} = {value}")
        if is_run:
            yield from self._command(visit.argv[1:])
        if sapi != "cli" or "-S" in visit.argv:
            yield from self._served()
        yield from self._application(self.world.get(self.world.working_dir))

    def _served(self) -> Iterator[Need]:
        """A server runs what a request names: any file of the application."""
        for node, _ in zip(self._sources(), range(_MAX_FILES), strict=False):
            detail, said = "a file of the application, for requests", Confidence.MEDIUM
            yield Need(f"/{node.path}", Kind.LOAD, detail, said, language=PHP)

    def _sources(self) -> Iterator[Node]:
        for node in payload(self.world):
            is_php = node.is_file and node.path.endswith(_SUFFIXES)
            if is_php and self.world.owner(node.path) is None and "/vendor/" not in node.path:
                yield node

    def _extensions(self, config: PhpConfig) -> Iterator[Need]:
        enabled = set()
        for key in ("extension", "zend_extension"):
            for name in config.values(key):
                if path := config.extension(name):
                    enabled.add(path)
                    yield Need(path, Kind.LOAD, f"{key} = {name}")
        for folder in config.extension_folders():
            node = self.world.get(folder)
            for name in sorted((node.children if node is not None else None) or {}):
                if name.endswith(".so") and f"{folder}/{name}" not in enabled:
                    detail = "an extension that nothing turns on"
                    yield Need(f"{folder}/{name}", Kind.LOAD, detail, Confidence.LOW)

    def _command(self, words: Sequence[str]) -> Iterator[Need]:
        """The words after `php`."""
        rest = list(words)
        while rest and rest[0].startswith("-") and rest[0] not in ("--", "-f", "-F"):
            option = rest.pop(0)
            value = rest.pop(0) if option in _TAKES_WORD and rest else option[2:]
            yield from self._option(option[:2], value)
        words = [word for word in rest if word not in ("--", "-f", "-F")]
        if words and UNKNOWN not in words[0] and not words[0].startswith("-"):
            path = self.world.absolute(words[0])
            yield Need(path, Kind.LOAD, f"php {words[0]}", language=PHP)
            node = self.world.get(path)
            yield from self._application(node.parent if node is not None else None)

    def _option(self, option: str, value: str) -> Iterator[Need]:
        if UNKNOWN in value:
            return
        if option == "-r":
            yield from self._loads(value, None)
        elif option == "-t":
            yield from self._application(self.world.get(self.world.absolute(value)))
        elif option == "-d" and self._config is not None:
            key, _, name = value.partition("=")
            path = self._config.extension(name) if key.endswith("extension") else ""
            if path:
                yield Need(path, Kind.LOAD, f"php -d {value}")

    def source(self, visit: Visit) -> Iterator[Need]:
        node = visit.node
        if node.name == _INSTALLED:
            yield from self._packages(node)
            return
        if is_payload(self.world, node) and "/vendor/" not in f"/{node.path}":
            yield from self._application(node.parent)
        yield from self._loads(text_of(self.world, node), node)

    def _application(self, folder: Node | None) -> Iterator[Need]:
        """The nearest `vendor` above, and the application's own files beside it."""
        while folder is not None and folder.path and folder.path not in self._applications:
            self._applications.add(folder.path)
            record = self.world.get(f"/{folder.path}/vendor/composer/{_INSTALLED}")
            if record is not None and record.is_file:
                detail = "packages of the application"
                yield Need(f"/{record.path}", Kind.LOAD, detail, language=PHP)
                for node in files_below(self.world, folder, _SKIPPED, _MAX_FILES):
                    if node.path.endswith(_SUFFIXES) and is_payload(self.world, node):
                        detail, said = "a source file of the application", Confidence.MEDIUM
                        yield Need(f"/{node.path}", Kind.LOAD, detail, said, language=PHP)
                return
            folder = folder.parent

    def _packages(self, record: Node) -> Iterator[Need]:
        """Composer's packages, whole but for those that are for development."""
        try:
            packages = parse_installed_json(self.world.read(record, 64 << 20))
        except FormatError:
            return
        composer = record.path.rpartition("/")[0]
        autoload = f"/{composer.rpartition('/')[0]}/autoload.php"
        yield Need(autoload, Kind.LOAD, "loads the packages", language=PHP)
        yield Need(f"/{composer}", Kind.LOAD, "maps of classes", role=Role.KEEP, tree=True)
        for package in packages:
            folder = self.world.get(f"/{composer}/{package.install_path or '../' + package.name}")
            if folder is None or not folder.is_directory or record.path.startswith(folder.path):
                continue
            detail = f"{'development ' if package.is_dev else ''}package {package.name}"
            for node in files_below(self.world, folder, frozenset({".git"}), _MAX_FILES):
                inside = node.path[len(folder.path) + 1 :]
                is_hint = package.is_dev or _DEVELOPMENT.fullmatch(inside)
                said = Confidence.LOW if is_hint else Confidence.HIGH
                role = Role.CODE if node.path.endswith((".php", ".inc")) else Role.KEEP
                language = PHP if role is Role.CODE else ""
                yield Need(f"/{node.path}", Kind.LOAD, detail, said, role, language=language)

    def _loads(self, text: str, node: Node | None) -> Iterator[Need]:
        source = parse_php_source(text)
        for path in source.includes:
            yield from self._include(path, node, f"includes {path}")
        if node is not None and node.parent is not None:
            for path in source.beside:
                place = posixpath.normpath(f"/{node.parent.path}/{path}")
                yield from self._beside(place, path)
        for name in source.extensions:
            if self._config is not None and (path := self._config.extension(name)):
                yield Need(path, Kind.LOAD, f"dl {name}", Confidence.MEDIUM)

    def _beside(self, place: str, path: str) -> Iterator[Need]:
        found = self.world.get(place)
        if found is not None and found.is_file and place.endswith(_SUFFIXES):
            yield Need(place, Kind.LOAD, f"includes {path}", language=PHP)
        elif found is not None and found.is_file:
            yield Need(place, Kind.DATA, f"names {path}", Confidence.MEDIUM)

    def _include(self, path: str, node: Node | None, detail: str) -> Iterator[Need]:
        """A file as `include` looks for it; a package of the system's has more than one file."""
        if path.startswith("/"):
            places = [path]
        else:
            said = self._config.values("include_path") if self._config is not None else []
            folders = [part for value in said for part in value.split(":") if part.startswith("/")]
            here = [f"/{node.parent.path}"] if node is not None and node.parent is not None else []
            every = (*here, *folders, *_INCLUDE_PATH, self.world.working_dir)
            places = [f"{folder}/{path}" for folder in every]
        for place in places:
            found = self.world.get(place)
            if found is not None and found.is_file:
                yield Need(place, Kind.LOAD, detail, language=PHP)
                yield from self._system_package(found)
                return

    def _system_package(self, node: Node) -> Iterator[Need]:
        """A class of a system's package finds its neighbours by an autoloader."""
        owner = self.world.owner(node.path)
        if (
            owner is None
            or owner.purl in self._owners
            or not node.path.startswith(tuple(p[1:] for p in _INCLUDE_PATH))
        ):
            return
        self._owners.add(owner.purl)
        for path in owner.files:
            if path.endswith(_SUFFIXES) and path.startswith(tuple(p[1:] for p in _INCLUDE_PATH)):
                detail, said = f"in the package {owner.name}", Confidence.MEDIUM
                yield Need(f"/{path}", Kind.LOAD, detail, said, language=PHP)


def _sapi(name: str) -> str:
    base = name.rpartition("/")[2]
    if "fpm" in base:
        return "fpm"
    if "cgi" in base:
        return "cgi"
    if base.startswith("libphp") and "embed" not in base:
        return "apache2"
    return "cli"
