"""Layer tars for tests: usual ones by the standard library, odd ones header by header."""

import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field

MTIME = 1_700_000_000


@dataclass(frozen=True)
class Member:
    """One entry. `kind` is a tar type flag; `pax` are extended header records."""

    path: str
    kind: bytes = tarfile.REGTYPE
    data: bytes = b""
    link: str = ""
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    mtime: float = MTIME
    device: tuple[int, int] = (0, 0)
    pax: Mapping[str, str] = field(default_factory=dict)

    @property
    def info(self) -> tarfile.TarInfo:
        info = tarfile.TarInfo(self.path)
        info.type, info.size, info.linkname = self.kind, len(self.data), self.link
        info.mode, info.uid, info.gid, info.mtime = self.mode, self.uid, self.gid, self.mtime
        info.devmajor, info.devminor = self.device
        info.pax_headers = dict(self.pax)
        return info


def file(path: str, data: bytes = b"", mode: int = 0o644, uid: int = 0, gid: int = 0) -> Member:
    return Member(path, data=data, mode=mode, uid=uid, gid=gid)


def folder(path: str, mode: int = 0o755, uid: int = 0, gid: int = 0) -> Member:
    return Member(path, tarfile.DIRTYPE, mode=mode, uid=uid, gid=gid)


def symlink(path: str, target: str) -> Member:
    return Member(path, tarfile.SYMTYPE, link=target, mode=0o777)


def hardlink(path: str, target: str) -> Member:
    return Member(path, tarfile.LNKTYPE, link=target)


def whiteout(path: str) -> Member:
    """The entry that hides `path`."""
    parent, slash, name = path.rpartition("/")
    return Member(f"{parent}{slash}.wh.{name}")


def opaque(path: str) -> Member:
    """The entry that hides all that lower layers have in the folder `path`."""
    return Member(f"{path}/.wh..wh..opq" if path else ".wh..wh..opq")


def make_tar(*members: Member, form: int = tarfile.PAX_FORMAT) -> bytes:
    """A whole tar of these members, the end blocks included."""
    stream = io.BytesIO()
    with tarfile.open(
        fileobj=stream, mode="w", format=form, encoding="utf-8", errors="surrogateescape"
    ) as tar:
        for member in members:
            tar.addfile(member.info, io.BytesIO(member.data))
    return stream.getvalue()


def header(name: bytes = b"f", kind: bytes = b"0", size: int = 0, **fields: bytes) -> bytes:
    """One header block, its checksum right, with `fields` as raw bytes in place of the usual.

    Fields: mode, uid, gid, size, mtime, link, magic, uname, gname, major, minor, prefix, tail.
    """
    values = {
        "name": name.ljust(100, b"\0"),
        "mode": b"0000644\0",
        "uid": b"0000000\0",
        "gid": b"0000000\0",
        "size": b"%011o\0" % size,
        "mtime": b"14523747200\0",
        "checksum": b" " * 8,
        "kind": kind,
        "link": bytes(100),
        "magic": b"ustar\x0000",
        "uname": bytes(32),
        "gname": bytes(32),
        "major": b"0000000\0",
        "minor": b"0000000\0",
        "prefix": bytes(155),
        "tail": bytes(12),
    }
    for key, value in fields.items():
        values[key] = value.ljust(len(values[key]), b"\0")
    block = b"".join(values.values())
    assert len(block) == 512
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 512)


def pax_header(records: bytes, kind: bytes = b"x") -> bytes:
    """An extended header with its records as raw bytes."""
    return header(b"pax", kind, len(records)) + padded(records)


def pax_record(key: bytes, value: bytes) -> bytes:
    """One record with its length right."""
    rest = b" " + key + b"=" + value + b"\n"
    length = len(rest) + 1
    while len(str(length)) + len(rest) != length:
        length = len(str(length)) + len(rest)
    return str(length).encode() + rest


END = bytes(1024)
