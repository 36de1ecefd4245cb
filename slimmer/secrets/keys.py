"""Private keys: PEM in all the ways it is embedded, OpenSSH, PuTTY, OpenPGP, JWK, whole-file DER.

A marker alone is no key. The body must decode, and DER must have the structure it is named for.
Keys under a passphrase are reported low.
"""

import base64
import binascii
import json
import re

from slimmer.secrets import asn1
from slimmer.secrets.candidate import Candidate, Verdict
from slimmer.secrets.match import Confidence, Severity

MAX_PEM = 24 * 1024
_LINE_BREAK = re.compile(
    rb"(?:\\+[nrt]|\\u000[ad]|&#(?:10|13|x[aAdD]);|%0[AaDd])+|[\"']\s*[+.]\s*[\"']|[\s\\\"',|#*>]+"
)
_END = re.compile(rb"-{4,5} ?END [A-Z0-9 ]{0,40}?PRIVATE KEY(?: BLOCK)?-{4,5}")
_HEADER = re.compile(rb"[A-Z][A-Za-z-]{2,30}: [^\r\n\\]{0,200}")
_ENCRYPTED = re.compile(rb"Proc-Type: ?4, ?ENCRYPTED|DEK-Info: ")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{40,}={0,2}")
_BASE64_LINES = re.compile(rb"(?:[A-Za-z0-9+/_-]{4,}(?:\r?\n[ \t]{0,16})?){1,800}={0,2}")


def decode_base64(text: bytes, *, most: int = 64 * 1024) -> bytes:
    """`text` decoded from base64 of either alphabet, padding optional; empty when it is neither."""
    text = text[:most].rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _openssh_kind(body: bytes) -> str:
    """PROTOCOL.key of OpenSSH: magic, then the cipher's name as a length-prefixed string."""
    if not body.startswith(b"openssh-key-v1\0"):
        return ""
    size = int.from_bytes(body[15:19], "big")
    cipher = body[19 : 19 + size] if size <= 64 else b""
    if not cipher or len(body) < 120:
        return ""
    return "plain" if cipher == b"none" else "encrypted"


def _openpgp_kind(body: bytes) -> str:
    """RFC 9580, section 4.2: the first packet must be a secret (sub)key, tag 5 or 7."""
    if len(body) < 64 or not body[0] & 0x80:
        return ""
    tag = body[0] & 0x3F if body[0] & 0x40 else (body[0] >> 2) & 0x0F
    return "plain" if tag in (5, 7) else ""


def _body_kind(label: bytes, block: bytes) -> str:
    """`plain`, `encrypted` or "" for the text between BEGIN and END under that label."""
    text = _joined(block)
    body = decode_base64(text) if len(text) >= 60 and b"..." not in text else b""
    if _ENCRYPTED.search(block[:400]):
        return "encrypted" if len(body) >= 48 else ""
    if b"OPENSSH" in label:
        return _openssh_kind(body)
    if b"PGP" in label:
        return _openpgp_kind(body)
    if b"SSH2" in label:
        return "encrypted" if body[:4] == b"\x3f\x6f\xf9\xeb" else ""
    if b"COSIGN" in label or b"SIGSTORE" in label:
        return "encrypted" if body[:1] == b"{" else ""
    kind = asn1.key_kind(body)
    if kind == "" and b"TSS2" in label:
        return "encrypted" if len(body) > 48 else ""
    return kind


def _joined(block: bytes) -> bytes:
    """The base64 of a block, without headers, line breaks in any spelling, and PGP's checksum."""
    lines = _LINE_BREAK.sub(b"\n", _HEADER.sub(b"", block)).split(b"\n")
    return b"".join(line for line in lines if not (line[:1] == b"=" and len(line) == 5))


