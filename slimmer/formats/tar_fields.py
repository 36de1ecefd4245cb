"""The fields of a tar header: octal and base-256 numbers, NUL-terminated text."""

import re

from slimmer.errors import FormatError

BLOCK = 512

DECIMAL = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{0,30})?")
WHOLE = re.compile(r"[0-9]{1,19}")


def text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def octal(field: bytes, what: str, offset: int) -> int:
    digits = field.strip(b" \0")
    if not digits:
        return 0
    # int() also takes signs, underscores and 0o; a tar header may hold digits only.
    if not digits.isdigit():
        digits = digits.partition(b"\0")[0]
    try:
        if digits.isdigit():
            return int(digits, 8)
    except ValueError:
        pass
    raise damaged(offset, f"{what} {field[:20]!r} is not octal")


def signed_number(field: bytes, what: str, offset: int) -> int:
    lead = field[0]
    if lead < 0x80:
        return octal(field, what, offset)
    if lead not in (0x80, 0xFF):
        raise damaged(offset, f"{what} {field[:20]!r} is neither octal nor base-256")
    return int.from_bytes(field[1:], "big", signed=lead == 0xFF)


def number(field: bytes, what: str, offset: int) -> int:
    value = signed_number(field, what, offset)
    if value < 0 or value >> 62:
        raise damaged(offset, f"{what} {value} is out of range")
    return value


def pax_or(pax: dict[str, str], key: str, field: bytes, offset: int) -> int:
    """PAX wins over the header everywhere (CVE-2025-62518 is what happens otherwise)."""
    said = pax.get(key)
    if said is None:
        return number(field, key, offset)
    if not WHOLE.fullmatch(said):
        raise damaged(offset, f"PAX {key} {said[:40]!r} is not a number")
    value = int(said)
    if value >> 62:
        raise damaged(offset, f"{key} {value} is out of range")
    return value


def padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


def damaged(offset: int, what: str) -> FormatError:
    return FormatError(f"tar header at byte {offset}: {what}")
