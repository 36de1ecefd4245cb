"""The facts of one file, told from its bytes while they are at hand."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from isal import isal_zlib

from slimmer.errors import FormatError, SlimError
from slimmer.formats.elf import parse_elf
from slimmer.formats.gemspec import parse_gemspec
from slimmer.formats.go_build_info import parse_go_build_info
from slimmer.formats.jar import parse_jar
from slimmer.formats.kind import HEAD_SIZE, sniff
from slimmer.formats.node_package import parse_package_json
from slimmer.formats.python_dist import parse_metadata
from slimmer.formats.read import ReadAt, reader_of
from slimmer.formats.rust_audit import parse_rust_audit
from slimmer.formats.shebang import parse_shebang
from slimmer.image.capture import MAX_METADATA, captured
from slimmer.image.index import FileFacts
from slimmer.secrets.engine import Scanner
from slimmer.secrets.match import FileSecrets, content_digests

T = TypeVar("T")
TOO_MANY = "too many look-alikes of secrets"

# Files up to this size are read whole; larger ones are looked at in pieces.
WHOLE_FILE = 16 * 1024 * 1024
_PIECE = 1024 * 1024
# Files from this size on get a checksum, so that copies of them in other layers can be told.
LEAST_CHECKED = 16 * 1024

_ARCHIVE_SUFFIXES = (".jar", ".war", ".ear", ".jmod")


def facts_of(path: str, size: int, read: ReadAt, scanner: Scanner) -> FileFacts | None:
    """What the file at `path`, `size` bytes long, tells; None when that is nothing of note.

    A parser that refuses its file leaves a note in `unread`: a broken jar in an image is the
    image's business, not an error of the inspection.
    """
    if size <= WHOLE_FILE:
        data = read(0, size)
        read = reader_of(data)
        head = data[:HEAD_SIZE]
    else:
        data = b""
        head = read(0, HEAD_SIZE)
    facts = FileFacts(kind=sniff(head, path))
    _add_binary(facts, path, size, read, head)
    _add_metadata(facts, path, size, read)
    if data:
        facts.secrets = scanner.scan_file(path, data, kind=facts.kind)
    else:
        facts.secrets = _scan_large(path, size, read, scanner)
    if scanner.gave_up and not facts.unread:
        facts.unread = TOO_MANY
    if size >= LEAST_CHECKED:
        facts.crc32 = _checksum(size, read)
    return facts if _worth_keeping(facts) else None


def _add_binary(facts: FileFacts, path: str, size: int, read: ReadAt, head: bytes) -> None:
    match facts.kind:
        case "elf":
            facts.elf = _attempt(facts, lambda: parse_elf(read, size))
            if facts.elf is not None and facts.elf.has_go_build_info:
                facts.go = _attempt(facts, lambda: parse_go_build_info(read, size))
            if facts.elf is not None and facts.elf.has_rust_audit:
                facts.rust = _attempt(facts, lambda: parse_rust_audit(read, size)) or ()
        case "script":
            facts.shebang = parse_shebang(head)
        case "zip" if path.endswith(_ARCHIVE_SUFFIXES):
            facts.jar = _attempt(facts, lambda: parse_jar(read, size))


def _add_metadata(facts: FileFacts, path: str, size: int, read: ReadAt) -> None:
    name = path.rpartition("/")[2]
    if name == "package.json" and size <= MAX_METADATA:
        facts.node = _attempt(facts, lambda: parse_package_json(read(0, size)))
    elif name in ("METADATA", "PKG-INFO") or path.endswith(".egg-info"):
        if size <= MAX_METADATA:
            facts.python = _attempt(facts, lambda: parse_metadata(read(0, size)))
    elif name.endswith(".gemspec") and size <= MAX_METADATA:
        facts.gem = _attempt(facts, lambda: parse_gemspec(read(0, size)))
    elif captured(path, size):
        facts.content = read(0, size)


def _attempt(facts: FileFacts, parse: Callable[[], T | None]) -> T | None:
    try:
        return parse()
    except FormatError as error:
        facts.unread = error.what
        return None


def _scan_large(path: str, size: int, read: ReadAt, scanner: Scanner) -> FileSecrets | None:
    try:
        found = scanner.scan_chunks(path, _pieces(size, read))
    except SlimError:
        return None
    if found is None:
        return None
    return FileSecrets(found.matches, *content_digests(_pieces(size, read)))


def _checksum(size: int, read: ReadAt) -> int:
    value = 0
    for piece in _pieces(size, read):
        value = isal_zlib.crc32(piece, value)
    return value


def _pieces(size: int, read: ReadAt) -> Iterator[bytes]:
    for offset in range(0, size, _PIECE):
        yield read(offset, min(_PIECE, size - offset))


def _worth_keeping(facts: FileFacts) -> bool:
    if facts.secrets or facts.content is not None or facts.unread:
        return True
    if facts.crc32 is not None:
        return True
    if facts.python or facts.node or facts.gem:
        return True
    return facts.kind not in ("text", "binary", "empty")
