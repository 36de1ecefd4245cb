"""Reading answers: in bounded space, and in bounded time although every byte resets a socket's
timeout (slow-loris)."""

from collections.abc import Iterator
from contextlib import suppress
from threading import Event, Thread
from time import monotonic
from types import TracebackType
from typing import Self

import requests
from urllib3.exceptions import HTTPError

from slimmer.errors import NetworkError
from slimmer.store.registry.options import RegistryOptions

CHUNK = 256 * 1024
_DOCUMENT_DEADLINE = 120.0


class BrokenBodyError(Exception):
    """The body ended before it was whole. The text is ours, and safe to show."""


class LongBodyError(NetworkError):
    """An answer is longer than it may be."""


class Watch:
    """Hangs up on a body that comes slower than the minimum rate, or takes too long in all."""

    def __init__(
        self, response: requests.Response, options: RegistryOptions, deadline: float
    ) -> None:
        self._response = response
        self._least = options.min_rate * options.stall_window
        self._window = options.stall_window
        self._end = monotonic() + deadline
        self._finished = Event()
        self._thread = Thread(target=self._run, daemon=True)
        self.moved = 0
        self.tripped = False

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._finished.set()

    def _run(self) -> None:
        before = 0
        while not self._finished.wait(min(self._window, max(self._end - monotonic(), 0))):
            late = monotonic() >= self._end
            if late or self.moved - before < self._least:
                self.tripped = True
                # Raises when the body ended at this very moment; then there is nothing to end.
                with suppress(ValueError, RuntimeError, OSError):
                    self._response.raw.shutdown()
                return
            before = self.moved


def read_body(
    response: requests.Response, options: RegistryOptions, deadline: float = _DOCUMENT_DEADLINE
) -> Iterator[bytes]:
    """The raw bytes as they come, in chunks of at most 256 KiB; `BrokenBodyError` when cut off."""
    with Watch(response, options, deadline) as watch:
        while True:
            try:
                chunk = _read_some(response)
            except BrokenBodyError:
                if not watch.tripped:
                    raise
            if watch.tripped:
                raise BrokenBodyError("the server sends too slowly")
            if not chunk:
                return
            watch.moved += len(chunk)
            yield chunk


def _read_some(response: requests.Response) -> bytes:
    try:
        return response.raw.read1(CHUNK, decode_content=False) or b""
    except (HTTPError, OSError, ValueError, AttributeError) as error:
        # The last two: urllib3 meeting a connection that the watch has just shut down.
        raise BrokenBodyError(f"the connection broke ({type(error).__name__})") from None


def read_document(response: requests.Response, options: RegistryOptions, limit: int) -> bytes:
    """A whole small body; `LongBodyError` when it is larger than `limit` bytes."""
    chunks, size = [], 0
    for chunk in read_body(response, options):
        size += len(chunk)
        if size > limit:
            response.close()
            raise LongBodyError(f"the answer is longer than {limit} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


def read_start(response: requests.Response, options: RegistryOptions, limit: int) -> bytes:
    """The first `limit` bytes of a body that is only shown to people; never fails."""
    start = b""
    with suppress(BrokenBodyError):
        for chunk in read_body(response, options, options.timeout):
            start += chunk
            if len(start) >= limit:
                break
    response.close()
    return start[:limit]
