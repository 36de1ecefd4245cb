"""Command lines of Node and of the tools that run a package's scripts."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from slimmer.reach.edge import UNKNOWN
from slimmer.reach.node.manifest import Manifest

_LOADING = frozenset({"-r", "--require", "--import", "--loader", "--experimental-loader"})
_EVALUATED = frozenset({"-e", "--eval", "-p", "--print", "-pe"})
_WITH_WORD = frozenset(
    {"-C", "--conditions", "--title", "--icu-data-dir", "--openssl-config", "--input-type"}
    | {"--diagnostic-dir", "--watch-path", "--env-file", "--stack-trace-limit"}
)
RUNNERS = frozenset({"npm", "npx", "yarn", "yarnpkg", "pnpm", "pnpx"})
_LIFE_CYCLE = frozenset({"start", "stop", "restart", "test"})
_FOLDER_OPTIONS = frozenset({"--prefix", "-C", "--cwd", "--dir"})
_COMMAND_ENDS = frozenset({"&&", "||", ";", "|", "&"})
_MAX_WORDS = 200


@dataclass(frozen=True)
class NodeCommand:
    """`script` is empty when there is none; `loads` come before it, `arguments` after it; `code`
    is JavaScript."""

    script: str = ""
    loads: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()


def parse_node_command(words: Sequence[str]) -> NodeCommand:
    """The words after `node`, or those of NODE_OPTIONS."""
    loads: list[str] = []
    code: list[str] = []
    script = ""
    rest = iter(words[:_MAX_WORDS])
    for word in rest:
        option, equals, value = word.partition("=")
        if option in _LOADING:
            loads.append(value if equals else next(rest, ""))
        elif option in _EVALUATED:
            code.append(value if equals else next(rest, ""))
        elif word in _WITH_WORD:
            next(rest, None)
        elif word == "--":
            script = next(rest, "")
            break
        elif not word.startswith("-") and word != "inspect":
            script = word
            break
    if code:
        script = ""
    return NodeCommand(
        _known(script), tuple(filter(_known, loads)), tuple(filter(_known, code)), tuple(rest)
    )


def runner_of(path: str) -> str:
    """The runner whose program a path is: `npm` of `bin/npm-cli.js`; empty for none."""
    name = path.rpartition("/")[2].split(".")[0].removesuffix("-cli")
    return name if name in RUNNERS else ""


def _known(word: str) -> str:
    return "" if UNKNOWN in word else word


@dataclass(frozen=True)
class Run:
    """What a runner is told: a script of `package.json`, or a command; `folder` if it says one."""

    name: str = ""
    words: tuple[str, ...] = ()
    folder: str = ""


def parse_runner(tool: str, words: Sequence[str]) -> Run:
    """The words after `npm`, `npx`, `yarn` or `pnpm`."""
    folder, plain = _options(words)
    if not plain or UNKNOWN in plain[0]:
        return Run(folder=folder)
    first, rest = plain[0], tuple(plain[1:])
    if tool in ("npx", "pnpx"):
        return Run(words=tuple(plain), folder=folder)
    if first in ("run", "run-script"):
        return Run(rest[0], rest, folder) if rest else Run(folder=folder)
    if first in ("exec", "x", "dlx"):
        return Run(words=rest, folder=folder)
    if tool == "npm":
        return Run("test" if first == "t" else first if first in _LIFE_CYCLE else "", (), folder)
    return Run(first, tuple(plain), folder)


def _options(words: Sequence[str]) -> tuple[str, list[str]]:
    """The folder the tool is told to go to, and the words from its command on."""
    folder = ""
    rest = list(words[:_MAX_WORDS])
    plain: list[str] = []
    while rest:
        word = rest.pop(0)
        option, equals, value = word.partition("=")
        if option in _FOLDER_OPTIONS:
            folder = value if equals else (rest.pop(0) if rest else "")
        elif not word.startswith("-") or len(plain) > 1:
            plain.append(word)
    return _known(folder), plain


def script_lines(manifest: Manifest, name: str) -> Iterator[str]:
    """The shell commands of a script, with those that go before and after it."""
    for each in (f"pre{name}", name, f"post{name}"):
        if each in manifest.scripts:
            yield manifest.scripts[each]
    if name == "start" and "start" not in manifest.scripts:
        yield "node server.js"


def simple_commands(line: str) -> Iterator[list[str]]:
    """The simple commands of a script, assignments before them left out."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|")
    lexer.whitespace_split = True
    try:
        words = [word for word, _ in zip(lexer, range(_MAX_WORDS), strict=False)]
    except ValueError:
        return
    command: list[str] = []
    for word in [*words, ";"]:
        if word in _COMMAND_ENDS:
            if command:
                yield command
            command = []
        elif command or not _is_assignment(word):
            command.append(UNKNOWN if "$" in word else word)


def _is_assignment(word: str) -> bool:
    name, equals, _ = word.partition("=")
    return (bool(equals) and name.isidentifier()) or word in ("cross-env", "exec", "dotenv", "--")
