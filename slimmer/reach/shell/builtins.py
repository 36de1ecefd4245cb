"""What the commands do that change a script's state, and what the simplest commands write."""

from typing import TYPE_CHECKING

from slimmer.formats.shell_builtins import DECLARING
from slimmer.reach.edge import UNKNOWN, Confidence
from slimmer.reach.shell.files import found_by_find, normal
from slimmer.reach.shell.start import matching, programs, start_program
from slimmer.reach.shell.state import MAX_FILES, MAX_VALUES, Fields, State, is_known
from slimmer.reach.world import World

if TYPE_CHECKING:
    from slimmer.reach.shell.commands import Commands

Alternatives = tuple[Fields, ...]
# Commands that hand on the lines they read, or some of them.
_FILTERS = frozenset(("sort", "uniq", "head", "tail", "grep", "egrep", "cat", "tac", "shuf", "tee"))


def builtin(
    runner: "Commands", name: str, calls: list[Fields], state: State, detail: str
) -> Alternatives | None:
    """Do what a builtin does; what it writes, where that is known."""
    match name:
        case "set":
            found = [args for call in calls if (args := _set_args(call[1:])) is not None]
            if found:
                state.positional = _bounded(found)
        case "shift":
            count = int(calls[0][1]) if calls[0][1:] and calls[0][1].isdecimal() else 1
            state.positional = _bounded([args[min(count, 99) :] for args in state.positional])
        case "cd" | "chdir" | "pushd":
            _change_folder(calls, state)
        case "pwd":
            return tuple((folder,) for folder in state.folders)
        case "echo" | "printf":
            return tuple(_printed(name, call[1:]) for call in calls)
        case "." | "source":
            for call in calls:
                _source(runner, call[1:], state, detail)
        case "eval":
            return _joined(runner, [" ".join(call[1:]) for call in calls], state, detail)
        case "trap":
            texts = [call[1] for call in calls if len(call) > 2 and call[1][:1] not in ("", "-")]
            _joined(runner, texts, state.fork(), detail)
        case "exec" | "builtin" | "command" | "time" | "coproc" | "!":
            return _prefixed(runner, name, calls, state, detail)
        case "type" | "hash":
            return _looked_up(runner, [call[1:] for call in calls], state, detail)
        case "read":
            _read(calls, state)
        case "mapfile" | "readarray":
            _map_file(calls, state)
        case "unset":
            for call in calls:
                for variable in call[1:]:
                    state.assign(variable, [""])
        case _ if name in DECLARING:
            _declare(name, calls, state)
        case "getopts":
            for call in calls:
                if len(call) > 2:
                    state.assign(call[2], [UNKNOWN])
    return None


def _bounded(found: list[Fields]) -> tuple[Fields, ...]:
    return tuple(dict.fromkeys(found))[:MAX_VALUES]


def _set_args(words: Fields) -> Fields | None:
    """The parameters that `set` sets; None where it only sets options."""
    rest = list(words)
    while rest and rest[0][:1] in ("-", "+"):
        option = rest.pop(0)
        if option in ("--", "-"):
            return tuple(rest)
        if option[1:].endswith("o"):
            del rest[:1]
    return tuple(rest) if rest else None


def _change_folder(calls: list[Fields], state: State) -> None:
    found: list[str] = []
    for call in calls:
        targets = [word for word in call[1:] if word[:1] != "-"]
        if targets and is_known(targets[0]):
            target = targets[0]
            bases = state.folders if not target.startswith("/") else ("",)
            found += [normal(f"{base}/{target}") for base in bases]
    if found:
        state.folders = tuple(dict.fromkeys(found))[:MAX_VALUES]


def _printed(name: str, words: Fields) -> Fields:
    rest = list(words)
    while rest and rest[0] in ("-n", "-e", "-E", "-ne", "-en", "--"):
        rest.pop(0)
    if name == "printf" and rest:
        form, *values = rest
        if form.rstrip("\\n0\n") == "%s":
            return tuple(values) or ("",)
        if "%" in form:
            return (UNKNOWN,)
        return (form.removesuffix("\\n"),)
    return (" ".join(rest),)


def _source(runner: "Commands", words: Fields, state: State, detail: str) -> None:
    if not words:
        return
    path, world = words[0], runner.world
    if not is_known(path):
        places = _sourced_guesses(world, path, state)
    elif "/" in path:
        places = [world.absolute(path, folder) for folder in state.folders]
    else:
        # bash goes on to the working directory; dash does not, and there it is missing.
        places = programs(world, path, state)[:1]
        places += [] if places else [world.absolute(path, folder) for folder in state.folders]
        # A PATH that only the run can tell is often the one of a tool's own folder.
        places += _sourced_guesses(world, f"{UNKNOWN}/{path}", state)
    for place in places:
        runner.source(normal(place), words[1:], state, detail)


