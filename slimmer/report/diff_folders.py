"""Folders that came or went whole, on one line each."""

from collections.abc import Iterable
from dataclasses import dataclass

from slimmer.report.diff import FileChange


@dataclass
class Collapsed:
    """One change, or that of a folder with the `names` below it. `bytes` is how much it adds."""

    change: FileChange
    names: int
    bytes: int


def collapse(changes: Iterable[FileChange], *, folders: bool = True) -> list[Collapsed]:
    """The largest first. With `folders`, one wholly new or gone stands for all that was in it."""
    found: dict[str, Collapsed] = {}
    whole: dict[str, Collapsed] = {}
    for change in changes:
        top = whole.get(change.path.rpartition("/")[0])
        if top is None:
            top = found[change.path] = Collapsed(change, 0, change.bytes)
        else:
            top.names += 1
            top.bytes += change.bytes
        if folders and _is_whole_folder(change):
            whole[change.path] = top
    return sorted(found.values(), key=lambda item: (-abs(item.bytes), item.change.path))


def _is_whole_folder(change: FileChange) -> bool:
    node = change.after if change.before is None else change.before
    return (change.before is None or change.after is None) and bool(node and node.is_directory)
