"""Bars on stderr for whoever waits at a terminal."""

import threading
from typing import Any

from slimmer.report.escape import escape

# A task shorter than this is over before a bar helps. Seconds.
_DELAY = 0.3


class Bars:
    """A `store.interface.Progress`; a bar for each task under way. Safe for several threads."""

    def __init__(self) -> None:
        self._bars: dict[str, Any] = {}
        self._lock = threading.Lock()

    def __call__(self, task: str, done: int, total: int | None) -> None:
        with self._lock:
            bar = self._bars.get(task)
            if bar is None:
                bar = self._bars[task] = _new_bar(task, total)
            bar.update(done - bar.n)  # less than before after a retry
            if total is not None and done >= total:
                self._bars.pop(task).close()

    def close(self) -> None:
        """Take all bars off the screen."""
        with self._lock:
            for bar in self._bars.values():
                bar.close()
            self._bars.clear()


def _new_bar(task: str, total: int | None) -> Any:
    from tqdm import tqdm  # not worth its import where nobody watches

    tqdm.monitor_interval = 0
    return tqdm(
        desc=escape(task), total=total, unit="B", unit_scale=True, leave=False, delay=_DELAY
    )
