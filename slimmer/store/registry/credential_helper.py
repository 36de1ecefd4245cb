"""Docker credential helpers: `docker-credential-NAME get`, host on stdin, JSON on stdout.

Protocol: github.com/docker/docker-credential-helpers, README, "Development".
"""

import os
import re
import shutil
import signal
import subprocess
from contextlib import suppress
from threading import Timer

from slimmer.errors import FormatError, SlimError
from slimmer.oci.fields import Fields

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_MAX_ANSWER = 64 * 1024
_NOT_FOUND = b"credentials not found"


class HelperError(SlimError):
    """A credential helper could not do its part; going on without it is possible."""


def ask_helper(name: str, server: str, timeout: float = 30.0) -> tuple[str, str] | None:
    """User name and secret for `server`, or None when the helper has none.

    Raises `HelperError` for a helper that is missing, slow, or fails. No shell is involved, and
    nothing a helper prints gets into an error, since it may be a secret.
    """
    if not _NAME.fullmatch(name):
        raise HelperError(f"not the name of a credential helper: {name[:80]!r}")
    program = f"docker-credential-{name}"
    if shutil.which(program) is None:
        raise HelperError(f"the credential helper {program} is not installed")
    status, answer = _run(program, server, timeout)
    if status != 0:
        if _NOT_FOUND in answer.lower():
            return None
        raise HelperError(f"the credential helper {program} failed (exit status {status})")
    return _parse(answer, program)


def _run(program: str, server: str, timeout: float) -> tuple[int, bytes]:
    try:
        process = subprocess.Popen(
            [program, "get"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise HelperError(f"cannot run {program}: {error.strerror}") from None
    # The whole group: a child of the helper may hold the pipe open after it.
    timer = Timer(timeout, _kill, [process.pid])
    timer.start()
    try:
        return _converse(process, server, program)
    finally:
        timer.cancel()
        _kill(process.pid)
        process.wait()


def _converse(process: "subprocess.Popen[bytes]", server: str, program: str) -> tuple[int, bytes]:
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdout:
        # A helper that answers without reading is odd, but has answered.
        with suppress(BrokenPipeError), process.stdin:
            process.stdin.write(server.encode())
        answer = process.stdout.read(_MAX_ANSWER + 1)
    if len(answer) > _MAX_ANSWER:
        raise HelperError(f"{program} answered more than {_MAX_ANSWER} bytes")
    return process.wait(), answer


def _kill(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _parse(answer: bytes, program: str) -> tuple[str, str] | None:
    try:
        fields = Fields.parse(answer, program)
        user, secret = fields.text("Username") or "", fields.text("Secret") or ""
    except FormatError as error:
        raise HelperError(f"{program} answered something else: {error.what}") from None
    return (user, secret) if secret else None
