"""Both sides of a build in figures."""

from dataclasses import replace

from slimmer.build.build import Outcome
from slimmer.report.summary import Summary, summarise


def summaries(outcome: Outcome) -> tuple[Summary, Summary]:
    """Both sides in figures; after a real build with the sizes of what was written."""
    before = summarise(outcome.before, outcome.findings_before)
    after = summarise(outcome.after, outcome.findings_after)
    image = outcome.image
    if image is None:
        return before, replace(after, size=0, uncompressed_size=0, layers=before.layers)
    layers = tuple(
        replace(
            after.layers[layer.origin] if layer.origin is not None else after.layers[-1],
            uncompressed_size=layer.uncompressed_size,
        )
        for layer in image.layers
    )
    unpacked = sum(layer.uncompressed_size for layer in image.layers)
    return before, replace(after, size=image.size, uncompressed_size=unpacked, layers=layers)
