"""Layout folders on disk."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from support import images
from support.hostile.table import add, one_layer


def _layout(name: str, accept: bool, edit: Callable[[Path, Path], Any]) -> None:
    """An edit of the folder; it is given the folder and the path of the layer's blob in it."""

    def write(place: Path) -> str:
        built = one_layer()
        reference = images.layout(place, built)
        edit(place, place / "blobs" / built.manifest["layers"][0]["digest"].replace(":", "/"))
        return reference

    add(f"layout-{name}", accept, write)


def _replaced(make: Callable[[Path], Any]) -> Callable[[Path, Path], Any]:
    def edit(_: Path, blob: Path) -> None:
        blob.unlink()
        make(blob)

    return edit


def _moved_and_linked(name: str) -> Callable[[Path, Path], Any]:
    def edit(place: Path, _: Path) -> None:
        outside = place.parent / f"outside-{name.replace('/', '-')}"
        (place / name).rename(outside)
        (place / name).symlink_to(outside)

    return edit


_layout("marker-missing", False, lambda place, _: (place / "oci-layout").unlink())
_layout(
    "marker-version-2",
    False,
    lambda place, _: (place / "oci-layout").write_text('{"imageLayoutVersion":"2.0.0"}'),
)
_layout(
    "marker-version-number",
    False,
    lambda place, _: (place / "oci-layout").write_text('{"imageLayoutVersion":1}'),
)
_layout("marker-empty", False, lambda place, _: (place / "oci-layout").write_text(""))
_layout(
    "marker-as-fifo",
    False,
    lambda place, _: ((place / "oci-layout").unlink(), os.mkfifo(place / "oci-layout")),
)
_layout("index-missing", False, lambda place, _: (place / "index.json").unlink())
_layout(
    "index-as-folder",
    False,
    lambda place, _: ((place / "index.json").unlink(), (place / "index.json").mkdir()),
)
_layout("index-as-link", False, _moved_and_linked("index.json"))
_layout("blobs-as-link", False, _moved_and_linked("blobs"))
_layout("algorithm-as-link", False, _moved_and_linked("blobs/sha256"))
_layout(
    "blobs-as-file",
    False,
    lambda place, _: ((place / "blobs").rename(place / "gone"), (place / "blobs").touch()),
)
_layout("blob-missing", False, lambda _, blob: blob.unlink())
_layout("blob-empty", False, lambda _, blob: blob.write_bytes(b""))
_layout("blob-longer", False, lambda _, blob: blob.write_bytes(blob.read_bytes() + b"x"))
_layout("blob-shorter", False, lambda _, blob: blob.write_bytes(blob.read_bytes()[:-1]))
_layout(
    "blob-flipped",
    False,
    lambda _, blob: blob.write_bytes(bytes([blob.read_bytes()[0] ^ 1]) + blob.read_bytes()[1:]),
)
_layout("blob-as-folder", False, _replaced(Path.mkdir))
_layout("blob-as-fifo", False, _replaced(os.mkfifo))
_layout("blob-as-link-to-zeros", False, _replaced(lambda blob: blob.symlink_to("/dev/zero")))
_layout("blob-as-link-to-host", False, _replaced(lambda blob: blob.symlink_to("/etc/hostname")))
_layout("blob-as-link-to-itself", False, _replaced(lambda blob: blob.symlink_to(blob)))
_layout(
    "blob-as-link-to-the-right-one",
    False,
    lambda _, blob: (blob.rename(blob.parent / "x"), blob.symlink_to("x")),
)
_layout("blob-as-sparse-giant", False, lambda _, blob: os.truncate(blob, 1 << 40))
_layout(
    "other-files",
    True,
    lambda place, _: (
        (place / "README").write_text("x"),
        (place / "blobs/md5").mkdir(),
        (place / "blobs/sha256/x").touch(),
    ),
)
