"""The programs of an image: each binary or script once, with every name it can be called by."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from slimmer.detect.survey import Survey
from slimmer.filesystem.tree import Filesystem, Inode, Node
from slimmer.image.path import basename, parent
from slimmer.oci.config import DEFAULT_PATH

_FOLDER_NAMES = ("bin", "sbin", "libexec")
_MAX_PATH_FOLDERS = 256


@dataclass(slots=True)
class Program:
    """`nodes` are its hard links, `links` the symlinks in program folders that lead to it."""

    inode: Inode
    nodes: list[Node]
    links: list[Node] = field(default_factory=list)

    @property
    def is_script(self) -> bool:
        return self.inode.facts.kind == "script"

    @property
    def is_loadable(self) -> bool:
        """Whether it is made to be started: no library, relocatable, core or debug file.

        A static program of before binutils 2.26 looks like a library, but has no soname.
        """
        elf = self.inode.facts.elf
        if self.is_script or elf is None or elf.is_executable_program:
            return True
        return elf.kind == "shared" and elf.soname is None


class Programs:
    """Every program, and the folders that programs are looked for in."""

    def __init__(self, filesystem: Filesystem, found: Survey, path: str | None) -> None:
        self.search = tuple(_search_folders(filesystem, DEFAULT_PATH if path is None else path))
        self._filesystem = filesystem
        self._known_folders = {folder.path: True for folder in self.search}
        self._by_inode: dict[int, Program] = {}
        for node in found.executables:
            program = self._by_inode.get(id(node.inode))
            if program is None:
                self._by_inode[id(node.inode)] = Program(node.inode, [node])
            else:
                program.nodes.append(node)
        self._attach_links(found.links)

    @property
    def all(self) -> Iterable[Program]:
        """In the order of the paths."""
        return self._by_inode.values()

    def of(self, node: Node) -> Program | None:
        """The program that this node is a name of."""
        return self._by_inode.get(id(node.inode))

    def in_program_folder(self, path: str) -> bool:
        """Whether the file at `path` lies where programs lie."""
        folder = parent(path)
        known = self._known_folders.get(folder)
        if known is None:
            known = basename(folder) in _FOLDER_NAMES or folder.startswith("usr/libexec/")
            self._known_folders[folder] = known
        return known

    def find(self, word: str, working_dir: str = "") -> Program | None:
        """What a container would run for the first word of a command."""
        if "/" in word:
            node = self._filesystem.resolve(word if word[0] == "/" else f"{working_dir}/{word}")
            return None if node is None else self.of(node)
        for folder in self.search:
            found = folder.children.get(word) if folder.children else None
            if found is None:
                continue
            target = self._filesystem.resolve(found.path)
            program = self.of(target) if target is not None else None
            if program is not None:
                return program
        return None

    def _attach_links(self, links: list[Node]) -> None:
        for link in links:
            if not self.in_program_folder(link.path):
                continue
            target = self._filesystem.resolve(link.path)
            program = self.of(target) if target is not None else None
            if program is not None:
                program.links.append(link)


def _search_folders(filesystem: Filesystem, path: str) -> Iterable[Node]:
    seen: set[int] = set()
    for name in path.split(":")[:_MAX_PATH_FOLDERS]:
        node = filesystem.resolve(name) if name.startswith("/") else None
        if node is not None and node.is_directory and id(node) not in seen:
            seen.add(id(node))
            yield node
