"""The tar reader against Python's own on well-formed archives, and on damage against nothing."""

import io
import tarfile
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.tars import Member, make_tar

from slimmer.errors import SlimError
from slimmer.formats.read import reader_of
from slimmer.formats.tar import Global, Kind, read_tar

FORMATS = (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)
_KINDS = {
    tarfile.REGTYPE: Kind.FILE,
    tarfile.DIRTYPE: Kind.DIRECTORY,
    tarfile.SYMTYPE: Kind.SYMLINK,
    tarfile.LNKTYPE: Kind.HARDLINK,
    tarfile.CHRTYPE: Kind.CHARACTER,
    tarfile.BLKTYPE: Kind.BLOCK_DEVICE,
    tarfile.FIFOTYPE: Kind.FIFO,
}

# Names as tar files hold them: any bytes but NUL and the slash.
_component = st.binary(min_size=1, max_size=12).map(
    lambda data: data.replace(b"\0", b"n").replace(b"/", b"s").decode("utf-8", "surrogateescape")
) | st.text("abcé日 .-", min_size=1, max_size=60)
_path = st.lists(_component, min_size=1, max_size=8).map("/".join)
_owner = st.sampled_from([0, 1, 0o7777777, 0o10000000, 0xFFFFFFFE]) | st.integers(0, 70_000)
_time = st.integers(-(1 << 33), 1 << 34) | st.floats(-1e6, 2e9).map(lambda time: round(time, 3))
_xattrs = st.dictionaries(
    st.text("abc.é", min_size=1, max_size=9).map(lambda name: f"SCHILY.xattr.user.{name}"),
    st.text("xyz\n= 日", min_size=0, max_size=20),
    max_size=2,
)


@st.composite
def members(draw: st.DrawFn, form: int) -> Member:
    kind = draw(st.sampled_from(list(_KINDS)))
    pax = form == tarfile.PAX_FORMAT
    return Member(
        draw(_path),
        kind,
        data=draw(st.binary(max_size=1200)) if kind == tarfile.REGTYPE else b"",
        link=draw(_path) if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else "",
        mode=draw(st.integers(0, 0o7777)),
        uid=draw(_owner),
        gid=draw(_owner),
        mtime=draw(_time if pax else _time.map(int)),
        device=draw(st.tuples(st.integers(0, 4095), st.integers(0, 0o7777777))),
        pax=draw(_xattrs) if pax else {},
    )


@st.composite
def archives(draw: st.DrawFn) -> bytes:
    form = draw(st.sampled_from(FORMATS))
    chosen = draw(st.lists(members(form), max_size=5))
    try:
        return make_tar(*chosen, form=form)
    except ValueError:  # does not fit into this format
        return make_tar()


def ours(data: bytes) -> list[tuple[object, ...]]:
    return [
        (
            entry.path,
            entry.kind,
            entry.mode,
            entry.uid,
            entry.gid,
            entry.size,
            entry.mtime,
            entry.link,
            entry.device,
            entry.xattrs,
            data[entry.data_offset :][: entry.size],
        )
        for entry in read_tar(reader_of(data))
        if not isinstance(entry, Global)
    ]


def theirs(data: bytes) -> list[tuple[object, ...]]:
    result: list[tuple[object, ...]] = []
    with tarfile.open(fileobj=io.BytesIO(data), encoding="utf-8", errors="surrogateescape") as tar:
        for info in tar:
            content = tar.extractfile(info).read() if info.isreg() else b""  # type: ignore[union-attr]
            is_device = info.type in (tarfile.CHRTYPE, tarfile.BLKTYPE)
            result.append(
                (
                    info.name,
                    _KINDS[info.type],
                    info.mode,
                    info.uid,
                    info.gid,
                    len(content),
                    info.mtime,
                    info.linkname if info.issym() or info.islnk() else "",
                    (info.devmajor, info.devminor) if is_device else (0, 0),
                    {
                        key.removeprefix("SCHILY.xattr."): value.encode("utf-8", "surrogateescape")
                        for key, value in info.pax_headers.items()
                        if key.startswith("SCHILY.xattr.")
                    },
                    content,
                )
            )
    return result


def _without_trailing_slashes(rows: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    # Python writes and strips the slash of a folder's name; what is left is slim's path form.
    return [(str(row[0]).rstrip("/"), *row[1:]) for row in rows]


@given(archives())
def test_reads_what_the_standard_library_reads(data: bytes) -> None:
    assert _without_trailing_slashes(ours(data)) == _without_trailing_slashes(theirs(data))


@given(st.data())
def test_mutated_archives_raise_only_slim_errors(data: st.DataObject) -> None:
    blob = bytearray(data.draw(archives()))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(blob) - 1))
        blob[at] = data.draw(st.sampled_from([0, 0x20, 0x2F, 0x30, 0x37, 0x39, 0x80, 0xFF]))
    _walk(_with_checksums(bytes(blob)))


@given(st.data())
def test_archives_cut_anywhere_raise_only_slim_errors(data: st.DataObject) -> None:
    blob = data.draw(archives())
    _walk(blob[: data.draw(st.integers(0, len(blob)))])


@given(st.binary(max_size=1536))
def test_arbitrary_headers_raise_only_slim_errors(data: bytes) -> None:
    """With the checksum made right, so that the fields behind it are reached."""
    _walk(_with_checksums(data.ljust(-(-len(data) // 512) * 512, b"\0")))


def _with_checksums(blob: bytes) -> bytes:
    blocks = [blob[at : at + 512] for at in range(0, len(blob), 512)]
    return b"".join(
        block[:148] + b"%06o\0 " % (sum(block[:148] + block[156:]) + 256) + block[156:]
        if any(block) and len(block) == 512
        else block
        for block in blocks
    )


def _walk(blob: bytes) -> None:
    last = 0
    with suppress(SlimError):
        for entry in read_tar(reader_of(blob)):
            assert entry.header_offset == last
            assert entry.end_offset > entry.header_offset
            last = entry.end_offset
            if not isinstance(entry, Global):
                assert 0 <= entry.size < 1 << 62


@pytest.mark.parametrize("form", FORMATS)
def test_the_generator_reaches_every_kind(form: int) -> None:
    made = make_tar(*(Member("p", kind, link="l") for kind in _KINDS), form=form)
    assert [row[1] for row in ours(made)] == list(_KINDS.values())
