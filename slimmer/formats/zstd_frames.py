"""Where zstd frames end (RFC 8878 3.1): the library does not say that a stream was cut short."""

_MAGIC = b"\x28\xb5\x2f\xfd"
_DICTIONARY_ID_SIZES = (0, 1, 2, 4)
_CONTENT_SIZE_SIZES = (0, 2, 4, 8)
_RLE_BLOCK = 1


class FrameFollower:
    """Fed a stream in any pieces, knows whether it could end here.

    Only lengths are read; whether the bytes are right is the decompressor's to say.
    """

    def __init__(self) -> None:
        self._held = b""
        self._skip = 0
        self._in_frame = False
        self._has_checksum = False

    @property
    def complete(self) -> bool:
        """Whether what was fed so far ends where a frame ends."""
        return not (self._in_frame or self._held or self._skip)

    def feed(self, data: bytes) -> None:
        if self._skip >= len(data):
            self._skip -= len(data)
            return
        held = self._held + data[self._skip :]
        at = 0
        while at < len(held) and (length := self._length(held, at)):
            at += length
        self._skip = max(0, at - len(held))
        self._held = held[at:]

    def _length(self, held: bytes, at: int) -> int:
        """Bytes of the header or block at `at`; 0 when too few are there to tell."""
        if self._in_frame:
            return self._block(held, at)
        if len(held) - at < 8:
            return 0
        if held[at : at + 4] != _MAGIC:
            return 8 + int.from_bytes(held[at + 4 : at + 8], "little")  # a skippable frame
        self._in_frame = True
        return self._frame_header(held[at + 4])

    def _frame_header(self, descriptor: int) -> int:
        self._has_checksum = bool(descriptor & 0x04)
        single_segment = bool(descriptor & 0x20)
        content_size = _CONTENT_SIZE_SIZES[descriptor >> 6]
        if single_segment:
            return 5 + _DICTIONARY_ID_SIZES[descriptor & 3] + max(content_size, 1)
        return 6 + _DICTIONARY_ID_SIZES[descriptor & 3] + content_size

    def _block(self, held: bytes, at: int) -> int:
        if len(held) - at < 3:
            return 0
        header = int.from_bytes(held[at : at + 3], "little")
        size = 1 if header >> 1 & 3 == _RLE_BLOCK else header >> 3
        if not header & 1:
            return 3 + size
        self._in_frame = False
        return 3 + size + (4 if self._has_checksum else 0)
