"""Entries that are not copied as they are: other names, hard links, sparse files, PAX records."""

import io
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
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

from slimmer.build.options import BuildOptions
from slimmer.formats.read import reader_of
from slimmer.formats.tar import Kind, TarEntry, read_tar
from slimmer.formats.tar_write import END as WRITTEN_END
from slimmer.formats.tar_write import new_header, padding, rewritten_header

from .building import PLAIN, Result, built, groups_of, inflated, view_of

_LONG = "a" * 150 + "/" + "b" * 120
_XATTRS = {"SCHILY.xattr.security.capability": "\x01\x00\x00\x02\udcff\n=", "mtime": "1.5"}


def _tars(result: Result) -> list[bytes]:
    """The layers of the output, inflated."""
    return [inflated(result.blobs[layer["digest"]]) for layer in result.manifest["layers"]]


def _entry(tar: bytes) -> TarEntry:
    entry = next(read_tar(reader_of(tar)))
    assert isinstance(entry, TarEntry)
    return entry


# --- headers ------------------------------------------------------------------------------------

_NAMES = st.text(
    st.characters(blacklist_characters="/\0", blacklist_categories=("Cs",)), min_size=1, max_size=60
).filter(lambda name: name not in (".", ".."))
_PATHS = st.lists(_NAMES, min_size=1, max_size=5).map("/".join)


@given(
    old=_PATHS,
    new=_PATHS,
    form=st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]),
    owner=st.integers(0, 2**32 - 2),
    mtime=st.integers(-(2**31), 2**40),
    xattr=st.binary(max_size=30),
    size=st.integers(0, 2**40),
)
def test_a_header_under_another_name_keeps_all_else(
    old: str, new: str, form: int, owner: int, mtime: int, xattr: bytes, size: int
) -> None:
    pax = {"SCHILY.xattr.user.x": xattr.decode("utf-8", "surrogateescape")}
    member = Member(old, mode=0o4711, uid=owner, gid=owner, mtime=mtime, pax=pax)
    tar = make_tar(member, form=form)
    before = _entry(tar)
    head = rewritten_header(reader_of(tar), before, path=new, kind=Kind.FILE, size=size)
    after = _entry(head + bytes(512))
    assert len(head) % 512 == 0
    assert (after.path, after.size, after.kind) == (new, size, Kind.FILE)
    for name in ("mode", "uid", "gid", "mtime", "xattrs"):
        assert getattr(after, name) == getattr(before, name)
    # Another reader agrees.
    with tarfile.open(fileobj=io.BytesIO(head), mode="r:") as other:
        info = other.next()
    assert info is not None
    assert (info.name, info.uid, info.size) == (new.rstrip("/"), owner, size)


@given(path=_PATHS, mode=st.integers(0, 0o7777), owner=st.integers(0, 2**32 - 2))
def test_a_new_header(path: str, mode: int, owner: int) -> None:
    head = new_header(path, Kind.DIRECTORY, mode=mode, uid=owner, gid=owner, mtime=3)
    entry = _entry(head)
    assert (entry.path.rstrip("/"), entry.kind, entry.mode) == (path, Kind.DIRECTORY, mode)
    assert (entry.uid, entry.gid, entry.mtime) == (owner, owner, 3)


def test_names_that_are_not_utf_8_stay_bytes() -> None:
    tar = header(b"caf\xe9") + END
    head = rewritten_header(reader_of(tar), _entry(tar), path="th\udce9", kind=Kind.FILE)
    assert head[:4] == b"th\xe9\0"
    assert len(head) == 512


def test_padding_and_end() -> None:
    assert [len(padding(size)) for size in (0, 1, 511, 512, 513)] == [0, 511, 1, 0, 511]
    assert bytes(1024) == WRITTEN_END


# --- hard links ---------------------------------------------------------------------------------

_GROUP = make_tar(
    Member(_LONG, data=b"one file", mode=0o4755, uid=7, gid=8, pax=_XATTRS),
    hardlink("b", _LONG),
    hardlink("c", "./b"),
)


