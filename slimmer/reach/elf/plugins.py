"""Libraries that an ELF file opens at run time, by the names in its constants."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from slimmer.reach.edge import Confidence, Kind, Need
from slimmer.reach.elf.code import Code
from slimmer.reach.elf.libraries import Libraries
from slimmer.reach.elf.places import Places, is_library
from slimmer.reach.elf.strings import libraries_in
from slimmer.reach.world import World

# Of one file and all its templates.
_MAX_TRIED = 200
_CONVERSION = re.compile(r"%[-#0 +.\d*]*[a-z%]*")
# So many letters behind `lib` make a template one of its own.
_LEAST_OWN = 3


class Plugins:
    """Needs by names of libraries; those with a whole path are found with the other paths."""

    def __init__(self, world: World, libraries: Libraries, places: Places) -> None:
        self._world = world
        self._libraries = libraries
        self._places = places

    def announced(self, code: Code) -> Iterator[Need]:
        """What notes in the file say that it may open, whichever of the names are there."""
        for name in (name for names in code.elf.dlopen_notes for name in names):
            for path in self._library(code, name):
                yield Need(path, Kind.LOAD, f".note.dlopen {name}", Confidence.MEDIUM)

    def named(self, code: Code) -> Iterator[Need]:
        """What the file may open: sonames, paths, and templates of them in folders of plugins."""
        if not code.constants.imports_dlopen and not code.is_libc:
            return
        tried = 0
        for text in libraries_in(code.constants.data):
            if code.is_libc and not text.startswith("libgcc_s."):
                continue
            folder, _, name = text.rpartition("/")
            detail = f"dlopen {name}"
            if "%" in name:
                found = self._template(code, name)
                tried += len(found)
            elif folder.startswith("/") and "%" not in folder:
                found = []
            else:
                found = self._beside(code, text.rpartition("%s/")[2])
                found += [] if folder else self._library(code, name)
            if tried > _MAX_TRIED:
                return
            for path in found:
                yield Need(path, Kind.LOAD, detail, Confidence.MEDIUM)

    def _library(self, code: Code, name: str) -> list[str]:
        return [found.path for found in self._libraries.find(name, code.elf, code.folder)]

    def _beside(self, code: Code, text: str) -> list[str]:
        """A library by its path from the folder of the file, or from the folder around that."""
        name = text.rpartition("/")[2]
        parent = code.folder.rpartition("/")[0]
        tried = dict.fromkeys((f"{code.folder}/{name}", f"{code.folder}/{text}"))
        if name != text:
            tried[f"{parent}/{text}"] = None
        return [path for path in tried if self._is_library(path)]

    def _template(self, code: Code, name: str) -> list[str]:
        """Libraries that fit a template: beside the file where that is a folder of its own, and
        among all where the name begins with something of its own."""
        pattern = _CONVERSION.sub("*", name.replace("[", "[[]"))
        places = []
        parent = self._world.get(code.folder)
        if parent is not None and self._places.is_specific(parent):
            places.append(code.folder)
        if len(pattern.partition("*")[0].removeprefix("lib")) >= _LEAST_OWN:
            places += self._libraries.system_folders
        found: list[str] = []
        for place in dict.fromkeys(places):
            node = self._world.get(place)
            names = sorted(node.children or ()) if node is not None else ()
            paths = (f"{place}/{name}" for name in names if fnmatchcase(name, pattern))
            found += [path for path in paths if self._is_library(path)]
        return found[:_MAX_TRIED]

    def _is_library(self, path: str) -> bool:
        node = self._world.get(path)
        return node is not None and is_library(node)
