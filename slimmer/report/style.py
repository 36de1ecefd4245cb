"""How text is laid out: width, detail, and colours for those who can see them."""

from dataclasses import dataclass

from slimmer.detect.interface import Severity

_SEVERITY_CODES = {
    Severity.CRITICAL: "1;31",
    Severity.HIGH: "31",
    Severity.MEDIUM: "33",
    Severity.LOW: "36",
}


@dataclass(frozen=True)
class Style:
    """`width` is in columns; `verbose` shows every line of a long group."""

    colour: bool = False
    width: int = 100
    verbose: bool = False

    def bold(self, text: str) -> str:
        return self._paint("1", text)

    def dim(self, text: str) -> str:
        return self._paint("2", text)

    def good(self, text: str) -> str:
        return self._paint("32", text)

    def bad(self, text: str) -> str:
        return self._paint("31", text)

    def severity(self, severity: Severity, text: str) -> str:
        return self._paint(_SEVERITY_CODES[severity], text)

    def _paint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and text else text


PLAIN = Style()
