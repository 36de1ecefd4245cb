"""What a `package.json` says of loading: dependencies, entries, scripts (npm's documentation)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from slimmer.errors import FormatError
from slimmer.filesystem.tree import Node
from slimmer.formats.read import decode_json, text_pairs
from slimmer.reach.world import World

NAME = "package.json"
_MAX_NAMES = 2000
_MAX_ENTRIES = 2000
# What npm's own documentation allows in a name, and nothing that leads out of a folder.
_PACKAGE = re.compile(r"(?:@[\w.~-]+/)?[\w~-][\w.~-]*")


@dataclass(frozen=True)
class Manifest:
    """`needs` are what npm installs for production; `optional_peers` of them may be absent.

    `entries` are paths in the package, as written: `main`, `bin`, and every target in `exports` and
    `imports`, with `*` where it is a pattern.
    """

    needs: tuple[str, ...] = ()
    optional_peers: frozenset[str] = frozenset()
    development: frozenset[str] = frozenset()
    main: str = ""
    entries: tuple[str, ...] = ()
    scripts: dict[str, str] = field(default_factory=dict)


def read_manifest(world: World, node: Node) -> Manifest:
    """Fields of another type than npm writes count as absent, as does a file that is no JSON."""
    try:
        document = decode_json(world.text(node), NAME)
    except FormatError:
        return Manifest()
    if not isinstance(document, dict):
        return Manifest()
    needs: dict[str, None] = {}
    for key in ("dependencies", "optionalDependencies", "peerDependencies"):
        needs.update(dict.fromkeys(_names(document.get(key))))
    main = document.get("main")
    fields = (document.get(key) for key in ("main", "module", "bin", "exports", "imports"))
    entries = (entry for value in fields for entry in _strings(value))
    return Manifest(
        needs=tuple(needs)[:_MAX_NAMES],
        optional_peers=_optional(document.get("peerDependenciesMeta")),
        development=frozenset(_names(document.get("devDependencies"))) - needs.keys(),
        main=main if isinstance(main, str) else "",
        entries=tuple(
            dict.fromkeys(entry for entry, _ in zip(entries, range(_MAX_ENTRIES), strict=False))
        ),
        scripts=dict(text_pairs(document.get("scripts"))),
    )


def package_name(specifier: str) -> str:
    """`express` of `express/lib/x`, `@a/b` of `@a/b/c`; empty for what names no package."""
    parts = specifier.split("/", 2)
    name = "/".join(parts[:2]) if specifier.startswith("@") else parts[0]
    return name if _PACKAGE.fullmatch(name) else ""


def _names(value: object) -> Iterator[str]:
    return (name for name, _ in text_pairs(value) if _PACKAGE.fullmatch(name))


def _optional(value: object) -> frozenset[str]:
    if not isinstance(value, dict):
        return frozenset()
    return frozenset(
        name
        for name, facts in value.items()
        if isinstance(facts, dict) and facts.get("optional") is True
    )


def _strings(value: object) -> Iterator[str]:
    """Every string in nested objects and arrays; the decoder bounds how deep they nest."""
    stack = [value]
    while stack:
        match stack.pop():
            case str() as text:
                yield text
            case dict() as items:
                stack += reversed(items.values())
            case list() as items:
                stack += reversed(items)
