"""PAX extended header records (POSIX pax(1), "pax Header Block")."""

from slimmer.errors import LimitError
from slimmer.formats.tar_fields import damaged

MAX_RECORDS = 20_000


def parse_pax(data: bytes, offset: int) -> dict[str, str]:
    """Records `LENGTH KEY=VALUE\\n`; the length counts itself."""
    records: dict[str, str] = {}
    position = count = 0
    segments: list[str] = []
    while position < len(data):
        space = data.find(b" ", position, position + 21)
        digits = data[position:space] if space > 0 else b""
        length = int(digits) if digits.isdigit() else 0
        end = position + length
        if length < len(digits) + 3 or end > len(data) or data[end - 1] != 0x0A:
            raise damaged(offset, "PAX record of a wrong length")
        key, equals, value = data[space + 1 : end - 1].partition(b"=")
        if not equals or not key:
            raise damaged(offset, "PAX record without a key")
        try:
            name = key.decode()
        except UnicodeDecodeError:
            raise damaged(offset, "PAX key is not UTF-8") from None
        if name in _NUL_FREE and b"\0" in value:
            raise damaged(offset, f"PAX {name} holds a NUL byte")
        text = value.decode("utf-8", "surrogateescape")
        if name in ("GNU.sparse.offset", "GNU.sparse.numbytes"):
            segments.append(text)
        records[name] = text
        position, count = end, count + 1
        if count > MAX_RECORDS:
            raise LimitError(f"tar header at byte {offset}: more than {MAX_RECORDS} PAX records")
    if segments:
        # Sparse format 0.0 repeats two keys; 0.1 says the same in one.
        records.setdefault("GNU.sparse.map", ",".join(segments))
    return {key: value for key, value in records.items() if value or key.startswith("SCHILY.")}


_NUL_FREE = frozenset({"path", "linkpath", "GNU.sparse.name"})
