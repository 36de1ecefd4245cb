"""JavaScript and TypeScript source: which modules it imports, which folders it names.

Read as text, not parsed: what looks like an import in a comment counts too.
"""

import re
from dataclasses import dataclass

_MAX_FOUND = 2000
_NAME = r"[^'\"`\s$\\]{1,300}"
_CALL = re.compile(rf"(?:\brequire(?:\.resolve)?|\bimport)\s{{0,9}}\(\s{{0,99}}(['\"`])({_NAME})\1")
_FROM = re.compile(rf"(?:\bfrom|\bimport)\s{{0,9}}(['\"])({_NAME})\1")
_FOLDER = re.compile(
    r"(?:__dirname|import\.meta\.dirname)\s{0,9}((?:[,+]\s{0,9}['\"][^'\"\n]{1,200}['\"]\s{0,9}){1,9})"
)
_TEMPLATE = re.compile(r"`\$\{(?:__dirname|import\.meta\.dirname)\}/([^`$\n]{1,200})`")
_URL = re.compile(r"new URL\(\s{0,9}['\"](\.[^'\"\n]{1,200})['\"]\s{0,9},\s{0,9}import\.meta\.url")
_WORD = re.compile(r"['\"]([^'\"]+)['\"]")
_WORKER = re.compile(r"new Worker\(\s{0,9}['\"](\.[^'\"\n]{1,200})['\"]")


@dataclass(frozen=True)
class NodeSource:
    """`modules` as they are written (`./x`, `express`, `@scope/name/file`); `places` are paths that
    are joined to the file's own folder."""

    modules: tuple[str, ...]
    places: tuple[str, ...]


def parse_node_source(source: str) -> NodeSource:
    """Every literal import, export from, `require`, and path beside `__dirname`, in order."""
    modules: dict[str, None] = {}
    places: dict[str, None] = {}
    if "require" in source or "import" in source or "export" in source:
        for pattern in (_CALL, _FROM):
            modules.update(dict.fromkeys(match[2] for match in _bounded(pattern, source)))
    if "__dirname" in source or "import.meta" in source:
        for match in _bounded(_FOLDER, source):
            places["/".join(_WORD.findall(match[1]))] = None
        for pattern in (_TEMPLATE, _URL):
            places.update(dict.fromkeys(match[1] for match in _bounded(pattern, source)))
    if "new Worker" in source:
        places.update(dict.fromkeys(match[1] for match in _bounded(_WORKER, source)))
    return NodeSource(tuple(modules), tuple(places))


def _bounded(pattern: re.Pattern[str], source: str) -> list[re.Match[str]]:
    return [match for match, _ in zip(pattern.finditer(source), range(_MAX_FOUND), strict=False)]
