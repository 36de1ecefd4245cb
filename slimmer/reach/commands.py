"""From the words of a command to the programs that may be started by it."""

from collections.abc import Iterable, Iterator, Sequence

from slimmer.reach.edge import UNKNOWN, Confidence, Kind, Need
from slimmer.reach.world import World


def start(
    world: World,
    argv: Sequence[str],
    detail: str,
    confidence: Confidence = Confidence.HIGH,
    path: str | None = None,
) -> Iterator[Need]:
    """What is needed to run `argv`: every match of its first word in PATH.

    The first match is what runs. A later one is needed when the one before is a script, which may
    be a wrapper that calls the next of its name; else it is a weak guess that PATH may change.
    `path` is another PATH than the config's. Nothing for a first word that is not known.
    """
    if not argv or not argv[0] or UNKNOWN in argv[0]:
        return
    for place in world.programs(argv[0], path):
        yield Need(place, Kind.EXEC, detail, confidence, argv=tuple(argv))
        node = world.get(place)
        if node is None or node.facts.shebang is None:
            confidence = Confidence.LOW


def shown(words: Iterable[str]) -> str:
    """A command as the config has it: `["app", "--serve"]`."""
    return "[" + ", ".join(f'"{word}"' for word in words) + "]"
