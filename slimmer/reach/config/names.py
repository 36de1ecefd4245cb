"""Names: of the files that belong to a program by its own, and of files that hold configuration."""

import fnmatch
import re
from collections.abc import Iterable, Iterator

from slimmer.reach.config.families import foreign_patterns, without_version

_SUFFIXES = (
    *(".conf", ".cfg", ".cnf", ".cf", ".ini", ".toml", ".yaml", ".yml", ".xml", ".json", ".load"),
    *(".properties", ".types", ".rules", ".config"),
)
# Not text that anybody configures by, and what is there to be copied.
_NO_CONFIGURATION = (".pem", ".crt", ".key", ".cer", ".der", ".gz", ".so", ".sh", ".py", ".pl")
_EXAMPLES = re.compile(
    r"(-available|/available|\.avail|/examples?)/|\.(dpkg-\w+|rpm\w+|bak|orig|old|sample|example"
    r"|disabled|template|tmpl|in|default|apk-new)$"
)
_ACCOUNTS = re.compile(r"etc/((passwd|group|shadow|gshadow|subuid|subgid)-?|shells|mtab|fstab)")
ETC = ("etc/", "usr/local/etc/")
_LIBRARIES = re.compile(r"(^|/)(node_modules|site-packages|dist-packages|gems|vendor)/")
_SYSTEM = ("usr/share/", "usr/lib/", "usr/include/", "var/lib/dpkg/", "lib/", "proc/", "sys/")
# What a program has below /usr/share and /usr/lib under its own name is its data when it is small.
MAX_SHARE = 20 * 1024 * 1024
NAMED = (
    *("/etc/{}", "/usr/local/etc/{}", "/etc/{}.conf", "/etc/{}.cfg", "/etc/{}.cnf", "/etc/{}.ini"),
    *("/etc/{}.toml", "/etc/{}.yaml", "/etc/{}.yml", "/etc/{}.json", "/etc/{}rc", "/etc/.{}rc"),
    *("/usr/local/etc/{}.conf", "/etc/default/{}", "/etc/sysconfig/{}", "/etc/conf.d/{}"),
)
SHARED = ("/usr/share/{}", "/usr/lib/{}", "/usr/local/share/{}")
_NOT_NAMES = frozenset({"default", "opt", "init", "security", "skel", "network", "env", "sh"})


def program_names(said: Iterable[str]) -> frozenset[str]:
    """What a program is known by: its names and its package's, with and without a version."""
    names = {name.rpartition("/")[2] for name in said}
    return _usable(names | {without_version(name) for name in names})


def _usable(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name for name in names if len(name) > 1 and name not in _NOT_NAMES)


def shorter_names(names: Iterable[str]) -> frozenset[str]:
    """What a daemon's folder may be called: `redis-server` has /etc/redis, `sshd` /etc/ssh."""
    parts = {name.partition("-")[0] for name in names}
    daemons = {name.removesuffix("d") for name in names}
    return _usable(name for name in parts | daemons if len(name) > 2)


def spellings(word: str) -> Iterator[str]:
    """What of an argument may be a path: `-cFILE`, `--config=FILE`, `@FILE`, the word itself."""
    if not word.startswith("-"):
        yield word
        yield word.lstrip("@").removeprefix("file:")
    elif len(word) > 3 and word[1] != "-":
        yield word[2:]
    if "=" in word:
        yield word.partition("=")[2].removeprefix("file:")
        yield word.rpartition("=")[2].removeprefix("file:")


def is_foreign(path: str) -> bool:
    parts = path.split("/")
    top = "/".join(parts[:2])
    return any(fnmatch.fnmatchcase(top, pattern) for pattern in foreign_patterns())


def is_example(called: str) -> bool:
    """Whether a file only lies there to be enabled or copied."""
    return _EXAMPLES.search(called) is not None


def is_no_configuration(path: str) -> bool:
    """Whether paths in such a file mean nothing: keys, accounts, libraries."""
    if path.endswith(_NO_CONFIGURATION):
        return True
    return _ACCOUNTS.fullmatch(path) is not None or _LIBRARIES.search(path) is not None


def looks_like_configuration(path: str, called: str) -> bool:
    """By where it lies, or what it is called outside of the system's folders."""
    if path.startswith(ETC) or called.startswith("/etc/"):
        return True
    return path.endswith(_SUFFIXES) and not path.startswith(_SYSTEM)
