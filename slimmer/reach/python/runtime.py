"""A Python runtime: its standard library, where it looks for modules, what of it is needed.

Sources: CPython's "The initialization of the sys.path module search path", the `site` module, PEP
405 (pyvenv.cfg), Debian's Python Policy (dist-packages).
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from slimmer.filesystem.tree import Node
from slimmer.reach.edge import Confidence, Kind, Need, Role
from slimmer.reach.world import World

PROGRAM = re.compile(r"(?:platform-)?(?:python|pypy)(\d(?:\.\d+)?)?(?:[.-].*|[a-z]{1,3})?")
LIBRARY = re.compile(r"lib(?:python|pypy)(\d\.\d+)\w{0,3}(?:-c)?\.so[.\d]*")
_STDLIB = re.compile(r"(?:python|pypy)(\d(?:\.\d+)?)t?")
SITE_NAMES = ("site-packages", "dist-packages")
_MAX_ANCESTORS = 4
_MAX_CONFIG = 64 * 1024

# Parts of the standard library that no program needs unless it says so, relative to its folder.
_OPTIONAL = re.compile(
    r"(.*/)?(tests?|idle_test)/.*"
    r"|(idlelib|turtledemo|tkinter|ensurepip|pydoc_data|config-[^/]*|__phello__)/.*"
    r"|(turtle|antigravity|this|__hello__)\.py|_tkinter/.*|distutils/command/wininst.*"
    r"|lib-dynload/((_tkinter|_test|_ctypes_test|xx).*|(nis|_g?dbm|ossaudiodev)\..*)|.*\.(a|exe|bat|whl)"
)
_BYTECODE = re.compile(r".*/__pycache__/[^/]*")


class Runtime(NamedTuple):
    """Paths of folders without a leading slash. `stdlib` has two where extensions lie apart
    (lib64). `configs` are files that Python reads to find all this."""

    version: str
    stdlib: tuple[str, ...]
    sites: tuple[str, ...]
    configs: tuple[str, ...]


def find_runtime(world: World, called: str, node: Node) -> Runtime | None:
    """The runtime whose program or library `node` is, started as `called`; None for no Python."""
    environment = _environment(world, called)
    name = PROGRAM.fullmatch(node.name) or LIBRARY.fullmatch(node.name)
    version = (name[1] or "") if name is not None else ""
    places = [node.path]
    configs: tuple[str, ...] = ()
    prefixes: list[str] = []
    has_base = True
    if environment is not None:
        folder, settings = environment
        home = settings.get("home", "").strip("/")
        places = [f"{home}/python", *places] if home else places
        has_base = settings.get("include-system-site-packages", "").lower() == "true"
        prefixes.append(folder)
        configs = (f"{folder}/pyvenv.cfg",)
    for place in places:
        found = _standard_library(world, place, version)
        if found is not None:
            prefix, stdlib = found
            exact = stdlib[0].name
            sites = _sites(world, [*prefixes, *([prefix] if has_base else [])], exact)
            return Runtime(exact, tuple(part.path for part in stdlib), sites, configs)
    return None


def _environment(world: World, called: str) -> tuple[str, dict[str, str]] | None:
    """The virtual environment a program lies in, by any link on the way to it, and its settings."""
    links, last = world.trail(called)
    for node in (*links, *([last] if last is not None else [])):
        folder = node.path.rpartition("/")[0]
        for place in (folder, folder.rpartition("/")[0]):
            config = world.get(f"/{place}/pyvenv.cfg")
            if config is not None and config.is_file:
                lines = world.text(config, _MAX_CONFIG).decode("utf-8", "surrogateescape")
                pairs = (line.partition("=") for line in lines.splitlines())
                return place, {key.strip().lower(): value.strip() for key, _, value in pairs}
    return None


def _standard_library(world: World, place: str, version: str) -> tuple[str, list[Node]] | None:
    """The prefix and the folders of the library, by its landmark `os.py`, going up."""
    folder = place
    for _ in range(_MAX_ANCESTORS):
        if not folder:
            break
        folder = folder.rpartition("/")[0]
        found: dict[str, Node] = {}
        for lib in ("lib", "lib64", "lib-python"):
            node = world.get(f"/{folder}/{lib}")
            for name in sorted((node.children or {}) if node is not None else ()):
                match = _STDLIB.fullmatch(name)
                if match is None or not match[1].startswith(version or "3"):
                    continue
                part = world.get(f"/{folder}/{lib}/{name}")
                if part is not None and part.children is not None:
                    is_library = "os.py" in part.children or "lib-dynload" in part.children
                    if is_library and (not found or name == next(iter(found.values())).name):
                        found.setdefault(part.path, part)
        if any("os.py" in (part.children or {}) for part in found.values()):
            return folder, list(found.values())
    return None


def _sites(world: World, prefixes: list[str], library: str) -> tuple[str, ...]:
    """The folders for installed distributions that are there; `library` is like `python3.11`."""
    places = []
    for prefix in prefixes:
        for lib in ("lib", "lib64"):
            places += [f"{prefix}/{lib}/{library}/{name}" for name in SITE_NAMES]
        places += [f"{prefix}/{name}" for name in SITE_NAMES]
        if prefix == "usr":
            places += [
                f"usr/local/{lib}/{library}/{n}" for lib in ("lib", "lib64") for n in SITE_NAMES
            ]
            places.append("usr/lib/python3/dist-packages")
    home = world.environment.get("HOME", "/root").strip("/")
    places.append(f"{home}/.local/lib/{library}/site-packages")
    nodes = (world.get(f"/{place}") for place in places)
    return tuple(dict.fromkeys(n.path for n in nodes if n is not None and n.is_directory))


def is_optional(runtime: Runtime, path: str) -> bool:
    """Whether a file of the standard library is one that only its own importers need."""
    return any(
        path.startswith(f"{folder}/") and _OPTIONAL.fullmatch(path, len(folder) + 1)
        for folder in runtime.stdlib
    )


def library_needs(world: World, runtime: Runtime) -> Iterator[Need]:
    """The standard library of a runtime, file by file, and its configuration."""
    for config in runtime.configs:
        yield Need(f"/{config}", Kind.DATA, "virtual environment")
    settings = f"/etc/{runtime.version}"
    if world.get(settings) is not None:
        yield Need(settings, Kind.DATA, "configuration of Python", Confidence.MEDIUM, tree=True)
    for folder in runtime.stdlib:
        top = world.filesystem.get(folder)
        for node in _files(top) if top is not None else ():
            yield _library_need(node, len(folder) + 1)


def _library_need(node: Node, start: int) -> Need:
    path = f"/{node.path}"
    if _BYTECODE.fullmatch(node.path):
        return Need(path, Kind.LOAD, "bytecode", Confidence.LOW, role=Role.KEEP)
    if _OPTIONAL.fullmatch(node.path, start):
        detail = "part of the standard library that few use"
        return Need(path, Kind.LOAD, detail, Confidence.LOW, role=Role.KEEP)
    role = Role.CODE if ".so" in node.name else Role.KEEP
    return Need(path, Kind.LOAD, "standard library", Confidence.MEDIUM, role=role)


def _files(folder: Node) -> Iterator[Node]:
    """Files and links below, but not those of the folders for distributions."""
    stack = [folder]
    while stack:
        node = stack.pop()
        for name, child in (node.children or {}).items():
            if not child.is_directory:
                yield child
            elif name not in SITE_NAMES:
                stack.append(child)
