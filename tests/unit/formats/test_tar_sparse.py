"""Sparse files: GNU tar's own archives in all its formats, and maps that lie."""

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.tars import END, header, padded, pax_header, pax_record

from slimmer.errors import FormatError, LimitError, SlimError
from slimmer.formats.read import reader_of
from slimmer.formats.tar import TarEntry, read_tar
from slimmer.image.content import reader_of_entry

TAR = shutil.which("tar")
GNU_TAR = TAR is not None and "GNU tar" in subprocess.check_output([TAR, "--version"], text=True)

FORMS = {
    "old GNU": ("--format=gnu",),
    "PAX 0.0": ("--format=posix", "--sparse-version=0.0"),
    "PAX 0.1": ("--format=posix", "--sparse-version=0.1"),
    "PAX 1.0": ("--format=posix", "--sparse-version=1.0"),
}
BLOCK = 4096


def entry_of(data: bytes) -> TarEntry:
    [entry] = read_tar(reader_of(data))
    assert isinstance(entry, TarEntry)
    return entry


def content_of(data: bytes) -> bytes:
    entry = entry_of(data)
    return reader_of_entry(reader_of(data), entry)(0, entry.size)


@pytest.mark.skipif(not GNU_TAR, reason="needs GNU tar")
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "segments",
    [
        {},
        {0: 5},
        {3 * BLOCK: BLOCK},
        {0: BLOCK, 7 * BLOCK: 2 * BLOCK, 20 * BLOCK: 17},
        # More than the four of the header and the 21 of the first block after it.
        {number * 2 * BLOCK: BLOCK for number in range(60)},
    ],
    ids=["all hole", "no hole", "middle", "three", "sixty"],
)
def test_what_gnu_tar_writes(form: str, segments: dict[int, int], tmp_path: Path) -> None:
    path = tmp_path / ("s" * 120)
    with path.open("wb") as file:
        for start, length in segments.items():
            file.seek(start)
            file.write(os.urandom(length))
        file.truncate(file.tell() + 3 * BLOCK)
    archive = tmp_path / "a.tar"
    where = ["-C", str(tmp_path), "-cf", str(archive), path.name]
    subprocess.run(["tar", "--sparse", *FORMS[form], *where], check=True)
    data = archive.read_bytes()
    entry = entry_of(data)
    assert (entry.path, entry.size) == (path.name, path.stat().st_size)
    assert content_of(data) == path.read_bytes()


def sparse_01(text: bytes, size: bytes = b"100", data: bytes = b"") -> bytes:
    records = pax_record(b"GNU.sparse.major", b"0") + pax_record(b"GNU.sparse.size", size)
    records += pax_record(b"GNU.sparse.map", text)
    return pax_header(records) + header(size=len(data)) + padded(data) + END


def sparse_10(text: bytes, size: bytes = b"100", data: bytes = b"") -> bytes:
    records = pax_record(b"GNU.sparse.major", b"1") + pax_record(b"GNU.sparse.realsize", size)
    stored = padded(text) + data
    return pax_header(records) + header(size=len(stored)) + padded(stored) + END


def old_gnu(segments: list[tuple[int, int]], size: int, data: bytes = b"") -> bytes:
    """One header with its four segments, the map's last block included in it."""
    numbers = b"".join(b"%011o\0%011o\0" % segment for segment in segments)
    block = bytearray(header(kind=b"S", size=len(data), magic=b"ustar  \0"))
    block[386 : 386 + len(numbers)] = numbers
    block[483:495] = b"%011o\0" % size
    block[148:156] = b"%06o\0 " % (sum(block) - sum(block[148:156]) + 256)
    return bytes(block) + padded(data) + END


MAKERS = {
    "old GNU": lambda segments, size, data: old_gnu(segments[:4], size, data),
    "PAX 0.1": lambda segments, size, data: sparse_01(
        b",".join(b"%d,%d" % segment for segment in segments), b"%d" % size, data
    ),
    "PAX 1.0": lambda segments, size, data: sparse_10(
        b"%d\n" % len(segments) + b"".join(b"%d\n%d\n" % segment for segment in segments),
        b"%d" % size,
        data,
    ),
}


