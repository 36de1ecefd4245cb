"""Node: the script that is started, what it imports, the packages its application depends on."""

import posixpath
from collections.abc import Iterator, Sequence

from slimmer.filesystem.tree import Node
from slimmer.formats.node_source import parse_node_source
from slimmer.reach.commands import start
from slimmer.reach.edge import Confidence, Kind, Need, Role
from slimmer.reach.language_places import text_of
from slimmer.reach.languages import NODE, language_of_program
from slimmer.reach.node.command import (
    parse_node_command,
    parse_runner,
    runner_of,
    script_lines,
    simple_commands,
)
from slimmer.reach.node.files import is_test_or_build, package_files
from slimmer.reach.node.manifest import NAME, Manifest, package_name, read_manifest
from slimmer.reach.node.resolution import (
    SUFFIXES,
    Modules,
    is_installed,
    is_package,
    nearest_manifest,
)
from slimmer.reach.payload import is_payload
from slimmer.reach.resolver import Resolver, Visit
from slimmer.reach.world import World

_MAX_SOURCES = 20_000
# What these names mean is in Node itself, whatever is installed by the same name.
_BUILT_IN_NAMES = """
assert async_hooks buffer child_process cluster console constants crypto dgram dns domain events fs
http http2 https inspector module net os path perf_hooks process punycode querystring readline repl
stream string_decoder sys timers tls trace_events tty url util v8 vm wasi worker_threads zlib
"""
_BUILT_IN = frozenset(_BUILT_IN_NAMES.split())
# Debian's Node reads parts of its own library from here; the rest of the packages is not its.
_RUNTIME = (
    "/usr/share/nodejs/acorn/dist/acorn.js",
    "/usr/share/nodejs/acorn-walk/dist/walk.js",
    "/usr/share/nodejs/cjs-module-lexer/lexer.js",
    "/usr/share/nodejs/cjs-module-lexer/dist/lexer.js",
    "/usr/share/nodejs/undici/undici-fetch.js",
    "/usr/share/nodejs/undici/undici.js",
    "/usr/share/nodejs/minimatch/index.js",
    "/usr/share/nodejs/amaro/dist/index.js",
)
_RUNTIME_DATA = ("/etc/ssl/openssl.cnf", "/usr/lib/ssl/openssl.cnf", "/usr/share/icu")


