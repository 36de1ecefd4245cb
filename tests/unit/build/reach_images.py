"""Debian images of packages with their files, slimmed by profile `package` and by profile `file`.

Every image also has what nobody needs: a program, a library and some data, which must always go.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from reach.elves import LOADER, library, program
from support.layers import Content, File, Folder, Layer, Symlink

from slimmer.build.options import FILE, PACKAGE, BuildOptions
from slimmer.detect.inspection import Inspection

from .building import GROUP, PASSWD, Result, built, debian, view_of

BOTH = pytest.mark.parametrize(
    "options",
    [BuildOptions(PACKAGE, user="keep"), BuildOptions(FILE, user="keep")],
    ids=[PACKAGE, FILE],
)
LIB = "usr/lib/x86_64-linux-gnu"
Package = Mapping[str, Content]
Packages = Mapping[str, Package]

LIBC: Package = {LOADER: library(), f"{LIB}/libc.so.6": library(soname=b"libc.so.6")}
UNUSED: Package = {
    "usr/bin/unused": program(),
    f"{LIB}/libunused.so.1": library(),
    "usr/share/unused/table": b"table",
}
_LINKS: Layer = {
    "usr/sbin": Folder(),
    "bin": Symlink("usr/bin"),
    "sbin": Symlink("usr/sbin"),
    "lib": Symlink("usr/lib"),
}


def script(*lines: str, shell: str = "#!/bin/sh") -> File:
    return File("\n".join((shell, *lines, "")).encode(), 0o755)


def programs(*paths: str) -> dict[str, Content]:
    """A package of programs that do nothing else than to be started."""
    return dict.fromkeys(paths, program(needed="libc.so.6"))


def debian_layer(
    packages: Packages, files: Layer | None = None, **paragraphs: bytes
) -> dict[str, Content]:
    """One layer with these packages, each with a copyright, and files that no package owns."""
    every = {"libc6": LIBC, "unused": UNUSED, **packages}
    owned = {
        name: {**contents, f"usr/share/doc/{name}/copyright": name.encode()}
        for name, contents in every.items()
    }
    layer: dict[str, Content] = {**_LINKS, "etc/passwd": PASSWD, "etc/group": GROUP}
    layer |= debian({name: [*contents] for name, contents in owned.items()}, **paragraphs)
    for contents in owned.values():
        layer |= contents
    return {**layer, **(files or {})}


@contextmanager
def slimmed(
    work_dir: Path,
    options: BuildOptions,
    packages: Packages,
    files: Layer | None = None,
    *,
    quiet: bool = True,
    paragraphs: Mapping[str, bytes] | None = None,
    **config: Any,
) -> Iterator[Result]:
    """A build of such an image; keywords are fields of its `config`. What nobody needs has gone."""
    layer = debian_layer(packages, files, **(paragraphs or {}))
    with built(work_dir, layer, config=config, options=options, quiet=quiet) as result:
        assert not paths_of(result) & UNUSED.keys()
        yield result


def paths_of(result: Result) -> frozenset[str]:
    """The paths of the output, as slim reads them back."""
    with result.after(quiet=True) as after:
        return frozenset(view_of(after))


def check(result: Result, *, stays: Iterable[str] = (), goes: Iterable[str] = ()) -> None:
    """What stays is what it was: content, owner, mode, times and attributes; what goes is not
    there, and was."""
    before = view_of(result.before)
    with result.after(quiet=True) as after:
        now = view_of(after)
    changed = {
        path: (before[path], now.get(path)) for path in stays if now.get(path) != before[path]
    }
    gone = set(goes)
    assert not changed, f"{len(changed)} gone or changed: {changed}"
    assert gone <= before.keys(), f"never there: {sorted(gone - before.keys())}"
    assert not gone & now.keys(), f"still there: {sorted(gone & now.keys())}"


def content_of(inspection: Inspection, path: str) -> bytes:
    node = inspection.subject.filesystem.resolve(path)
    assert node is not None, path
    entry = node.inode.entry
    assert entry is not None, path
    return inspection.reader.read(node.inode.layer, entry, node.size)
