"""Takes credentials out of what an image's config says before anyone is shown it."""

from collections.abc import Mapping, Sequence

from slimmer.report.document import text_of
from slimmer.secrets.engine import Origin, Scanner


class Redactor:
    """Puts a stub in the place of each secret the scanner finds in a setting or a command.

    What it gives has no lone surrogates.
    """

    def __init__(self, scanner: Scanner) -> None:
        self._scanner = scanner
        self._known: dict[tuple[str, str, Origin], str] = {}

    def environment(self, values: Mapping[str, str]) -> dict[str, str]:
        return {text_of(name): self._text(value, "env", name) for name, value in values.items()}

    def labels(self, values: Mapping[str, str]) -> dict[str, str]:
        return {text_of(name): self._text(value, "label", name) for name, value in values.items()}

    def history(self, text: str) -> str:
        return self._text(text, "history")

    def command(self, arguments: Sequence[str]) -> list[str]:
        """The arguments, read together: a password may be told by the one before it."""
        raw = [text_of(argument).encode() for argument in arguments]
        spans = self._spans("", b" ".join(raw).decode(), "history")
        redacted, start = [], 0
        for argument in raw:
            redacted.append(_cut(argument, spans, start))
            start += len(argument) + 1
        return redacted

    def _text(self, value: str, origin: Origin, name: str = "") -> str:
        key = name, value, origin
        if key not in self._known:
            clean = text_of(value)
            self._known[key] = _cut(clean.encode(), self._spans(name, clean, origin), 0)
        return self._known[key]

    def _spans(self, name: str, value: str, origin: Origin) -> list[tuple[int, int, str]]:
        """Start and end in bytes of each secret, last first, and what to show for it."""
        matches = self._scanner.scan_text(text_of(name), value, origin)
        spans = [(m.offset, m.offset + m.length, f"[{m.redacted}]") for m in matches]
        return sorted(spans, reverse=True)


def _cut(data: bytes, spans: list[tuple[int, int, str]], start: int) -> str:
    """`data`, which begins at `start` of the text that was scanned, with stubs for the spans."""
    for begin, end, stub in spans:
        first, last = max(begin - start, 0), min(end - start, len(data))
        if first < last:
            data = data[:first] + stub.encode() + data[last:]
    return data.decode(errors="replace")
