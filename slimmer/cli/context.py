"""One run of a command: what the environment says, a private folder, progress for who watches."""

import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from slimmer.cli.console import Console
from slimmer.cli.options import Settings
from slimmer.cli.progress import Bars
from slimmer.errors import SlimError
from slimmer.oci.platform import Platform
from slimmer.report.style import Style
from slimmer.store.interface import no_progress
from slimmer.store.locate import StoreOptions
from slimmer.store.registry.options import RegistryOptions, auth_file_candidates
from slimmer.store.staging import write_file


@dataclass(frozen=True)
class Session:
    """What a command needs of the world. `cache_dir` is None when nothing is to be kept."""

    console: Console
    store: StoreOptions
    platform: Platform | None
    cache_dir: Path | None

    @property
    def style(self) -> Style:
        """How to lay out text for stdout."""
        console = self.console
        return Style(colour=console.colour, width=console.width, verbose=console.verbose)

    def deliver(self, text: str, output: Path | None) -> None:
        """Write a result to stdout, or to a file that is there whole or not at all."""
        if output is None:
            self.console.text(text)
            return
        write_file(output, [text.encode()])


@contextmanager
def open_session(settings: Settings, environ: Mapping[str, str] = os.environ) -> Iterator[Session]:
    """Set a run up, and leave nothing temporary behind however it ends."""
    console = click.get_current_context().find_object(Console)
    assert console is not None
    console.quiet = settings.quiet
    console.verbose = console.verbose or settings.verbose
    platform = settings.wanted_platform
    cache = None if settings.no_cache else cache_dir(environ, console)
    bars = Bars() if console.shows_progress else None
    try:
        with _work_dir(environ) as work_dir:
            store = StoreOptions(
                work_dir=work_dir,
                limits=settings.limits,
                registry=_registry_options(settings, environ, console),
                progress=bars or no_progress,
            )
            yield Session(console, store, platform, cache)
    finally:
        if bars is not None:
            bars.close()


def _registry_options(
    settings: Settings, environ: Mapping[str, str], console: Console
) -> RegistryOptions:
    authfile = str(settings.authfile) if settings.authfile else None
    return RegistryOptions(
        plain_http=True if settings.plain_http else None,
        tls_verify=settings.tls_verify,
        cert_dir=settings.cert_dir,
        auth_files=auth_file_candidates(environ, authfile),
        limits=settings.limits,
        warn=console.warn,
    )


@contextmanager
def _work_dir(environ: Mapping[str, str]) -> Iterator[Path]:
    """A new folder that only this user can enter."""
    parent = environ.get("SLIM_TMPDIR") or tempfile.gettempdir()
    path = Path(parent, f"slim-{secrets.token_hex(8)}")
    try:
        try:
            path.mkdir(mode=0o700)
        except OSError as error:
            raise SlimError(
                f"no folder for temporary files: {error.strerror}",
                where=parent,
                hint="SLIM_TMPDIR or TMPDIR names another",
            ) from None
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def cache_dir(environ: Mapping[str, str], console: Console) -> Path | None:
    """The folder of layer indexes, made if need be; None when it cannot be had or trusted."""
    path = cache_path(environ)
    if path is None:
        return None
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        info = path.stat()
    except OSError as error:
        console.warn(f"no cache: {path}: {error.strerror}")
        return None
    if info.st_uid != os.geteuid() or info.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        console.warn(f"no cache: {path}: somebody else may write there")
        return None
    return path


def cache_path(environ: Mapping[str, str]) -> Path | None:
    """Where layer indexes are kept; None when the environment names no place."""
    if named := environ.get("SLIM_CACHE_DIR"):
        return Path(named)
    folder = environ.get("XDG_CACHE_HOME")
    # The XDG base directory specification: a relative path is to be ignored.
    if folder and os.path.isabs(folder):
        return Path(folder, "slim")
    home = environ.get("HOME")
    return Path(home, ".cache", "slim") if home else None
