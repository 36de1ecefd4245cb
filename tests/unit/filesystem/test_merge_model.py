"""The union filesystem against a model of image-spec layer.md written on its own.

The model keeps a plain mapping from real paths to things and knows nothing of nodes. Random
layers use few names, so that they meet: links to folders, files over folders, whiteouts of all.
"""

import posixpath
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slimmer.errors import FormatError
from slimmer.filesystem.merge import merge
from slimmer.filesystem.tree import Filesystem
from slimmer.formats.tar import Kind, TarEntry
from slimmer.image.index import LayerIndex
from slimmer.oci.digest import Digest

_PATHS = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join)
_TARGETS = _PATHS | _PATHS.map("/{}".format) | st.sampled_from(["..", "../b", ".", "a/..", "/"])


@dataclass(frozen=True)
class Op:
    kind: str
    path: str
    link: str = ""


_OPS = st.one_of(
    st.builds(Op, st.just("file"), _PATHS),
    st.builds(Op, st.just("directory"), _PATHS),
    st.builds(Op, st.just("symlink"), _PATHS, _TARGETS),
    st.builds(Op, st.just("hardlink"), _PATHS, _PATHS | _PATHS.map("/{}".format)),
    st.builds(Op, st.just("whiteout"), _PATHS),
    st.builds(Op, st.just("opaque"), _PATHS | st.just("")),
)
_LAYERS = st.lists(st.lists(_OPS, max_size=8), min_size=1, max_size=5)


@dataclass(eq=False)
class Thing:
    """A file, folder or link; names of one file are one object. `made_by` is None if implied."""

    kind: str
    made_by: tuple[int, int] | None
    link: str = ""


class RefusedError(Exception):
    """No runtime could unpack this."""


class Model:
    def __init__(self) -> None:
        self.things: dict[str, Thing] = {"": Thing("directory", None)}

    def apply(self, number: int, layer: list[Op]) -> None:
        for op in layer:
            match op.kind:
                case "whiteout":
                    if (path := self.place(op.path, make=False)) is not None:
                        self.remove(path)
                case "opaque":
                    folder = self.real(op.path, make=False)
                    if folder is not None and self.things[folder].kind == "directory":
                        self.empty(folder)
        for position, op in enumerate(layer):
            if op.kind not in ("whiteout", "opaque"):
                self.add(op, (number, position))

    def add(self, op: Op, made_by: tuple[int, int]) -> None:
        path = self.place(op.path, make=True)
        assert path is not None
        if op.kind == "hardlink":
            target = self.place(op.link.lstrip("/"), make=False)
            if target is None or target not in self.things or target == path:
                raise RefusedError
            thing = self.things[target]
            if thing.kind == "directory":
                raise RefusedError
        else:
            thing = Thing(op.kind, made_by, op.link)
        old = self.things.get(path)
        if not (old and old.kind == thing.kind == "directory"):
            self.remove(path)
        self.things[path] = thing

    def remove(self, path: str) -> None:
        self.empty(path)
        self.things.pop(path, None)

    def empty(self, folder: str) -> None:
        inside = folder + "/" if folder else ""
        for path in [path for path in self.things if path and path.startswith(inside)]:
            if path != folder:
                del self.things[path]

    def place(self, path: str, *, make: bool) -> str | None:
        """The real path of a name: its folder with links followed, its last part as it is."""
        parent, name = posixpath.split(path)
        folder = self.real(parent, make=make)
        if folder is None:
            return None
        return f"{folder}/{name}" if folder else name

    def real(self, path: str, *, make: bool) -> str | None:
        done, todo, links = "", path.split("/"), 0
        while todo:
            part = todo.pop(0)
            if part in ("", "."):
                continue
            if self.things[done].kind != "directory":
                if make:
                    raise RefusedError
                return None
            if part == "..":
                done = posixpath.dirname(done)
                continue
            here = f"{done}/{part}" if done else part
            thing = self.things.get(here)
            if thing is None and not make:
                return None
            if thing is None:
                self.things[here] = Thing("directory", None)
            elif thing.kind == "symlink":
                links += 1
                if links > 255:
                    if make:
                        raise RefusedError
                    return None
                done = "" if thing.link.startswith("/") else done
                todo = thing.link.split("/") + todo
                continue
            elif thing.kind != "directory" and make:
                raise RefusedError
            done = here
        return done


def entry_of(op: Op) -> TarEntry:
    path = op.path
    match op.kind:
        case "whiteout":
            parent, name = posixpath.split(path)
            kind, path = Kind.FILE, posixpath.join(parent, f".wh.{name}")
        case "opaque":
            kind, path = Kind.FILE, posixpath.join(path, ".wh..wh..opq")
        case name:
            kind = Kind(name)
    return TarEntry(path, kind, 0o755, 0, 0, 0, 0.0, 0, 512, 512, op.link)


def index_of(layer: list[Op]) -> LayerIndex:
    nobody = Digest.of(b"")
    return LayerIndex(nobody, 0, nobody, 0, "none", [entry_of(op) for op in layer], {})


def listing_of(filesystem: Filesystem) -> dict[str, tuple[object, ...]]:
    groups: dict[int, str] = {}
    return {
        node.path: (
            str(node.kind),
            (node.inode.layer, node.inode.number) if node.inode.entry else None,
            node.inode.link if node.is_symlink else "",
            groups.setdefault(id(node.inode), node.path),
        )
        for node in sorted(filesystem.walk(), key=lambda node: node.path)
    }


def listing_of_model(model: Model) -> dict[str, tuple[object, ...]]:
    groups: dict[int, str] = {}
    return {
        path: (
            thing.kind,
            thing.made_by,
            thing.link,
            groups.setdefault(id(thing), path),
        )
        for path, thing in sorted(model.things.items())
        if path
    }


@settings(max_examples=400)
@given(_LAYERS)
def test_merge_is_what_the_model_says(layers: list[list[Op]]) -> None:
    model = Model()
    try:
        for number, layer in enumerate(layers):
            model.apply(number, layer)
    except RefusedError:
        with pytest.raises(FormatError):
            merge(map(index_of, layers))
        return
    filesystem = merge(map(index_of, layers))
    assert listing_of(filesystem) == listing_of_model(model)
    check_bookkeeping(filesystem, layers)


def check_bookkeeping(filesystem: Filesystem, layers: list[list[Op]]) -> None:
    """Names and inodes know each other, and no entry with content is lost sight of."""
    seen = {(item.layer, item.number) for item in filesystem.hidden}
    for node in filesystem.walk():
        assert node in node.inode.names
        assert filesystem.get(node.path) is node
        assert all(filesystem.get(name.path) is name for name in node.inode.names)
        seen.add((node.layer, node.number))
    for number, layer in enumerate(layers):
        for position, op in enumerate(layer):
            if op.kind in ("file", "symlink", "hardlink"):
                assert (number, position) in seen


def test_the_order_of_whiteouts_in_a_layer_does_not_matter() -> None:
    lower = [Op("file", "a/b"), Op("file", "a/c")]
    upper = [Op("opaque", "a"), Op("file", "a/c"), Op("whiteout", "b"), Op("file", "b")]
    for layer in (upper, upper[::-1]):
        assert set(listing_of(merge(map(index_of, [lower, layer])))) == {"a", "a/c", "b"}
