"""What the C library opens by name at run time: name services, locales, time zones, charsets.

Sources: nsswitch.conf(5), locale(7), tzset(3), iconv_open(3) and the glibc manual.
"""

import fnmatch
import re
from collections.abc import Iterator

from slimmer.filesystem.tree import Node
from slimmer.reach.edge import Confidence, Kind, Need, Role
from slimmer.reach.languages import SHELL, language_of_program
from slimmer.reach.system.table import matches, needs, system_table
from slimmer.reach.world import World

ZONEINFO = "/usr/share/zoneinfo"
LOCALES = "/usr/lib/locale"
_NSSWITCH = "/etc/nsswitch.conf"
# The same zones in other forms: POSIX time again, and with leap seconds.
_DUPLICATE_ZONES = frozenset({"posix", "right"})
_LIBRARY_FOLDERS = ("/usr/lib64", "/lib64", "/usr/lib", "/lib")
# Built into libc since glibc 2.34, tiny before.
_BUILT_IN = ("files", "dns")
_SMALL_LOCALES = 20_000_000
_MAX_ELF = 2 << 20
_LOCALE_VARIABLE = re.compile(rb"""\b(?:LANG|LC_[A-Z]+)=["']?([a-zA-Z_]{2,12}[\w.@-]{0,24})""")
_MAX_SCRIPT = 64 * 1024
_WITHOUT_FILES = frozenset({"c", "posix", ""})


def is_glibc(node: Node) -> bool:
    elf = node.facts.elf
    return elf is not None and (elf.soname or node.name) == "libc.so.6"


def name_services(world: World, libc: Node) -> Iterator[Need]:
    """The modules that nsswitch.conf asks for, `libnss_NAME.so.2`, where they are installed."""
    for name in dict.fromkeys((*_BUILT_IN, *_services(world))):
        path = find_library(world, libc, f"libnss_{name}.so.2")
        if path:
            detail = f"{_NSSWITCH} names {name}" if name not in _BUILT_IN else "name service"
            yield Need(path, Kind.LOAD, detail, Confidence.MEDIUM)


def _services(world: World) -> Iterator[str]:
    node = world.get(_NSSWITCH)
    if node is None:
        return
    for line in world.text(node, 64 * 1024).decode("utf-8", "surrogateescape").splitlines():
        _, _, services = line.partition("#")[0].partition(":")
        for word in re.sub(r"\[[^\]]*\]", " ", services).split()[:16]:
            if re.fullmatch(r"[a-z0-9_]{1,32}", word):
                yield word


def find_library(world: World, beside: Node, name: str) -> str:
    """The path of a library: beside another one, else in the usual folders; empty for none."""
    folder = "/" + beside.path.rpartition("/")[0]
    places = (f"{place}/{name}" for place in (folder, f"/usr{folder}", *_LIBRARY_FOLDERS))
    return next((place for place in places if world.get(place) is not None), "")


def time_zones(world: World) -> Iterator[Need]:
    """Every zone, once: whoever starts the container may set TZ, and that works with any program.

    0.7 MB (0.3 compressed); `posix` and `right`, as much again, are used by hardly anybody.
    """
    folder = world.get(ZONEINFO)
    for name in sorted((folder.children if folder else None) or ()):
        level = Confidence.LOW if name in _DUPLICATE_ZONES else Confidence.MEDIUM
        yield Need(f"{ZONEINFO}/{name}", Kind.DATA, "zones that TZ may name", level, tree=True)


def has_small_locales(world: World) -> bool:
    """Whether all compiled locales together are no reason to pick some of them."""
    folder = world.get(LOCALES)
    nodes = world.below(folder) if folder is not None else ()
    return sum(node.size for node in nodes) <= _SMALL_LOCALES


def locales(world: World, said: set[str]) -> Iterator[Need]:
    """Compiled locales: all where they are small, else C and those that ENV or scripts name.

    A database lists them all, and what a program sets is seldom told by its files. `said` are
    names such as `de_DE.UTF-8`. A locale-archive is one file for all.
    """
    folder = world.get(LOCALES)
    if folder is None:
        return
    is_small = has_small_locales(world)
    wanted = {_normal(name) for name in said} | {"cutf8"}
    for name, node in sorted((folder.children or {}).items()):
        is_wanted = is_small or _normal(name) in wanted
        is_wanted |= node.is_file and any(_has_files(name) for name in said)
        level = Confidence.MEDIUM if is_wanted else Confidence.LOW
        yield Need(f"{LOCALES}/{name}", Kind.DATA, "locale", level, tree=True)


def translations(world: World, said: set[str]) -> Iterator[Need]:
    """Messages in the languages that ENV sets."""
    for name in sorted(said):
        if _has_files(name):
            region = name.partition(".")[0].partition("@")[0]
            for folder in dict.fromkeys((region, region.partition("_")[0])):
                if folder not in ("en", "en_US") and folder.isascii() and "/" not in folder:
                    pattern = f"/usr/share/locale/{re.sub('[^A-Za-z_]', '', folder)}/**"
                    yield from needs(world, pattern, Kind.DATA, f"messages for {name}")


def environment_locales(world: World) -> set[str]:
    found: set[str] = set()
    for name, value in world.environment.items():
        if name == "LANG" or name.startswith("LC_"):
            found.add(value)
        elif name == "LANGUAGE":
            found.update(value.split(":"))
    return {value for value in found if value}


def script_locales(world: World, node: Node) -> set[str]:
    """Locales that a script sets, by assignments to LANG and LC_*."""
    names = _LOCALE_VARIABLE.findall(world.text(node, _MAX_SCRIPT))
    return {name.decode("ascii", "replace") for name in names[:32]}


def _normal(name: str) -> str:
    return re.sub(r"[^a-z0-9@]", "", name.lower())


def _has_files(name: str) -> bool:
    return name.partition(".")[0].lower() not in _WITHOUT_FILES


def converts(world: World, node: Node) -> Confidence | None:
    """Whether an ELF file calls iconv_open: MEDIUM when for charsets that only its data can tell,
    LOW when for the locale's only; None when it does not.

    The name stands in the table of dynamic symbols, which linkers put first: within 256 KiB in
    every one of 21 files measured. Shells convert what their own escapes ask for, into the
    locale's charset; UTF-8 is built in.
    """
    table = system_table().iconv
    stem = node.name.partition(".so")[0]
    if stem in table.offered or language_of_program(node.name) == SHELL:
        return None
    if b"iconv_open\0" not in world.read(node, _MAX_ELF):
        return None
    owner = world.owner(node.path)
    is_own = _is_one_of(stem, table.locale_only)
    is_own |= owner is not None and _is_one_of(owner.name, table.locale_only_packages)
    return Confidence.LOW if is_own else Confidence.MEDIUM


def _is_one_of(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def charsets(world: World, libc: Node, rest: Confidence) -> Iterator[Need]:
    """The modules of iconv: the common ones, and the `rest`, East Asian and EBCDIC.

    The whole folder is 8.1 MB (2.9 compressed), the common ones 0.8 MB.
    """
    folder = find_library(world, libc, "gconv")
    if not folder:
        return
    for pattern in system_table().iconv.common:
        kind = Kind.LOAD if pattern.endswith(".so") else Kind.DATA
        detail = "common character sets"
        yield from needs(world, f"{folder}/{pattern}", kind, detail, role=Role.KEEP)
    for path in matches(world, f"{folder}/*.so"):
        detail = "character sets that data may name"
        yield Need(path, Kind.LOAD, detail, rest, role=Role.KEEP)