def pem(candidate: Candidate) -> Verdict | None:
    """A PEM block (RFC 7468) with its body, also inside JSON, YAML, code and one-line settings."""
    data, start = candidate.data, candidate.start
    window = bytes(data[candidate.end : candidate.end + MAX_PEM])
    end = _END.search(window)
    if end is None:
        return None
    kind = _body_kind(candidate.secret, window[: end.start()])
    if not kind:
        return None
    finish = candidate.end + end.end()
    label = candidate.secret.decode("ascii", "replace") + "..."
    if kind == "encrypted":
        return Verdict(start, finish, "low", "high", label, _only_pem(candidate))
    confidence: Confidence | None = "medium" if candidate.binary else None
    return Verdict(start, finish, None, confidence, label, _only_pem(candidate))


def _only_pem(candidate: Candidate) -> bool | None:
    if candidate.binary or len(candidate.data) > 256 * 1024:
        return None
    head = bytes(candidate.data[:512]).lstrip()
    return head.startswith((b"-----BEGIN ", b"---- BEGIN ", b"Bag Attributes", b"# ssh")) or None


def pem_kind(text: bytes) -> str:
    """`plain`, `encrypted` or "" for a text that starts with a PEM block."""
    begin = re.match(rb"\s{0,8}(-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----)", text)
    end = _END.search(text)
    return _body_kind(begin[1], text[begin.end() : end.start()]) if begin and end else ""


def pem_base64(candidate: Candidate) -> Verdict | None:
    """A PEM block put through base64 once more (`LS0tLS1CRUdJTi...`), as in a kubeconfig."""
    text = bytes(candidate.data[candidate.start : candidate.start + 2 * MAX_PEM])
    for form in (_BASE64, _BASE64_LINES):
        found = form.match(text)
        kind = pem_kind(decode_base64(b"".join(found[0].split()))) if found else ""
        if found and kind:
            severity: Severity | None = "low" if kind == "encrypted" else None
            return Verdict(candidate.start, candidate.start + found.end(), severity)
    return None


def putty(candidate: Candidate) -> Verdict | None:
    """PuTTY's PPK, versions 1 to 3: `Encryption: none` or a cipher, then `Private-Lines`."""
    text = bytes(candidate.data[candidate.start : candidate.start + MAX_PEM])
    private = re.search(rb"Private-Lines: ?(\d{1,4})\r?\n([A-Za-z0-9+/=]{24,})", text)
    cipher = re.search(rb"\nEncryption: ?(\S{1,40})", text[:1024])
    if private is None or cipher is None:
        return None
    severity: Severity | None = None if cipher[1] == b"none" else "low"
    end = candidate.start + private.end()
    return Verdict(candidate.start, end, severity, None, "PuTTY-User-Key-File...", True)


def jwk(candidate: Candidate) -> Verdict | None:
    """A private JSON Web Key (RFC 7518): an object with `kty` and a private member."""
    size = len(candidate.data)
    begin = bytes(candidate.data[max(0, candidate.start - 4096) : candidate.start]).rfind(b"{")
    if begin < 0:
        return None
    begin += max(0, candidate.start - 4096)
    text = bytes(candidate.data[begin : min(size, begin + 8192)])
    close = text.find(b"}")
    try:
        key = json.loads(text[: close + 1])
    except (ValueError, RecursionError):
        return None
    private = key.get("k" if key.get("kty") == "oct" else "d")
    if not isinstance(private, str) or len(decode_base64(private.encode())) < 16:
        return None
    at = text.find(private.encode())
    return Verdict(begin + at, begin + at + len(private)) if at >= 0 else None


def binary_key(data: bytes | memoryview) -> tuple[str, str] | None:
    """(rule id, `plain` or `encrypted`) for a file that as a whole is a DER key or a keystore."""
    head = bytes(data[:4])
    if len(data) > 1024 * 1024 or len(data) < 40:
        return None
    if head[:1] == b"\x30" and (head[1] & 0x80 or head[1] >= 0x26):
        content = bytes(data)
        kind = asn1.key_kind(content)
        if kind:
            return "private-key-der", kind
        kind = asn1.keystore_kind(content)
        return ("keystore-pkcs12", kind) if kind else None
    if head in (b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce"):
        has_key = asn1.java_keystore_has_key(bytes(data))
        return ("keystore-java", "encrypted") if has_key else None
    return None
