"""What a user may do with the files of an image, by their mode bits."""

from slimmer.build.plan import UserChoice
from slimmer.filesystem.tree import Node

READ, WRITE, EXECUTE = 4, 2, 1


def can(node: Node, user: UserChoice, want: int) -> bool:
    """Whether the user has all of `want` on the node itself."""
    inode = node.inode
    if user.uid == 0:
        return True
    in_group = inode.gid == user.gid or inode.gid in user.groups
    shift = 6 if inode.uid == user.uid else 3 if in_group else 0
    return (inode.mode >> shift) & want == want


def may(node: Node, user: UserChoice, want: int) -> bool:
    """Whether the user has it, and every folder on the way lets the user through."""
    if not can(node, user, want):
        return False
    folder = node.parent
    while folder is not None:
        if not can(folder, user, EXECUTE):
            return False
        folder = folder.parent
    return True
