"""`slim`: finds the command, runs it, and turns whatever goes wrong into one line and a code."""

import difflib
import errno
import os
import signal
import sys
import threading
from collections.abc import Sequence
from importlib import import_module
from types import FrameType
from typing import NoReturn

import click

from slimmer import __version__
from slimmer.cli.console import Console
from slimmer.errors import EXIT_DONE, EXIT_INPUT, EXIT_USAGE, SlimError

# What a command is, without importing it: where it is, and its line in the help.
COMMANDS = {
    "inspect": (
        "slimmer.cli.inspect:inspect",
        "Say what is in an image and what is wrong with it.",
    ),
    "build": ("slimmer.cli.build:build", "Rebuild an image without what it does not need."),
    "why": ("slimmer.cli.why:why", "Say why a path is kept, or why it goes."),
    "ls": ("slimmer.cli.ls:ls", "List the files of an image, or of one layer."),
    "diff": ("slimmer.cli.diff:diff", "Say what differs between two images."),
    "cache": ("slimmer.cli.cache:cache", "Show or clear what slim remembers of layers."),
    "completion": ("slimmer.cli.completion:completion", "Print the shell's completion script."),
}

EPILOG = """\
REF is HOST[:PORT]/REPO[:TAG][@DIGEST] (docker.io when no host is named), oci:DIR[:REF],
oci-archive:FILE[:REF], docker-archive:FILE[:REF], or the path of any of these.

\b
Exit codes:
  0  done
  1  a gate fired: findings at or above --fail-on, or a broken rule of --policy;
     or why was asked about a path that the image does not have
  2  the command was used wrongly
  3  the input or the network failed

\b
Environment:
  SLIM_CACHE_DIR      where layer indexes are kept (else XDG_CACHE_HOME/slim, ~/.cache/slim)
  SLIM_TMPDIR         where layers are unpacked while they are read (else TMPDIR, /tmp)
  SLIM_DEBUG          set: show where an internal error came from, like --verbose
  REGISTRY_AUTH_FILE  credentials, like --authfile (else those of podman and docker)
  NO_COLOR            set: no colours
"""

_EXIT_INTERRUPTED = 128 + signal.SIGINT
_EXIT_BROKEN_PIPE = 128 + signal.SIGPIPE


class Stopped(BaseException):
    """The process was asked to end; what is temporary is removed on the way out."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Commands(click.Group):
    """Loads a command when it is used, so that help and completion stay quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Says what may have been meant by a command there is not."""
        name = args[0]
        if name not in (*COMMANDS, "") and name[:1] != "-" and not ctx.resilient_parsing:
            close = difflib.get_close_matches(name[:40], COMMANDS, 1)
            meant = f" Did you mean {close[0]}?" if close else ""
            raise click.UsageError(f"No such command '{name}'.{meant}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


@click.group(
    cls=Commands,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="slim", message="%(prog)s %(version)s")
def slim() -> None:
    """Open a container image without a daemon, say what is wrong with it, rebuild it smaller."""


def main() -> NoReturn:
    """The entry point of the installed command."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command line; the exit code. Prints at most one line about an error."""
    console = Console(os.environ)
    try:
        with _ended_by_signals():
            code = _invoke(arguments, console)
            console.flush()
            return code
    except BrokenPipeError:
        console.end()
        return _EXIT_BROKEN_PIPE
    except BaseException as error:
        code = _report(error, console)
        if not isinstance(error, (SlimError, click.ClickException)) and console.verbose:
            console.traceback(error)
        console.end()
        return code


def _invoke(arguments: Sequence[str], console: Console) -> int:
    if "_SLIM_COMPLETE" in os.environ:  # the shell asks; click answers and exits
        slim.main(list(arguments), prog_name="slim")
    try:
        with slim.make_context("slim", list(arguments), obj=console) as context:
            slim.invoke(context)
    except click.exceptions.Exit as done:
        return done.exit_code
    return EXIT_DONE


def _report(error: BaseException, console: Console) -> int:
    match error:
        case SlimError():
            console.error(str(error))
            return error.exit_code
        case click.exceptions.NoArgsIsHelpError():
            console.text(error.format_message() + "\n")
            return EXIT_USAGE
        case click.UsageError():
            command = error.ctx.command_path if error.ctx else "slim"
            message = " ".join(error.format_message().split())
            console.error(f"{message} (see {command} --help)")
            return EXIT_USAGE
        case click.ClickException():
            console.error(error.format_message())
            return EXIT_USAGE
        case KeyboardInterrupt() | click.Abort():
            console.error("interrupted")
            return _EXIT_INTERRUPTED
        case Stopped(number=number):
            console.error(f"stopped by {signal.Signals(number).name}")
            return 128 + number
        case SystemExit(code=int() as code):
            return code
        case MemoryError():
            console.error("not enough memory")
        case OSError():
            console.error(_explain(error))
        case _:
            console.error(
                f"internal error: {type(error).__name__}: {error} (--verbose shows where)"
            )
    return EXIT_INPUT


def _explain(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    if error.errno == errno.ENOSPC:
        return f"{where}no space left (SLIM_TMPDIR names another place for temporary files)"
    return f"{where}{error.strerror or error}"


class _ended_by_signals:  # noqa: N801 - a context manager
    """While it is open, SIGTERM and SIGHUP end the run the way Ctrl-C does: tidily."""

    _NUMBERS = (signal.SIGTERM, signal.SIGHUP)

    def __enter__(self) -> None:
        self._before = {}
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, _stop) for number in self._NUMBERS}

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


def _stop(number: int, _: FrameType | None) -> NoReturn:
    raise Stopped(number)
