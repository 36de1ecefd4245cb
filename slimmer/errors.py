"""Errors a person can act on: each says what happened, where, and what to do.

The command line prints one line per error and exits with its `exit_code`;
nothing else in slim prints or exits.
"""

EXIT_DONE = 0
EXIT_GATE = 1
EXIT_USAGE = 2
EXIT_INPUT = 3


class SlimError(Exception):
    """Base of every error slim raises on purpose.

    `what` is the problem, `where` the thing it is about (a reference, a path, a digest), `hint`
    what to do next. The text may hold bytes from an image: whoever prints it must escape it.
    """

    exit_code = EXIT_INPUT

    def __init__(self, what: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text} ({self.hint})" if self.hint else text


class UsageError(SlimError):
    """The command was asked for something it cannot mean."""

    exit_code = EXIT_USAGE


class InputError(SlimError):
    """An image, an archive or a document cannot be used as it is."""


class FormatError(InputError):
    """Bytes do not follow the format they claim to be in."""


class DigestError(InputError):
    """Content does not match the digest or the size it was asked for by."""


class NotFoundError(InputError):
    """The thing a reference names is not there."""


class LimitError(InputError):
    """A bound that protects memory, time or disk was reached.

    `limit` is the bound's name in `slimmer.limits`, where a user can raise it.
    """

    def __init__(
        self,
        what: str,
        *,
        limit: str | None = None,
        where: str | None = None,
        hint: str | None = None,
    ) -> None:
        if limit and hint is None:
            hint = f"--limit {limit}=VALUE raises it"
        super().__init__(what, where=where, hint=hint)


class NetworkError(SlimError):
    """A registry could not be reached or did not do its part."""


class AuthError(NetworkError):
    """A registry refused the credentials, or there were none to give."""
