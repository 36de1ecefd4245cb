"""Files and folders that everyone may write."""

import posixpath
from collections.abc import Iterator

from slimmer.detect.interface import Detector, Finding, Subject
from slimmer.detect.policy import Check, check
from slimmer.detect.words import count
from slimmer.filesystem.tree import Node

# Runtimes mount their own file systems over these.
_MOUNTED = ("dev", "proc", "sys")


class PermissionDetector(Detector):
    """World-writable files, and folders without the sticky bit.

    One finding for all that one layer brought below one folder of the root: a `chmod -R 777` is
    one mistake. Programs and what lies in /etc are apart from the rest, since root obeys them.
    """

    categories = ("permissions",)

    def detect(self, subject: Subject) -> Iterator[Finding]:
        groups: dict[tuple[str, int, str], list[Node]] = {}
        seen: set[int] = set()
        for node in subject.survey.writable:
            top = node.path.partition("/")[0]
            if id(node.inode) in seen or top in _MOUNTED:
                continue
            seen.add(id(node.inode))
            verdict = _judge(subject, node)
            groups.setdefault((top, node.inode.layer, verdict.id), []).append(node)
        for (_, layer, check_id), nodes in groups.items():
            yield _finding(check(check_id), layer, nodes)


def _judge(subject: Subject, node: Node) -> Check:
    if node.is_file and node.path.startswith("etc/"):
        return check("permissions.world-writable-program")
    if node.is_executable and subject.programs.in_program_folder(node.path):
        return check("permissions.world-writable-program")
    return check("permissions.world-writable")


def _finding(verdict: Check, layer: int, nodes: list[Node]) -> Finding:
    first = nodes[0]
    if len(nodes) == 1:
        kind = "folder" if first.is_directory else "file"
        message = f"Everyone may write this {kind} (mode {first.inode.mode:04o})"
        return verdict.finding(message, path=first.path, layer=layer)
    folders = sum(node.is_directory for node in nodes)
    both = (count(folders, "folder"), count(len(nodes) - folders, "file"))
    what = " and ".join(text for text in both if not text.startswith("0 "))
    path = posixpath.commonpath([node.path for node in nodes])
    return verdict.finding(f"Everyone may write {what} here", path=path, layer=layer)
