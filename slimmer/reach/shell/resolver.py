"""Shell scripts, and shells that are given commands: what they start, source and read."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from slimmer.formats.shell_words import UNKNOWN_SIGN
from slimmer.reach.commands import start
from slimmer.reach.edge import UNKNOWN, Confidence, Kind, Need, Role
from slimmer.reach.languages import SHELL
from slimmer.reach.resolver import Resolver, Visit
from slimmer.reach.shell.busybox import applet
from slimmer.reach.shell.invocation import Invocation, parse_invocation
from slimmer.reach.shell.run import Runner
from slimmer.reach.shell.state import Fields, State, environment
from slimmer.reach.shell.tables import crontab, execline
from slimmer.reach.world import World

_MAX_EXPORTED = 1000
_SHOWN = 80
_SHELL_NAMES = frozenset(("sh", "bash", "dash", "ash", "ksh", "mksh", "zsh", "yash", "posh"))


class ShellResolver(Resolver):
    """Runs scripts on paper. What one exports is seen by those that are visited after it."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._exported: dict[str, tuple[str, ...]] = environment(world.environment)
        self._sourced: set[str] = set()
        self._done: set[tuple[str, Fields]] = set()

    def visit(self, visit: Visit) -> Iterator[Need]:
        if not visit.is_code:
            return
        if visit.language == SHELL:
            yield from self._script(visit)
        elif visit.language == "crontab":
            text = crontab(_decoded(self.world.text(visit.node)), visit.node.path)
            yield from self._run(_encoded(text), visit.called, ())
        elif visit.language == "execline" or _is_execline(visit):
            for command in execline(_decoded(self.world.text(visit.node))):
                detail = " ".join(command)[:_SHOWN]
                yield from start(self.world, command, detail, Confidence.MEDIUM)
        elif visit.role is Role.RUN and visit.argv:
            words = applet(visit.called, visit.argv)
            if words[0].rpartition("/")[2] in _SHELL_NAMES and len(words) > 1:
                yield from self._shell(words)

    def _script(self, visit: Visit) -> Iterator[Need]:
        """A script that is started with its arguments, or sourced by one that is not known."""
        path = visit.node.path
        if visit.role is not Role.RUN and path in self._sourced:
            return
        args = visit.argv[1:] if visit.argv else (UNKNOWN,)
        if (path, args) in self._done:
            return
        self._done.add((path, args))
        text = self.world.text(visit.node)
        yield from self._run(text, visit.called, args)

    def _shell(self, words: Fields) -> Iterator[Need]:
        """A shell that is started with options, a command or a script."""
        said = parse_invocation(words)
        if said.is_login:
            yield from self._login()
        if said.command is not None:
            label = f"{words[0].rpartition('/')[2]} -c: "
            text = said.command.replace(UNKNOWN, UNKNOWN_SIGN)
            yield from self._run(_encoded(text), said.name, said.args, label)
        elif said.script and UNKNOWN not in said.script:
            yield from self._start_script(said, words)
        for path in said.files:
            yield Need(self.world.absolute(path), Kind.LOAD, " ".join(words[:3]), language=SHELL)

    def _start_script(self, said: Invocation, words: Fields) -> Iterator[Need]:
        detail = " ".join(words).replace(UNKNOWN, "?")[:_SHOWN]
        place = self.world.absolute(said.script)
        if self.world.get(place) is None:
            place = next(iter(self.world.programs(said.script)), place)
        argv = (said.script, *said.args)
        yield Need(place, Kind.EXEC, detail, argv=argv, language=SHELL)

    def _login(self) -> Iterator[Need]:
        home = self.world.environment.get("HOME", "/root")
        profiles = (".profile", ".bash_profile", ".bash_login")
        for path in ("/etc/profile", *(f"{home}/{name}" for name in profiles)):
            if self.world.get(path) is not None:
                yield Need(path, Kind.LOAD, "a login shell", language=SHELL)

    def _run(self, text: bytes, name: str, args: Fields, label: str = "") -> Iterator[Need]:
        runner = Runner(self.world, label=label, has_lines=not label)
        state = State(name, dict(self._exported), (args,), (self.world.working_dir,))
        runner.run_text(text, state)
        self._sourced |= runner.sourced
        for exported in state.exported:
            self._export(exported, state.values(exported) or ())
        yield from list(runner.needs)
        yield from _never_called(runner, state)

    def _export(self, name: str, values: Fields) -> None:
        if len(self._exported) < _MAX_EXPORTED:
            both = (*self._exported.get(name, ()), *values)
            self._exported[name] = tuple(dict.fromkeys(both))[:16]


def _never_called(runner: Runner, state: State) -> Iterator[Need]:
    """What functions need that nothing calls by a name that is known.

    A function whose name is said nowhere else is hardly ever called.
    """
    known = set(runner.needs)
    for function, label in list(state.functions.values()):
        if function.name in runner.called:
            continue
        level = Confidence.MEDIUM if runner.may_call(function.name) else Confidence.LOW
        before = len(runner.needs)
        runner.call(function, label, ((UNKNOWN,),), state.fork())
        for need in islice(runner.needs, before, None):
            if need not in known:
                yield replace(need, confidence=min(need.confidence, level))


def _is_execline(visit: Visit) -> bool:
    shebang = visit.node.facts.shebang
    return shebang is not None and shebang.interpreter.endswith("/execlineb")


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape").replace(UNKNOWN, "")


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
