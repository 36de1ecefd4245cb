"""The merged filesystem: nodes by name, and the inodes that hard links share."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from slimmer.formats.tar import Kind, TarEntry
from slimmer.image.index import NO_FACTS, FileFacts

# As many links as Linux follows in one look-up (path_resolution(7)).
MAX_LINKS_FOLLOWED = 40


@dataclass(slots=True, eq=False)
class Inode:
    """What a name stands for. `layer` and `number` say which entry of which layer made it.

    `entry` is None for a folder that no entry names but that must be there for what is in it.
    """

    layer: int
    number: int
    entry: TarEntry | None
    facts: FileFacts
    # Almost every file has one name, and a list for each would take a tenth of all memory.
    _names: "Node | list[Node] | None" = None
    _stale: bool = False

    @property
    def names(self) -> "list[Node]":
        """The names it has in the merged view: several for hard links."""
        if not isinstance(self._names, list):
            return [] if self._names is None or self._names.removed else [self._names]
        if self._stale:
            self._names = [node for node in self._names if not node.removed]
            self._stale = False
        return self._names

    def add_name(self, node: "Node") -> None:
        match self._names:
            case None:
                self._names = node
            case list() as names:
                names.append(node)
            case first:
                self._names = [first, node]

    def drop_name(self, node: "Node") -> None:
        # Only marked: a hostile layer can remove a million names of one file one by one.
        node.removed = self._stale = True

    @property
    def kind(self) -> Kind:
        return self.entry.kind if self.entry else Kind.DIRECTORY

    @property
    def mode(self) -> int:
        return self.entry.mode if self.entry else 0o755

    @property
    def uid(self) -> int:
        return self.entry.uid if self.entry else 0

    @property
    def gid(self) -> int:
        return self.entry.gid if self.entry else 0

    @property
    def size(self) -> int:
        """Bytes of content; zero for anything but a regular file."""
        return self.entry.size if self.entry and self.entry.kind is Kind.FILE else 0

    @property
    def link(self) -> str:
        """A symlink's target as written."""
        return self.entry.link if self.entry else ""


@dataclass(slots=True, eq=False)
class Node:
    """One name. `path` has no leading slash; the root's is empty. Folders have `children`.

    `layer` and `number` are of the entry that made this name; for a hard link that is another
    entry than the inode's. `earlier` are the folders of lower layers that this one took its
    place from, with what was in them.
    """

    path: str
    inode: Inode
    parent: "Node | None"
    children: "dict[str, Node] | None"
    layer: int
    number: int
    earlier: list[Inode] | None = None
    removed: bool = False

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def kind(self) -> Kind:
        return self.inode.kind

    @property
    def is_directory(self) -> bool:
        return self.children is not None

    @property
    def is_file(self) -> bool:
        return self.inode.kind is Kind.FILE

    @property
    def is_symlink(self) -> bool:
        return self.inode.kind is Kind.SYMLINK

    @property
    def is_executable(self) -> bool:
        return self.is_file and bool(self.inode.mode & 0o111)

    @property
    def size(self) -> int:
        return self.inode.size

    @property
    def facts(self) -> FileFacts:
        return self.inode.facts


ReadFile = Callable[[Node, int], bytes]
"""`(node, limit) -> at most limit bytes` of a regular file of the image."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """An entry that a layer holds and no container sees: a higher layer removed or replaced it."""

    path: str
    layer: int
    number: int
    entry: TarEntry
    facts: FileFacts
    by_layer: int


class Filesystem:
    """What a container would see, and what lies hidden below it."""

    def __init__(self) -> None:
        self.root = Node("", Inode(0, -1, None, NO_FACTS), None, {}, 0, -1)
        self.hidden: list[Hidden] = []
        self.lookups = 0
        self._sealed = False
        self._order: tuple[Node, ...] | None = None

    def seal(self) -> None:
        """Say that no node comes or goes any more: the order of `walk` is then worked out once."""
        self._sealed = True

    def get(self, path: str) -> Node | None:
        """The node at exactly this path, no link followed."""
        node = self.root
        for part in path.split("/") if path else ():
            if node.children is None or (child := node.children.get(part)) is None:
                return None
            node = child
        return node

    def resolve(self, path: str) -> Node | None:
        """The node the kernel would open for `path` in the container; None when there is none.

        Links are followed inside the image only, at most 40 of them.
        """
        return self.follow(self.root, path, MAX_LINKS_FOLLOWED)

    def resolve_parent(self, path: str) -> Node | None:
        """Like `resolve`, but a link in the last place is given back, not followed."""
        folder, _, name = path.rpartition("/")
        parent = self.resolve(folder)
        return None if parent is None or parent.children is None else parent.children.get(name)

    def follow(self, start: Node, path: str, budget: int) -> Node | None:
        """Walk `path` from `start`, following at most `budget` links."""
        node = self.root if path.startswith("/") else start
        parts = reversed_parts(path)
        while parts:
            part = parts.pop()
            self.lookups += 1
            if part == ".." and node.children is not None:
                node = node.parent or node
                continue
            child = node.children.get(part) if node.children is not None else None
            if child is None:
                return None
            if child.is_symlink:
                budget -= 1
                if budget < 0:
                    return None
                if child.inode.link.startswith("/"):
                    node = self.root
                parts += reversed_parts(child.inode.link)
            else:
                node = child
        return node

    def walk(self, start: Node | None = None) -> Iterator[Node]:
        """Every node below `start` (the root), in the order of the names, folders first."""
        if start is not None or not self._sealed:
            return self._walk(start or self.root)
        if self._order is None:
            self._order = tuple(self._walk(self.root))
        return iter(self._order)

    def _walk(self, start: Node) -> Iterator[Node]:
        stack = [start]
        while stack:
            node = stack.pop()
            if node is not self.root:
                yield node
            if node.children:
                stack += (node.children[name] for name in sorted(node.children, reverse=True))

    def files(self) -> Iterator[Node]:
        """Every regular file, each hard link by its own name."""
        return (node for node in self.walk() if node.is_file)

    def content(self, path: str) -> bytes | None:
        """The bytes of a file that layer indexes keep whole (`image.capture`), links followed."""
        node = self.resolve(path)
        return node.facts.content if node is not None else None


def reversed_parts(path: str) -> list[str]:
    """The names in `path`, last first: what is still to be walked, to `pop` from."""
    return [part for part in reversed(path.split("/")) if part not in ("", ".")]
