"""What the application's own source runs and reads: `run(["gcc", ...])`, `open("/usr/...")`.

Only source that no package owns is read. A name in quotes is weak evidence, and enough to keep
the program: this is the profile that breaks nothing.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from slimmer.build.startup import SHELL_SUFFIXES, SHELLS
from slimmer.filesystem.tree import Filesystem, Node, ReadFile
from slimmer.packages.interface import Packages

MAX_SOURCE = 512 * 1024
MAX_TOTAL = 64 * 1024 * 1024

_CODE = (
    *(".py", ".rb", ".pl", ".pm", ".php", ".lua", ".tcl", ".r", ".R", ".jl"),
    *(".js", ".mjs", ".cjs", ".ts"),
)
# In data a single word in quotes is a name for something; a command has arguments there, or stands
# where a command does.
_DATA = (".json", ".toml", ".yaml", ".yml", ".ini", ".conf", ".cfg", ".service", "Procfile")
# Installed libraries name every tool there is; what they need, they depend on.
_LIBRARIES = re.compile(r"(^|/)(node_modules|site-packages|dist-packages|gems|vendor|\.git)/")
_SYSTEM = ("usr/share/", "usr/lib/", "usr/include/", "var/lib/", "proc/", "sys/", "dev/", "boot/")
_LINK_FOLDERS = ("bin", "sbin", "usr/bin", "usr/sbin", "usr/local/bin", "usr/local/sbin", "etc/")

_PATH = re.compile(rb"/usr/(?:share|include)/[\w./+@%-]+")
_IMPORT = re.compile(rb"^[ \t]*(?:import|from)[ \t]+(\w+)", re.MULTILINE)
_COMMENT = re.compile(rb"^[ \t]*#(?!!).*$", re.MULTILINE)


@dataclass(frozen=True)
class Evidence:
    """For each command, the first path that says it; and the paths of files that were said."""

    commands: dict[str, str] = field(default_factory=dict)
    paths: set[str] = field(default_factory=set)


def find_evidence(
    filesystem: Filesystem, packages: Packages, commands: Iterable[str], read: ReadFile
) -> Evidence:
    """Look for `commands`, and for paths of documentation and headers, in application source."""
    wanted = frozenset(commands)
    evidence = Evidence()
    total = 0
    for node in filesystem.walk():
        if node.is_symlink and _is_applications(node, packages):
            name = node.inode.link.rpartition("/")[2]
            if name in wanted and not node.path.startswith(_LINK_FOLDERS):
                evidence.commands.setdefault(name, f"/{node.path}")
        if not node.is_file or not _is_source(node) or not _is_applications(node, packages):
            continue
        total += node.size
        if total > MAX_TOTAL:
            break
        data = read(node, MAX_SOURCE)
        for name in wanted.intersection(_commands(node, data)):
            evidence.commands.setdefault(name, f"/{node.path}")
        evidence.paths.update(path.decode() for path in _PATH.findall(data))
    return evidence


_NAME = rb"(?:/[\w./-]*/)?([\w.+-]+)"
# After a separator of the shell, wherever a line of it is written.
_IN_LINE = rb"[;&|(][ \t]*" + _NAME + rb"(?=[\s;|&)\"'`])"
_IN_CODE = re.compile(rb"[\"'`]" + _NAME + rb"(?=[\"'`\s;|&])|" + _IN_LINE)
_IN_ARRAY = rb"\[[ \t]*[\"']" + _NAME + rb"(?=[\"'])"
_WITH_ARGUMENTS = rb"[\"'`=:][ \t]*[\"']?" + _NAME + rb"(?=[ \t]+[^\s\"'])"
_IN_DATA = re.compile(_WITH_ARGUMENTS + b"|" + _IN_ARRAY + b"|" + _IN_LINE)
_IN_SHELL = re.compile(rb"(?<![\w./+@%-])" + _NAME + rb"(?![\w./+@%=-])")


def _commands(node: Node, data: bytes) -> Iterator[str]:
    """What stands in a file where commands stand; in a shell script that is anywhere."""
    shebang = node.facts.shebang
    program = (shebang.program or shebang.interpreter) if shebang is not None else ""
    if node.path.endswith(SHELL_SUFFIXES) or program.rpartition("/")[2] in SHELLS:
        pattern, data = _IN_SHELL, _COMMENT.sub(b"", data)
    else:
        pattern = _IN_DATA if node.path.endswith(_DATA) else _IN_CODE
    for found in pattern.finditer(data):
        if found.lastindex is not None:
            yield found[found.lastindex].decode("ascii", "replace")
    if node.path.endswith(".py"):
        yield from map(bytes.decode, _IMPORT.findall(data))


def _is_source(node: Node) -> bool:
    if not 0 < node.size <= MAX_SOURCE:
        return False
    return node.path.endswith((*_CODE, *SHELL_SUFFIXES, *_DATA)) or node.facts.shebang is not None


def _is_applications(node: Node, packages: Packages) -> bool:
    """Whether the file is the application's own: not a library's, not the system's."""
    if node.path.startswith(_SYSTEM) or _LIBRARIES.search(node.path):
        return False
    return packages.owner(node.path) is None
