"""Layers: the tar stream, header by header."""

import tarfile

from support import images, tars
from support.hostile.table import Write, add
from support.tars import (
    END,
    Member,
    file,
    folder,
    hardlink,
    header,
    make_tar,
    padded,
    pax_header,
    pax_record,
    symlink,
    whiteout,
)


def _in_layout(*layers: bytes) -> Write:
    return lambda place: images.layout(place, images.image(*layers))


def _layers(name: str, accept: bool, *layers: bytes, paths: str | None = None) -> None:
    add(f"layer-{name}", accept, _in_layout(*layers), paths)


def _good(name: str, paths: str | None, *layers: bytes) -> None:
    _layers(name, True, *layers, paths=paths)


def _bad(name: str, *layers: bytes) -> None:
    _layers(name, False, *layers)


def _raw(*blocks: bytes) -> bytes:
    return b"".join(blocks) + END


def _pax(*records: tuple[bytes, bytes]) -> bytes:
    return pax_header(b"".join(pax_record(key, value) for key, value in records))


def _base256(value: int, width: int = 12) -> bytes:
    return bytes([0x80 if value >= 0 else 0xFF]) + value.to_bytes(
        width - 1, "big", signed=value < 0
    )


def _sparse_10(text: bytes, size: bytes, data: bytes = b"") -> bytes:
    stored = padded(text) + data
    says = _pax((b"GNU.sparse.major", b"1"), (b"GNU.sparse.realsize", size))
    return _raw(says, header(b"f", b"0", len(stored)), padded(stored))


def _sparse_01(text: bytes, size: bytes, data: bytes = b"") -> bytes:
    says = _pax((b"GNU.sparse.size", size), (b"GNU.sparse.map", text))
    return _raw(says, header(b"f", b"0", len(data)), padded(data))


def _checksummed(block: bytes) -> bytes:
    block = block[:148] + b" " * 8 + block[156:]
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def _with_field(at: int, value: bytes) -> bytes:
    block = header(b"f")
    return _checksummed(block[:at] + value + block[at + len(value) :])


_LOWER = make_tar(folder("d"), file("d/a"), file("d/b"), file("top"))
_INNER = header(b"hidden")

