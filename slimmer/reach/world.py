"""What resolvers may ask: the image as the processes in its container will see it."""

import functools
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from slimmer.filesystem.tree import (
    MAX_LINKS_FOLLOWED,
    Filesystem,
    Node,
    ReadFile,
    reversed_parts,
)
from slimmer.oci.config import DEFAULT_PATH, ImageConfig
from slimmer.packages.interface import Package, Packages

MAX_TEXT = 1024 * 1024
# Folders of one PATH, and PATHs that are remembered: both are the image's to choose.
_MAX_SEARCHED = 256
_MAX_SEARCHES = 1000
# Links of one chain that are followed to tell which of them lead nowhere.
_MAX_CHAIN = 10_000


@dataclass
class World:
    """One image. `environment` is the config's; a script that sets a variable has its own."""

    filesystem: Filesystem
    packages: Packages
    config: ImageConfig
    read: ReadFile
    _texts: dict[str, bytes] = field(default_factory=dict)
    _searches: dict[str, list[tuple[str, Container[str]]]] = field(default_factory=dict)

    # Names that patterns of scripts may still be held against.
    names_left: int = 500_000
    # Links that are in the last place of a path and have too many behind them, by id.
    _lost: set[int] = field(default_factory=set)

    @functools.cached_property
    def environment(self) -> Mapping[str, str]:
        return {"PATH": DEFAULT_PATH, **self.config.environment}

    @property
    def working_dir(self) -> str:
        return self.config.working_dir or "/"

    @functools.cached_property
    def search_path(self) -> tuple[str, ...]:
        """The folders of PATH, in order."""
        return search_folders(self.environment["PATH"])

    def get(self, path: str) -> Node | None:
        """The node the kernel would open for `path`, links followed; None when there is none."""
        return self.filesystem.resolve(path)

    def text(self, node: Node, limit: int = MAX_TEXT) -> bytes:
        """The first `limit` bytes of a small file that several resolvers may want to read."""
        if not node.is_file:
            return b""
        known = self._texts.get(node.path)
        if known is None or (len(known) < min(limit, node.size)):
            known = self._texts[node.path] = self.read(node, limit)
        return known[:limit]

    def programs(self, name: str, path: str | None = None) -> list[str]:
        """Where a command leads, as the paths that are tried: the path itself when it has a slash,
        else every match in PATH, in order (a wrapper may call the next of its name).

        `path` is another PATH than the config's. Names of folders are passed over.
        """
        if not name or "\0" in name:
            return []
        if "/" in name:
            places: Iterable[str] = (self.absolute(name),)
        else:
            folders = self._searched(self.environment["PATH"] if path is None else path)
            places = (f"{folder}/{name}" for folder, names in folders if name in names)
        found: dict[int, str] = {}
        for place in places:
            node = self.get(place)
            if node is not None and node.is_file:
                found.setdefault(id(node.inode), place)
        return list(found.values())

    def _searched(self, path: str) -> list[tuple[str, Container[str]]]:
        """The folders of a PATH that are there, and the names in each."""
        known = self._searches.get(path)
        if known is None:
            nodes = ((folder, self.get(folder)) for folder in search_folders(path)[:_MAX_SEARCHED])
            known = [(folder, node.children) for folder, node in nodes if node and node.children]
            if len(self._searches) < _MAX_SEARCHES:
                self._searches[path] = known
        return known

    def absolute(self, path: str, folder: str | None = None) -> str:
        """`path` seen from `folder`, else from the working directory."""
        if path.startswith("/"):
            return path
        return f"{folder if folder is not None else self.working_dir}/{path}"

    def owner(self, path: str) -> Package | None:
        return self.packages.owner(path)

    def trail(self, path: str) -> tuple[list[Node], Node | None]:
        """Every link on the way to `path`, in order, and what it leads to, None for nowhere."""
        links: list[Node] = []
        last: list[Node] = []
        seen: set[int] = set()
        node = self.filesystem.root
        parts = reversed_parts(path)
        while parts:
            part = parts.pop()
            if part == ".." and node.children is not None:
                node = node.parent or node
                continue
            child = node.children.get(part) if node.children is not None else None
            if child is None:
                break
            if not child.is_symlink:
                node = child
                continue
            links.append(child)
            if id(child) in seen:
                self._lost.update(seen)
            if id(child) in self._lost or len(links) > (
                MAX_LINKS_FOLLOWED if parts else _MAX_CHAIN
            ):
                break
            if not parts:
                last.append(child)
                seen.add(id(child))
            if child.inode.link.startswith("/"):
                node = self.filesystem.root
            parts += reversed_parts(child.inode.link)
        else:
            if len(links) <= MAX_LINKS_FOLLOWED:
                return links, node
        if len(links) > MAX_LINKS_FOLLOWED:
            # Nobody gets through, from none of these: a chain of thousands is followed once.
            self._lost.update(id(link) for link in last[:-MAX_LINKS_FOLLOWED])
        return links[: MAX_LINKS_FOLLOWED + 1], None

    def below(self, folder: Node) -> Iterator[Node]:
        """Everything below a folder."""
        return self.filesystem.walk(folder)


def search_folders(path: str) -> tuple[str, ...]:
    """The absolute folders of a PATH, each once."""
    folders = (folder.rstrip("/") or "/" for folder in path.split(":") if folder.startswith("/"))
    return tuple(dict.fromkeys(folders))
