"""What becomes of each layer: kept as it is, filtered, emptied, or added.

Works on entries only; no byte of a layer is read until the layers are written.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from slimmer.build.decisions import Decisions
from slimmer.build.entries import linked_entry, new_content, whole_entry
from slimmer.build.grants import attributes_of, with_attributes, with_mode
from slimmer.build.layer_edit import Drop, Edit, Replace
from slimmer.build.plan import Folder, Plan, Written
from slimmer.filesystem.tree import Filesystem, Inode, Node, reversed_parts
from slimmer.formats.tar import TarEntry
from slimmer.image.index import LayerIndex
from slimmer.image.path import is_aufs_metadata, is_whiteout, normalise, parent
from slimmer.image.reader import LayerReader


@dataclass
class LayerEdits:
    """Edits by entry number for each layer, and what no layer can take.

    `folders` are those that no entry names and that nothing in them makes any more.
    """

    by_layer: list[dict[int, Edit]]
    homeless: list[Written] = field(default_factory=list)
    folders: list[Folder] = field(default_factory=list)

    def touched(self, layer: int) -> bool:
        return bool(self.by_layer[layer])


def edit_layers(
    filesystem: Filesystem,
    indexes: tuple[LayerIndex, ...],
    decisions: Decisions,
    plan: Plan,
    reader: LayerReader,
    joined_from: int | None = None,
) -> LayerEdits:
    """Turn decisions about paths into edits of entries.

    Layers from `joined_from` on become one: none of their entries may hide another of them.
    """
    return _Editor(filesystem, indexes, decisions, reader, joined_from).edit(plan)


class _Editor:
    def __init__(
        self,
        filesystem: Filesystem,
        indexes: tuple[LayerIndex, ...],
        decisions: Decisions,
        reader: LayerReader,
        joined_from: int | None,
    ) -> None:
        self._joined_from = len(indexes) if joined_from is None else joined_from
        self._filesystem = filesystem
        self._indexes = indexes
        self._decisions = decisions
        self._reader = reader
        self._edits: list[dict[int, Edit]] = [{} for _ in indexes]

    def edit(self, plan: Plan) -> LayerEdits:
        self._drop_hidden()
        self._drop_decided()
        self._mend_names()
        self._mend_hard_links()
        self._change_attributes(plan)
        self._drop_earlier_folders()
        self._drop_whiteouts()
        result = LayerEdits(self._edits)
        self._write(plan.written, result)
        made = {folder.path for folder in plan.folders}
        result.folders += plan.folders
        result.folders += (folder for folder in self._bare_folders() if folder.path not in made)
        return result

    def _drop_hidden(self) -> None:
        for hidden in self._filesystem.hidden:
            self._edits[hidden.layer][hidden.number] = Drop()

    def _drop_decided(self) -> None:
        for path in self._decisions.by_path:
            node = self._filesystem.get(path)
            if node is None:
                continue
            if node.number >= 0:
                self._edits[node.layer][node.number] = Drop()
            for inode in node.earlier or ():
                self._edits[inode.layer][inode.number] = Drop()

    def _mend_names(self) -> None:
        """An entry whose name went through a link that goes now gets the name it led to."""
        for node in self._filesystem.walk():
            if node.path not in self._decisions:
                self._mend_name(node, node.layer, node.number)
                for inode in node.earlier or ():
                    self._mend_name(node, inode.layer, inode.number)

    def _mend_name(self, node: Node, layer: int, number: int) -> None:
        if number < 0:
            return
        entry = self._indexes[layer].entries[number]
        if entry.path == node.path:
            return
        if self._lead(parent(entry.path), (layer, number)) is not node.parent:
            self._edits[layer][number] = whole_entry(
                self._reader.read_at(layer), entry, node.facts, node.path
            )

    def _lead(self, path: str, before: tuple[int, int]) -> Node | None:
        """Where `path` leads when the entry `before` is applied: through links that stay and that
        were there already; None where one of them is not."""
        node, parts = self._filesystem.root, reversed_parts(path)
        budget = self._reader.limits.links  # as the merge follows on the way to a folder
        while parts:
            part = parts.pop()
            if part == "..":
                node = node.parent or node
                continue
            child = (node.children or {}).get(part)
            if child is None or child.path in self._decisions:
                return None
            if child.is_symlink:
                budget -= 1
                if budget < 0 or (child.layer, child.number) >= before:
                    return None
                node = self._filesystem.root if child.inode.link.startswith("/") else node
                parts += reversed_parts(child.inode.link)
            else:
                node = child
        return node

    def _mend_hard_links(self) -> None:
        """When the entry that holds a file's bytes goes and another name stays, that one gets
        the bytes, and the other names are linked to it."""
        seen: set[int] = set()
        for node in self._filesystem.walk():
            inode = node.inode
            if node.is_directory or id(inode) in seen:
                continue
            if len(inode.names) == 1 and is_owner(node):
                continue
            seen.add(id(inode))
            names = [name for name in inode.names if name.path not in self._decisions]
            names.sort(key=lambda name: (name.layer, name.number))
            if names:
                self._mend(inode, names)

    def _mend(self, inode: Inode, names: list[Node]) -> None:
        first, *others = names
        if not is_owner(first):
            assert inode.entry is not None
            self._edits[first.layer][first.number] = whole_entry(
                self._reader.read_at(inode.layer), inode.entry, inode.facts, first.path
            )
        present = {first.path}
        for name in others:
            if not self._links_to(name, present):
                self._edits[name.layer][name.number] = linked_entry(
                    self._reader.read_at(name.layer), self._entry(name), name.path, first.path
                )
            present.add(name.path)

    def _change_attributes(self, plan: Plan) -> None:
        """Owners and modes, in the entries that the others leave."""
        for path, new in attributes_of(self._filesystem, plan.grants, plan.modes).items():
            node = self._filesystem.get(path)
            if node is None or node.number < 0 or path in self._decisions:
                continue
            edits = self._edits[node.layer]
            edit = edits.get(node.number)
            if isinstance(edit, Replace) and len(node.inode.names) > 1:
                edits[node.number] = with_mode(edit, new.mode)
            elif is_owner(node):
                read_at = self._reader.read_at(node.layer)
                entry = self._entry(node)
                edits[node.number] = with_attributes(read_at, entry, node.facts, path, new)

    def _links_to(self, name: Node, present: set[str]) -> bool:
        """Whether the name's own entry still links to one of the names that are `present`."""
        folder, _, target = normalise(self._entry(name).link).rpartition("/")
        node = self._lead(folder, (name.layer, name.number))
        found = (node.children or {}).get(target) if node is not None else None
        return found is not None and found.path in present

    def _entry(self, node: Node) -> TarEntry:
        return self._indexes[node.layer].entries[node.number]

    def _write(self, written: Iterable[Written], result: LayerEdits) -> None:
        """New contents go into the layer that has the file when that layer changes anyway.

        A file with several names is not written in place: the others keep what they have.
        """
        for item in written:
            node = self._filesystem.get(item.path)
            if (
                node is None
                or not is_owner(node)
                or len(node.inode.names) > 1
                or not (self._edits[node.layer] or node.layer >= self._joined_from)
            ):
                result.homeless.append(item)
                continue
            self._edits[node.layer][node.number] = new_content(
                node, item, self._reader.read_at(node.inode.layer)
            )

    def _drop_earlier_folders(self) -> None:
        """Of layers that become one, only the last word on a folder is said."""
        for node in self._filesystem.walk():
            for inode in node.earlier or ():
                if min(inode.layer, node.layer) >= self._joined_from and inode.number >= 0:
                    self._edits[inode.layer][inode.number] = Drop()

    def _drop_whiteouts(self) -> None:
        """All that whiteouts hide is gone, so they go as well: where the layer changes anyway, and
        where they would bring a folder back that goes."""
        for layer, index in enumerate(self._indexes):
            edits = self._edits[layer]
            touched = bool(edits) or layer >= self._joined_from
            for number, entry in enumerate(index.entries):
                if is_whiteout(entry.path):
                    if touched or not self._is_folder(parent(entry.path)):
                        edits[number] = Drop()
                elif touched and is_aufs_metadata(entry.path):
                    edits[number] = Drop()

    def _is_folder(self, path: str) -> bool:
        node = self._filesystem.get(path)
        return node is not None and node.is_directory and path not in self._decisions

    def _bare_folders(self) -> Iterator[Folder]:
        """Folders without an entry of their own exist through what is in them: the deepest of
        those that lose all of it have to be made."""
        made: set[str] = set()
        stays = {""}
        for node in self._filesystem.walk():
            if node.path in self._decisions or node.number < 0:
                continue
            path = node.path if node.is_directory else parent(node.path)
            while path not in stays:
                stays.add(path)
                path = parent(path)
        bare = [
            node
            for node in self._filesystem.walk()
            if node.is_directory and node.path not in stays and node.path not in self._decisions
        ]
        for node in reversed(bare):
            if node.path not in made:
                yield Folder(node.path, node.inode.mode, node.inode.uid, node.inode.gid)
            made.add(parent(node.path))


def is_owner(node: Node) -> bool:
    """Whether the name's own entry is the one that holds the bytes."""
    return (node.layer, node.number) == (node.inode.layer, node.inode.number)


def emptied_layers(edits: LayerEdits, indexes: tuple[LayerIndex, ...]) -> frozenset[int]:
    """Layers of which no entry is left; never all of them, since an image has a layer."""
    empty = [
        number
        for number, (changes, index) in enumerate(zip(edits.by_layer, indexes, strict=True))
        if changes and _all_dropped(changes, len(index.entries))
    ]
    return frozenset(empty[1:] if len(empty) == len(indexes) and not has_top(edits) else empty)


def has_top(edits: LayerEdits) -> bool:
    """Whether a new layer is needed for what the others cannot take."""
    return bool(edits.homeless or edits.folders)


def _all_dropped(edits: Mapping[int, Edit], entries: int) -> bool:
    return len(edits) == entries and all(isinstance(edit, Drop) for edit in edits.values())
