"""Distributions that Python source asks for by name: their records say where to begin.

Sources: `importlib.metadata`; setuptools' `pkg_resources`, whose scripts load an entry point.
"""

import re
from collections.abc import Iterator

from slimmer.formats.python_dist import normalise_name

_WORDS = (b"importlib.metadata", b"importlib_metadata", b"pkg_resources", b"__requires__")
_ASKED = re.compile(
    rb"(?:\b(?:load_entry_point|run_script|get_distribution|distribution|version|metadata|requires"
    rb"|files|require)\(|\b__requires__\s{0,9}=)\s{0,99}"
    rb"[\"']([A-Za-z0-9][A-Za-z0-9._-]{0,99})[^\"'\n]{0,99}[\"']"
)
_MAX_NAMES = 200


def distributions_asked(text: bytes) -> Iterator[str]:
    """The names of distributions that source looks up as it runs, normalised, each once:
    `load_entry_point('Shop==1.0', ...)`, `version("shop")`."""
    if not any(word in text for word in _WORDS):
        return
    found: dict[str, None] = {}
    for match in _ASKED.finditer(text):
        found[normalise_name(match[1].decode("ascii"))] = None
        if len(found) >= _MAX_NAMES:
            break
    yield from found
