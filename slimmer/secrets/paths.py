"""Which rules care about a file because of its name.

A name pattern is `name`, `*.ext`, `prefix*` or `*`, with any number of folders before it that must
be the last folders of the path: `.docker/config.json`, `config/credentials/*.key`. Case does not
matter. The lookup is two dictionary reads and one `startswith`, since it runs for every file.
"""

from collections.abc import Iterable
from typing import Generic, TypeVar

T = TypeVar("T")
# The folders that must come last ("" or "/a/b/"), the suffix of the name, the value.
_Entry = tuple[str, str, T]


class PathIndex(Generic[T]):
    """Values by file name pattern, in the order they were added."""

    def __init__(self, entries: Iterable[tuple[str, T]]) -> None:
        self._names: dict[str, list[_Entry[T]]] = {}
        self._extensions: dict[str, list[_Entry[T]]] = {}
        self._prefixes: dict[str, list[_Entry[T]]] = {}
        self._folders: dict[str, list[_Entry[T]]] = {}
        for pattern, value in entries:
            self._add(pattern.lower(), value)
        self._starts = tuple(self._prefixes)

    def _add(self, pattern: str, value: T) -> None:
        folders, _, base = pattern.rpartition("/")
        entry = (f"/{folders}/" if folders else "", "", value)
        if base == "*":
            self._folders.setdefault(folders.rpartition("/")[2], []).append(entry)
        elif base.startswith("*."):
            entry = (entry[0], base[1:], value)
            self._extensions.setdefault(base.rpartition(".")[2], []).append(entry)
        elif base.endswith("*"):
            self._prefixes.setdefault(base[:-1], []).append(entry)
        else:
            self._names.setdefault(base, []).append(entry)

    def lookup(self, path: str) -> list[T]:
        """Values whose pattern fits `path`, a path without a leading slash."""
        folders, _, base = path.lower().rpartition("/")
        found: list[T] = []
        candidates = self._names.get(base)
        if candidates is not None:
            self._take(candidates, folders, base, found)
        candidates = self._extensions.get(base.rpartition(".")[2])
        if candidates is not None:
            self._take(candidates, folders, base, found)
        candidates = self._folders.get(folders.rpartition("/")[2])
        if candidates is not None:
            self._take(candidates, folders, base, found)
        if base.startswith(self._starts):
            for prefix, entries in self._prefixes.items():
                if base.startswith(prefix):
                    self._take(entries, folders, base, found)
        return found

    @staticmethod
    def _take(entries: list[_Entry[T]], folders: str, base: str, found: list[T]) -> None:
        parent = f"/{folders}/"
        for wanted, suffix, value in entries:
            if parent.endswith(wanted) and base.endswith(suffix) and value not in found:
                found.append(value)
