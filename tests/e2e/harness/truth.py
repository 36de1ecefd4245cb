"""Which Debian packages own files in a root, told by the original's own lists and the disk."""

import os
from pathlib import Path

INFO = "var/lib/dpkg/info"


def owned_files(original: Path) -> dict[str, list[str]]:
    """Package -> the files and links (not folders) that its list names and that are there."""
    owned: dict[str, list[str]] = {}
    for path in sorted((original / INFO).glob("*.list")):
        name = path.name.removesuffix(".list").partition(":")[0]
        lines = path.read_text(errors="surrogateescape").splitlines()
        # After the /usr merge a package that lists /lib as a folder does not own the link.
        folders = {line.rpartition("/")[0] for line in lines}
        files = (line for line in lines if line not in folders and _is_file(original, line))
        owned.setdefault(name, []).extend(files)
    return owned


def owners_left(owned: dict[str, list[str]], root: Path) -> set[str]:
    """The packages of `owned` of which at least one file is still in `root`."""
    return {name for name, paths in owned.items() if any(_is_file(root, p) for p in paths)}


def _is_file(root: Path, line: str) -> bool:
    path = f"{root}{line}"
    return os.path.lexists(path) and (os.path.islink(path) or not os.path.isdir(path))
