"""The options that decide what goes, shared by the commands that plan a build."""

import click

from slimmer.build.options import PROFILES
from slimmer.cli.options import Command

_OPTIONS = (
    click.option(
        "--profile",
        type=click.Choice(PROFILES),
        default=PROFILES[0],
        show_default=True,
        help="What stays. package: what the container can need, and the rest of the packages "
        "that is in. file: only what it can need. safe: all but what a rule names and nothing "
        "needs.",
    ),
    click.option("--keep", multiple=True, metavar="GLOB", help="Never remove these paths."),
    click.option("--drop", multiple=True, metavar="GLOB", help="Remove these paths as well."),
    click.option(
        "--keep-package", multiple=True, metavar="NAME", help="Keep all of this package, working."
    ),
    click.option("--drop-package", multiple=True, metavar="NAME", help="Remove this package."),
    click.option(
        "--keep-shell/--no-keep-shell", default=False, help="Keep /bin/sh, whoever needs it."
    ),
)


def selection_options(command: Command) -> Command:
    """Add the options; a command gets them by the names of the fields of `BuildOptions`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