class NodeResolver(Resolver):
    """Packages are kept whole; an application's own sources say which more than it declares."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._modules = Modules(world)
        self._manifests: dict[str, Manifest] = {}
        # What the applications declare for development only: no optional peer brings it in.
        self._development: set[str] = set()

    def visit(self, visit: Visit) -> Iterator[Need]:
        if not visit.is_code:
            return
        node = visit.node
        if node.facts.elf is not None:
            yield from self._binary(visit)
        elif visit.language == NODE and node.name == NAME:
            yield from self._package(node)
        elif visit.language == NODE:
            if visit.role is Role.RUN:
                yield from self._started(visit)
            yield from self._source(node)

    def _binary(self, visit: Visit) -> Iterator[Need]:
        names = visit.node.name, visit.called
        is_node = visit.role is Role.RUN and NODE in map(language_of_program, names)
        if not is_node and not visit.node.name.startswith("libnode.so"):
            return
        for path in (*_RUNTIME, *_RUNTIME_DATA):
            if self.world.get(path) is not None:
                kind = Kind.LOAD if path in _RUNTIME else Kind.DATA
                is_tree = path not in _RUNTIME
                yield Need(path, kind, "part of Node's own library", tree=is_tree, language=NODE)
        options = self.world.environment.get("NODE_OPTIONS", "").split()
        if is_node:
            yield from self._command(options)
            yield from self._command(visit.argv[1:])

    def _command(self, words: Sequence[str]) -> Iterator[Need]:
        command = parse_node_command(words)
        here = self._here("")
        for specifier in command.loads:
            yield from self._import(here, specifier, f"node loads {specifier} first")
        for code in command.code:
            for specifier in parse_node_source(code).modules:
                yield from self._import(here, specifier, f"node -e imports {specifier}")
        if not command.script:
            return
        found = self._modules.file(self.world.absolute(command.script).rstrip("/.") or "/")
        if found and (node := self.world.get(found)) is not None:
            yield Need(found, Kind.LOAD, f"node {command.script}", language=NODE)
            yield from self._application(node)
            if tool := runner_of(found):
                yield from self._runner(tool, command.arguments)

    def _here(self, folder: str) -> str:
        """The working directory, or `folder` seen from it, as the path of a node."""
        node = self.world.get(self.world.absolute(folder))
        return node.path if node is not None and node.is_directory else ""

    def _started(self, visit: Visit) -> Iterator[Need]:
        yield from self._application(visit.node)
        if tool := runner_of(visit.called):
            yield from self._runner(tool, visit.argv[1:])

    def _application(self, script: Node) -> Iterator[Need]:
        """The package of a script, and that of the working directory."""
        manifests = [nearest_manifest(script.parent)]
        folder = self.world.get(self.world.working_dir)
        if folder is not None and folder.path and is_payload(self.world, script):
            manifests.append(nearest_manifest(folder))
        for manifest in manifests:
            if manifest is not None:
                detail = f"the package of {script.name}"
                yield Need(f"/{manifest.path}", Kind.LOAD, detail, language=NODE)

    def _runner(self, tool: str, words: Sequence[str]) -> Iterator[Need]:
        """What `npm start` and its like start: a script by the shell, or a command in `.bin`."""
        run = parse_runner(tool, words)
        folder = self._here(run.folder)
        manifest = nearest_manifest(self.world.get(f"/{folder}"))
        path = self._path(folder)
        if manifest is not None:
            yield Need(f"/{manifest.path}", Kind.LOAD, f"{tool} reads it", language=NODE)
            for line in script_lines(self._manifest(manifest), run.name) if run.name else ():
                detail = f"script {run.name}: {line}"[:200]
                yield from start(self.world, ("sh", "-c", line), detail)
                for command in simple_commands(line):
                    yield from start(self.world, command, detail, path=path)
        if run.words:
            yield from start(
                self.world, run.words, f"{tool} {' '.join(run.words)}"[:200], path=path
            )

    def _path(self, folder: str) -> str:
        parts = folder.split("/")
        above = ("/".join(parts[:count]) for count in range(len(parts), 0, -1))
        bins = [f"/{each}/node_modules/.bin" for each in above]
        return ":".join([*bins, self.world.environment["PATH"]])

    def _manifest(self, node: Node) -> Manifest:
        if node.path not in self._manifests:
            self._manifests[node.path] = read_manifest(self.world, node)
        return self._manifests[node.path]

    def _package(self, node: Node) -> Iterator[Need]:
        manifest, folder = self._manifest(node), node.parent
        assert folder is not None
        if is_installed(node):
            yield from package_files(self.world, folder, manifest)
            level = Confidence.HIGH
        else:
            self._development |= manifest.development
            yield from self._sources(folder)
            level = Confidence.MEDIUM
        for name in manifest.needs:
            found = self._modules.package(folder.path, name)
            is_guess = name in manifest.optional_peers and name in self._development
            if found:
                said = Confidence.LOW if is_guess else level
                yield self._whole(found, f"dependency {name}", said)

    def _whole(self, folder: str, detail: str, confidence: Confidence) -> Need:
        """A package, by its `package.json`; the visit of that has the rest."""
        if self.world.get(f"{folder}/{NAME}") is None:
            return Need(folder, Kind.LOAD, detail, confidence, language=NODE, tree=True)
        return Need(f"{folder}/{NAME}", Kind.LOAD, detail, confidence, language=NODE)

    def _sources(self, folder: Node) -> Iterator[Need]:
        """An application's own modules, but for those of a package of their own below it."""
        stack, count = [folder], 0
        while stack and count < _MAX_SOURCES:
            for name, child in sorted((stack.pop().children or {}).items()):
                if child.is_directory:
                    if name not in ("node_modules", ".git") and not is_package(child):
                        stack.append(child)
                elif name.endswith(SUFFIXES) and not name.endswith(".d.ts"):
                    count += 1
                    is_test = is_test_or_build(child.path[len(folder.path) + 1 :])
                    said = Confidence.LOW if is_test else Confidence.MEDIUM
                    if child.is_file and is_payload(self.world, child):
                        detail = "a source file of the application"
                        yield Need(f"/{child.path}", Kind.LOAD, detail, said, language=NODE)

    def _source(self, node: Node) -> Iterator[Need]:
        if node.path.endswith((".json", ".node", ".d.ts", ".css")) or node.parent is None:
            return
        text = text_of(self.world, node)
        source = parse_node_source(text)
        folder, manifest = node.parent.path, nearest_manifest(node.parent)
        said = self._manifest(manifest) if manifest is not None else Manifest()
        is_own = manifest is None or not is_installed(manifest)
        for specifier in source.modules:
            yield from self._import(
                folder, specifier, f"import {specifier}", said if not is_own else None
            )
        for place in source.places:
            yield from self._place(node, place)
        if is_own:
            yield from self._named(folder, text, said)

    def _named(self, folder: str, text: str, manifest: Manifest) -> Iterator[Need]:
        """Development packages that an application's source names in a string: `pino-pretty`."""
        for name in sorted(manifest.development):
            if (f"'{name}'" in text or f'"{name}"' in text) and (
                found := self._modules.package(folder, name)
            ):
                yield self._whole(found, f"names the package {name}", Confidence.MEDIUM)

    def _import(
        self, folder: str, specifier: str, detail: str, package: Manifest | None = None
    ) -> Iterator[Need]:
        """`package` is the installed package that imports; None for an application's source."""
        name = package_name(specifier)
        if specifier.startswith("node:") or specifier in _BUILT_IN:
            return
        level = Confidence.HIGH
        if name and package is not None and name not in package.needs:
            is_guess = name in package.development or name in self._development
            level = Confidence.LOW if is_guess else Confidence.MEDIUM
        elif name and package is not None and name in package.optional_peers & self._development:
            level = Confidence.LOW
        if name and (found := self._modules.package(folder, name)):
            yield self._whole(found, detail, level)
        if path := self._modules.specified(folder, specifier):
            yield Need(path, Kind.LOAD, detail, level, language=NODE)

    def _place(self, node: Node, place: str) -> Iterator[Need]:
        """A path beside a module's own folder: views, assets, workers."""
        assert node.parent is not None
        path = posixpath.normpath(f"/{node.parent.path}/{place}")
        found = self.world.get(path)
        if found is None or f"/{node.path}".startswith(f"/{found.path}/") or not found.path:
            return
        detail = f"names {place} beside itself"
        if found.is_file and path.endswith(SUFFIXES):
            yield Need(path, Kind.LOAD, detail, Confidence.MEDIUM, language=NODE)
        elif "node_modules" not in (found.children or {}) and found.name != "node_modules":
            yield Need(path, Kind.DATA, detail, Confidence.MEDIUM, tree=found.is_directory)
