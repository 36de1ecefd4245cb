"""Private keys in all their wrappings, against an independent builder of DER and OpenSSH."""

import base64
import json
import random
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slimmer.secrets import asn1
from slimmer.secrets.engine import Scanner

SCANNER = Scanner()
RSA_OID = bytes.fromhex("06092a864886f70d010101")
DATA_OID = bytes.fromhex("06092a864886f70d010701")
BEGIN, END = "-----BEGIN ", "-----END "


def noise(size: int, seed: int = 1) -> bytes:
    return b"\x51" + random.Random(seed).randbytes(size - 1)


def der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + content


def integer(content: bytes) -> bytes:
    return der(2, content)


def pkcs1() -> bytes:
    wide = b"".join(integer(noise(size)) for size in (256, 3, 256, 128, 128, 128, 128, 128))
    return der(0x30, integer(b"\0") + wide)


def pkcs8() -> bytes:
    algorithm = der(0x30, RSA_OID + b"\x05\0")
    return der(0x30, integer(b"\0") + algorithm + der(4, pkcs1()))


def sec1() -> bytes:
    return der(0x30, integer(b"\1") + der(4, noise(32)) + der(0xA0, b"\x06\x01\x2a"))


def encrypted_pkcs8() -> bytes:
    return der(
        0x30,
        der(0x30, bytes.fromhex("06092a864886f70d01050d") + der(0x30, b"")) + der(4, noise(300)),
    )


