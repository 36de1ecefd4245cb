"""Streams asked for by digest: right to the last byte, or an error in place of it."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slimmer.errors import DigestError
from slimmer.oci.descriptor import Descriptor
from slimmer.oci.digest import Digest
from slimmer.store.verify import VerifiedStream


class Trickle(io.BytesIO):
    """Gives at most three bytes at a time, as a slow line does."""

    def read(self, size: int | None = -1) -> bytes:
        assert size is not None
        assert size > 0, "an unbounded read believes the other side's size"
        return super().read(min(size, 3))


def stream_of(data: bytes, right: bytes) -> VerifiedStream:
    return VerifiedStream(Trickle(data), Descriptor.of("application/x", right))


@given(st.binary(max_size=50), st.lists(st.integers(-1, 20), max_size=30))
def test_gives_exactly_the_content(data: bytes, sizes: list[int]) -> None:
    stream = stream_of(data, data)
    parts = [stream.read(size or 1) for size in sizes]
    assert b"".join(parts) + stream.read_all() == data
    assert stream.read() == b""


@given(st.binary(max_size=50), st.binary(max_size=50))
def test_never_ends_well_on_anything_else(data: bytes, right: bytes) -> None:
    if data == right:
        return
    stream = stream_of(data, right)
    with pytest.raises(DigestError) as caught:
        stream.read_all()
    assert caught.value.where == Digest.of(right)


def test_the_last_bytes_come_only_when_all_were_right() -> None:
    stream = VerifiedStream(io.BytesIO(b"good bad"), Descriptor.of("application/x", b"good BAD"))
    assert stream.read(5) == b"good "
    with pytest.raises(DigestError, match="does not match"):
        stream.read(3)


def test_size_is_checked_before_the_digest() -> None:
    for data, word in ((b"x" * 10, "longer"), (b"x" * 2, "shorter"), (b"", "shorter")):
        with pytest.raises(DigestError, match=word):
            stream_of(data, b"abc").read_all()


def test_a_byte_too_many_ends_it() -> None:
    endless = io.BufferedReader(io.FileIO("/dev/zero"))
    stream = VerifiedStream(endless, Descriptor.of("application/x", bytes(10)))
    with pytest.raises(DigestError, match="longer"):
        stream.read_all()


def test_sha512() -> None:
    hasher = Digest("sha512:" + "0" * 128).hasher()
    hasher.update(b"abc")
    right = Descriptor("application/x", Digest.from_hasher(hasher), 3)
    assert VerifiedStream(io.BytesIO(b"abc"), right).read_all() == b"abc"
    with pytest.raises(DigestError):
        VerifiedStream(io.BytesIO(b"abd"), right).read_all()
