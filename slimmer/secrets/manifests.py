"""Credentials that only their document explains: Kubernetes manifests, kubeconfig, Google keys."""

import json
import re
from collections.abc import Iterator
from itertools import islice

from slimmer.secrets import keys
from slimmer.secrets.candidate import Candidate, Verdict
from slimmer.secrets.words import entropy, is_placeholder, is_secret_value

_DOCUMENT = 32 * 1024
_BLOCK = re.compile(rb"^([ \t]{0,16})[\"']?(data|stringData)[\"']?:[ \t]{0,8}\r?$", re.M)
_ENTRY = re.compile(
    rb"[ \t]{1,32}[\"']?([\w.\-]{1,253})[\"']?:[ \t]{1,8}[\"']?([^\s\"'#|>][^\r\n\"']{0,16384})"
)
_KIND = re.compile(rb"kind[\"']?:[ \t]{0,4}[\"']?Secret\b")
_JSON_BLOCK = re.compile(rb'"(data|stringData)"\s*:\s*\{([^{}]{1,16384})\}')
_JSON_ENTRY = re.compile(rb'"([\w.\-]{1,253})"\s*:\s*"([^"\\]{4,8192})"')
_PUBLIC_ENTRIES = (b"ca.crt", b"namespace", b"tls.crt", b"username", b"user")


def kubernetes_secret(candidate: Candidate) -> Verdict | None:
    """A Secret manifest whose `data` or `stringData` holds a value and not a template.

    A document is judged once, at the first line that says its kind.
    """
    begin, document = _document(candidate)
    if _KIND.search(document, 0, candidate.start - begin):
        return None
    for kind, name, value, at in (*_yaml_entries(document), *_json_entries(document)):
        if name not in _PUBLIC_ENTRIES and _is_value(value, encoded=kind == b"data"):
            alone = b"\n---" not in bytes(candidate.data[:_DOCUMENT]).rstrip(b"\n-")
            return Verdict(begin + at, begin + at + len(value), whole_file=alone)
    return None


_Entry = tuple[bytes, bytes, bytes, int]


def _yaml_entries(document: bytes) -> Iterator[_Entry]:
    """(data or stringData, name, value, offset) of the lines indented below either."""
    for block in islice(_BLOCK.finditer(document), 8):
        at = document.find(b"\n", block.end()) + 1
        for line in document[at:].splitlines(keepends=True)[:500] if at else ():
            entry = _ENTRY.match(line)
            indent = len(line) - len(line.lstrip())
            if line.strip() and indent <= len(block[1]):
                break
            if entry:
                yield block[2], entry[1], entry[2].rstrip(), at + entry.start(2)
            at += len(line)


def _json_entries(document: bytes) -> Iterator[_Entry]:
    for block in islice(_JSON_BLOCK.finditer(document), 8):
        for entry in _JSON_ENTRY.finditer(block[2]):
            yield block[1], entry[1], entry[2], block.start(2) + entry.start(2)


def _document(candidate: Candidate) -> tuple[int, bytes]:
    """The YAML document around the candidate and where it begins."""
    low = max(0, candidate.start - _DOCUMENT)
    before = bytes(candidate.data[low : candidate.start])
    mark = before.rfind(b"\n---")
    begin = low + mark + 1 if mark >= 0 else low
    text = bytes(candidate.data[begin : candidate.start + _DOCUMENT])
    stop = text.find(b"\n---", candidate.start - begin)
    return begin, text if stop < 0 else text[:stop]


def _is_value(value: bytes, *, encoded: bool) -> bool:
    if b"{{" in value or b"${" in value or b"<" in value:
        return False
    if not encoded:
        return is_secret_value(value)
    decoded = keys.decode_base64(value)
    if len(decoded) < 6 or is_placeholder(decoded) or decoded.startswith(b"-----BEGIN CERT"):
        return False
    return entropy(decoded) >= 2.3


def kubeconfig(candidate: Candidate) -> Verdict | None:
    """A user's token, password or key in a kubeconfig: the rule has seen `users:` before it."""
    text = bytes(candidate.data[: min(len(candidate.data), _DOCUMENT)])
    if b"clusters:" not in text and b"kind: Config" not in text:
        return None
    value = candidate.secret
    if (is_placeholder(value) and len(value) < 200) or len(value) < 8:
        return None
    return Verdict(candidate.start, candidate.end) if entropy(value) > 2.0 else None


def service_account(candidate: Candidate) -> Verdict | None:
    """A Google service account key: an object with `client_email` and a whole private key."""
    low = max(0, candidate.start - 8192)
    text = bytes(candidate.data[low : candidate.start + 8192])
    at = candidate.start - low
    begin, close = text.rfind(b"{", 0, at), text.find(b"}", at)
    try:
        account = json.loads(text[begin : close + 1])
    except (ValueError, RecursionError):
        return None
    key = account.get("private_key") if isinstance(account, dict) else None
    if not isinstance(key, str) or "client_email" not in account:
        return None
    if not keys.pem_kind(key.encode("utf-8", "replace")):
        return None
    start = text.find(b'"private_key"', begin)
    end = text.find(b'"', text.find(b"-----END", start))
    only = not bytes(candidate.data[: low + begin]).strip()
    return Verdict(low + start, low + end, None, None, "service_account...", only)