@pytest.mark.parametrize("squash", [False, True])
@pytest.mark.parametrize(
    ("layers", "drop", "group"),
    [
        ([_GROUP], (), {_LONG, "b", "c"}),
        ([_GROUP], (_LONG,), {"b", "c"}),
        ([_GROUP], ("b",), {_LONG, "c"}),
        ([_GROUP], (_LONG, "b"), {"c"}),
        ([_GROUP, make_tar(whiteout(_LONG))], (), {"b", "c"}),
        ([_GROUP, make_tar(file(_LONG, b"new"))], (), {"b", "c"}),
        ([_GROUP, make_tar(hardlink("d", "c"))], (_LONG, "b", "c"), {"d"}),
        ([_GROUP, make_tar(hardlink("d", "c"), hardlink("e", "d"))], (_LONG, "b", "c"), {"d", "e"}),
        ([_GROUP, make_tar(whiteout("b"), hardlink("b/x", _LONG))], (_LONG,), {"b/x", "c"}),
    ],
)
def test_link_groups_survive(
    layers: list[bytes], drop: tuple[str, ...], group: set[str], squash: bool, tmp_path: Path
) -> None:
    options = BuildOptions("safe", user="keep", drop=drop, squash=squash)
    with built(tmp_path, *layers, options=options) as result, result.after() as after:
        groups = [frozenset(group)] if len(group) > 1 else []
        assert groups_of(after) == groups
        before, now = view_of(result.before), view_of(after)
        assert all(now[path] == before[path] for path in group)
        assert result.everything.count(b"one file") == 1


@pytest.mark.parametrize("squash", [False, True])
def test_new_content_is_for_one_name_only(squash: bool, tmp_path: Path) -> None:
    """A file that is written anew is a new file, as if an editor had replaced it."""
    layers = [
        make_tar(file("etc/passwd", b"root:x:0:0:::\n"), hardlink("srv/copy", "etc/passwd")),
        make_tar(file("srv/gone")),
    ]
    options = BuildOptions("safe", squash=squash, drop=("srv/gone",))
    with built(tmp_path, *layers, options=options) as result, result.after() as after:
        filesystem = after.subject.filesystem
        passwd, copy = filesystem.get("etc/passwd"), filesystem.get("srv/copy")
        assert passwd is not None
        assert copy is not None
        assert passwd.size > copy.size == 14


def test_a_way_round_a_link_that_goes(tmp_path: Path) -> None:
    layers = [
        make_tar(folder("usr/bin"), symlink("bin", "usr/bin")),
        make_tar(Member("bin/tool", data=b"tool", pax=_XATTRS), hardlink("bin/other", "bin/tool")),
        make_tar(whiteout("bin")),
    ]
    with built(tmp_path, *layers) as result, result.after() as after:
        expected = view_of(result.before)
        assert view_of(after) == expected
        assert groups_of(after) == [frozenset({"usr/bin/tool", "usr/bin/other"})]
        assert set(expected) == {"usr", "usr/bin", "usr/bin/tool", "usr/bin/other"}


# --- sparse files -------------------------------------------------------------------------------


def _gnu_sparse(name: bytes) -> bytes:
    """3 bytes at 1000 and 2 at 5000 of a file of a million."""
    block = bytearray(header(name, b"S", 5, magic=b"ustar  \0"))
    places = [(1000, 3), (5000, 2)]
    for number, (offset, length) in enumerate(places):
        at = 386 + 24 * number
        block[at : at + 24] = b"%011o\0%011o\0" % (offset, length)
    block[483:495] = b"%011o\0" % 1_000_000
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + padded(b"abcde")


def _pax_sparse(name: bytes) -> bytes:
    text = padded(b"2\n1000\n3\n5000\n2\n")
    records = b"".join(
        pax_record(key, value)
        for key, value in (
            (b"GNU.sparse.major", b"1"),
            (b"GNU.sparse.minor", b"0"),
            (b"GNU.sparse.name", name),
            (b"GNU.sparse.realsize", b"1000000"),
            (b"SCHILY.xattr.user.x", b"y"),
        )
    )
    data = text + b"abcde"
    return pax_header(records) + header(b"made-up", b"0", len(data)) + padded(data)


