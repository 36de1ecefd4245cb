"""Every resolver, in the order they are asked. A new kind of evidence is a file and a line here."""

from slimmer.reach.application import ApplicationResolver
from slimmer.reach.config_files import ConfigFileResolver
from slimmer.reach.elf import ElfResolver
from slimmer.reach.java import JavaResolver
from slimmer.reach.node import NodeResolver
from slimmer.reach.package_depends import DataDepends, Licences
from slimmer.reach.perl import PerlResolver
from slimmer.reach.php import PhpResolver
from slimmer.reach.python import PythonResolver
from slimmer.reach.resolver import Resolver
from slimmer.reach.ruby import RubyResolver
from slimmer.reach.script import ShebangResolver
from slimmer.reach.shell import ShellResolver
from slimmer.reach.system import SystemResolver
from slimmer.reach.world import World
from slimmer.reach.wrappers import WrapperResolver

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
