"""`slim completion`."""

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script for SHELL, to be read at its start:

    \b
    bash  eval "$(slim completion bash)"                 in ~/.bashrc
    zsh   eval "$(slim completion zsh)"                  in ~/.zshrc
    fish  slim completion fish > ~/.config/fish/completions/slim.fish
    """
    kind = get_completion_class(shell)
    assert kind is not None
    script = kind(context.find_root().command, {}, "slim", "_SLIM_COMPLETE").source()
    context.obj.text(script + "\n")
