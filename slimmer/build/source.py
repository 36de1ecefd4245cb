"""The bytes of the image's files, for whoever plans."""

from slimmer.detect.inspection import Inspection
from slimmer.filesystem.tree import Node


def read_node(inspection: Inspection, node: Node, limit: int) -> bytes:
    """At most `limit` bytes of a file of the image; nothing for what is no file."""
    entry = node.inode.entry
    if entry is None or not node.is_file:
        return b""
    return inspection.reader.read(node.inode.layer, entry, limit)
