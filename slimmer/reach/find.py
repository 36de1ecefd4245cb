"""The graph of an image: roots, resolvers and walk put together."""

from collections.abc import Iterable

from slimmer.reach.catalogue import resolvers
from slimmer.reach.edge import Confidence, Need
from slimmer.reach.graph import Graph
from slimmer.reach.package_files import PackageFiles
from slimmer.reach.payload import payload_roots
from slimmer.reach.roots import config_roots
from slimmer.reach.system.policy_files import policy_roots
from slimmer.reach.walk import walk
from slimmer.reach.world import World


def find_reached(
    world: World,
    *,
    whole_packages: bool,
    roots: Iterable[tuple[str, Need]] = (),
    least: Confidence = Confidence.MEDIUM,
) -> Graph:
    """All that the image's config, its payload and `roots` reach.

    `whole_packages` also reaches the other files of each package that is in use.
    """
    own = payload_roots(world, by_place=not whole_packages)
    every = [*config_roots(world), *roots, *policy_roots(world), *own]
    asked = resolvers(world)
    if whole_packages:
        asked.append(PackageFiles(world))
    return walk(world, every, asked, least)
