"""The ways in which the lying registry misbehaves, as data."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Status:
    """Answer with this status instead, for example 429 with Retry-After."""

    code: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class WrongBody:
    """The right headers, another body; `content_type` replaces that header if given."""

    body: bytes
    content_type: str = ""


@dataclass(frozen=True)
class ShortBody:
    """Promise the whole body, send its first `keep` bytes and close."""

    keep: int


@dataclass(frozen=True)
class Reset:
    """Send the first `after` bytes of the body, then reset the connection."""

    after: int


@dataclass(frozen=True)
class Redirect:
    """Send the client to `location`; `{path}` in it becomes the path and query asked for."""

    location: str
    code: int = 307


@dataclass(frozen=True)
class Trickle:
    """Send the body one byte every `seconds`."""

    seconds: float


@dataclass(frozen=True)
class Endless:
    """Send zeros until the client leaves; without `declared` the length is not said."""

    declared: int | None = None


@dataclass(frozen=True)
class Headers:
    """Answer rightly with headers changed; an empty value removes one."""

    changes: Mapping[str, str]


Action = Status | WrongBody | ShortBody | Reset | Redirect | Trickle | Endless | Headers


@dataclass
class Fault:
    """Do `action` on requests whose "METHOD /path?query" has the regular expression `request`.

    The first `skip` such requests are served rightly, the next `times` are not (None: all).
    """

    request: str
    action: Action
    times: int | None = 1
    skip: int = 0

    def strikes(self, request: str) -> bool:
        """Whether this request is one to spoil; counts it."""
        if not re.search(self.request, request):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.times is None:
            return True
        self.times -= 1
        return self.times >= 0
