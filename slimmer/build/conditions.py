"""Conditions that path rules name and a file must meet."""

import re
from collections.abc import Callable

from slimmer.filesystem.tree import Filesystem, Node

_CACHED = re.compile(r"(.*/)?__pycache__/([^/]+?)\.[^./]+(?:\.opt-[12])?\.pyc")
_JAVA_PIECE = re.compile(
    r"(.*?)/(?:bin|jmods|include|demo|sample|man|lib/src\.zip|src\.zip)(?:/.*)?"
)
_JAVA_RUNTIMES = ("lib/modules", "lib/rt.jar", "jre/lib/rt.jar")


def _has_python_source(filesystem: Filesystem, node: Node) -> bool:
    found = _CACHED.fullmatch(node.path)
    return found is not None and filesystem.get(f"{found[1] or ''}{found[2]}.py") is not None


def _is_root_only(_: Filesystem, node: Node) -> bool:
    return node.is_file and node.size > 0 and node.inode.uid == 0 and not node.inode.mode & 0o022


def _in_java_home(filesystem: Filesystem, node: Node) -> bool:
    found = _JAVA_PIECE.fullmatch(node.path)
    return found is not None and any(
        filesystem.resolve(f"{found[1]}/{path}") is not None for path in _JAVA_RUNTIMES
    )


CONDITIONS: dict[str, Callable[[Filesystem, Node], bool]] = {
    "": lambda filesystem, node: True,
    "python-source": _has_python_source,
    "root-only": _is_root_only,
    "java-home": _in_java_home,
}
