"""What is worth trying again, and when (RFC 9110, 10.2.3 Retry-After)."""

import random
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from slimmer.errors import SlimError
from slimmer.store.registry.options import RegistryOptions

T = TypeVar("T")

RETRY_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
MAX_WAIT = 60.0
_FIRST_WAIT = 0.5
_RESET_AFTER = 8 * 1024 * 1024


class RetryableError(Exception):
    """Another attempt may work. `error` is what to raise when there is none left."""

    def __init__(self, error: SlimError, *, after: float | None = None, progress: int = 0) -> None:
        super().__init__(str(error))
        self.error = error
        self.after = after
        self.progress = progress


def with_retries(options: RegistryOptions, action: Callable[[], T]) -> T:
    """Run `action` until it does not raise `RetryableError`, `options.retries` times at most.

    An attempt that moved 8 MiB or more does not count, so that a long download over a bad line
    ends, and one that is fed a byte at a time does too.
    """
    failures = 0
    while True:
        try:
            return action()
        except RetryableError as problem:
            failures = 1 if problem.progress >= _RESET_AFTER else failures + 1
            if failures > options.retries:
                raise problem.error from None
            options.sleep(wait_time(failures, problem.after))


def wait_time(failures: int, after: float | None) -> float:
    """Seconds before the next attempt: what the server asked for, else doubled each time."""
    jitter = random.uniform(0.5, 1.5)
    if after is not None:
        return min(after, MAX_WAIT) + jitter / 10
    return float(min(_FIRST_WAIT * 2 ** min(failures - 1, 10), MAX_WAIT / 2) * jitter)


def retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """The header's seconds or date as seconds from now, within 0 and 60; None when not told."""
    text = (value or "").strip()[:64]
    if text.isascii() and text.isdigit():
        return min(float(text), MAX_WAIT)
    try:
        date = parsedate_to_datetime(text)
        moment = date if date.tzinfo else date.replace(tzinfo=UTC)
        wait = (moment - (now or datetime.now(UTC))).total_seconds()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return min(max(wait, 0.0), MAX_WAIT)
