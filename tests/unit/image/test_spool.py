"""The spool: whatever the stream does, the bytes are right or there is an error, and no hang."""

import gzip
import io
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.images import compress

from slimmer.errors import DigestError, FormatError, InputError, LimitError, NetworkError
from slimmer.image.spool import Spool
from slimmer.limits import DEFAULT_LIMITS, Limits
from slimmer.oci.descriptor import Descriptor
from slimmer.oci.digest import Digest
from slimmer.store.verify import VerifiedStream

# A hang is a failure after this many seconds; every case here ends in milliseconds.
WATCHDOG = 30
# Longer than the queue between the threads, so that they wait for each other.
LONG = os.urandom(1 << 16) * 16 * 20
BLOB = gzip.compress(LONG, 1)


class Stream(io.RawIOBase):
    """A blob that comes in pieces of at most `piece` bytes, and fails at `fails_at`."""

    def __init__(
        self, data: bytes, piece: int = 1 << 20, fails_at: int | None = None, error: type = OSError
    ) -> None:
        self._data = io.BytesIO(data)
        self._piece = piece
        self._fails_at = fails_at
        self._error = error
        self.given = 0

    def read(self, size: int = -1) -> bytes:
        if self._fails_at is not None and self.given >= self._fails_at:
            raise self._error("the line went dead")
        data = self._data.read(min(size, self._piece) if size > 0 else self._piece)
        self.given += len(data)
        return data


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    before = threading.active_count()
    yield
    assert threading.active_count() == before


def guarded(work: Callable[[], object]) -> object:
    """Run `work` under a watchdog: a deadlock must fail the test, not the whole run."""
    pool = ThreadPoolExecutor(1)
    running = pool.submit(work)
    try:
        return running.result(WATCHDOG)
    finally:
        pool.shutdown(wait=running.done())


def spool_of(stream: object, data: bytes, work_dir: Path, limits: Limits = DEFAULT_LIMITS) -> Spool:
    return Spool(stream, Digest.of(data), work_dir, limits)  # type: ignore[arg-type]


@given(
    data=st.binary(max_size=5000) | st.integers(0, 2_000_000).map(bytes),
    compression=st.sampled_from(["none", "gzip", "zstd"]),
    piece=st.integers(1, 5000),
    windows=st.lists(st.tuples(st.integers(0, 6000), st.integers(0, 6000)), max_size=4),
)
def test_any_chunking_gives_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory,
    data: bytes,
    compression: str,
    piece: int,
    windows: list[tuple[int, int]],
) -> None:
    data = b"tar" + data  # never the magic of a compression
    blob = compress(data, compression)
    piece = max(piece, len(blob) // 200)
    work_dir = tmp_path_factory.getbasetemp()

    def work() -> None:
        with spool_of(Stream(blob, piece), data, work_dir) as spool:
            for offset, length in windows:
                assert spool.read_at(offset, length) == data[offset : offset + length]
            assert spool.finish() == len(data)
            assert spool.compression == compression
            assert spool.read_at(0, len(data) + 10) == data

    guarded(work)


def test_a_sha512_diff_id_is_verified(tmp_path: Path) -> None:
    hasher = Digest("sha512:" + "0" * 128).hasher()
    hasher.update(b"tar")
    right = Digest.from_hasher(hasher)
    for diff_id, good in ((right, True), (Digest("sha512:" + "0" * 128), False)):
        with Spool(Stream(b"tar"), diff_id, tmp_path, DEFAULT_LIMITS) as spool:
            if good:
                assert spool.finish() == 3
            else:
                with pytest.raises(DigestError, match="diff_id"):
                    spool.finish()


def test_a_wrong_diff_id_is_an_error(tmp_path: Path) -> None:
    with spool_of(Stream(b"tar"), b"other", tmp_path) as spool:
        assert spool.read_at(0, 3) == b"tar"
        with pytest.raises(DigestError, match="diff_id"):
            spool.finish()


@pytest.mark.parametrize("read_first", [0, 1, 1 << 20, 15 << 20])
def test_abandoning_in_the_middle_does_not_hang(tmp_path: Path, read_first: int) -> None:
    stream = Stream(BLOB)

    def work() -> None:
        with spool_of(stream, LONG, tmp_path) as spool:
            spool.read_at(0, read_first)

    guarded(work)
    assert stream.closed


@pytest.mark.parametrize("error", [OSError, NetworkError, DigestError, ValueError])
@pytest.mark.parametrize("fails_at", [0, 1, 5 << 20])
def test_an_error_in_the_stream_reaches_the_caller(
    tmp_path: Path, error: type[Exception], fails_at: int
) -> None:
    def work() -> None:
        with spool_of(Stream(BLOB, fails_at=fails_at, error=error), LONG, tmp_path) as spool:
            assert len(spool.read_at(0, len(LONG))) < len(LONG)
            assert spool.read_at(len(LONG) - 1, 1) == b""
            with pytest.raises(error, match="dead"):
                spool.finish()

    guarded(work)


def test_a_layer_over_its_limit_stops_early(tmp_path: Path) -> None:
    stream = Stream(LONG, piece=1 << 16)

    def work() -> None:
        with spool_of(stream, LONG, tmp_path, Limits(layer_size=1 << 20)) as spool:
            spool.read_at(len(LONG), 1)
            with pytest.raises(LimitError, match="layer_size"):
                spool.finish()

    guarded(work)
    assert stream.given < len(LONG)


def test_a_full_disk_is_an_error_a_person_can_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)

    def work() -> None:
        with spool_of(Stream(LONG), LONG, tmp_path) as spool:
            spool.read_at(0, 10)
            with pytest.raises(InputError, match="No space left"):
                spool.finish()

    guarded(work)


def test_a_damaged_blob_is_called_damaged_not_badly_compressed(tmp_path: Path) -> None:
    descriptor = Descriptor.of("application/x", BLOB)
    damaged = BLOB[:1000] + bytes(1000) + BLOB[2000:]

    def work() -> None:
        stream = VerifiedStream(io.BytesIO(damaged), descriptor)
        with spool_of(stream, LONG, tmp_path) as spool, pytest.raises(DigestError, match="digest"):
            spool.finish()
        right = VerifiedStream(io.BytesIO(damaged), Descriptor.of("application/x", damaged))
        with spool_of(right, LONG, tmp_path) as spool, pytest.raises(FormatError, match="gzip"):
            spool.finish()

    guarded(work)


def test_what_follows_the_compressed_stream_is_read_for_the_digest(tmp_path: Path) -> None:
    """A plain tar ends before its blob does when there is padding; the digest covers all of it."""
    blob = gzip.compress(b"tar")
    descriptor = Descriptor.of("application/x", blob + bytes(100))
    stream = VerifiedStream(io.BytesIO(blob + bytes(99) + b"\1"), descriptor)
    with spool_of(stream, b"tar", tmp_path) as spool, pytest.raises(DigestError):
        spool.finish()


def test_zeros_take_no_disk(tmp_path: Path) -> None:
    data = bytes(64 << 20)
    with spool_of(Stream(gzip.compress(data, 1)), data, tmp_path) as spool:
        assert spool.finish() == len(data)
        assert os.fstat(spool._handle).st_blocks * 512 < 1 << 20
        assert spool.read_at(len(data) - 10, 20) == bytes(10)


def test_nothing_stays_in_the_work_folder(tmp_path: Path) -> None:
    with spool_of(Stream(b"tar"), b"tar", tmp_path) as spool:
        spool.finish()
        assert list(tmp_path.iterdir()) == []
