"""Worlds made in code, and what is reached in them.

world = world_of({"app": File(b"#!/bin/sh\\n", 0o755), "bin/sh": elf}, Cmd=["/app"])
graph = reached(world, ShebangResolver)
"""

import json
from collections.abc import Iterable
from typing import Any

from support.images import image
from support.layers import Content, File, filesystem_of, tar_of

from slimmer.filesystem.tree import Node
from slimmer.oci.config import ImageConfig
from slimmer.packages.catalogue import read_packages
from slimmer.reach.edge import Confidence, Need
from slimmer.reach.graph import Graph
from slimmer.reach.resolver import Resolver
from slimmer.reach.roots import config_roots
from slimmer.reach.walk import walk
from slimmer.reach.world import World


def world_of(files: dict[str, Content], **config: Any) -> World:
    """An image of one layer; keywords are fields of its config's `config` (`Cmd`, `Env`, ...)."""
    contents = {path: _bytes(content) for path, content in files.items()}
    filesystem = filesystem_of(files)
    built = image(tar_of(files), config=config)
    parsed = ImageConfig.parse(json.dumps(built.config).encode(), "config")

    def read(node: Node, limit: int) -> bytes:
        first = next((n.path for n in node.inode.names if n.path in contents), node.path)
        return contents.get(first, b"")[:limit]

    return World(filesystem, read_packages(filesystem), parsed, read)


def reached(
    world: World,
    *resolvers: type[Resolver],
    roots: Iterable[tuple[str, Need]] = (),
    least: Confidence = Confidence.MEDIUM,
) -> Graph:
    """What the config and `roots` reach by these resolvers."""
    every = [*config_roots(world), *roots]
    return walk(world, every, [resolver(world) for resolver in resolvers], least)


def _bytes(content: Content) -> bytes:
    match content:
        case bytes():
            return content
        case File(data):
            return data
        case _:
            return b""
