"""From what the rules found in one file to what is reported about it."""

import msgspec

from slimmer.secrets import context
from slimmer.secrets.candidate import Verdict
from slimmer.secrets.match import SecretMatch, fingerprint, redact
from slimmer.secrets.rule import Rule

MAX_MATCHES = 200

Found = tuple[Rule, Verdict]


def settle(
    path: str,
    data: bytes | memoryview,
    found: list[Found],
    *,
    binary: bool,
    whole: bool,
) -> tuple[SecretMatch, ...]:
    """Where spans overlap the most telling rule stays; then context sets the severity."""
    order = sorted(found, key=lambda f: (-f[0].priority, f[1].start, -f[1].end))
    kept: list[Found] = []
    for rule, verdict in order:
        if not any(_overlap(verdict, other) for _, other in kept):
            kept.append((rule, verdict))
        if len(kept) >= MAX_MATCHES:
            break
    if sum(rule.id.startswith("private-key") for rule, _ in kept) >= 3 and binary:
        # Crypto libraries carry the keys of their self-tests in a row; programs embed one or two.
        kept = [
            (r, msgspec.structs.replace(v, severity="low", confidence="low"))
            if r.id.startswith("private-key")
            else (r, v)
            for r, v in kept
        ]
    kept.sort(key=lambda f: f[1].start)
    lines = _line_numbers(data, [v.start for _, v in kept]) if not binary else [0] * len(kept)
    return tuple(
        _report(path, data, rule, verdict, line, whole)
        for (rule, verdict), line in zip(kept, lines, strict=True)
    )


def _overlap(one: Verdict, other: Verdict) -> bool:
    if one.start == one.end:
        return False
    return one.start < other.end and other.start < one.end


def _line_numbers(data: bytes | memoryview, offsets: list[int]) -> list[int]:
    numbers, line, at = [], 1, 0
    for offset in offsets:
        line += bytes(data[at:offset]).count(b"\n")
        at = offset
        numbers.append(line)
    return numbers


def _report(
    path: str, data: bytes | memoryview, rule: Rule, verdict: Verdict, line: int, whole: bool
) -> SecretMatch:
    secret = bytes(data[verdict.start : verdict.end])
    severity = "low" if context.is_snakeoil(path) else verdict.severity or rule.severity
    of_rule = rule.whole_file if verdict.whole_file is None else verdict.whole_file
    alone = len(secret) + 2 >= len(data) and len(secret) > 0 and bool(path)
    return SecretMatch(
        rule=rule.id,
        severity=severity,
        confidence=verdict.confidence or rule.confidence,
        offset=verdict.start,
        length=len(secret),
        line=line if secret else 0,
        redacted=(verdict.label or redact(secret)) if secret else "",
        fingerprint=fingerprint(secret) if secret else "",
        whole_file=whole or alone or of_rule,
    )
