"""Path patterns of the user, seen as the image has its folders: /bin/sh lies in /usr/bin."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from slimmer.build.options import BuildOptions
from slimmer.filesystem.tree import Filesystem

_WILD = re.compile(r"[*?\[{]")


def resolved(options: BuildOptions, filesystem: Filesystem) -> BuildOptions:
    """The options with patterns that lead through links to folders also where those lead."""
    return replace(
        options,
        keep=tuple(_seen(filesystem, options.keep)),
        drop=tuple(_seen(filesystem, options.drop)),
    )


def _seen(filesystem: Filesystem, patterns: Iterable[str]) -> Iterator[str]:
    for pattern in patterns:
        parts = [part for part in pattern.split("/") if part]
        wild = (place for place, part in enumerate(parts) if _WILD.search(part))
        literal = min(next(wild, len(parts)), len(parts) - 1)
        folder = filesystem.resolve("/".join(parts[:literal])) if literal > 0 else None
        if folder is None or folder.path == "/".join(parts[:literal]):
            yield pattern
        else:
            yield "/".join(("", folder.path, *parts[literal:]))