_good("of-nothing-but-end-blocks", "", make_tar())
_good("of-no-bytes", "", b"")
_good("end-without-zero-blocks", "a", header(b"a"))
_good("opaque-in-root", "new", _LOWER, make_tar(file("new"), file(".wh..wh..opq")))
_good("opaque-in-root-spelled-with-dot", "", _LOWER, make_tar(file("./.wh..wh..opq")))
_good("opaque-of-a-file", "d d/a d/b top", _LOWER, make_tar(file("top/.wh..wh..opq")))
_good("opaque-in-lowest", "d d/x", make_tar(file("d/.wh..wh..opq"), file("d/x")))
_good("opaque-keeps-own", "d d/n top", _LOWER, make_tar(file("d/n"), tars.opaque("d")))
_good("whiteout-of-nothing", "d d/a d/b top", _LOWER, make_tar(whiteout("d/zz"), whiteout("q/r/s")))
_good("whiteout-of-a-tree", "top", _LOWER, make_tar(whiteout("d")))
_good("whiteout-after-own-file", "d d/a d/b top", _LOWER, make_tar(file("top"), whiteout("top")))
_good("whiteout-with-data", "d d/a d/b", _LOWER, make_tar(file(".wh.top", b"data")))
_good("whiteout-as-symlink", "d d/a d/b", _LOWER, make_tar(symlink(".wh.top", "/etc/passwd")))
_good(
    "whiteout-through-link",
    "d l d/b top",
    make_tar(symlink("l", "d")),
    _LOWER,
    make_tar(whiteout("l/a")),
)
_good("whiteout-of-whiteout-name", "d d/a d/b top", _LOWER, make_tar(file(".wh..wh.top")))
_good("aufs-bookkeeping", "f", make_tar(file(".wh..wh.plnk/1.2"), file(".wh..wh.aufs"), file("f")))
_bad("whiteout-bare", make_tar(file(".wh.")))
_bad("whiteout-bare-in-folder", make_tar(folder("d"), file("d/.wh.")))
_bad("whiteout-of-dot", make_tar(file(".wh..")))
_bad("whiteout-of-dot-dot", make_tar(file("d/.wh...")))
_good("absolute-names", "etc etc/x", make_tar(file("/etc/x")))
_good("repeated-slashes", "a a/b", make_tar(file("a//b"), file("./a/./b/")))
_good("dot-dot-inside", "b", make_tar(file("a/../b")))
_bad("dot-dot-out", make_tar(file("../x")))
_bad("dot-dot-out-later", make_tar(file("a/b/../../../x")))
_bad("dot-dot-absolute", make_tar(file("/../x")))
_bad("dot-dot-in-pax", _raw(_pax((b"path", b"../../x")), header()))
_bad("dot-dot-in-prefix", _raw(header(b"x", prefix=b"../..")))
_bad("name-empty", _raw(header(b"")))
_bad("name-dot-of-a-file", make_tar(file(".")))
_good("name-dot-of-a-folder", "", make_tar(folder("."), folder("/")))
_bad("root-as-symlink", make_tar(symlink("/", "/tmp")))
_bad("root-as-hardlink", make_tar(file("f"), hardlink("./", "f")))
_bad("name-with-nul-in-pax", _raw(_pax((b"path", b"a\0b")), header()))
_bad("name-of-5000-bytes", _raw(_pax((b"path", b"a/" * 2500 + b"f")), header()))
_good("name-of-4000-bytes", None, _raw(_pax((b"path", b"a/" * 1999 + b"f")), header()))
_good("name-of-1000-in-one", None, make_tar(file("n" * 1000)))
_good(
    "names-a-terminal-obeys",
    None,
    make_tar(*(file(f"f{chr(c)}") for c in (*range(1, 32), 127, 0x9B, 0x202E, 0x2066))),
)
_good(
    "names-not-utf8", None, _raw(header(b"\xff\xfe"), header(b"caf\xe9"), header(b"\xed\xa0\x80"))
)
_good("names-that-are-options", "-rf --help", make_tar(file("-rf"), file("--help")))
_good(
    "names-by-case-and-form", None, make_tar(file("A"), file("a"), file("\u00e9"), file("e\u0301"))
)
_good("name-with-backslashes", None, make_tar(file("..\\..\\x"), file("C:\\x")))
_good("same-name-three-kinds", "n", make_tar(folder("n"), file("n"), symlink("n", "m")))
_good("file-over-tree", "d top", _LOWER, make_tar(file("d")))
_good("folder-over-file", "d d/a d/b top top/x", _LOWER, make_tar(folder("top"), file("top/x")))
_bad("file-below-a-file", _LOWER, make_tar(file("top/x")))
_bad("file-below-a-device", make_tar(Member("n", tarfile.CHRTYPE), file("n/x")))
_good("link-out-is-kept-in", "l etc etc/x", make_tar(symlink("l", "../../../etc"), file("l/x")))
_good("link-absolute-is-kept-in", "l etc etc/x", make_tar(symlink("l", "/etc"), file("l/x")))
_good(
    "link-to-proc",
    "l proc proc/self proc/self/root proc/self/root/x",
    make_tar(symlink("l", "/proc/self/root"), file("l/x")),
)
_good("link-to-itself", "l", make_tar(symlink("l", "l")))
_good("links-in-a-circle", "a b", make_tar(symlink("a", "b"), symlink("b", "a")))
_bad("file-behind-a-circle", make_tar(symlink("a", "b"), symlink("b", "a"), file("a/x")))
_bad("file-behind-a-growing-link", make_tar(symlink("a", "a/a"), file("a/x")))
_bad(
    "file-behind-300-links",
    make_tar(*(symlink(f"l{n}", f"l{n + 1}") for n in range(300)), file("l0/x")),
)
_good(
    "file-behind-200-links",
    None,
    make_tar(*(symlink(f"l{n}", f"l{n + 1}") for n in range(200)), file("l0/x")),
)
_good(
    "folder-over-link-to-folder",
    None,
    make_tar(folder("d"), symlink("l", "d")),
    make_tar(folder("l")),
)
_bad("link-to-nothing", make_tar(symlink("l", "")))
_bad("link-of-5000-bytes", _raw(_pax((b"linkpath", b"x" * 5000)), header(b"l", b"2")))
_bad("link-with-nul", _raw(_pax((b"linkpath", b"a\0b")), header(b"l", b"2")))
_good("hardlink-to-lower-layer", "d d/a d/b top h", _LOWER, make_tar(hardlink("h", "top")))
_good("hardlink-to-link", "l h", make_tar(symlink("l", "nowhere"), hardlink("h", "l")))
_good("hardlink-to-fifo", "p h", make_tar(Member("p", tarfile.FIFOTYPE), hardlink("h", "p")))
_good("hardlink-chain", "a b c", make_tar(file("a"), hardlink("b", "a"), hardlink("c", "b")))
_bad("hardlink-to-itself", make_tar(hardlink("h", "h")))
_bad("hardlinks-in-a-circle", make_tar(hardlink("a", "b"), hardlink("b", "a")))
_bad("hardlink-to-later", make_tar(hardlink("a", "b"), file("b")))
_bad("hardlink-to-nothing", make_tar(hardlink("a", "")))
_bad("hardlink-to-root", make_tar(hardlink("a", "/")))
_bad("hardlink-out", make_tar(file("x"), hardlink("a", "../x")))
_bad("hardlink-to-folder", _LOWER, make_tar(hardlink("a", "d")))
_bad("hardlink-to-removed", _LOWER, make_tar(whiteout("top"), hardlink("a", "top")))
_bad("hardlink-with-data", _raw(header(b"a"), header(b"h", b"1", 512, link=b"a"), b"x" * 512))
_good(
    "device-nodes",
    "c b z",
    make_tar(
        Member("c", tarfile.CHRTYPE, device=(1, 5)),
        Member("b", tarfile.BLKTYPE, device=(8, 0)),
        Member("z", tarfile.CHRTYPE),
    ),
)
_bad("device-number-not-octal", _raw(header(b"c", b"3", major=b"notoctal")))
_good("folder-with-size-field", "d f", _raw(header(b"d", b"5", 700), header(b"f")))
_bad("old-folder-with-content", _raw(header(b"d/", b"\0", 512), bytes(512)))
_good("contiguous-file", "f", _raw(header(b"f", b"7", 3), padded(b"abc")))
for _type in b"ZDVMNAI\xff8 ":
    _bad(f"type-{_type:02x}", _raw(header(b"f", bytes([_type]))))
