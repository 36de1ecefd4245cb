"""A policy's verdict for people: a block of a report, and single lines."""

from collections.abc import Iterator

from slimmer.policy.policy import Allow, Exempted, Verdict
from slimmer.report.escape import escape, shorten
from slimmer.report.style import Style

_COLUMN = len("forbidden-packages")


def policy_lines(verdict: Verdict, style: Style) -> Iterator[str]:
    """Broken rules first, then what was let through, what is no more, and what is not known."""
    number = len(verdict.broken)
    noun = "rule is" if number == 1 else "rules are"
    state = style.bad(f"{number} {noun} broken") if number else style.good("kept")
    yield f"{style.bold('Policy')} {escape(verdict.file)}: {state}"
    for name, text in policy_rows(verdict):
        room = 10**6 if style.verbose else style.width - _COLUMN - 4
        yield f"  {name.ljust(_COLUMN)}  {shorten(escape(text), room)}"


def policy_rows(verdict: Verdict) -> Iterator[tuple[str, str]]:
    """The rule, or what became of an exception, and the words on it, which are not escaped yet."""
    yield from ((broken.rule, broken.message) for broken in verdict.broken)
    for item in verdict.ignored:
        until = f" (until {item.allow.expires})" if item.allow.expires else ""
        yield "allowed", f"{_what(item)}: {item.allow.reason}{until}"
    for item in verdict.expired:
        yield "expired", f"{_what(item)}: it was allowed until {item.allow.expires}"
    for rule in verdict.unchecked:
        yield rule, "not checked: nothing was built"


def broken_lines(verdict: Verdict) -> Iterator[str]:
    """One line for each broken rule."""
    for broken in verdict.broken:
        yield f"{verdict.file}: {broken.rule}: {broken.message}"


def expired_lines(verdict: Verdict) -> Iterator[str]:
    """One line for each exception that has run out and would still cover something."""
    for item in verdict.expired:
        if item.findings:
            yield f"{verdict.file}: {_what(item)}: it was allowed until {item.allow.expires}"


def _what(item: Exempted) -> str:
    number = len(item.findings)
    return f"{number} finding{'' if number == 1 else 's'}{place(item.allow)}"


def place(allow: Allow) -> str:
    """` of setuid.* at /usr/bin/*`."""
    of = f" of {allow.finding}" if allow.finding else ""
    return of + (f" at {allow.path}" if allow.path else "")
