"""Which paths go, by which rule: the middle of a plan, still open to objections."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from slimmer.build.plan import Kept
from slimmer.filesystem.tree import Filesystem, Node


@dataclass(frozen=True)
class Decision:
    """Why a path goes. `empties_stay`: folders that become empty by it are left."""

    rule: str
    reason: str
    package: str = ""
    empties_stay: bool = False


@dataclass
class Decisions:
    """Decisions by path of the merged filesystem; the first one for a path stands."""

    by_path: dict[str, Decision] = field(default_factory=dict)
    kept: list[Kept] = field(default_factory=list)

    def drop(self, path: str, decision: Decision) -> None:
        self.by_path.setdefault(path, decision)

    def spare(self, path: str, reason: str) -> None:
        """Take a decision back and say why."""
        decision = self.by_path.pop(path, None)
        if decision is not None:
            self.kept.append(Kept(f"/{path}", decision.rule, reason))

    def __contains__(self, path: str) -> bool:
        return path in self.by_path


def spare_needed_folders(filesystem: Filesystem, decisions: Decisions) -> None:
    """A folder with something in it that stays, stays as it is: owner and mode are its own."""
    for folder in _folders_deepest_first(filesystem.root):
        if folder.path in decisions and any(
            child.path not in decisions for child in (folder.children or {}).values()
        ):
            decisions.spare(folder.path, "something in it stays")


def drop_emptied_folders(filesystem: Filesystem, decisions: Decisions) -> None:
    """Folders all of whose content goes, go too; empty ones that were there before stay.

    Folders near the root, of another owner than root, or with a special mode are structure
    somebody may count on.
    """
    for folder in _folders_deepest_first(filesystem.root):
        children = list((folder.children or {}).values())
        if not children or folder.path.count("/") < 2 or not _is_plain(folder):
            continue
        reasons = [decisions.by_path.get(child.path) for child in children]
        first = reasons[0]
        if first is not None and all(why is not None and not why.empties_stay for why in reasons):
            decisions.drop(folder.path, first)


def _is_plain(folder: Node) -> bool:
    inode = folder.inode
    return inode.uid == 0 and inode.mode & 0o7022 == 0


def _folders_deepest_first(root: Node) -> Iterator[Node]:
    order: list[Node] = []
    stack = [root]
    while stack:
        folder = stack.pop()
        order.append(folder)
        stack += (child for child in (folder.children or {}).values() if child.is_directory)
    return reversed(order)
