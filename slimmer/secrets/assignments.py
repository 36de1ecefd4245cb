"""Settings that hold a credential: `DB_PASSWORD=...`, `"secret": "..."`, `<password>...`."""

import re

from slimmer.secrets.candidate import Candidate, Verdict
from slimmer.secrets.words import entropy, is_placeholder, is_secret_name, is_secret_value

_QUOTES = (b'"', b"'", b"`")
_COMMENT = re.compile(rb"[ \t]+[#;].*$|[ \t]+//.*$|[ \t]+\\$")
_CODE = (".py", ".js", ".ts", ".rb", ".php", ".java", ".go", ".cs", ".mjs", ".cjs", ".pl", ".lua")
_CALL = re.compile(rb"^[A-Za-z_][\w.]*(?:\(|\[)")
_NO_PASSWORDS = (b"x-oauth-basic", b"x-access-token", b"oauth2")
_HEX_DIGEST = re.compile(rb"^(?:sha(?:256|512|1|384)|md5)[:-]")


def trim_value(raw: bytes) -> tuple[int, bytes]:
    """An unquoted or quoted value cut out of the rest of its line: (bytes skipped, value)."""
    lead = len(raw) - len(raw.lstrip())
    text = raw.strip()
    if text[:1] in _QUOTES:
        close = text.find(text[:1], 1)
        return (lead + 1, text[1:close]) if close > 0 else (lead, b"")
    return lead, _COMMENT.sub(b"", text).rstrip().rstrip(b",;")


def _judge(candidate: Candidate, name: bytes, start: int, value: bytes) -> Verdict | None:
    if not is_secret_name(name) or not is_secret_value(value) or _HEX_DIGEST.match(value):
        return None
    strong = len(value) >= 12 and entropy(value) >= 3.0
    return Verdict(start, start + len(value), None, "high" if strong else "medium")


def line_assignment(candidate: Candidate) -> Verdict | None:
    """`NAME=value` or `name: value` up to the end of the line; in code only quoted values count."""
    raw = candidate.secret
    skipped, value = trim_value(raw)
    quoted = skipped > 0 and raw[skipped - 1 : skipped] in _QUOTES
    if not quoted and (candidate.path.endswith(_CODE) or _CALL.match(value)):
        return None
    if not quoted and value[:1] in (b"{", b"[", b"&", b"*", b"|", b">", b"("):
        return None
    return _judge(candidate, candidate.group("name"), candidate.start + skipped, value)


def quoted_assignment(candidate: Candidate) -> Verdict | None:
    """A quoted value after a name in JSON, code or XML."""
    value = candidate.secret
    start = candidate.start + len(value) - len(value.lstrip())
    return _judge(candidate, candidate.group("name"), start, value.strip())


def weak_password(candidate: Candidate) -> Verdict | None:
    """A password in a file that exists to hold one: only placeholders are turned away."""
    skipped, value = trim_value(candidate.secret)
    if len(value) < 4 or (len(value) < 6 and value.isalpha()) or value in _NO_PASSWORDS:
        return None
    if is_placeholder(value) or b" " in value:
        return None
    start = candidate.start + skipped
    return Verdict(start, start + len(value))


def opaque(candidate: Candidate) -> Verdict | None:
    """An opaque string of decent entropy in a place that names it a secret."""
    value = candidate.secret
    return Verdict(candidate.start, candidate.end) if is_secret_value(value) else None
