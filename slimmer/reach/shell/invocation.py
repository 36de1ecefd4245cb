"""The arguments of a shell: sh(1), bash(1)."""

from dataclasses import dataclass, field

from slimmer.reach.shell.state import Fields

_LONG_WITH_VALUE = frozenset(("--rcfile", "--init-file"))


@dataclass
class Invocation:
    """`command` is the text of `-c`, `script` the file that is read; `name` is `$0`.

    `files` are scripts that are read besides.
    """

    name: str
    command: str | None = None
    script: str = ""
    args: Fields = ()
    is_login: bool = False
    files: list[str] = field(default_factory=list)


def parse_invocation(words: Fields) -> Invocation:
    """What a shell does that is started with these words, its own name first."""
    said = Invocation(words[0], is_login=words[0].startswith("-"))
    rest = list(words[1:])
    takes_command = reads_input = False
    while rest and rest[0][:1] in ("-", "+") and len(rest[0]) > 1:
        option = rest.pop(0)
        if option == "--":
            break
        if option.startswith("--"):
            said.is_login = said.is_login or option == "--login"
            if option in _LONG_WITH_VALUE and rest:
                said.files.append(rest.pop(0))
            continue
        letters = option[1:]
        takes_command = takes_command or (option[0] == "-" and "c" in letters)
        reads_input = reads_input or "s" in letters
        said.is_login = said.is_login or "l" in letters
        del rest[: letters.count("o") + letters.count("O")]
    if takes_command and rest:
        said.command = rest.pop(0)
        said.name, *rest = rest or [words[0]]
    elif rest and not reads_input and rest[0] != "-":
        said.script = said.name = rest.pop(0)
    said.args = tuple(rest)
    return said
