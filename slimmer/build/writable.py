"""Which folders a container writes to, from what its config, scripts, programs and their
configuration say: what must be mounted where the root is read-only."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from slimmer.build.configured import configured, started_scripts
from slimmer.build.plan import WritablePath
from slimmer.build.startup import Startup
from slimmer.build.writes import all_written_paths
from slimmer.filesystem.tree import Filesystem, Node, ReadFile
from slimmer.oci.config import ImageConfig
from slimmer.reach.config.families import without_version
from slimmer.reach.config.syntax import expanded, paths_in
from slimmer.reach.edge import UNKNOWN
from slimmer.reach.graph import Graph

TMPFS, VOLUME, DATA = "tmpfs", "volume", "data"
_MAX_PROGRAM = 48 * 1024 * 1024
_MAX_SHOWN = 60

# Where programs keep what they write; each of those with a folder of somebody's own.
_STATE = re.compile(
    r"(run|tmp|var/(tmp|lock)|var/(lib|cache|log|spool)/(?!dpkg|apt|rpm|dnf|yum|pam|systemd|ucf|misc"
    r"|debconf|ldconfig|man|shells|alternatives|private|btmp|wtmp|lastlog)[^/]+)(/.*)?"
)
# Folders that many share: a program that knows such a path need not write there.
_SHARED = re.compile(r"run|tmp|var/(tmp|lock|cache|log|spool|lib)")
_NEVER = re.compile(
    r"|(usr|etc|var|bin|sbin|lib\w*|boot|dev|proc|sys|home|root|opt|srv|mnt|media|var/lib)"
    r"|(bin|sbin|lib\w*|boot|dev|proc|sys)/.*|usr/(bin|sbin|lib\w*|libexec|local/s?bin)(/.*)?"
    r"|usr/(share|local|local/(lib\w*|share|etc))|var/lib/(dpkg|apt|rpm|pam|systemd)(/.*)?"
)
_SYSTEM = re.compile(r"(usr|etc|bin|sbin|lib\w*|boot|dev|proc|sys)(/.*)?")
_DEVICES = ("/dev/", "/proc/")
# Directives that say what is written, wherever it lies.
_WRITTEN = re.compile(
    r"(.*_)?(dir|datadir|data_directory|dbpath|db_path|pid|pid_?file|log|log_?file|logfile|tmpdir"
    r"|temp_path|cache_path|unix_socket_directories|socket|statefile|spool|lock_?file|customlog)"
)
_ENVIRONMENT = re.compile(r"TMPDIR|TMP|TEMP|HOME|XDG_\w+_HOME|XDG_RUNTIME_DIR|\w*DATA(_?DIR)?")
_STRING = re.compile(rb"\0(/(?:var|run|tmp)/[\w.+@-][\w./+@-]{0,200})(?=\0)")
_VARIABLE = re.compile(r"(?:^|[\s;])(?:export[ \t]+|local[ \t]+)?(\w+)=[\"']?(/[\w./-]+)")
_RUNTIME_NAMES = re.compile(r"lock|hsperfdata_\w+|.*\.(pid|lock|sock)|adduser|utmp|resolvconf")


def derive_writable(
    filesystem: Filesystem,
    config: ImageConfig,
    startup: Startup,
    graph: Graph,
    read: ReadFile,
    gone: Collection[str] = frozenset(),
) -> tuple[WritablePath, ...]:
    """The folders that a container of this image writes to, each inside no other, by path.

    `gone` are the paths that the output does not have. Paths are where links lead: /run, not
    /var/run. The system's own folders are never among them.
    """
    finder = _Finder(filesystem, config, gone)
    finder.add_config()
    for path, where in startup.writes:
        finder.add_written(path, f"{where} writes to {path}")
    for node, text in started_scripts(filesystem, graph, read):
        finder.add_script(node, text)
    for node, said in configured(filesystem, graph, read):
        for path in paths_in(said.value.encode("utf-8", "surrogateescape")):
            line = f"/{node.path} line {said.line}: {said.name} {path}"
            finder.add_configured(said.name, path, line[: 3 * _MAX_SHOWN])
    for path in sorted(graph.reached):
        program = filesystem.get(path)
        if program is not None and program.facts.elf is not None and graph.started(path):
            finder.add_strings(program, read(program, _MAX_PROGRAM))
    return tuple(finder.collapsed())


def writable_lines(writable: Iterable[WritablePath]) -> Iterator[str]:
    """One line for people for each path: what it needs with a read-only root, and why."""
    need = {TMPFS: "tmpfs", VOLUME: "volume", DATA: "volume with the image's content"}
    for item in writable:
        yield f"{item.path}: {need[item.kind]} ({item.reason})"


@dataclass
class _Finder:
    filesystem: Filesystem
    config: ImageConfig
    gone: Collection[str]
    found: dict[str, tuple[str, bool]] = field(default_factory=dict)
    volumes: set[str] = field(default_factory=set)

    def add(self, folder: Node, reason: str, *, certain: bool = True) -> None:
        known = self.found.get(folder.path)
        if known is None or (certain and not known[1]):
            self.found[folder.path] = reason, certain

    def add_config(self) -> None:
        """VOLUME, variables, the working directory of a service, /tmp."""
        for volume in self.config.volumes:
            node = self.filesystem.resolve(volume)
            self.volumes.add(node.path if node is not None else volume.strip("/"))
            if node is not None and node.is_directory and node.path:
                self.add(node, f"VOLUME {volume}")
        for name, value in self.config.environment.items():
            if value.startswith("/") and _ENVIRONMENT.fullmatch(name):
                node = self._folder(value, missing=False)
                if node is not None and not _SYSTEM.fullmatch(node.path):
                    self.add(node, f"ENV {name}={value}")
        node = self._folder(self.config.working_dir or "/", missing=False)
        if node is not None and node.inode.uid != 0:
            self.add(node, f"WORKDIR {self.config.working_dir} belongs to user {node.inode.uid}")
        node = self._folder("/tmp", missing=False)
        if node is not None:
            self.add(node, "temporary files")

    def add_script(self, script: Node, text: str) -> None:
        """What a script makes, redirects to and gives away, its variables put in."""
        if script.path.startswith(("usr/bin/", "usr/sbin/", "usr/lib/", "usr/share/", "etc/")):
            return
        variables = dict(_VARIABLE.findall(text))
        variables |= self.config.environment
        for path in all_written_paths(expanded(text, variables)):
            if UNKNOWN not in path:
                self.add_written(path, f"/{script.path} writes to {path}")

    def add_written(self, path: str, reason: str) -> None:
        """A path that is surely written: its folders are made as well."""
        node = self._folder(path, missing=True)
        if node is not None:
            self.add(node, reason)

    def add_configured(self, name: str, path: str, reason: str) -> None:
        target = self.filesystem.resolve(path)
        place = target.path if target is not None else path.strip("/")
        is_written = _WRITTEN.fullmatch(name) is not None
        if target is not None and target.is_file and target.size and not is_written:
            return
        node = self._folder(path, missing=is_written)
        if node is None or (not is_written and not _is_state(node, place)):
            return
        if not _SYSTEM.fullmatch(node.path):
            self.add(node, reason)

    def add_strings(self, program: Node, data: bytes) -> None:
        """Paths of the folders for what is written that stand in a program."""
        for found in dict.fromkeys(_STRING.findall(data)):
            path = found.decode("ascii", "replace").rstrip("/")
            node = self._folder(path, missing=False)
            if node is not None and _is_state(node, node.path):
                certain = _is_programs(node.path, program.name)
                self.add(node, f"/{program.path} names {path}", certain=certain)

    def _folder(self, path: str, *, missing: bool) -> Node | None:
        """The folder to write into for `path`: itself, or the one it lies or would lie in.

        None for what goes to a device, is of the system, or (without `missing`) has no folder.
        """
        last = self.filesystem.resolve_parent(path.rstrip("/"))
        is_link = last is not None and last.is_symlink and last.path not in self.gone
        if last is not None and is_link and last.inode.link.startswith(_DEVICES):
            return None
        node = self.filesystem.resolve(path)
        above = path.rstrip("/")
        steps = 0
        while node is None and above and (missing or steps < 1):
            above = above.rpartition("/")[0]
            node = self.filesystem.resolve(above or "/")
            steps += 1
        if node is not None and not node.is_directory:
            node = node.parent
        return None if node is None or _NEVER.fullmatch(node.path) else node

    def collapsed(self) -> Iterator[WritablePath]:
        """Each folder, but for those in another that is mounted as well."""
        above: list[WritablePath] = []
        for path in sorted(self.found, key=lambda path: path.split("/")):
            reason, certain = self.found[path]
            node = self.filesystem.get(path)
            if node is None:
                continue
            item = WritablePath(f"/{path}", self._kind(node), reason, certain)
            if item.kind == DATA and not certain:
                continue
            while above and not item.path.startswith(f"{above[-1].path}/"):
                above.pop()
            if not any(_covers(other, item) for other in above):
                above.append(item)
                yield item

    def _kind(self, folder: Node) -> str:
        """Whether an empty folder does: not where owners matter, nor where something is in it."""
        if folder.path in self.volumes:
            return VOLUME
        is_private = not folder.inode.mode & 0o077
        children = [c for c in (folder.children or {}).values() if c.path not in self.gone]
        is_bare = all(self._is_runtime(child, folder.path) for child in children)
        return TMPFS if is_bare and not is_private else DATA

    def _is_runtime(self, node: Node, top: str) -> bool:
        """What a tmpfs may hide: left by an installation, or made again at each start."""
        if node.is_directory:
            if top in ("tmp", "var/tmp") or _RUNTIME_NAMES.fullmatch(node.name):
                children = (node.children or {}).values()
                return all(self._is_runtime(c, top) for c in children if c.path not in self.gone)
            return False
        return node.is_file and (node.size == 0 or _RUNTIME_NAMES.fullmatch(node.name) is not None)


def _covers(above: WritablePath, item: WritablePath) -> bool:
    """Whether a folder need not be said because the one above it is mounted."""
    if item.kind == VOLUME or above.certain < item.certain:
        return False
    return above.kind != DATA or item.kind == DATA


def _is_programs(folder: str, program: str) -> bool:
    """Whether a folder is called like the program that names it: /run/postgresql of postgres. One
    with many programs in it, busybox, knows many folders."""
    if _SHARED.fullmatch(folder) is not None:
        return False
    name = without_version(program)
    parts = [part for part in folder.split("/") if min(len(part), len(name)) >= 3]
    return any(part.startswith(name) or name.startswith(part) for part in parts)


def _is_state(folder: Node, place: str) -> bool:
    return any(_STATE.fullmatch(path) is not None for path in (folder.path, place))
