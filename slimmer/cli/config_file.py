"""`--config`, and the slim.toml of the working folder: settings below those of the command line."""

import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from slimmer.build.settings import FILE_NAME, MAX_FILE, parse_settings
from slimmer.cli.console import Console
from slimmer.cli.options import Command, Settings
from slimmer.errors import UsageError

_OPTIONS = (
    click.option(
        "--config",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE.toml",
        help=f"Settings for the options above, under [build] (else ./{FILE_NAME}); README.",
    ),
    click.option("--no-config", is_flag=True, help=f"Do not look for ./{FILE_NAME}."),
)


def config_options(command: Command) -> Command:
    """Add `--config` and `--no-config`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def with_config(
    choices: dict[str, Any],
    config: Path | None,
    no_config: bool,
    settings: Settings,
) -> dict[str, Any]:
    """The choices of the command line and, below them, those of the file: lists add up, of other
    values the command line's own win. A key that is none of `choices` is passed over: `why` has
    fewer than `build`. Raises `UsageError`."""
    if config is not None and no_config:
        raise UsageError("--config does not go with --no-config")
    path = config
    if config is None and not no_config and _is_file(Path(FILE_NAME)):
        path = Path(FILE_NAME)
    if path is None:
        return choices
    with path.open("rb") as file:
        found = parse_settings(file.read(MAX_FILE + 1), str(path))
    if settings.verbose and not settings.quiet:
        console = click.get_current_context().find_object(Console)
        assert console is not None
        console.note(f"settings of {path}: {', '.join(found) or 'none'}")
    return {**choices, **{name: _merged(name, choices, found) for name in choices if name in found}}


def _merged(name: str, choices: Mapping[str, Any], found: Mapping[str, Any]) -> Any:
    own, other = choices[name], found[name]
    if isinstance(other, tuple):
        return (*other, *own)
    return own if was_given(name) else other


def was_given(name: str) -> bool:
    """Whether the command line has the option, as opposed to its default."""
    source = click.get_current_context().get_parameter_source(name)
    return source is ParameterSource.COMMANDLINE


def _is_file(path: Path) -> bool:
    """Only a regular file is looked into unasked: a pipe of that name would wait for ever."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False
