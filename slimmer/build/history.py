"""The history of the output: aligned with its layers."""

from collections.abc import Iterable

from slimmer.oci.config import ImageConfig
from slimmer.oci.strict_json import Json


def new_history(
    config: ImageConfig, gone: frozenset[int], added: Iterable[str], created: str
) -> list[dict[str, Json]]:
    """The entries of layers that are `gone` become `empty_layer`; one is added for each new layer.

    Where the history does not tell the layers there are, no layer may be gone but all of them.
    """
    entries = [dict(entry) for entry in config.document.get("history") or []]
    number = 0
    for entry in entries:
        if entry.get("empty_layer"):
            continue
        if number in gone:
            entry["empty_layer"] = True
        number += 1
    # An empty `created` is no time, and readers refuse it.
    time: dict[str, Json] = {"created": created} if created else {}
    entries += ({**time, "created_by": text} for text in added)
    return entries


def told_layers(config: ImageConfig) -> int:
    """How many layers the history tells of."""
    return sum(1 for entry in config.history if not entry.empty_layer)


def is_aligned(config: ImageConfig, layers: int) -> bool:
    """Whether the history tells exactly the layers there are, so that one may be left out."""
    return told_layers(config) == layers
