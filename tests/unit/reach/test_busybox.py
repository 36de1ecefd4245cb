"""Which of its programs a multi-call binary is asked for."""

import pytest

from slimmer.reach.shell.busybox import applet


@pytest.mark.parametrize(
    ("called", "argv", "acts"),
    [
        ("/bin/sh", ("sh", "-c", "x"), ("/bin/sh", "-c", "x")),
        ("/bin/sh", ("odd", "-c", "x"), ("/bin/sh", "-c", "x")),
        ("/bin/busybox", ("busybox", "sh", "-c", "x"), ("sh", "-c", "x")),
        ("/bin/busybox", ("/bin/busybox", "env", "x"), ("env", "x")),
        ("/bin/busybox", ("busybox",), ("/bin/busybox",)),
        ("/bin/busybox", ("busybox", "--list"), ("/bin/busybox", "--list")),
        ("/usr/bin/coreutils", ("x", "--coreutils-prog=env", "y"), ("env", "y")),
    ],
)
def test_applets(called: str, argv: tuple[str, ...], acts: tuple[str, ...]) -> None:
    assert applet(called, argv) == acts
