"""Takes secrets out of history lines: they are in the config of every image built on top."""

from collections.abc import Callable

from slimmer.secrets.engine import Scanner

REDACTED = "[removed by slim]"
_MAX_SCANS = 20


def redactor(scanner: Scanner | None = None) -> Callable[[str], str]:
    """A function that replaces each secret in a `created_by` or `comment` line."""
    engine = scanner or Scanner()

    def redact(text: str) -> str:
        # One scan gives so many matches at most.
        for _ in range(_MAX_SCANS):
            matches = engine.scan_text("", text, "history")
            if not matches:
                break
            data = text.encode("utf-8", "surrogateescape")
            for match in sorted(matches, key=lambda found: -found.offset):
                end = match.offset + match.length
                data = data[: match.offset] + REDACTED.encode() + data[end:]
            text = data.decode("utf-8", "replace")
        return text

    return redact
