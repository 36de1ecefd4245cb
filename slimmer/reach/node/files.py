"""Which files of an installed Node package serve at run time."""

import re
from collections.abc import Iterator

from slimmer.filesystem.tree import Node
from slimmer.reach.edge import Confidence, Kind, Need, Role
from slimmer.reach.language_places import files_below
from slimmer.reach.languages import NODE
from slimmer.reach.node.manifest import Manifest
from slimmer.reach.node.resolution import SUFFIXES
from slimmer.reach.world import World

_MAX_FILES = 20_000
_NESTED = frozenset({"node_modules"})
_SCRIPTS = (".js", ".mjs", ".cjs")
_LICENSE = re.compile(r"(?:licen[cs]e|copying|notice|copyright)", re.IGNORECASE)
# Folders that are the package's own workshop; a library of such a name deeper down is code.
_WORKSHOP = frozenset(
    {"test", "tests", "__tests__", "example", "examples", "docs", ".github", "coverage", "man"}
)
_NOISE = (
    *(".d.ts", ".d.mts", ".d.cts", ".map", ".md", ".markdown", ".flow", ".tsbuildinfo"),
    *(".gyp", ".gypi", ".o", ".a", ".mk", ".obj", ".lib", ".d"),
)
_NATIVE_SOURCE = (".c", ".cc", ".cpp", ".cxx", ".h", ".hh", ".hpp", ".S", ".m", ".mm")
_OBJECTS = re.compile(r"build/(?:(?:Release|Debug)/(?:obj|\.deps)|Makefile|config\.gypi)")
_PREBUILT = re.compile(r"prebuilds/(?P<system>[a-z0-9]+)-(?P<machines>[a-z0-9_+]+)/")
_TEST_OR_BUILD = re.compile(
    r"(?:^|/)(?:tests?|__tests__|spec|e2e|cypress|coverage)/|\.(?:test|spec|stories|config|conf)\.[a-z]+$"
    r"|(?:^|/)(?:gulpfile|gruntfile|rakefile|\.[\w.-]+rc)\.[a-z]+$",
    re.IGNORECASE,
)
# The words of OCI for machines, and Node's.
_MACHINES = {"amd64": "x64", "386": "ia32", "ppc64le": "ppc64"}


def is_test_or_build(path: str) -> bool:
    """Whether an application's source file serves its tests or its build, by its name."""
    return _TEST_OR_BUILD.search(path) is not None


def package_files(world: World, folder: Node, manifest: Manifest) -> Iterator[Need]:
    """Every file of an installed package: modules by which it is entered as code, the rest as it
    lies there, and what only its authors need as a hint."""
    files = list(files_below(world, folder, _NESTED, _MAX_FILES))
    names = {node.path for node in files}
    has_native = any(node.name == "binding.gyp" for node in files)
    entries = [entry.removeprefix("./") for entry in manifest.entries]
    used = {entry.partition("/")[0] for entry in entries if "/" in entry}
    for node in files:
        inside = node.path[len(folder.path) + 1 :]
        if _is_noise(world, inside, used, has_native) or _is_typescript_of(node.path, names):
            yield Need(
                f"/{node.path}", Kind.LOAD, "not used at run time", Confidence.LOW, Role.KEEP
            )
        else:
            yield _need(node, _is_entry(inside, entries))


def _need(node: Node, is_entry: bool) -> Need:
    detail = "in the package"
    if node.path.endswith(".node"):
        return Need(f"/{node.path}", Kind.LOAD, detail)
    if is_entry and node.facts.elf is None and not node.path.endswith((".json", ".css")):
        return Need(f"/{node.path}", Kind.LOAD, "an entry of the package", language=NODE)
    return Need(f"/{node.path}", Kind.LOAD, detail, role=Role.KEEP)


def _is_entry(inside: str, entries: list[str]) -> bool:
    if inside in ("index.js", "index.mjs", "index.cjs"):
        return True
    stem = inside.removesuffix(".js").removesuffix("/index")
    for entry in entries:
        if inside == entry or stem == entry.removesuffix("/"):
            return True
        first, star, last = entry.partition("*")
        if (
            star
            and inside.startswith(first)
            and inside.endswith((*SUFFIXES,))
            and (inside.endswith(last))
        ):
            return True
    return False


def _is_noise(world: World, inside: str, used: set[str], has_native: bool) -> bool:
    first, slash, _ = inside.partition("/")
    name = inside.rpartition("/")[2]
    if _LICENSE.match(name):
        return False
    if slash and first in _WORKSHOP and first not in used:
        return True
    if inside.endswith(_NOISE) or _OBJECTS.match(inside):
        return True
    if has_native and inside.endswith(_NATIVE_SOURCE):
        return True
    prebuilt = _PREBUILT.match(inside)
    return prebuilt is not None and not _is_of_platform(world, prebuilt)


def _is_of_platform(world: World, prebuilt: re.Match[str]) -> bool:
    platform = world.config.platform
    machine = _MACHINES.get(platform.architecture, platform.architecture)
    is_known = platform.architecture != "unknown"
    machines = prebuilt["machines"].split("+")
    return prebuilt["system"] in (platform.os, "linuxmusl") and (
        not is_known or machine in machines
    )


def _is_typescript_of(path: str, names: set[str]) -> bool:
    """A `.ts` whose compiled form lies beside it."""
    stem, dot, suffix = path.rpartition(".")
    return (
        bool(dot)
        and suffix in ("ts", "tsx", "mts", "cts")
        and any(stem + other in names for other in _SCRIPTS)
    )
