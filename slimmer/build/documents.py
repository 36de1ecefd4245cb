"""The config of the output: edited, and without what the old one told of its making in secret."""

import copy
from collections.abc import Callable, Mapping

from slimmer.limits import NO_LIMITS
from slimmer.oci.config import ImageConfig
from slimmer.oci.strict_json import Json, dump_json

Redact = Callable[[str], str]

# How the original was built, and which of its layers a build cache may reuse: untrue of another
# image, and the first names every build argument.
_OF_THE_ORIGINAL = ("moby.buildkit.buildinfo.v1", "moby.buildkit.cache.v0")
_TOLD = ("created_by", "comment", "author")


def cleaned_config(config: ImageConfig, run: Mapping[str, Json], redact: Redact) -> ImageConfig:
    """The config with `run` set, and with secrets taken out of history and build records.

    `container_config` is what old Docker wrote down of the container it made the last layer in.
    """
    document = copy.deepcopy(config.document)
    for name in _OF_THE_ORIGINAL:
        document.pop(name, None)
    for entry in document.get("history") or []:
        for name in _TOLD:
            if isinstance(entry.get(name), str):
                entry[name] = redact(entry[name])
    if "container_config" in document:
        document["container_config"] = _redacted(document["container_config"], redact)
    if run:
        document["config"] = {**(document.get("config") or {}), **run}
    return ImageConfig.parse(dump_json(document), "edited config", NO_LIMITS)


def _redacted(value: Json, redact: Redact) -> Json:
    """Every text in a JSON value; documents are at most 100 levels deep."""
    match value:
        case str():
            return redact(value)
        case list():
            return [_redacted(item, redact) for item in value]
        case dict():
            return {name: _redacted(item, redact) for name, item in value.items()}
        case _:
            return value
