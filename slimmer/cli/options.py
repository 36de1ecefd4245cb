"""Options that commands share, each written once."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from slimmer.limits import Limits
from slimmer.oci.platform import Platform

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True)
class Settings:
    """What the shared options say."""

    plain_http: bool
    tls_verify: bool
    cert_dir: Path | None
    authfile: Path | None
    platform: str | None
    no_cache: bool
    limit: tuple[str, ...]
    quiet: bool
    verbose: bool

    @property
    def wanted_platform(self) -> Platform | None:
        """Raises `UsageError` when it is not a platform."""
        return Platform.parse(self.platform) if self.platform else None

    @property
    def limits(self) -> Limits:
        """Raises `UsageError` when one has no such name or value."""
        return Limits.of(self.limit)


_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)

_SHARED = (
    click.option("--platform", metavar="OS/ARCH[/VARIANT]", help="Of an image for several."),
    click.option("--no-cache", is_flag=True, help="Read every layer, remember none."),
    click.option(
        "--limit",
        multiple=True,
        metavar="NAME=VALUE",
        help="Allow more of what an error says is limited (k, M, G).",
    ),
    click.option("--plain-http", is_flag=True, help="Speak HTTP (loopback: always)."),
    click.option(
        "--tls-verify/--no-tls-verify", default=True, help="Check the registry's certificate."
    ),
    click.option("--cert-dir", type=_FOLDER, help="Certificates to trust and to show."),
    click.option("--authfile", type=_FILE, help="Credentials, as docker and podman keep them."),
    click.option("-q", "--quiet", is_flag=True, help="No notes, warnings or progress on stderr."),
    click.option("-v", "--verbose", is_flag=True, help="Show everything; explain internal errors."),
)


def shared_options(command: Command) -> Command:
    """Add the options to a command; it gets them as its first argument, a `Settings`."""
    names = [field.name for field in fields(Settings)]

    @wraps(command)
    def call(**arguments: Any) -> Any:
        settings = Settings(**{name: arguments.pop(name) for name in names})
        return command(settings, **arguments)

    wrapped: Any = call
    for option in reversed(_SHARED):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[no-any-return]


output_option = click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write there instead of to stdout.",
)


def format_option(*choices: str) -> Callable[[Command], Command]:
    """`--format`, the first choice being the default."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(choices),
        default=choices[0],
        show_default=True,
        help="What to write.",
    )


def schema_option(name: str) -> Callable[[Command], Command]:
    """`--schema`: print the JSON Schema of the command's JSON and be done."""

    def show(context: click.Context, _: click.Parameter, wanted: bool) -> None:
        if wanted:
            from slimmer.report.schema import read_schema

            context.obj.text(read_schema(name))
            context.exit()

    return click.option(
        "--schema",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=show,
        help="Print the JSON Schema of --format json.",
    )
