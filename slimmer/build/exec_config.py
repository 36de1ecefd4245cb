"""Commands of the config that go through a shell and need none: they are started directly."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from slimmer.build.exec_form import to_exec_form
from slimmer.build.startup import SHELLS, search_path
from slimmer.filesystem.tree import Filesystem
from slimmer.oci.config import ImageConfig
from slimmer.oci.strict_json import Json
from slimmer.reach.commands import shown
from slimmer.reach.shell.wrappers import is_wrapper


@dataclass
class ExecForms:
    """`run` has the new fields of the run config, `said` a line for each."""

    run: dict[str, Json] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)


def exec_forms(filesystem: Filesystem, config: ImageConfig) -> ExecForms:
    """What becomes of ENTRYPOINT, CMD and HEALTHCHECK where nothing in them needs a shell."""
    forms = ExecForms()
    for name, argv in _commands(config):
        words = to_exec_form(tuple(argv))
        if words is not None and _is_there(filesystem, config, words[0]):
            forms.run[name] = list(words)
            forms.said.append(f"{_SAID[name]} starts {shown(words)} without a shell")
    if "Entrypoint" in forms.run and config.cmd:
        # They were the shell's positional parameters, which nothing in the line used.
        forms.run["Cmd"] = None
    _add_check(forms, filesystem, config)
    return forms


_SAID = {"Entrypoint": "ENTRYPOINT", "Cmd": "CMD"}


def is_interactive(config: ImageConfig) -> bool:
    """Whether the image starts a shell that waits for somebody to type: a base image's CMD."""
    words = [*config.entrypoint, *config.cmd]
    is_shell = bool(words) and words[0].rpartition("/")[2] in SHELLS
    return is_shell and all(word.startswith("-") and word != "-c" for word in words[1:])


def _commands(config: ImageConfig) -> Iterator[tuple[str, Sequence[str]]]:
    if config.entrypoint:
        yield "Entrypoint", config.entrypoint
    # To another entrypoint CMD is text that it may look at.
    if config.cmd and (not config.entrypoint or is_wrapper(config.entrypoint[0])):
        yield "Cmd", config.cmd


def _add_check(forms: ExecForms, filesystem: Filesystem, config: ImageConfig) -> None:
    check = config.healthcheck
    if check is None or not check.shell_form or len(check.test) != 2:
        return
    words = to_exec_form(("/bin/sh", "-c", check.test[1]), is_check=True)
    run = config.document.get("config")
    if words is None or not isinstance(run, dict) or not isinstance(run.get("Healthcheck"), dict):
        return
    if _is_there(filesystem, config, words[0]):
        forms.run["Healthcheck"] = {**run["Healthcheck"], "Test": ["CMD", *words]}
        forms.said.append(f"HEALTHCHECK starts {shown(words)} without a shell")


def _is_there(filesystem: Filesystem, config: ImageConfig, word: str) -> bool:
    """A word that names nothing is perhaps a function or an applet of the shell."""
    folder = config.working_dir or "/"
    if "/" in word:
        places = [word if word.startswith("/") else f"{folder}/{word}"]
    else:
        places = [f"{place}/{word}" for place in search_path(config)]
    nodes = [filesystem.resolve(place) for place in places]
    return any(node is not None and node.is_executable for node in nodes)
