"""The first line of a script: who reads it."""

from collections.abc import Iterator

from slimmer.reach.commands import start
from slimmer.reach.edge import Confidence, Need, Role
from slimmer.reach.resolver import Resolver, Visit
from slimmer.reach.shell.wrappers import is_wrapper


class ShebangResolver(Resolver):
    """`#!` lines of files that are started; a script that is only sourced or imported has its
    reader already."""

    def visit(self, visit: Visit) -> Iterator[Need]:
        shebang = visit.node.facts.shebang
        if shebang is None or visit.role is not Role.RUN:
            return
        line = f"#!{shebang.interpreter}"
        detail = f"{line} {shebang.argument}" if shebang.argument else line
        words = shebang.argument.split() if shebang.argument else []
        if is_wrapper(shebang.interpreter):
            # What `env`, `with-contenv` and others are given is started in turn.
            argv = (shebang.interpreter, *words, f"/{visit.node.path}", *visit.argv[1:])
            yield from start(self.world, argv, detail)
            return
        if shebang.interpreter.startswith("/"):
            for need in start(self.world, (shebang.interpreter,), detail):
                yield need
                return
        yield from start(
            self.world, (shebang.interpreter.rpartition("/")[2],), detail, Confidence.LOW
        )
