"""What kind of file the first bytes show. Cheap: one look-up by magic, else a look at the text."""

from typing import Literal

FileKind = Literal[
    "ar",
    "binary",
    "bzip2",
    "class",
    "elf",
    "empty",
    "font",
    "gif",
    "gzip",
    "jimage",
    "jks",
    "jpeg",
    "lz4",
    "macho",
    "mo",
    "pdf",
    "pe",
    "png",
    "pyc",
    "rpm",
    "script",
    "sqlite",
    "squashfs",
    "tar",
    "text",
    "tzif",
    "wasm",
    "xz",
    "zip",
    "zstd",
]

HEAD_SIZE = 512

_BY_FOUR: dict[bytes, FileKind] = {
    b"\x7fELF": "elf",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\x04\x22\x4d\x18": "lz4",
    b"\xed\xab\xee\xdb": "rpm",
    b"hsqs": "squashfs",
    b"\xfe\xed\xfa\xce": "macho",
    b"\xfe\xed\xfa\xcf": "macho",
    b"\xce\xfa\xed\xfe": "macho",
    b"\xcf\xfa\xed\xfe": "macho",
    b"\xca\xfe\xda\xda": "jimage",
    b"\xda\xda\xfe\xca": "jimage",
    b"\xfe\xed\xfe\xed": "jks",
    b"\x00asm": "wasm",
    b"\xde\x12\x04\x95": "mo",
    b"\x95\x04\x12\xde": "mo",
    b"TZif": "tzif",
    b"\x89PNG": "png",
    b"GIF8": "gif",
    b"%PDF": "pdf",
    b"\x00\x01\x00\x00": "font",
    b"OTTO": "font",
    b"wOFF": "font",
    b"wOF2": "font",
}
# A magic shorter or longer than four bytes, by its first four (or fewer) bytes.
_LONGER: dict[bytes, tuple[bytes, FileKind]] = {
    b"!<ar": (b"!<arch>\n", "ar"),
    b"!<th": (b"!<thin>\n", "ar"),
    b"\xfd7zX": (b"\xfd7zXZ\x00", "xz"),
    b"SQLi": (b"SQLite format 3\x00", "sqlite"),
}
_FAT_MACHO_OR_CLASS = b"\xca\xfe\xba\xbe"
_FIRST_JAVA_MAJOR = 45
_TAR_MAGIC_AT = 257
# Bytes that text is made of; ESC is in terminal transcripts, FF and BS in formatted manuals.
_TEXT_BYTES = bytes((8, 9, 10, 12, 13, 27, *range(32, 127), *range(128, 256)))


def sniff(head: bytes, name: str) -> FileKind:
    """Tell the kind of a file from its first 512 bytes and, for .pyc only, its name.

    "text" means no NUL and at least nine of ten characters printable UTF-8, "binary" anything else
    that has no known magic.
    """
    if not head:
        return "empty"
    four = head[:4]
    kind = _BY_FOUR.get(four)
    if kind is not None:
        return kind
    if four in _LONGER:
        magic, kind = _LONGER[four]
        if head.startswith(magic):
            return kind
    return _by_short_magic(head, name) or _by_content(head)


def _by_short_magic(head: bytes, name: str) -> FileKind | None:
    two = head[:2]
    match two:
        case b"#!":
            # Rust's `#![attribute]` is no shebang.
            return None if head[2:3] == b"[" else "script"
        case b"\x1f\x8b":
            return "gzip"
        case b"\xff\xd8":
            return "jpeg" if head[2:3] == b"\xff" else None
        case b"MZ":
            return "pe" if b"\0" in head else None
        case b"BZ":
            return "bzip2" if head[2:3] == b"h" and head[4:10] == b"1AY&SY" else None
        case b"\xca\xfe" if head[:4] == _FAT_MACHO_OR_CLASS:
            # A class has its version here, a universal binary the small count of its parts.
            return "class" if int.from_bytes(head[4:8], "big") >= _FIRST_JAVA_MAJOR else "macho"
    if head[2:4] == b"\r\n" and name.endswith(".pyc"):
        return "pyc"
    if head.startswith(b"ustar", _TAR_MAGIC_AT):
        return "tar"
    return None


def _by_content(head: bytes) -> FileKind:
    head = head[:HEAD_SIZE]
    if b"\0" in head:
        return "binary"
    odd = len(head.translate(None, _TEXT_BYTES))
    if not head.isascii():
        # A character may be cut at the end of the head: at most three bytes of it are there.
        odd += max(0, head.decode("utf-8", "replace").count("\ufffd") - 1)
    return "text" if odd * 10 <= len(head) else "binary"
