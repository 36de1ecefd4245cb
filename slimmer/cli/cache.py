"""`slim cache`."""

import os

import click

from slimmer.cli.console import Console
from slimmer.cli.context import cache_dir
from slimmer.image.cache import MAX_SIZE, IndexCache
from slimmer.report.escape import escape
from slimmer.report.size import human_size


@click.command()
@click.option("--clear", is_flag=True, help="Remove all of it.")
@click.pass_obj
def cache(console: Console, clear: bool) -> None:
    """Show what slim remembers of layers it has read, or forget it.

    What is kept says nothing but what a layer with that digest holds. It is used by every
    command unless --no-cache is given, and the least recently used goes when it grows too large.
    """
    folder = cache_dir(os.environ, console)
    if folder is None:
        console.text("no cache\n")
        return
    stored = IndexCache(folder)
    use = stored.clear() if clear else stored.use()
    verb = "removed from" if clear else "kept in"
    noun = "layer" if use.layers == 1 else "layers"
    console.text(f"{use.layers} {noun}, {human_size(use.size)}, {verb} ")
    console.text(f"{escape(str(folder))} (at most {human_size(MAX_SIZE)})\n")
