"""Sparse files as GNU tar stores them: the old format, and PAX 0.0, 0.1 and 1.0."""

from slimmer.formats.read import ReadAt
from slimmer.formats.tar_fields import BLOCK, WHOLE, damaged, number, padded
from slimmer.limits import Limits

_SEGMENTS_PER_BLOCK = 21
# Digits of an offset and a length, each with its newline.
_LONGEST_SEGMENT = 40


def gnu_sparse(
    read_at: ReadAt, stored: int, offset: int, limits: Limits
) -> tuple[int, tuple[tuple[int, int], ...], int]:
    """Old GNU format: four segments in the header, then blocks of 21."""
    block = read_at(offset, BLOCK)
    segments: list[tuple[int, int]] = []
    _sparse_fields(block[386:482], segments, offset)
    extended, position = block[482], offset + BLOCK
    while extended:
        segments_so_far = (position - offset) // BLOCK * _SEGMENTS_PER_BLOCK
        limits.check("sparse_segments", segments_so_far, f"tar header at byte {offset}")
        more = read_at(position, BLOCK)
        if len(more) < BLOCK:
            raise damaged(offset, "truncated in a sparse map")
        _sparse_fields(more[:504], segments, offset)
        extended, position = more[504], position + BLOCK
    real_size = number(block[483:495], "real size", offset)
    return real_size, _checked_map(segments, stored, real_size, offset), position


def _sparse_fields(data: bytes, segments: list[tuple[int, int]], offset: int) -> None:
    for at in range(0, len(data) - 23, 24):
        if data[at] == 0:
            return
        segments.append(
            (
                number(data[at : at + 12], "sparse offset", offset),
                number(data[at + 12 : at + 24], "sparse length", offset),
            )
        )


def pax_sparse(
    read_at: ReadAt,
    pax: dict[str, str],
    stored: int,
    data_offset: int,
    offset: int,
    limits: Limits,
) -> tuple[int, tuple[tuple[int, int], ...], int]:
    """PAX formats 0.0 and 0.1 (map in the header) and 1.0 (map in front of the data)."""
    size_text = pax.get("GNU.sparse.realsize") or pax.get("GNU.sparse.size") or ""
    if not WHOLE.fullmatch(size_text) or int(size_text) >> 62:
        raise damaged(offset, "sparse file without a size")
    if pax.get("GNU.sparse.major") == "1":
        numbers, used = _sparse_map_in_data(read_at, data_offset, stored, offset, limits)
    else:
        numbers, used = _sparse_map_in_header(pax.get("GNU.sparse.map", ""), offset), 0
    segments = list(zip(numbers[::2], numbers[1::2], strict=False))
    size = int(size_text)
    return size, _checked_map(segments, stored - used, size, offset), data_offset + used


def _sparse_map_in_header(text: str, offset: int) -> list[int]:
    numbers = text.split(",") if text else []
    if len(numbers) % 2 or not all(WHOLE.fullmatch(number) for number in numbers):
        raise damaged(offset, "sparse map is not pairs of numbers")
    return [int(number) for number in numbers]


def _sparse_map_in_data(
    read_at: ReadAt, data_offset: int, stored: int, offset: int, limits: Limits
) -> tuple[list[int], int]:
    text = read_at(data_offset, min(stored, _LONGEST_SEGMENT * (limits.sparse_segments + 1)))
    count_text, _, _ = text.partition(b"\n")
    if not _is_whole(count_text):
        raise damaged(offset, "sparse map without a count")
    limits.check("sparse_segments", int(count_text), f"tar header at byte {offset}")
    lines = text.split(b"\n", 2 * int(count_text) + 1)
    numbers = lines[1:-1]
    if len(numbers) != 2 * int(count_text) or not all(map(_is_whole, numbers)):
        raise damaged(offset, "sparse map is shorter than its count")
    used = len(text) - len(lines[-1])
    return [int(number) for number in numbers], padded(used)


def _is_whole(digits: bytes) -> bool:
    return digits.isdigit() and len(digits) < 20


def _checked_map(
    segments: list[tuple[int, int]], stored: int, size: int, offset: int
) -> tuple[tuple[int, int], ...]:
    """Segments in order, inside the file, and together exactly the stored bytes."""
    position = 0
    for start, length in segments:
        if start < position or start + length > size:
            raise damaged(offset, "sparse map is out of order or beyond the file")
        position = start + length
    if sum(length for _, length in segments) > stored:
        raise damaged(offset, "sparse map holds more than the archive")
    return tuple(segments)
