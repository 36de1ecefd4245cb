"""What stays whoever reads it: accounts, names, trust stores, the skeleton of the root."""

from collections.abc import Iterator

from slimmer.reach.edge import Confidence, Kind, Need
from slimmer.reach.system.table import needs, system_table
from slimmer.reach.world import World

SOURCE = "image"


def policy_roots(world: World) -> Iterator[tuple[str, Need]]:
    """Needs of the image itself, from `system.toml`: nothing has to name these files.

    Trust stores are kept with all that their links lead to, so also what of
    /usr/share/ca-certificates is trusted.
    """
    for files in system_table().policy:
        for pattern in files.paths:
            for need in needs(world, pattern, Kind.POLICY, files.why, Confidence.HIGH):
                yield SOURCE, need
    for need in (*_trust(world), *_root_links(world)):
        yield SOURCE, need


def _trust(world: World) -> Iterator[Need]:
    """Trust that ENV names; SSL_CERT_DIR may name several folders."""
    for name in system_table().trust.variables:
        for path in world.environment.get(name, "").split(":"):
            node = world.get(path) if path.startswith("/") else None
            # A folder high up in the tree is no store of certificates.
            if node is not None and node.path.count("/") >= 1:
                yield Need(path, Kind.POLICY, f"ENV {name}={path}", tree=True)


def _root_links(world: World) -> Iterator[Need]:
    """/bin, /lib and others where they are links into /usr: every path of old goes through them."""
    for name, node in sorted((world.filesystem.root.children or {}).items()):
        if node.is_symlink:
            yield Need(f"/{name}", Kind.POLICY, "link in the root folder")
