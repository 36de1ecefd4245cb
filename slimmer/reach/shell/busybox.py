"""Multi-call binaries: which of its programs one is asked for."""

_MULTI_CALL = frozenset(("busybox", "toybox", "coreutils", "busybox.static", "bbox"))


def applet(called: str, argv: tuple[str, ...]) -> tuple[str, ...]:
    """`argv` as the program sees it that acts: `busybox sh -c x` is `sh -c x`.

    `called` is the path by which the program was asked for; the name in it leads, for a shell may
    give any word as the first of `argv`.
    """
    name = called.rpartition("/")[2]
    if name not in _MULTI_CALL:
        return (called, *argv[1:])
    rest = argv[1:]
    if rest[:1] and rest[0].startswith("--coreutils-prog="):
        return (rest[0].partition("=")[2], *rest[1:])
    return rest if rest and not rest[0].startswith("-") else (called, *rest)
