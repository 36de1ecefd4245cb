"""What the config starts: ENTRYPOINT, CMD and HEALTHCHECK, as far as their words tell."""

import shlex
from collections.abc import Iterator, Sequence

from slimmer.detect.programs import Program, Programs
from slimmer.image.path import basename
from slimmer.oci.config import ImageConfig

SHELLS = frozenset(("sh", "bash", "ash", "dash", "zsh", "ksh", "pwsh", "busybox"))
_MAX_WORDS = 64
_MAX_SCRIPT = 64 * 1024


def shell_line(argv: Sequence[str]) -> str | None:
    """The script in `sh -c SCRIPT`, whatever options stand beside; None for another command."""
    if not argv or basename(argv[0]) not in SHELLS:
        return None
    for number, word in enumerate(argv[1:-1], 1):
        if word == "-o":
            continue
        if word.startswith("-") and not word.startswith("--") and word.endswith("c"):
            return argv[number + 1]
    return None


def started(config: ImageConfig, programs: Programs) -> set[int]:
    """Identities of the inodes that ENTRYPOINT and CMD name, and of those scripts' interpreters.

    Every word counts, so that what `tini --` or an entrypoint script is told to start is seen.
    """
    found: set[int] = set()
    for word in _words((*config.entrypoint, *config.cmd)):
        program = programs.find(word, config.working_dir)
        # A script may name a script as its interpreter; the kernel goes on four times (binfmt).
        for _ in range(5):
            if program is None:
                break
            found.add(id(program.inode))
            program = _interpreter(program, programs)
    return found


def _words(argv: Sequence[str]) -> Iterator[str]:
    line = shell_line(argv)
    words = list(argv)
    if line is not None:
        words += _split(line)
    yield from (word for word in words[:_MAX_WORDS] if word)


def _split(line: str) -> list[str]:
    try:
        return shlex.split(line[:_MAX_SCRIPT])
    except ValueError:
        return line[:_MAX_SCRIPT].split()


def _interpreter(program: Program, programs: Programs) -> Program | None:
    shebang = program.inode.facts.shebang
    if shebang is None:
        return None
    return programs.find(shebang.program or shebang.interpreter)
