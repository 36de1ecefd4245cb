"""How the parsers get at bytes, and how bytes become text that a cache can store."""

import zlib
from collections.abc import Callable

import msgspec

from slimmer.errors import FormatError

ReadAt = Callable[[int, int], bytes]
"""(offset, length) -> the bytes there, fewer than asked for at the end of the file."""


def reader_of(data: bytes) -> ReadAt:
    """Read from bytes that are in memory already."""

    def read(offset: int, length: int) -> bytes:
        return data[offset : offset + length]

    return read


def window_of(read: ReadAt, start: int, size: int) -> ReadAt:
    """Read from the `size` bytes at `start` as if they were a file."""

    def read_inside(offset: int, length: int) -> bytes:
        return read(start + offset, min(length, size - offset)) if offset < size else b""

    return read_inside


def text(data: bytes) -> str:
    r"""Decode UTF-8, spelling each invalid byte as `\xNN`.

    Two different byte strings can give one text (a real backslash is not escaped), but the text
    can always be encoded again, which `surrogateescape` does not promise. Whoever matches these
    paths against names from a layer must spell those names with this same function.
    """
    return data.decode("utf-8", "backslashreplace")


def decode_json(data: bytes, what: str) -> object:
    """Decode JSON (RFC 8259, with a byte order mark forgiven); `what` names it in the error.

    Lone surrogates, invalid UTF-8, NaN, and nesting that would exhaust the stack are FormatError.
    """
    try:
        return msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{what} is not valid JSON: {error}") from None


def text_pairs(value: object) -> tuple[tuple[str, str], ...]:
    """The entries of a JSON object whose values are strings; nothing for any other value."""
    if not isinstance(value, dict):
        return ()
    return tuple((key, item) for key, item in value.items() if isinstance(item, str))


def inflate(data: bytes, limit: int, what: str, *, raw: bool = False) -> bytes:
    """Inflate one zlib stream (or, with `raw`, a bare deflate stream) to at most `limit` bytes."""
    decompressor = zlib.decompressobj(-zlib.MAX_WBITS if raw else zlib.MAX_WBITS)
    try:
        result = decompressor.decompress(data, limit + 1)
    except zlib.error as error:
        raise FormatError(f"{what} cannot be inflated: {error}") from None
    if len(result) > limit:
        raise FormatError(f"{what} is larger than {limit} bytes when inflated")
    if not decompressor.eof:
        raise FormatError(f"{what} ends in the middle of its compressed data")
    return result
