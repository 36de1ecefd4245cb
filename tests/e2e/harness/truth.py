"""Which Debian packages own files in a root, told by the original's own lists and the disk."""

import os
from pathlib import Path

INFO = "var/lib/dpkg/info"


def owned_files(original: Path) -> dict[str, list[str]]:
    """Package -> the files and links (not folders) that its list names and that are there."""
    lists = {
        path.name.removesuffix(".list"): path.read_text(errors="surrogateescape").splitlines()
        for path in sorted((original / INFO).glob("*.list"))
    }
    # After the /usr merge a package that lists /lib, a folder to all, does not own the link.
    folders = {line.rpartition("/")[0] for lines in lists.values() for line in lines}
    owned: dict[str, list[str]] = {}
    for name, lines in lists.items():
        files = (line for line in lines if line not in folders and _is_file(original, line))
        owned.setdefault(name.partition(":")[0], []).extend(files)
    return owned


def owners_left(owned: dict[str, list[str]], root: Path) -> set[str]:
    """The packages of `owned` of which at least one file is still in `root`."""
    return {name for name, paths in owned.items() if any(_is_file(root, p) for p in paths)}


def _is_file(root: Path, line: str) -> bool:
    path = f"{root}{line}"
    if line.count("/") < 3 and os.path.islink(path) and os.path.isdir(os.path.realpath(path)):
        return False  # /lib, /var/run: the image's structure, whoever lists it
    return os.path.lexists(path) and (os.path.islink(path) or not os.path.isdir(path))