def openssh(cipher: bytes) -> bytes:
    def string(content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + content

    header = b"openssh-key-v1\0" + string(cipher) + string(b"none") + string(b"")
    return header + struct.pack(">I", 1) + string(noise(51)) + string(noise(200))


def pem(label: str, body: bytes, headers: str = "") -> str:
    text = base64.encodebytes(body).decode()
    return f"{BEGIN}{label}-----\n{headers}{text}{END}{label}-----\n"


PLAIN = {
    "pkcs1": pem("RSA PRIVATE KEY", pkcs1()),
    "pkcs8": pem("PRIVATE KEY", pkcs8()),
    "sec1": pem("EC PRIVATE KEY", sec1()),
    "openssh": pem("OPENSSH PRIVATE KEY", openssh(b"none")),
}
LOCKED = {
    "pkcs8": pem("ENCRYPTED PRIVATE KEY", encrypted_pkcs8()),
    "openssh": pem("OPENSSH PRIVATE KEY", openssh(b"aes256-ctr")),
    "rfc1421": pem(
        "RSA PRIVATE KEY", noise(600), "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,0A1B\n\n"
    ),
}


def _severities(path: str, data: bytes) -> list[str]:
    secrets = SCANNER.scan_file(path, data)
    return [match.severity for match in secrets.matches] if secrets else []


@pytest.mark.parametrize("kind", PLAIN)
def test_pem_key(kind: str) -> None:
    secrets = SCANNER.scan_file("srv/odd-name", PLAIN[kind].encode())
    assert secrets is not None
    (match,) = secrets.matches
    assert (match.rule, match.severity, match.whole_file) == ("private-key-pem", "high", True)
    assert (match.offset, match.length) == (0, len(PLAIN[kind]) - 1)


@pytest.mark.parametrize("kind", LOCKED)
def test_key_under_a_passphrase_is_low(kind: str) -> None:
    assert _severities("srv/id", LOCKED[kind].encode()) == ["low"]


@pytest.mark.parametrize("kind", PLAIN)
@pytest.mark.parametrize(
    "wrap",
    [
        lambda key: json.dumps({"k": key}),
        lambda key: json.dumps({"k": json.dumps({"k": key})}),
        lambda key: "KEY=" + key.replace("\n", "\\n"),
        lambda key: "KEY=" + key.replace("\n", " "),
        lambda key: key.replace("\n", "\r\n") + "x",
        lambda key: "key: |\n" + "".join(f"    {line}\n" for line in key.splitlines()),
        lambda key: "k = (\n" + "".join(f"  '{line}\\n'\n" for line in key.splitlines()) + ")",
        lambda key: " +\n".join(f'"{line}\\n"' for line in key.splitlines()),
        lambda key: "client-key-data: " + base64.b64encode(key.encode()).decode(),
        lambda key: "<key>" + key + "</key>",
    ],
    ids=["json", "json2", "env", "spaces", "crlf", "yaml", "python", "js", "base64", "xml"],
)
def test_wrapped_key(kind: str, wrap) -> None:  # type: ignore[no-untyped-def]
    assert _severities("app/conf.txt", wrap(PLAIN[kind]).encode()) == ["high"]


@pytest.mark.parametrize(
    "text",
    [
        BEGIN + "RSA PRIVATE KEY-----",
        BEGIN + "RSA PRIVATE KEY-----\n...\n" + END + "RSA PRIVATE KEY-----",
        pem("RSA PRIVATE KEY", noise(500)),
        pem("PRIVATE KEY", der(0x30, RSA_OID + noise(200))),
        pem("OPENSSH PRIVATE KEY", noise(300)),
        pem("PUBLIC KEY", der(0x30, der(0x30, RSA_OID) + der(3, noise(270)))),
        pem("CERTIFICATE", der(0x30, der(0x30, integer(b"\2")) + noise(300))),
        PLAIN["pkcs1"][:400],
    ],
    ids=["marker", "dots", "noise", "no-key", "no-magic", "public", "cert", "cut"],
)
def test_no_key(text: str) -> None:
    assert _severities("app/x", text.encode()) == []


@pytest.mark.parametrize("make", [pkcs1, pkcs8, sec1])
def test_der_key(make) -> None:  # type: ignore[no-untyped-def]
    assert _severities("app/server.bin", make()) == ["high"]
    assert _severities("app/server.bin", make() + noise(40)) == []


def test_encrypted_der_is_low() -> None:
    assert _severities("a", encrypted_pkcs8()) == ["low"]


def test_der_that_is_no_key() -> None:
    certificate = der(0x30, der(0x30, integer(noise(8)) + noise(200)) + der(3, noise(128)))
    assert _severities("a.key", certificate) == []
    assert _severities("a.der", der(0x30, der(0x30, RSA_OID) + der(3, noise(270)))) == []


@pytest.mark.parametrize(("bag", "severities"), [("01", ["high"]), ("02", ["low"]), ("03", [])])
def test_pkcs12_by_its_bags(bag: str, severities: list[str]) -> None:
    inside = der(0x30, bytes.fromhex(f"060b2a864886f70d010c0a01{bag}") + der(0xA0, noise(400)))
    safe = der(0x30, DATA_OID + der(0xA0, der(4, inside)))
    assert _severities("app/a.p12", der(0x30, integer(b"\3") + safe)) == severities


@pytest.mark.parametrize(("tag", "severities"), [(1, ["low"]), (2, [])])
def test_java_keystore_by_its_entries(tag: int, severities: list[str]) -> None:
    entry = struct.pack(">IH", tag, 1) + b"a" + bytes(8)
    body = struct.pack(">H", 5) + b"X.509" + struct.pack(">I", 64) + noise(64)
    store = struct.pack(">III", 0xFEEDFEED, 2, 1) + entry + body + noise(20)
    assert _severities("app/store", store) == severities


def test_self_test_keys_of_a_library_are_low_and_one_key_in_a_program_is_not() -> None:
    keys = [PLAIN[kind].encode() for kind in PLAIN]
    assert set(_severities("usr/lib/libx.so", b"\x7fELF\0" + b"\0".join(keys))) == {"low"}
    assert _severities("app/server", b"\x7fELF\0\0" + keys[0] + b"\0") == ["high"]


def test_a_key_beside_a_package_is_seen_and_its_test_key_is_not() -> None:
    key = PLAIN["pkcs8"].encode()
    site = "usr/lib/python3/site-packages"
    assert _severities(f"{site}/foo.pem", key) == ["high"]
    assert _severities(f"{site}/foo/tests/server.pem", key) == []
    assert _severities("usr/lib/python3.12/test/certdata/keycert.pem", key) == []
    assert _severities("usr/local/go/src/crypto/tls/testdata/example-key.pem", key) == []
    assert _severities("app/tests/server.pem", key) == ["high"]
    assert _severities("etc/ssl/private/ssl-cert-snakeoil.key", key) == ["low"]


@given(st.binary(max_size=400), st.booleans())
def test_asn1_never_raises(data: bytes, exact: bool) -> None:
    assert asn1.key_kind(b"\x30" + data, exact=exact) in ("", "plain", "encrypted")
    assert asn1.keystore_kind(b"\x30" + data) in ("", "plain", "encrypted")
    assert asn1.java_keystore_has_key(b"\xfe\xed\xfe\xed" + data) in (True, False)


@given(st.integers(0, 0xFF), st.binary(max_size=70_000))
def test_element_reads_what_der_writes(tag: int, content: bytes) -> None:
    encoded = der(tag, content)
    element = asn1.element(encoded, 0)
    assert element is not None
    assert (element.tag, encoded[element.start : element.end]) == (tag, content)
