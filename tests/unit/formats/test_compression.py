"""gzip and zstd streams: any chunking gives the same bytes, any damage an error, never a hang."""

import gzip
import io
import os
import zlib
from collections.abc import Callable
from contextlib import suppress
from itertools import cycle

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from slimmer.errors import FormatError, LimitError
from slimmer.formats.compression import CHUNK, Compression, Inflating, detect, inflate
from slimmer.formats.zstd_frames import FrameFollower
from slimmer.limits import Limits

# Both compressible and not, and longer than one chunk of output.
SAMPLE = bytes(CHUNK) + os.urandom(40_000) + b"text " * 70_000


def skippable(data: bytes) -> bytes:
    return b"\x53\x2a\x4d\x18" + len(data).to_bytes(4, "little") + data


def zstd(data: bytes, write_checksum: bool = False) -> bytes:
    return zstandard.ZstdCompressor(level=1, write_checksum=write_checksum).compress(data)


def zstd_unsized(data: bytes) -> bytes:
    """A frame whose header does not say the content's size."""
    compressor = zstandard.ZstdCompressor().compressobj()
    return compressor.compress(data) + compressor.flush()


FORMS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": lambda data: gzip.compress(data, 1),
    "gzip members": lambda data: gzip.compress(data[:1000], 1) + gzip.compress(data[1000:], 9),
    "gzip, zeros after it": lambda data: gzip.compress(data) + bytes(900),
    "zstd": zstd,
    "zstd with checksum": lambda data: zstd(data, write_checksum=True),
    "zstd without sizes": zstd_unsized,
    "zstd frames": lambda data: zstd(data[:1000]) + zstd(data[1000:]),
    "zstd and skippable frames": lambda data: skippable(b"toc") + zstd(data) + skippable(b""),
}


def read_in(data: bytes, sizes: Callable[[], int]) -> Callable[[int], bytes]:
    """A stream that gives fewer bytes than asked for."""
    stream = io.BytesIO(data)
    return lambda size: stream.read(max(1, min(size, sizes())))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("size", [1, 3, 511, 65_537, 1 << 30])
def test_any_chunking_gives_the_same_bytes(form: str, size: int) -> None:
    sample = SAMPLE if size > 3 else SAMPLE[-5_000:]
    chunks = list(inflate(read_in(FORMS[form](sample), lambda: size)))
    assert b"".join(chunks) == sample
    assert all(0 < len(chunk) <= CHUNK for chunk in chunks)


@given(data=st.binary(max_size=1500), sizes=st.lists(st.integers(1, 99), min_size=1))
def test_random_chunkings(data: bytes, sizes: list[int]) -> None:
    for make in FORMS.values():
        if make is bytes and data[:1] in (b"\x1f", b"\x28", b"\xfd", b"B", b"\x04"):
            continue
        turn = cycle(sizes)
        assert b"".join(inflate(read_in(make(data), turn.__next__))) == data


@pytest.mark.parametrize("extra", range(-12, 12))
def test_output_that_ends_near_a_whole_chunk(extra: int) -> None:
    """The inflater may have taken all input while output is still to come."""
    data = bytes(2 * CHUNK + extra)
    for blob in (gzip.compress(data, 9), zstd(data)):
        for last in (1, 7, 8, 9, 17):
            ends = iter([len(blob) - last, last, 1])
            assert b"".join(inflate(read_in(blob, ends.__next__))) == data


@pytest.mark.parametrize("form", [form for form in FORMS if form != "plain"])
def test_a_stream_cut_anywhere_is_an_error_or_whole(form: str) -> None:
    sample = os.urandom(300) + bytes(3000)
    blob = FORMS[form](sample)
    for length in range(1, len(blob)):
        try:
            result = b"".join(inflate(io.BytesIO(blob[:length]).read))
        except FormatError:
            continue
        # Only between members or frames, or before what identifies the compression.
        assert result == sample or sample.startswith(result) or length < 4
        assert result in (sample, sample[:1000], b"") or length < 4


@pytest.mark.parametrize("form", ["zstd", "zstd with checksum", "zstd without sizes", "gzip"])
def test_a_single_frame_cut_short_is_always_an_error(form: str) -> None:
    blob = FORMS[form](SAMPLE)
    for length in (4, 5, 9, 100, len(blob) // 2, len(blob) - 5, len(blob) - 1):
        with pytest.raises(FormatError, match="cut short"):
            list(inflate(io.BytesIO(blob[:length]).read))


@pytest.mark.parametrize("form", ["gzip", "zstd with checksum"])
def test_one_flipped_bit_in_the_checksum_is_noticed(form: str) -> None:
    blob = FORMS[form](SAMPLE)
    at = len(blob) - (6 if form == "gzip" else 2)
    with pytest.raises(FormatError):
        list(inflate(io.BytesIO(blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1 :]).read))


