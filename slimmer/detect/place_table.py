"""The folders and files of `places.toml`, found by their last name."""

import functools
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from slimmer.detect.policy import load_table


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something known by where it is; see `places.toml` for what the fields mean."""

    check: str
    what: str
    folders: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    holding: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    each: bool = False
    least: int = 1
    without: tuple[str, ...] = ()


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    place: tuple[Place, ...]


class _Entry(NamedTuple):
    pattern: re.Pattern[str]
    place: Place


class PlaceTable:
    """Places by the last name of their path, which is never a `*`."""

    def __init__(self, places: Iterable[Place]) -> None:
        self.places = tuple(places)
        self._folders = _by_last_name(self.places, "folders")
        self._files = _by_last_name(self.places, "files")

    @property
    def file_names(self) -> Iterable[str]:
        """Names of files that some place is about."""
        return self._files.keys()

    def folder(self, path: str) -> Place | None:
        """The place that the folder at `path` is."""
        return _find(self._folders, path)

    def file(self, path: str) -> Place | None:
        """The place that the file at `path` is."""
        return _find(self._files, path)


@functools.cache
def place_table() -> PlaceTable:
    """The table shipped with slim."""
    return PlaceTable(msgspec.convert(load_table("places"), _Table).place)


def _find(entries: Mapping[str, list[_Entry]], path: str) -> Place | None:
    for entry in entries.get(path.rpartition("/")[2], ()):
        if entry.pattern.fullmatch(path):
            return entry.place
    return None


def _by_last_name(places: Iterable[Place], kind: str) -> dict[str, list[_Entry]]:
    found: dict[str, list[_Entry]] = {}
    for place in places:
        patterns: tuple[str, ...] = getattr(place, kind)
        for pattern in patterns:
            entry = _Entry(_compiled(pattern), place)
            found.setdefault(pattern.rpartition("/")[2], []).append(entry)
    return found


def _compiled(pattern: str) -> re.Pattern[str]:
    body = re.escape(pattern.removeprefix("/")).replace(r"\*", "[^/]*")
    return re.compile(body if pattern.startswith("/") else f"(?:.*/)?{body}", re.DOTALL)
