"""apk's database, `installed`, after a removal."""

from collections.abc import Callable, Iterator, Sequence

from slimmer.build.decisions import Decisions
from slimmer.build.plan import Written
from slimmer.build.remains import Remains, stays
from slimmer.filesystem.tree import Filesystem, Node
from slimmer.formats.apk import parse_installed

APK_DATABASES = ("lib/apk/db/installed", "usr/lib/apk/db/installed")


def rewrite_apk(
    filesystem: Filesystem, decisions: Decisions, remains: Sequence[Remains]
) -> Iterator[Written]:
    """New contents of apk's database."""
    left = {item.package.name: item for item in remains}
    for path in APK_DATABASES:
        node = filesystem.get(path)
        if node is None or node.facts.content is None or not left:
            continue
        content = _new_installed(node, left, lambda p: stays(filesystem, decisions, p))
        if content != node.facts.content:
            yield Written(path, content, "packages that are still there")


def _new_installed(node: Node, remains: dict[str, Remains], stays: Callable[[str], bool]) -> bytes:
    data = node.facts.content or b""
    pieces: list[bytes] = []
    for package in parse_installed(data):
        item = remains.get(package.name)
        text = data[package.start : package.end]
        # A virtual package (`.build-deps`) owns nothing and stands for others: it goes as well.
        if item is None or item.left:
            pieces.append(_without_gone_files(text, stays))
    return b"".join(pieces)


def _without_gone_files(paragraph: bytes, stays: Callable[[str], bool]) -> bytes:
    """Drop `R:` lines of files that go, with the `a:` and `Z:` lines that belong to them."""
    lines: list[bytes] = []
    folder, skipping = "", False
    for line in paragraph.splitlines(keepends=True):
        key, value = line[:2], line[2:].rstrip(b"\n").decode("utf-8", "surrogateescape")
        match key:
            case b"F:":
                folder, skipping = value, False
            case b"R:":
                skipping = not stays(f"{folder}/{value}" if folder else value)
            case b"a:" | b"Z:" if skipping:
                continue
            case _ if key not in (b"M:",):
                skipping = False
        if not skipping:
            lines.append(line)
    return b"".join(lines)
