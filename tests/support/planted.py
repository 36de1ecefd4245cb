"""Secrets made for planting: in the right shape, of no use to anyone, the same on every run.

Nothing here was ever issued by a service. Each value is derived from a label by SHA-256, so that a
test can name what it planted without the value standing in any committed file.
"""

import base64
import hashlib
import json
import string
import zlib

_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_BASE32 = string.ascii_uppercase + "234567"


def stream(label: str, length: int) -> bytes:
    """`length` bytes that depend on `label` only (SHA-256 in counter mode)."""
    blocks = (length + 31) // 32
    data = b"".join(hashlib.sha256(f"{label}:{i}".encode()).digest() for i in range(blocks))
    return data[:length]


def characters(label: str, alphabet: str, length: int) -> str:
    """`length` characters of `alphabet`, drawn from `stream(label)`."""
    return "".join(alphabet[byte % len(alphabet)] for byte in stream(label, length))


def password(label: str) -> str:
    """A 20-character password of letters and digits."""
    return characters(f"password:{label}", _BASE62, 20)


def aws_access_key_id(label: str) -> str:
    """An AWS access key id: AKIA and 16 base32 characters."""
    return "AKIA" + characters(f"aws-id:{label}", _BASE32, 16)


def aws_secret_access_key(label: str) -> str:
    """An AWS secret access key: 40 characters of the base64 alphabet."""
    return base64.b64encode(stream(f"aws-secret:{label}", 30)).decode()


def checksummed_token(prefix: str, label: str) -> str:
    """`prefix`, 30 base62 characters and their CRC-32 in 6: GitHub's and npm's token form."""
    body = characters(f"{prefix}:{label}", _BASE62, 30)
    crc = zlib.crc32(body.encode())
    digits = ""
    for _ in range(6):
        crc, digit = divmod(crc, 62)
        digits = _BASE62[digit] + digits
    return prefix + body + digits


def github_token(label: str) -> str:
    """A classic GitHub personal access token, checksum right."""
    return checksummed_token("gh" + "p_", label)


def npm_token(label: str) -> str:
    """An npm access token, checksum right."""
    return checksummed_token("npm" + "_", label)


def stripe_key(label: str) -> str:
    """A Stripe live secret key."""
    return "sk_" + "live_" + characters(f"stripe:{label}", _BASE62, 24)


def jwt(label: str) -> str:
    """A JSON Web Token (RFC 7519) with a random HS256 signature."""
    parts = [{"alg": "HS256", "typ": "JWT"}, {"sub": label, "iat": 1700000000}]
    encoded = [_base64url(json.dumps(part, separators=(",", ":")).encode()) for part in parts]
    return ".".join([*encoded, _base64url(stream(f"jwt:{label}", 32))])


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def ed25519_private_key(label: str) -> str:
    """An unencrypted Ed25519 private key, PKCS #8 in PEM (RFC 8410 section 7)."""
    prefix = bytes.fromhex("302e020100300506032b657004220420")
    return _pem("PRIVATE KEY", prefix + stream(f"ed25519:{label}", 32))


def rsa_private_key(label: str, bits: int = 1024) -> str:
    """An unencrypted RSA private key, PKCS #1 in PEM (RFC 8017 appendix A.1.2)."""
    exponent = 65537
    p = _prime(f"rsa-p:{label}", bits // 2)
    q = _prime(f"rsa-q:{label}", bits // 2)
    d = pow(exponent, -1, (p - 1) * (q - 1))
    numbers = [0, p * q, exponent, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p)]
    return _pem("RSA PRIVATE KEY", _der(0x30, b"".join(_der_integer(n) for n in numbers)))


def _prime(label: str, bits: int) -> int:
    """The first probable prime at or after a point that `label` chooses, p - 1 prime to 65537."""
    start = int.from_bytes(stream(label, bits // 8), "big")
    candidate = start | (3 << (bits - 2)) | 1
    while not (candidate % 65537 != 1 and _is_probable_prime(candidate)):
        candidate += 2
    return candidate


def _is_probable_prime(n: int) -> bool:
    """Miller-Rabin with twelve fixed bases: plenty for keys that guard nothing."""
    bases = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)
    if any(n % base == 0 for base in bases):
        return False
    shift = ((n - 1) & (1 - n)).bit_length() - 1
    odd = (n - 1) >> shift
    return all(_passes(n, base, odd, shift) for base in bases)


def _passes(n: int, base: int, odd: int, shift: int) -> bool:
    x = pow(base, odd, n)
    if x in (1, n - 1):
        return True
    for _ in range(shift - 1):
        x = x * x % n
        if x == n - 1:
            return True
    return False


def _der_integer(value: int) -> bytes:
    return _der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _der(tag: int, content: bytes) -> bytes:
    """One DER element; lengths up to 65535 (X.690 section 8.1.3)."""
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    encoded = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(encoded)]) + encoded + content


def _pem(label: str, der: bytes) -> str:
    """RFC 7468: base64 in lines of 64 between the two marker lines."""
    text = base64.b64encode(der).decode()
    lines = [text[i : i + 64] for i in range(0, len(text), 64)]
    dashes = "-" * 5
    return "\n".join([f"{dashes}BEGIN {label}{dashes}", *lines, f"{dashes}END {label}{dashes}", ""])
