"""Every resolver, in the order they are asked. A new kind of evidence is a file and a line here."""

from slimmer.reach.application.resolver import ApplicationResolver
from slimmer.reach.config.resolver import ConfigFileResolver
from slimmer.reach.elf.resolver import ElfResolver
from slimmer.reach.java.resolver import JavaResolver
from slimmer.reach.node.resolver import NodeResolver
from slimmer.reach.package_depends import DataDepends, Licences
from slimmer.reach.perl.resolver import PerlResolver
from slimmer.reach.php.resolver import PhpResolver
from slimmer.reach.python.resolver import PythonResolver
from slimmer.reach.resolver import Resolver
from slimmer.reach.ruby.resolver import RubyResolver
from slimmer.reach.script import ShebangResolver
from slimmer.reach.shell.resolver import ShellResolver
from slimmer.reach.shell.wrappers import WrapperResolver
from slimmer.reach.system.resolver import SystemResolver
from slimmer.reach.world import World

RESOLVERS: tuple[type[Resolver], ...] = (
    ElfResolver,
    ShebangResolver,
    ShellResolver,
    WrapperResolver,
    ConfigFileResolver,
    SystemResolver,
    PythonResolver,
    NodeResolver,
    JavaResolver,
    PerlResolver,
    RubyResolver,
    PhpResolver,
    ApplicationResolver,
    DataDepends,
    Licences,
)


def resolvers(world: World) -> list[Resolver]:
    return [resolver(world) for resolver in RESOLVERS]
