"""From the words of a command in a script to the programs that are started."""

from collections.abc import Iterator

from slimmer.reach.commands import start
from slimmer.reach.edge import UNKNOWN, Confidence, Need
from slimmer.reach.folders import is_general
from slimmer.reach.shell.files import normal
from slimmer.reach.shell.state import Fields, State, is_known
from slimmer.reach.world import World

# A name that is known in part must leave no more than this many programs to choose from.
_MAX_GUESSES = 3
_MAX_MATCHES = 64
_LEAST_KNOWN = 3


def start_program(
    world: World, fields: Fields, state: State, detail: str, confidence: Confidence
) -> Iterator[Need]:
    """What is needed to start `fields`; also where only a part of the name is known."""
    if not is_known(fields[0]):
        for place in _guesses(world, fields[0], state):
            argv = (place, *_known_words(fields[1:]))
            yield from start(world, argv, detail, Confidence.MEDIUM)
        return
    path = search_path(world, state)
    for name in _names(fields[0], state):
        places = [world.get(place) for place in world.programs(name, path)]
        if any(node is not None and node.is_executable for node in places):
            argv = (name, *_known_words(fields[1:]))
            yield from start(world, argv, detail, confidence, path)


def search_path(world: World, state: State) -> str | None:
    """PATH with all that the script may have put into it; None for the config's."""
    values = state.values("PATH")
    if not values or values == (world.environment["PATH"],):
        return None
    folders = dict.fromkeys(folder for value in values for folder in value.split(":"))
    return ":".join(folder for folder in folders if is_known(folder))


def programs(world: World, name: str, state: State) -> list[str]:
    """Where a command is found."""
    if not is_known(name):
        return []
    path = search_path(world, state)
    return [place for name in _names(name, state) for place in world.programs(name, path)]


def _names(name: str, state: State) -> list[str]:
    """A path that is not absolute is seen from wherever the script may be."""
    if "/" not in name:
        return [name]
    if name.startswith("/"):
        return [normal(name)]
    return [normal(f"{folder}/{name}") for folder in state.folders]


def _known_words(fields: Fields) -> Fields:
    return tuple(text if is_known(text) else UNKNOWN for text in fields)


def _guesses(world: World, name: str, state: State) -> list[str]:
    """The few programs that a name with unknown parts can mean: `?/bin/java`, `?-server`."""
    before, after = name[: name.find(UNKNOWN)], name[name.rfind(UNKNOWN) + 1 :]
    if "/" in after:
        base = after.rpartition("/")[2]
        return programs(world, base, state)[:1] if is_known(base) and base else []
    if before.startswith("/"):
        return [path for path in matching(world, name) if _is_executable(world, path)]
    if "/" in before or len(before) + len(after) < _LEAST_KNOWN:
        return []
    found = [
        f"{folder}/{child}"
        for folder in world.search_path
        if (node := world.get(folder)) is not None
        for child, there in (node.children or {}).items()
        if child.startswith(before) and child.endswith(after) and not there.is_directory
    ]
    return found if len(found) <= _MAX_GUESSES else []


def matching(world: World, name: str) -> list[str]:
    """The files that a path with an unknown part in its last name can mean, in a folder of few."""
    before, after = name[: name.find(UNKNOWN)], name[name.rfind(UNKNOWN) + 1 :]
    folder, _, start = before.rpartition("/")
    node = world.get(folder) if folder.startswith("/") and "/" not in after else None
    if node is None or not node.children or is_general(node.path):
        return []
    found = [
        f"{folder}/{child}"
        for child, there in sorted(node.children.items())
        if child.startswith(start) and child.endswith(after) and not there.is_directory
    ]
    return found if len(found) <= _MAX_MATCHES else []


def _is_executable(world: World, path: str) -> bool:
    node = world.get(path)
    return node is not None and node.is_executable