@given(
    form=st.sampled_from(sorted(MAKERS)),
    runs=st.lists(st.tuples(st.integers(0, 600), st.binary(max_size=300)), max_size=4),
    tail=st.integers(0, 600),
    window=st.tuples(st.integers(0, 2000), st.integers(0, 2000)),
)
def test_any_window_of_any_map(
    form: str, runs: list[tuple[int, bytes]], tail: int, window: tuple[int, int]
) -> None:
    whole, segments = b"", []
    for hole, data in runs:
        segments.append((len(whole) + hole, len(data)))
        whole += bytes(hole) + data
    whole += bytes(tail)
    stored = b"".join(data for _, data in runs)
    blob = MAKERS[form](segments, len(whole), stored)
    entry = entry_of(blob)
    offset, length = window
    assert entry.size == len(whole)
    read = reader_of_entry(reader_of(blob), entry)
    assert read(offset, length) == whole[offset : offset + length]


@pytest.mark.parametrize(
    "data",
    [
        sparse_01(b"0"),
        sparse_01(b"0,1,2"),
        sparse_01(b"a,b"),
        sparse_01(b"0,-1"),
        sparse_01(b"0,5", data=b"1234"),
        sparse_01(b"50,10,40,5", data=bytes(15)),
        sparse_01(b"0,10,5,10", data=bytes(20)),
        sparse_01(b"99,2", data=b"ab"),
        sparse_01(b"0,1", size=b""),
        sparse_01(b"0,1", size=b"x", data=b"a"),
        sparse_01(b"0,0", size=b"9" * 19),
        sparse_01(b"0," + b"9" * 5000, data=b"a"),
        sparse_10(b""),
        sparse_10(b"x\n"),
        sparse_10(b"1\n0\n"),
        sparse_10(b"2\n0\n1\n", data=b"a"),
        sparse_10(b"1\n0\n-1\n"),
        sparse_10(b"1" * 5000 + b"\n"),
        sparse_10(b"1\n0\n" + b"9" * 5000 + b"\n"),
        sparse_10(b"1\n0\n5\n", data=b"1234"),
        old_gnu([(0, 5)], 100, b"1234"),
        old_gnu([(0, 10), (5, 10)], 100, bytes(20)),
        old_gnu([(99, 10)], 100, bytes(10)),
    ],
    ids=range(23),
)
def test_maps_that_lie_are_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        entry_of(data)


def test_a_map_of_too_many_segments_is_a_limit() -> None:
    chain = bytearray(512)
    chain[504] = 1
    block = bytearray(old_gnu([], 0)[:512])
    block[482] = 1
    block[148:156] = b"%06o\0 " % (sum(block) - sum(block[148:156]) + 256)
    with pytest.raises(LimitError, match="sparse_segments"):
        entry_of(bytes(block) + bytes(chain) * 6000)


@given(st.sampled_from(sorted(MAKERS)), st.data())
def test_mutated_maps_raise_only_slim_errors(form: str, data: st.DataObject) -> None:
    blob = bytearray(MAKERS[form]([(10, 20), (512, 30)], 1000, bytes(50)))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(blob) - 1))
        blob[at] = data.draw(st.sampled_from(b"0179,\n\0\x80\xff"))
    for at in (0, 1024, 1536) if blob[156:157] == b"x" else (0,):
        block = blob[at : at + 512]
        if any(block):
            checksum = sum(block) - sum(block[148:156]) + 256
            blob[at + 148 : at + 156] = b"%06o\0 " % checksum
    read_at = reader_of(bytes(blob))
    with suppress(SlimError):
        for entry in read_tar(read_at):
            if isinstance(entry, TarEntry):
                reader_of_entry(read_at, entry)(0, min(entry.size, 5000))
