"""What the container starts, as far as words tell: commands of the config, and of the scripts
they run.

This is the guard of profile `safe`: a program that is named here is never removed by a rule.
Words are read generously, so it errs towards keeping.
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from slimmer.build.writes import written_paths
from slimmer.filesystem.tree import Filesystem, Node, ReadFile
from slimmer.formats.shebang import Shebang
from slimmer.oci.config import DEFAULT_PATH, ImageConfig

MAX_SCRIPT = 256 * 1024
_MAX_SCRIPTS = 500

_WORD = re.compile(r"[A-Za-z0-9_./+@%-]+")
# Configuration that says what to run: a supervisor's, a scheduler's.
_CONFIGURATION = (
    ".conf",
    ".cfg",
    ".ini",
    ".toml",
    ".yaml",
    ".yml",
    ".json",
    ".service",
    "Procfile",
)
SHELL_SUFFIXES = (".sh", ".bash", ".envsh")
SHELLS = frozenset({"sh", "bash", "dash", "ash", "ksh", "zsh", "busybox"})
_SYSTEM_SCRIPTS = (
    "bin/",
    "sbin/",
    "lib/",
    "usr/bin/",
    "usr/sbin/",
    "usr/lib/",
    "usr/share/",
    "etc/",
)
_SCRIPTS = (*SHELL_SUFFIXES, *_CONFIGURATION)
# Programs that start what these folders and files say.
_RUNNERS = {
    "service": ("etc/init.d",),
    "invoke-rc.d": ("etc/init.d",),
    "rc-service": ("etc/init.d",),
    "openrc": ("etc/init.d",),
    "cron": ("etc/crontab", "etc/cron.d", "var/spool/cron"),
    "crond": ("etc/crontab", "etc/crontabs", "etc/cron.d", "var/spool/cron"),
    "supervisord": ("etc/supervisord.conf", "etc/supervisor", "etc/supervisor.d"),
    "init": ("etc/services.d", "etc/cont-init.d", "etc/s6-overlay", "etc/my_init.d", "etc/service"),
    "my_init": ("etc/my_init.d", "etc/service"),
    "runsvdir": ("etc/service", "etc/sv"),
    "s6-svscan": ("etc/services.d", "etc/s6"),
    "systemd": ("etc/systemd/system",),
}
# One of those where a command stands.
_RUNS = re.compile(
    r"(?:^|[;&|({]|\b(?:exec|then|do|else|sudo)\s)[ \t]*(?:/[\w./-]*/)?"
    rf"({'|'.join(map(re.escape, _RUNNERS))})(?![\w./=-])",
    re.MULTILINE,
)
# Folders of scripts that are run or sourced one after the other.
# Folders of PATH, which is the image's to choose.
_MAX_SEARCHED = 256
_MAX_PARTS = 200
_SYSTEM_FOLDERS = frozenset(
    {
        *("", "bin", "sbin", "usr", "usr/bin", "usr/sbin", "usr/local", "usr/local/bin"),
        *("usr/local/sbin", "lib", "usr/lib", "usr/share", "etc", "var", "var/lib", "var/run"),
        *("var/log", "var/cache", "var/tmp", "tmp", "run", "home", "root", "opt", "srv", "mnt"),
        *("proc", "sys", "dev", "etc/init.d", "etc/profile.d"),
    }
)
_COMMENT = re.compile(rb"^[ \t]*#(?!!).*$", re.MULTILINE)


@dataclass(frozen=True)
class Startup:
    """`programs`: by path, where the program was named. `words`: by word, where it was said.
    `paths`: absolute paths that were said, whole or up to where a variable begins. `writes`: such
    a path that a script writes to, and the script."""

    programs: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    paths: set[str] = field(default_factory=set)
    writes: list[tuple[str, str]] = field(default_factory=list)

    def mentions(self, name: str) -> str | None:
        """Where the command `name` (a base name) was said, or None."""
        return self.words.get(name)


def trace_startup(filesystem: Filesystem, config: ImageConfig, read: ReadFile) -> Startup:
    """Follow ENTRYPOINT, CMD and HEALTHCHECK through the scripts they name."""
    startup = Startup()
    tracer = _Tracer(filesystem, config, startup)
    for said, words in _commands(config):
        for word in words:
            tracer.say(word, said)
            tracer.read(word, said)
    while tracer.scripts and len(startup.programs) < _MAX_SCRIPTS:
        script = tracer.scripts.popleft()
        text = _COMMENT.sub(b"", read(script, MAX_SCRIPT)).decode("utf-8", "replace")
        tracer.read(text, f"/{script.path}")
        if _is_applications_shell(script):
            startup.writes.extend((path, f"/{script.path}") for path in written_paths(text))
    return startup


def _is_applications_shell(script: Node) -> bool:
    """A shell script that was written for the image: a system's does its work as it is told."""
    if script.path.startswith(_SYSTEM_SCRIPTS):
        return False
    shebang = script.facts.shebang
    if shebang is None:
        return script.path.endswith(SHELL_SUFFIXES)
    program = shebang.program or shebang.interpreter
    return program.rpartition("/")[2] in SHELLS