@pytest.mark.parametrize("squash", [False, True])
@pytest.mark.parametrize("make", [_gnu_sparse, _pax_sparse])
@pytest.mark.parametrize("drop", [(), ("old",), ("gone",)])
def test_sparse_files_stay_sparse(
    make: object, drop: tuple[str, ...], squash: bool, tmp_path: Path
) -> None:
    tar = make(b"old") + make_tar(hardlink("new", "old"), file("gone"))  # type: ignore[operator]
    options = BuildOptions("safe", user="keep", drop=drop, squash=squash)
    with built(tmp_path, tar, options=options) as result, result.after() as after:
        expected = view_of(result.before)
        for path in drop:
            del expected[path]
        assert view_of(after) == expected
        assert sum(map(len, _tars(result))) < 20_000


# --- PAX and other records ----------------------------------------------------------------------


@pytest.mark.parametrize("squash", [False, True])
def test_metadata_survives_in_every_way_through(squash: bool, tmp_path: Path) -> None:
    stays = [
        Member(_LONG + "/x", data=b"1", uid=3_000_000, gid=4, mtime=-5, pax=_XATTRS),
        Member("dev/null", tarfile.CHRTYPE, device=(1, 3), mode=0o666),
        Member("run/pipe", tarfile.FIFOTYPE, mode=0o600),
        folder("tmp", 0o1777),
        symlink("l" * 120, "t" * 150),
        file("caf\udce9", b"latin"),
        file("\u00c4pfel", b"utf-8"),
    ]
    layers = [make_tar(*stays, file("gone")), make_tar(Member("g", data=b"2", pax=_XATTRS))]
    options = BuildOptions("safe", user="keep", drop=("gone",), squash=squash)
    with built(tmp_path, *layers, options=options) as result, result.after() as after:
        expected = view_of(result.before)
        del expected["gone"]
        assert view_of(after) == expected


def test_global_headers_and_order_survive(tmp_path: Path) -> None:
    comment = pax_header(pax_record(b"comment", b"0123456789abcdef"), b"g")
    tar = comment + make_tar(file("z", b"1"), file("gone", b"2"))[:-8192] + comment
    tar = comment + _whole(file("z", b"1")) + _whole(file("gone")) + comment + _whole(file("a"))
    with built(tmp_path, tar + END, options=replace(PLAIN, drop=("gone",))) as result:
        (layer,) = _tars(result)
        assert layer == comment + _whole(file("z", b"1")) + comment + _whole(file("a")) + END


def _whole(member: Member) -> bytes:
    tar = make_tar(member)
    return tar[: 512 + len(padded(member.data))]


def test_a_layer_cut_off_behind_its_last_data(tmp_path: Path) -> None:
    tar = _whole(file("gone")) + header(b"a", size=3) + b"abc"
    with built(tmp_path, tar, options=replace(PLAIN, drop=("gone",))) as result:
        (layer,) = _tars(result)
        assert layer == header(b"a", size=3) + padded(b"abc") + END


def test_aufs_bookkeeping_goes_where_a_layer_changes(tmp_path: Path) -> None:
    tar = make_tar(file(".wh..wh.plnk/12.34", b"BOOKKEEPING"), file("a"), file("gone"))
    with built(tmp_path, tar, options=replace(PLAIN, drop=("gone",))) as result:
        assert b"BOOKKEEPING" not in result.everything


def test_folders_that_only_their_content_made(tmp_path: Path) -> None:
    tar = make_tar(file("srv/data/x"), file("srv/y"))
    options = replace(PLAIN, drop=("srv/data/x",))
    with built(tmp_path, tar, options=options) as result, result.after() as after:
        assert set(view_of(after)) == {"srv", "srv/y", "srv/data"}
        assert len(result.manifest["layers"]) == 2
