"""The only place that prints: data on stdout, words for people on stderr."""

import os
import shutil
import sys
import traceback
from collections.abc import Iterable, Mapping
from typing import TextIO

from slimmer.errors import SlimError
from slimmer.report.escape import escape

_WIDTH_WITHOUT_TERMINAL = 100
_LEAST_WIDTH, _MOST_WIDTH = 60, 160


class Console:
    """`quiet` keeps all but errors off stderr, `verbose` adds detail."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.quiet = False
        self.verbose = bool(environ.get("SLIM_DEBUG"))

    @property
    def colour(self) -> bool:
        """Whether stdout is a terminal that shows colours, and they are wanted (no-color.org)."""
        plain = self._environ.get("NO_COLOR") or self._environ.get("TERM") == "dumb"
        return not plain and _is_terminal(sys.stdout)

    @property
    def width(self) -> int:
        """Columns for text on stdout."""
        if not _is_terminal(sys.stdout):
            return _WIDTH_WITHOUT_TERMINAL
        return max(_LEAST_WIDTH, min(_MOST_WIDTH, shutil.get_terminal_size().columns))

    @property
    def shows_progress(self) -> bool:
        return not self.quiet and _is_terminal(sys.stderr)

    def lines(self, lines: Iterable[str]) -> None:
        """Text that holds nothing a terminal obeys but our own colours."""
        for line in lines:
            self.text(line + "\n")

    def text(self, text: str) -> None:
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        self.raw(text.encode(encoding, "backslashreplace"))

    def raw(self, data: bytes) -> None:
        """Bytes to stdout, as they are."""
        if sys.stdout is None:
            raise SlimError("cannot write: stdout is closed")
        sys.stdout.buffer.write(data)

    def flush(self) -> None:
        if sys.stdout is not None:
            sys.stdout.flush()

    def end(self) -> None:
        """After an error: what cannot be written now must not fail once more at exit."""
        try:
            self.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def note(self, text: str) -> None:
        """Something worth knowing that is not the result."""
        if not self.quiet:
            _stderr(f"slim: {escape(text)}")

    def warn(self, text: str) -> None:
        self.note(f"warning: {text}")

    def error(self, text: str) -> None:
        """One line, whatever the text holds."""
        _stderr(f"slim: error: {escape(text)}")

    def gate(self, text: str) -> None:
        """Why the exit code says that a gate fired."""
        _stderr(f"slim: failed: {escape(text)}")

    def traceback(self, error: BaseException) -> None:
        for block in traceback.format_exception(error):
            for line in block.splitlines():
                _stderr(escape(line))


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


def _stderr(line: str) -> None:
    if sys.stderr is None:
        return
    encoding = sys.stderr.encoding or "utf-8"
    print(line.encode(encoding, "backslashreplace").decode(encoding), file=sys.stderr, flush=True)