def _sourced_guesses(world: World, path: str, state: State) -> list[str]:
    """`. "$LIB/$job.sh"` is any of the folder; `. "$(tool --lib)/setup"` is perhaps beside it."""
    if not path.startswith(UNKNOWN):
        return matching(world, path)
    name = path.rpartition("/")[2]
    beside = f"{state.name.rpartition('/')[0]}/{name}"
    return [beside] if is_known(name) and name and world.get(beside) is not None else []


def _joined(runner: "Commands", texts: list[str], state: State, detail: str) -> Alternatives | None:
    output = None
    for text in dict.fromkeys(texts[:MAX_VALUES]):
        output = runner.run_inner(text, state, detail) or output
    return output


def _prefixed(
    runner: "Commands", name: str, calls: list[Fields], state: State, detail: str
) -> Alternatives | None:
    """`exec program`, `command program`: what follows the options is started."""
    output = None
    for call in calls:
        rest = list(call[1:])
        looks_up = False
        while rest and rest[0][:1] == "-" and name != "!":
            option = rest.pop(0)
            looks_up = looks_up or (name == "command" and option in ("-v", "-V"))
            if name == "exec" and option == "-a":
                del rest[:1]
        if looks_up:
            output = _looked_up(runner, [tuple(rest)], state, detail)
        elif rest:
            output = runner.run_words(tuple(rest), state, detail, program=name == "exec")
    return output


def _looked_up(
    runner: "Commands", calls: list[Fields], state: State, detail: str
) -> Alternatives | None:
    """`command -v name`: whether it is there decides what happens."""
    found: list[str] = []
    for name in dict.fromkeys(word for words in calls for word in words):
        if is_known(name) and name[:1] not in ("", "-") and name not in state.functions:
            needs = start_program(runner.world, (name,), state, detail, Confidence.MEDIUM)
            runner.add(needs)
            found += programs(runner.world, name, state)[:1]
    return tuple((place,) for place in found[:MAX_VALUES]) or None


def _read(calls: list[Fields], state: State) -> None:
    for call in calls:
        names: list[str] = []
        words = iter(call[1:])
        for word in words:
            if word in ("-d", "-p", "-t", "-n", "-u", "-N", "-i"):
                next(words, None)
            elif word[:1] != "-" or not word:
                names.append(word)
        whole = state.stdin if len(names) == 1 else None
        for name in names:
            state.assign(name, whole or [UNKNOWN])


def _map_file(calls: list[Fields], state: State) -> None:
    for call in calls:
        name = call[-1] if len(call) > 1 and call[-1][:1] != "-" else "MAPFILE"
        state.arrays[name] = (state.stdin[:MAX_FILES] if state.stdin is not None else (UNKNOWN,),)


def _declare(name: str, calls: list[Fields], state: State) -> None:
    """`export NAME`, and `export $pair` where the words come out of a variable."""
    for call in calls:
        for word in call[1:]:
            variable, equals, value = word.partition("=")
            if equals and variable.isidentifier():
                state.assign(variable, [value])
            elif name in ("local", "declare", "typeset") and variable.isidentifier():
                state.variables.setdefault(variable, ("",))
            if name == "export" and variable.isidentifier():
                state.exported.add(variable)


def output_of(world: World, calls: list[Fields], state: State) -> Alternatives | None:
    """What some simple programs write, as far as their arguments tell."""
    found = [_output(world, call, state) for call in calls[:MAX_FILES]]
    known = [fields for fields in found if fields is not None]
    return tuple(dict.fromkeys(known)) or None


def _output(world: World, call: Fields, state: State) -> Fields | None:
    name = call[0].rpartition("/")[2]
    words = [word for word in call[1:] if word[:1] != "-"]
    first = words[0] if words else ""
    match name:
        case "dirname" if words:
            head, slash, _ = first.rstrip("/").rpartition("/")
            return (head or slash or ".",)
        case "basename" if words:
            base = first.rstrip("/").rpartition("/")[2]
            return (base.removesuffix(words[1]) if len(words) > 1 else base,)
        case "readlink" | "realpath" if words and is_known(first):
            place = world.absolute(first, state.folders[0])
            node = world.get(place)
            return (f"/{node.path}" if node is not None else normal(place),)
        case "which" if words:
            return tuple(programs(world, first, state)[:1]) or None
        case "find":
            return found_by_find(world, call[1:], state.folders[0])
        case "ls":
            return _listed(world, words, state)
        case "run-parts" if words and "--list" in call:
            return found_by_find(world, (words[-1],), state.folders[0])
        case _ if name in _FILTERS and state.stdin is not None:
            return state.stdin
    return None


def _listed(world: World, words: list[str], state: State) -> Fields | None:
    """`ls`: the names in a folder, other things as they are named."""
    found: list[str] = []
    for word in words or ["."]:
        node = world.get(world.absolute(word, state.folders[0])) if is_known(word) else None
        if node is None:
            continue
        found += sorted(node.children)[:MAX_FILES] if node.children is not None else [word]
    return tuple(found) or None