def search_path(config: ImageConfig) -> tuple[str, ...]:
    """The folders of PATH, in order."""
    path = config.environment.get("PATH") or DEFAULT_PATH
    return tuple(folder for folder in path.split(":") if folder.startswith("/"))


def _commands(config: ImageConfig) -> Iterator[tuple[str, list[str]]]:
    health = config.healthcheck.test[1:] if config.healthcheck else ()
    for said, argv in (
        ("ENTRYPOINT", config.entrypoint),
        ("CMD", config.cmd),
        ("HEALTHCHECK", health),
    ):
        yield said, list(argv)


class _Tracer:
    def __init__(self, filesystem: Filesystem, config: ImageConfig, startup: Startup) -> None:
        self._filesystem = filesystem
        nodes = ((path, filesystem.resolve(path)) for path in search_path(config)[:_MAX_SEARCHED])
        self._folders = [(path, node.children) for path, node in nodes if node and node.children]
        self._working_dir = config.working_dir or "/"
        self._startup = startup
        self.scripts: deque[Node] = deque()

    def say(self, word: str, where: str) -> None:
        name = word.rstrip("/").rpartition("/")[2]
        if not name or name in (".", ".."):
            return
        if word.startswith("/"):
            self._startup.paths.add(word)
        self._startup.words.setdefault(name, where)
        for node in self._find(word):
            if node.is_file:
                self._start(node, where)
            elif node.path not in _SYSTEM_FOLDERS and len(node.children or {}) <= _MAX_PARTS:
                for child in list((node.children or {}).values()):
                    self._start_if_script(child, where)

    def read(self, text: str, where: str) -> None:
        """Take in a script, or the line of a command."""
        for word in dict.fromkeys(_WORD.findall(text)):
            self.say(word, where)
        for found in _RUNS.finditer(text):
            for path in _RUNNERS[found[1]]:
                self._run_below(path, where)

    def _run_below(self, path: str, where: str) -> None:
        top = self._filesystem.resolve(path)
        if top is None:
            return
        for node in (top, *islice(self._filesystem.walk(top), _MAX_PARTS)):
            if node.is_file:
                self._start(node, where, is_script=True)

    def _start_if_script(self, node: Node, where: str) -> None:
        if node.is_file and (node.facts.shebang is not None or node.path.endswith(_SCRIPTS)):
            self._start(node, where)

    def _start(self, node: Node, where: str, *, is_script: bool = False) -> None:
        if node.path in self._startup.programs:
            return
        self._startup.programs[node.path] = where
        if node.facts.shebang is not None:
            self._say_interpreter(node, node.facts.shebang)
        is_script = is_script or node.path.endswith(_SCRIPTS)
        if node.facts.shebang is not None or (is_script and node.facts.elf is None):
            self.scripts.append(node)

    def _say_interpreter(self, node: Node, shebang: Shebang) -> None:
        for word in (shebang.interpreter, shebang.program):
            if word:
                self.say(word, f"/{node.path}")

    def _find(self, word: str) -> Iterator[Node]:
        """Every match, not the first: a wrapper in PATH may call the next of its name."""
        if "/" in word:
            path = word if word.startswith("/") else f"{self._working_dir}/{word}"
            candidates = [self._filesystem.resolve(path)]
        else:
            candidates = [
                self._filesystem.resolve(f"{folder}/{word}")
                for folder, names in self._folders
                if word in names
            ]
            # `python app.py`, `sh run.sh`: an argument beside the working directory.
            candidates.append(self._filesystem.resolve(f"{self._working_dir}/{word}"))
        for node in candidates:
            if node is not None and (node.is_file or (node.is_directory and "/" in word)):
                yield node
