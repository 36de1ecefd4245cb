"""Files that hold commands without being scripts of a shell: crontabs, and execline's."""

import re
import shlex
from collections.abc import Iterator

from slimmer.reach.shell.state import Fields

_MAX_COMMANDS = 1000
_ASSIGNMENT = re.compile(r"\s*([A-Za-z_]\w*)\s*=\s*(.*)")
_TIMES = r"\s*(?:@[a-z]+|\S+\s+\S+\s+\S+\s+\S+\s+\S+)\s+"
_OWN = re.compile(_TIMES + r"(\S.*)")
_SYSTEM = re.compile(_TIMES + r"\S+\s+(\S.*)")
_ANACRON = re.compile(r"\s*\S+\s+\d+\s+\S+\s+(\S.*)")
_INPUT = re.compile(r"(?<!\\)%")


def crontab(text: str, path: str) -> str:
    """The commands of a crontab(5) as a script, its lines where they were.

    The tables of the system name an account before the command; those of accounts do not.
    """
    expression = _OWN
    if path.endswith("anacrontab"):
        expression = _ANACRON
    elif path == "etc/crontab" or path.startswith("etc/cron.d/"):
        expression = _SYSTEM
    return "\n".join(_script_line(line, expression) for line in text.splitlines())


def _script_line(line: str, expression: re.Pattern[str]) -> str:
    line = line[:4096]
    if line.lstrip().startswith("#"):
        return ""
    if assigned := _ASSIGNMENT.fullmatch(line):
        return f"{assigned[1]}={shlex.quote(assigned[2].strip(chr(34) + chr(39)))}"
    found = expression.fullmatch(line)
    # What follows a percent sign is the input.
    return _INPUT.split(found[1])[0].replace("\\%", "%") if found else ""


def execline(text: str) -> Iterator[Fields]:
    """The commands of an execline script: each begins at the start or at a brace."""
    try:
        words = shlex.split(text, comments=True)
    except ValueError:
        words = text.split()
    command: list[str] = []
    count = 0
    for word in [*words, "}"]:
        if word not in ("{", "}"):
            command.append(word)
        elif command:
            yield tuple(command)
            command = []
            count += 1
            if count > _MAX_COMMANDS:
                return
