"""As much DER (X.690) as tells a private key from something else, with bounded reads."""

from typing import NamedTuple

INTEGER = 0x02
OCTET_STRING = 0x04
OID = 0x06
SEQUENCE = 0x30

_PKCS7_DATA = bytes.fromhex("2a864886f70d010701")
_KEY_BAG = bytes.fromhex("060b2a864886f70d010c0a0101")
_SHROUDED_KEY_BAG = bytes.fromhex("060b2a864886f70d010c0a0102")


class Element(NamedTuple):
    """One DER element: its tag, where its content starts and where it ends."""

    tag: int
    start: int
    end: int


def element(data: bytes, at: int) -> Element | None:
    """The element at `at`, None when its header is cut short or not DER. May end beyond `data`."""
    if at + 2 > len(data):
        return None
    size = data[at + 1]
    if size < 0x80:
        return Element(data[at], at + 2, at + 2 + size)
    octets = size & 0x7F
    if not 1 <= octets <= 4 or at + 2 + octets > len(data):
        return None
    size = int.from_bytes(data[at + 2 : at + 2 + octets], "big")
    start = at + 2 + octets
    return Element(data[at], start, start + size)


def _children(data: bytes, parent: Element, most: int) -> list[Element]:
    found: list[Element] = []
    at = parent.start
    while at < parent.end and len(found) < most:
        child = element(data, at)
        if child is None or child.end > parent.end:
            break
        found.append(child)
        at = child.end
    return found


def key_kind(data: bytes, *, exact: bool = True) -> str:
    """`plain`, `encrypted` or "" for DER that is a PKCS #1, #8, SEC 1 or DSA private key.

    `exact` asks that the outer SEQUENCE spans the data but for a few bytes of padding.
    """
    outer = element(data, 0)
    if outer is None or outer.tag != SEQUENCE or outer.end - outer.start < 32:
        return ""
    if outer.end > len(data) or (exact and len(data) - outer.end > 8):
        return ""
    parts = _children(data, outer, 10)
    tags = [part.tag for part in parts]
    if tags[:2] == [SEQUENCE, OCTET_STRING] and len(parts) == 2:
        return "encrypted" if data[parts[0].start] == OID else ""
    if not parts or tags[0] != INTEGER or data[parts[0].start : parts[0].end] not in (b"\0", b"\1"):
        return ""
    version = data[parts[0].start]
    if tags[1:3] == [SEQUENCE, OCTET_STRING]:
        return "plain" if data[parts[1].start] == OID else ""
    if tags[1:2] == [OCTET_STRING] and version == 1:
        return "plain" if 16 <= parts[1].end - parts[1].start <= 72 else ""
    numbers = sum(tag == INTEGER for tag in tags)
    wide = len(parts) > 1 and parts[1].end - parts[1].start >= 32
    return "plain" if numbers >= 6 and numbers == len(tags[:10]) and wide else ""


def keystore_kind(data: bytes) -> str:
    """`plain`, `encrypted` or "" for a PKCS #12 file (RFC 7292) by the key bags it holds."""
    outer = element(data, 0)
    if outer is None or outer.tag != SEQUENCE or not outer.start < outer.end <= len(data):
        return ""
    parts = _children(data, outer, 3)
    if len(parts) < 2 or data[parts[0].start : parts[0].end] != b"\3" or parts[1].tag != SEQUENCE:
        return ""
    if data[parts[1].start + 2 : parts[1].start + 11] != _PKCS7_DATA:
        return ""
    if _KEY_BAG in data:
        return "plain"
    return "encrypted" if _SHROUDED_KEY_BAG in data else ""


def java_keystore_has_key(data: bytes) -> bool:
    """Whether the first entries of a JKS or JCEKS file include a private or secret key."""
    if data[:4] not in (b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce"):
        return False
    count, at = int.from_bytes(data[8:12], "big"), 12
    for _ in range(min(count, 512)):
        tag = int.from_bytes(data[at : at + 4], "big")
        if tag != 2:
            return tag in (1, 3)
        at += 6 + int.from_bytes(data[at + 4 : at + 6], "big") + 8
        at += 2 + int.from_bytes(data[at : at + 2], "big")
        at += 4 + int.from_bytes(data[at : at + 4], "big")
    return False