_good("global-header", "f", _raw(pax_header(pax_record(b"path", b"evil"), b"g"), header(b"f")))
_bad(
    "global-header-inside",
    _raw(_pax((b"path", b"p")), pax_header(pax_record(b"a", b"b"), b"g"), header()),
)
_bad("global-header-damaged", _raw(pax_header(b"99 a=b\n", b"g"), header()))
_bad("pax-at-the-end", _raw(_pax((b"path", b"p"))))
_bad("pax-cut-short", _pax((b"path", b"p" * 600))[:700])
_bad("long-name-at-the-end", _raw(header(b"././@LongLink", b"L", 3), padded(b"abc")))
_bad("long-name-twice", _raw(*[header(b"././@LongLink", b"L", 3), padded(b"abc")] * 2, header()))
_bad("pax-and-pax", _raw(_pax((b"path", b"p")), _pax((b"path", b"q")), header()))
_good(
    "pax-and-long-name",
    "p",
    _raw(header(b"././@LongLink", b"L", 3), padded(b"abc"), _pax((b"path", b"p")), header()),
)
_good("pax-key-twice", "q", _raw(_pax((b"path", b"p"), (b"path", b"q")), header()))
_good("pax-empty-value", "f", _raw(_pax((b"path", b"")), header()))
_good("pax-negative-time", "f", _raw(_pax((b"mtime", b"-1.5")), header()))
_good(
    "pax-strange-xattrs",
    "f",
    _raw(
        _pax((b"SCHILY.xattr.", b"x"), (b"SCHILY.xattr.user.\xc3\xa9\n=", b"\0\xff=\n")), header()
    ),
)
for _what, _records in {
    "zero": b"0 path=x\n",
    "negative": b"-9 path=x\n",
    "short": b"8 path=x\n",
    "long": b"99 path=x\n",
    "huge": b"9" * 18 + b" path=x\n",
    "underscored": b"1_0 path=x\n",
    "without-newline": b"9 path=xx",
    "without-equals": b"8 pathx\n",
    "without-key": b"5 =x\n",
    "without-number": b" path=x\n",
    "key-not-utf8": b"6 \xff=x\n",
}.items():
    _bad(f"pax-record-{_what}", _raw(pax_header(_records), header()))
for _key, _values in {
    b"size": (b"-1", b"1e3", b"0x10", b"9" * 19, b"9" * 400, b" 1", b"1_0", "٣".encode()),
    b"uid": (b"-1", b"4294967295", b"4294967296", b"1099511627776", b"1.0"),
    b"gid": (b"4294967295", b"root"),
    b"mtime": (b"nan", b"inf", b"1e9", b"1" * 400, b"--1"),
}.items():
    for _number, _value in enumerate(_values):
        _bad(f"pax-{_key.decode()}-{_number}", _raw(_pax((_key, _value)), header()))
