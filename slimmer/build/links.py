"""Links that would point at nothing: they go with their target, or they keep it."""

import re
from collections import deque
from collections.abc import Mapping

from slimmer.build.decisions import Decision, Decisions
from slimmer.build.plan import RULE_DANGLING, RULE_USER
from slimmer.filesystem.tree import MAX_LINKS_FOLLOWED, Filesystem, Node

# Links that only give a program, a manual page or a package's documentation another name.
_ALIASES = re.compile(
    r"(etc/alternatives|(usr/(local/)?)?s?bin|usr/(local/)?share/man(/.*)?|usr/share/doc(/.*)?"
    r"|usr/lib/jvm/[^/]+/bin)/[^/]+"
)
# What is removed because nobody reads it must stay for a link from somewhere that may be read.
_WEAK_RULES = frozenset(
    {
        *("documentation", "manual", "completion", "system-cache", "package-cache", "log"),
        *("bytecode", "development"),
    }
)


def is_folder_link(filesystem: Filesystem, node: Node | None) -> bool:
    """Whether the node is a link to a folder: `/lib`, which every package has files in and lists
    as one of its own."""
    if node is None or not node.is_symlink:
        return False
    target = target_of(filesystem, node)
    if target is not None and target.is_symlink:
        target = filesystem.resolve(node.path)
    return target is not None and target.is_directory


def is_structure(filesystem: Filesystem, path: str) -> bool:
    """Whether a path is a link to a folder near the root, as /lib: the image's, whoever lists it.

    One further down, as of one package's documentation to another's, is a file like others.
    """
    return path.count("/") < 2 and is_folder_link(filesystem, filesystem.get(path))


def settle_links(
    filesystem: Filesystem, decisions: Decisions, wanted: re.Pattern[str] = re.compile(r"(?!)")
) -> None:
    """Decide every link whose target goes, along chains of links.

    Links that are `wanted` keep what they lead to, unless the user named that too.
    """
    targets = {
        link.path: target
        for link in filesystem.walk()
        if link.is_symlink and (target := target_of(filesystem, link)) is not None
    }
    pointing: dict[str, list[str]] = {}
    for path, target in targets.items():
        pointing.setdefault(target.path, []).append(path)
    for path in targets:
        if wanted.fullmatch(path):
            _spare_chain(filesystem, decisions, targets, path)
    waiting = deque(targets)
    while waiting:
        path = waiting.popleft()
        target = targets[path]
        decision = decisions.by_path.get(target.path)
        if decision is None or path in decisions:
            continue
        if decision.rule in _WEAK_RULES and not _ALIASES.fullmatch(path):
            spared = _spare(filesystem, decisions, target, f"/{path} links to it")
            waiting.extend(node.path for node in spared if node.path in targets)
        else:
            reason = f"link to /{target.path}, which is removed"
            decisions.drop(path, Decision(RULE_DANGLING, reason, empties_stay=True))
            waiting.extend(pointing.get(path, ()))


def _spare_chain(
    filesystem: Filesystem, decisions: Decisions, targets: Mapping[str, Node], path: str
) -> None:
    """Spare what a link leads to, link by link, unless one of that is what the user drops."""
    chain: list[Node] = []
    while path in targets and len(chain) < MAX_LINKS_FOLLOWED:
        chain.append(targets[path])
        path = targets[path].path
    found = (decisions.by_path.get(node.path) for node in chain)
    if all(decision is None or decision.rule != RULE_USER for decision in found):
        for node in chain:
            _spare(filesystem, decisions, node, "--keep of a link to it")


def target_of(filesystem: Filesystem, link: Node) -> Node | None:
    """The node a link leads to at its first step: itself perhaps a link."""
    text = link.inode.link
    if not text.startswith("/"):
        folder = link.parent.path if link.parent is not None else ""
        text = f"/{folder}/{text}"
    head, _, name = text.rstrip("/").rpartition("/")
    if name in ("", ".", ".."):
        return filesystem.resolve(text)
    folder_node = filesystem.resolve(head)
    return (folder_node.children or {}).get(name) if folder_node is not None else None


def _spare(filesystem: Filesystem, decisions: Decisions, target: Node, reason: str) -> list[Node]:
    spared = [node for node in (target, *filesystem.walk(target)) if node.path in decisions]
    for node in spared:
        decisions.spare(node.path, reason)
    return spared
