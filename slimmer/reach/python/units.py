"""Distributions as they lie in the image: which files one has, and what each file is to it."""

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from slimmer.filesystem.tree import Node
from slimmer.packages.interface import Package
from slimmer.reach.edge import Confidence, Kind, Need, Role
from slimmer.reach.payload import SYSTEM_TYPES
from slimmer.reach.python.runtime import SITE_NAMES
from slimmer.reach.world import World

# Distributions that make, check or install software: nobody imports them by chance.
_TOOLS = re.compile(
    r"(pip|pip-whl|setuptools|pkg-resources|distutils|wheel|build|virtualenv|poetry|pipenv|uv|hatch|flit|pdm|twine|maturin|pytest"
    r"|tox|nox|mypy|black|ruff|flake8|pylint|coverage|ipython|jupyter|sphinx|pre-commit|isort"
    r"|autopep8|yapf|bandit|pyright|hypothesis|cython|scikit-build|meson|ninja|cmake|distlib"
    r"|debugpy|ipdb|installer|setuptools-scm|pybind11|pyinstaller|conda|mamba|libmambapy)"
    r"|(pytest|flake8|sphinx|sphinxcontrib|poetry|hatch|flit|jupyter|types|conda|scikit-build)-.*"
)
# What libraries keep for their makers and for other compilers.
_UNUSED = re.compile(
    r"(.*/)?(tests?|__pycache__)/.*"
    r"|(.*/)?conftest\.py|.*\.(pyi|pyx|pxd|pxi|c|cc|cpp|cxx|h|hpp|cu|cuh|f|f90|a|lib|exe|bat)"
)
# These, too, unless they are packages: botocore does not work without its `docs`.
_DOCUMENTS = re.compile(r"(?:.*/)?(?:docs?|examples?|benchmarks?)/")
_STUB = ".pyi"
_OUTSIDE = re.compile(r"(.*/)?(s?bin|Scripts|include|man|doc)/.*")


# What the packages of operating systems put before a distribution's name.
_OF_SYSTEM = re.compile(r"^(platform-python|python3?(\.\d+)?|py3(\.\d+)?)-")


@dataclass(frozen=True, eq=False)
class Unit:
    """What is needed as a whole when anything of it is imported.

    `site` is the folder its files are told relative to, with a slash at the end. `package` is None
    for what lies in a folder for distributions and no record has.
    """

    name: str
    site: str
    files: tuple[str, ...]
    package: Package | None

    @functools.cached_property
    def is_tool(self) -> bool:
        return is_tool(self.name)

    @functools.cached_property
    def tops(self) -> frozenset[str]:
        """The names of its packages that no other package holds."""
        start = len(self.site)
        inside = (path[start:] for path in self.modules)
        return frozenset(path.partition("/")[0] for path in inside if "/__init__." in path)

    @functools.cached_property
    def modules(self) -> frozenset[str]:
        """The paths of its modules below its site."""
        return frozenset(p for p in self.files if p.startswith(self.site) and is_module(p))


def is_tool(name: str) -> bool:
    return bool(_TOOLS.fullmatch(_OF_SYSTEM.sub("", name.lower())))


def site_of(path: str) -> str:
    """The innermost folder for distributions that `path` lies in, with a slash; empty for none."""
    ends = (path.rfind(f"/{name}/") + len(name) + 2 for name in SITE_NAMES if f"/{name}/" in path)
    return path[: max(ends, default=0)]


class Units:
    """Finds the unit of a file, and knows those it has found."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._units: dict[object, Unit] = {}

    def of(self, path: str) -> Unit | None:
        """The unit of a file; None for what is no distribution's."""
        owner = self._world.owner(path)
        site = site_of(path)
        if owner is not None and owner.type == "pypi":
            return self._of_package(owner)
        if not site:
            return None
        if owner is not None and owner.type in SYSTEM_TYPES:
            return self._known(id(owner)) or self._add(id(owner), self._system_unit(owner, site))
        top = path[len(site) :].partition("/")[0]
        key = f"{site}{top}"
        return self._known(key) or self._add(key, Unit(top, site, self._below(key), None))

    def of_package(self, package: Package) -> Unit | None:
        """The unit that a distribution's record lies in."""
        return self.of(package.database)

    def _of_package(self, package: Package) -> Unit:
        site = package.database.rsplit("/", 2)[0] + "/"
        if package.database.endswith(".egg-info"):
            site = package.database.rpartition("/")[0] + "/"
        return self._known(id(package)) or self._add(
            id(package), Unit(package.name, site, package.files, package)
        )

    def _system_unit(self, owner: Package, site: str) -> Unit:
        files = tuple(path for path in owner.files if site_of(path))
        return Unit(owner.name, site, files, owner)

    def _known(self, key: object) -> Unit | None:
        return self._units.get(key)

    def _add(self, key: object, unit: Unit) -> Unit:
        self._units[key] = unit
        return unit

    def _below(self, path: str) -> tuple[str, ...]:
        node = self._world.filesystem.get(path)
        if node is None:
            return ()
        return tuple(n.path for n in self._world.below(node) if not n.is_directory)


def unit_needs(unit: Unit, with_stubs: bool) -> Iterator[Need]:
    """Every file of a unit, each in its role."""
    detail = f"distribution {unit.name}"
    for path in unit.files:
        place = f"/{path}"
        if not path.startswith(unit.site):
            is_unused = _OUTSIDE.fullmatch(path) is not None
            level = Confidence.LOW if is_unused else Confidence.MEDIUM
            yield Need(place, Kind.DATA, detail, level, role=Role.KEEP)
        elif is_unused_part(unit, path) and not (with_stubs and path.endswith(_STUB)):
            why = f"{detail}: tests, types, sources"
            yield Need(place, Kind.DATA, why, Confidence.LOW)
        elif is_module(path):
            yield Need(place, Kind.LOAD, detail, Confidence.MEDIUM)
        elif path.endswith(".pth"):
            # Needed where the interpreter reads it at its start, and said there.
            yield Need(place, Kind.DATA, detail, Confidence.MEDIUM)
        else:
            yield Need(place, Kind.DATA, detail, Confidence.MEDIUM)


def is_unused_part(unit: Unit, path: str) -> bool:
    """Whether a file of a unit is its tests, its documentation, its C sources, its type stubs."""
    if _UNUSED.fullmatch(path, len(unit.site)):
        return True
    folder = _DOCUMENTS.match(path, len(unit.site))
    return folder is not None and f"{path[: folder.end()]}__init__.py" not in unit.modules


def is_module(path: str) -> bool:
    """Whether a file is one that an interpreter, or the dynamic loader, loads."""
    name = path.rpartition("/")[2]
    return name.endswith((".py", ".pyc", ".so")) or ".so." in name


def folder_modules(node: Node) -> Iterator[Node]:
    """The modules that lie beside one."""
    for child in ((node.parent.children if node.parent is not None else None) or {}).values():
        if child.is_file and child.path.endswith(".py"):
            yield child