_good(
    "pax-size-wins-over-zero",
    "outer",
    _raw(_pax((b"path", b"outer"), (b"size", b"1024")), header(size=0), _INNER, bytes(512)),
)
_good(
    "pax-size-zero-wins",
    "outer hidden",
    _raw(_pax((b"path", b"outer"), (b"size", b"0")), header(size=512), _INNER),
)
_bad("pax-size-beyond-the-end", _raw(_pax((b"size", b"4000000000000")), header()))
_bad("pax-header-of-2-mib", _raw(_pax((b"comment", b"x" * (2 << 20))), header()))
_bad("pax-header-says-8-gib", header(b"pax", b"x", 8**11 - 1) + END)
_bad("pax-records-30000", _raw(pax_header(b"6 a=b\n" * 30_000), header()))
_good("base256-size", "f", _raw(_with_field(124, _base256(3)), padded(b"abc")))
for _what, _field in {
    "negative": _base256(-512),
    "beyond-62-bits": _base256(1 << 62),
    "beyond-80-bits": _base256(1 << 80),
    "lead-81": b"\x81" + bytes(11),
    "lead-c0": b"\xc0" + bytes(11),
    "octal-8": b"00000000080\0",
    "octal-signed": b"-0000000001\0",
    "octal-hex": b"0x000000010\0",
    "octal-inner-space": b"0000 000001\0",
}.items():
    _bad(f"size-{_what}", _raw(_with_field(124, _field)))
_good("numbers-blank", "f", _raw(_with_field(100, b" " * 8 + bytes(16) + b" " * 12 + bytes(12))))
_bad("owner-all-ones", _raw(_with_field(108, _base256((1 << 32) - 1, 8))))
_bad("owner-beyond-32-bits", _raw(_with_field(108, _base256(1 << 40, 8))))
_good("owner-of-32-bits", "f", _raw(_with_field(108, _base256((1 << 32) - 2, 8))))
_good("mode-of-all-bits", "f", _raw(header(b"f", mode=b"7777777\0")))
_bad("checksum-zero", _raw(header(b"f")[:148] + b"000000\0 " + header(b"f")[156:]))
_bad(
    "checksum-of-second", _raw(header(b"f"), header(b"g")[:148] + b"000001\0 " + header(b"g")[156:])
)
_bad("cut-in-a-header", make_tar(file("a"))[:300])
_bad("cut-in-data", _raw(header(b"f", size=4096), bytes(100))[:800])
_good("cut-in-padding", "f", header(b"f", size=3) + b"abc")
_bad("one-zero-block", header(b"f") + bytes(512) + header(b"g") + END)
_good("more-after-the-end", "f", header(b"f") + END + header(b"g") + END)
_bad("text", b"#!/bin/sh\necho this is no tar\n" * 100)
_bad("zip", b"PK\x03\x04" + bytes(2000))
_bad("elf", b"\x7fELF" + bytes(2000))
_bad("random", bytes(range(256)) * 8)
_good("sparse-all-hole", "f", _sparse_10(b"0\n", b"1000"))
_good("sparse-terabytes-of-hole", "f", _sparse_10(b"0\n", b"8000000000000"))
_bad("sparse-count-lies", _sparse_10(b"9\n0\n1\n", b"1000", b"a"))
_bad("sparse-count-huge", _sparse_10(b"99999999999\n", b"1000"))
_bad("sparse-count-negative", _sparse_10(b"-1\n", b"1000"))
_bad("sparse-overlaps", _sparse_01(b"0,10,5,10", b"100", bytes(20)))
_bad("sparse-backwards", _sparse_01(b"50,1,0,1", b"100", bytes(2)))
_bad("sparse-beyond-the-file", _sparse_01(b"99,2", b"100", bytes(2)))
_bad("sparse-more-than-stored", _sparse_01(b"0,50", b"100", bytes(2)))
_bad("sparse-odd-map", _sparse_01(b"0,1,2", b"100", bytes(2)))
_bad("sparse-size-missing", _sparse_01(b"0,1", b"", b"a"))
_bad("sparse-size-beyond-62-bits", _sparse_01(b"0,0", b"9" * 19))
_bad(
    "sparse-old-unfinished-chain",
    _raw(_checksummed(header(b"f", b"S", magic=b"ustar  \0")[:482] + b"\1" + bytes(29)))[:512],
)


def _thousands(count: int) -> bytes:
    return b"".join(header(b"d%07d" % number) for number in range(count)) + END


_good("of-20000-entries", None, _thousands(20_000))
_good(
    "tree-of-500-levels", None, make_tar(*(file("a/" * depth + "f") for depth in range(0, 500, 5)))
)