@pytest.mark.parametrize(
    "blob",
    [
        gzip.compress(b"a") + b"garbage",
        gzip.compress(b"a") + bytes(600) + b"garbage",
        zstd(b"a") + b"garbage",
        zstd(b"a") + bytes(100),
        b"\x1f\x8b",
        b"\x1f\x8b\x08\x00",
        zstd(b"a")[:4],
    ],
    ids=repr,
)
def test_damaged_streams_are_refused(blob: bytes) -> None:
    with pytest.raises(FormatError):
        list(inflate(io.BytesIO(blob).read))


def test_a_window_over_the_limit() -> None:
    """RFC 8878 3.1.1.1.2: 2 TiB here."""
    blob = b"\x28\xb5\x2f\xfd\x00" + bytes([31 << 3]) + b"\x01\x00\x00"
    with pytest.raises(LimitError, match=r"zstd_window=134217728 \(--limit zstd_window=VALUE"):
        list(inflate(io.BytesIO(blob).read))
    small = zstandard.ZstdCompressor(level=3, write_content_size=False).compress(b"a" * 4_000_000)
    with pytest.raises(LimitError, match="zstd_window"):
        list(inflate(io.BytesIO(small).read, Limits(zstd_window=1024)))


def test_a_frame_that_needs_a_dictionary_is_refused() -> None:
    dictionary = zstandard.ZstdCompressionDict(b"words words more words " * 40)
    blob = zstandard.ZstdCompressor(dict_data=dictionary).compress(b"words words")
    with pytest.raises(FormatError):
        list(inflate(io.BytesIO(blob).read))


@given(st.binary(max_size=200), st.sampled_from([b"\x1f\x8b\x08\x00", b"\x28\xb5\x2f\xfd", b""]))
def test_arbitrary_bytes_raise_only_format_errors(data: bytes, magic: bytes) -> None:
    with suppress(FormatError, LimitError):
        list(inflate(io.BytesIO(magic + data).read))


@given(st.data())
def test_mutated_streams_raise_only_format_errors(data: st.DataObject) -> None:
    blob = bytearray(FORMS[data.draw(st.sampled_from(list(FORMS)))](b"some text " * 50))
    for _ in range(data.draw(st.integers(1, 4))):
        blob[data.draw(st.integers(0, len(blob) - 1))] = data.draw(st.integers(0, 255))
    with suppress(FormatError, LimitError):
        list(inflate(io.BytesIO(bytes(blob)).read))


def test_a_bomb_comes_in_bounded_pieces() -> None:
    compressor = zlib.compressobj(9, wbits=31)
    blob = b"".join(compressor.compress(bytes(CHUNK)) for _ in range(64)) + compressor.flush()
    stream = io.BytesIO(blob)
    sizes = [len(chunk) for chunk in inflate(stream.read)]
    assert (sum(sizes), max(sizes)) == (64 * CHUNK, CHUNK)


class TestDetect:
    def test_is_told_by_the_first_bytes(self) -> None:
        assert detect(gzip.compress(b"")) is Compression.GZIP
        assert detect(zstd(b"")) is Compression.ZSTD
        assert detect(skippable(b"")) is Compression.ZSTD
        assert detect(b"") is Compression.NONE
        assert detect(b"etc/passwd") is Compression.NONE

    @pytest.mark.parametrize("head", [b"\xfd7zXZ\0\0", b"BZh91AY&SY", b"\x04\x22\x4d\x18"])
    def test_what_layers_may_not_be_compressed_with_is_named(self, head: bytes) -> None:
        with pytest.raises(FormatError, match="compressed with"):
            detect(head)

    def test_a_tar_may_begin_with_a_file_named_like_bzip2(self) -> None:
        assert detect(b"BZhang.txt".ljust(512, b"\0")) is Compression.NONE

    @pytest.mark.parametrize("form", ["plain", "gzip", "zstd"])
    def test_inflating_says_what_it_found(self, form: str) -> None:
        stream = Inflating(read_in(FORMS[form](SAMPLE), lambda: 1000))
        next(iter(stream))
        assert stream.compression == form.replace("plain", "none")


@given(
    st.lists(st.binary(max_size=400_000) | st.integers(0, 300_000).map(bytes), max_size=3),
    st.integers(1, 100_000),
    st.booleans(),
)
def test_the_frame_follower_knows_where_frames_end(
    parts: list[bytes], size: int, checksum: bool
) -> None:
    frames = [zstd(part, write_checksum=checksum) for part in parts] + [skippable(b"x" * 9)]
    follower = FrameFollower()
    for frame in frames:
        for at in range(0, len(frame), size):
            assert follower.complete == (at == 0)
            follower.feed(frame[at : at + size])
        assert follower.complete
