"""Where the chains begin: what the config starts, what the user asks for, what no package owns."""

from collections.abc import Iterable, Iterator

from slimmer.oci.config import ImageConfig
from slimmer.reach.commands import shown, start
from slimmer.reach.edge import UNKNOWN, Confidence, Kind, Need, Role
from slimmer.reach.world import World

# ENTRYPOINT and CMD in the exec form of a shell: what runtimes use for CMD-SHELL.
_HEALTH_SHELL = "/bin/sh"


def config_roots(world: World) -> Iterator[tuple[str, Need]]:
    """ENTRYPOINT with CMD, HEALTHCHECK, and what ENV, WORKDIR and VOLUME name."""
    config = world.config
    argv = (*config.entrypoint, *config.cmd)
    name = "ENTRYPOINT" if config.entrypoint else "CMD"
    for need in start(world, argv, f"{name} {shown(config.entrypoint or config.cmd)}"):
        yield name, need
    if config.entrypoint:
        # Whoever starts the container may give other words than CMD's.
        other = (*config.entrypoint, UNKNOWN)
        said = f"ENTRYPOINT {shown(config.entrypoint)} with other arguments"
        for need in start(world, other, said, Confidence.MEDIUM):
            yield "ENTRYPOINT", need
    for need in start(world, health_command(config), "HEALTHCHECK"):
        yield "HEALTHCHECK", need
    yield from _places(world)


def health_command(config: ImageConfig) -> tuple[str, ...]:
    """The words that HEALTHCHECK starts; empty for none."""
    test = config.healthcheck.test if config.healthcheck else ()
    match test:
        case ("CMD", *words):
            return tuple(words)
        case ("CMD-SHELL", *words):
            return (_HEALTH_SHELL, "-c", *words)
        case _:
            return ()


def _places(world: World) -> Iterator[tuple[str, Need]]:
    """Folders and files that the config names."""
    config = world.config
    yield "WORKDIR", Need(world.working_dir, Kind.DATA, f"WORKDIR {world.working_dir}")
    for volume in config.volumes:
        yield "VOLUME", Need(volume, Kind.DATA, f"VOLUME {volume}")
    for name, value in config.environment.items():
        if name == "PATH":
            continue
        for path in dict.fromkeys(_paths_in(value)):
            node = world.get(path)
            if node is not None and node.is_file:
                yield "ENV", Need(path, Kind.DATA, f"ENV {name}={value}")


def _paths_in(value: str) -> Iterator[str]:
    for part in value.replace("=", ":").replace(",", ":").split(":"):
        if part.startswith("/") and len(part) > 1:
            yield part


def user_roots(
    world: World, paths: Iterable[str], name: str = "--keep"
) -> Iterator[tuple[str, Need]]:
    """Paths the user keeps: programs as if they were started, the rest as it lies there."""
    for path in paths:
        node = world.filesystem.get(path)
        is_program = node is not None and node.is_executable
        role = Role.RUN if is_program else Role.CODE
        yield name, Need(path, Kind.ROOT, name, Confidence.HIGH, role=role)
