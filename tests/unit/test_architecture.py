"""The house's rules, checked on the real source: who may import whom, who may speak."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import slimmer

ROOT = Path(slimmer.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))
MAX_LINES = 400

# Each room may import the rooms named here and itself. The order is the architecture's sentence:
# a reference is located, opened, read, merged, understood, rebuilt, reported.
_ORDER = (
    ("errors",),
    ("limits",),
    ("formats", "secrets"),
    ("oci",),
    ("store",),
    ("image",),
    ("filesystem",),
    ("packages",),
    ("detect", "reach"),
    ("build",),
    ("policy",),
    ("report",),
    ("cli",),
)
_ALWAYS = frozenset({"slimmer"})
ALLOWED: dict[str, frozenset[str]] = {}
for _place, _rooms in enumerate(_ORDER):
    _earlier = {room for rooms in _ORDER[:_place] for room in rooms}
    ALLOWED.update({room: frozenset(_earlier | {room}) | _ALWAYS for room in _rooms})

# Parsers and rules are pure: bytes in, facts out.
ALLOWED["formats"] = frozenset({"errors", "limits", "formats"}) | _ALWAYS
ALLOWED["secrets"] = frozenset({"errors", "limits", "secrets"}) | _ALWAYS

# The three places that hold images do not know each other. An OCI archive is a layout in a tar,
# and the archive writer shares the layout's names and documents.
BACKENDS = ("layout", "archive", "registry")
SHARED_BY_BACKENDS: dict[tuple[str | None, str | None], set[str]] = {
    ("archive", "layout"): {
        "INDEX_FILE",
        "LAYOUT_FILE",
        "blob_name",
        "layout_bytes",
        "named",
        "new_index",
    },
}


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT.parent))


def _room(path: Path) -> str:
    inside = path.relative_to(ROOT)
    if inside.name == "__main__.py":
        return "cli"
    return inside.parts[0] if len(inside.parts) > 1 else inside.stem


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def _imports(path: Path) -> Iterator[tuple[str, str]]:
    """(module, name) of every import of slim's own, the ones inside functions too."""
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{_name(path)} imports by a relative name"
            yield from ((node.module or "", alias.name) for alias in node.names)


def _own_imports(path: Path) -> Iterator[tuple[tuple[str, ...], str]]:
    for module, name in _imports(path):
        parts = tuple(module.split("."))
        if parts[0] == "slimmer":
            yield (parts[1:] or (name,)), name


def _violations(check: Callable[[Path], Iterator[str]]) -> list[str]:
    return [f"{_name(path)}: {problem}" for path in MODULES for problem in check(path)]


def test_every_room_has_its_place_in_the_order() -> None:
    assert {_room(path) for path in MODULES} - {"__init__"} <= ALLOWED.keys()


def test_imports_run_one_way() -> None:
    assert _violations(_backward_imports) == []


def _backward_imports(path: Path) -> Iterator[str]:
    room = _room(path)
    allowed = ALLOWED.get(room, _ALWAYS)
    for parts, _ in _own_imports(path):
        if parts[0] not in allowed and parts[0] != "__version__":
            yield f"{room} imports {parts[0]}"


def test_places_that_hold_images_do_not_know_each_other() -> None:
    assert _violations(_imports_between_backends) == []


def _imports_between_backends(path: Path) -> Iterator[str]:
    mine = _backend(path.relative_to(ROOT).with_suffix("").parts)
    for parts, name in _own_imports(path) if mine else ():
        other = _backend(parts)
        if other not in (None, mine) and name not in SHARED_BY_BACKENDS.get((mine, other), set()):
            yield f"imports {other}.{name}"


def _backend(parts: tuple[str, ...]) -> str | None:
    """Which backend a module is part of, told by its path below slimmer/."""
    is_backend = len(parts) > 1 and parts[0] == "store" and parts[1] in BACKENDS
    return parts[1] if is_backend else None


def test_only_the_command_line_prints_exits_or_reads_the_environment() -> None:
    assert _violations(_speaks) == []


def _speaks(path: Path) -> Iterator[str]:
    if _room(path) == "cli":
        return
    for node in ast.walk(_tree(path)):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in _SPEAKING_CALLS:
                yield f"line {node.lineno}: {name}()"
            case ast.Attribute(value=ast.Name(id=module), attr=name) if (
                f"{module}.{name}" in _SPEAKING_NAMES
            ):
                yield f"line {node.lineno}: {module}.{name}"
            case ast.ImportFrom(module="os" | "sys", names=names):
                for alias in names:
                    if f"{node.module}.{alias.name}" in _SPEAKING_NAMES:
                        yield f"line {node.lineno}: from {node.module} import {alias.name}"


_SPEAKING_CALLS = {"print", "exit", "quit", "input"}
_SPEAKING_NAMES = {
    *("sys.exit", "sys.argv", "sys.stdin", "sys.stdout", "sys.stderr"),
    *("os.environ", "os.environb", "os.getenv", "os._exit"),
}


def test_a_module_fits_in_ones_head() -> None:
    assert _violations(_too_long) == []


def _too_long(path: Path) -> Iterator[str]:
    lines = len(path.read_text().splitlines())
    if lines > MAX_LINES:
        yield f"{lines} lines"
