"""Every ecosystem, in the order in which they own files."""

from slimmer.filesystem.tree import Filesystem
from slimmer.packages.apk import Apk
from slimmer.packages.cargo import Cargo
from slimmer.packages.composer import Composer
from slimmer.packages.dpkg import Dpkg
from slimmer.packages.gem import Gem
from slimmer.packages.golang import Golang
from slimmer.packages.interface import Ecosystem, Package, Packages
from slimmer.packages.maven import Maven
from slimmer.packages.npm import Npm
from slimmer.packages.python import Python
from slimmer.packages.rpm import Rpm
from slimmer.packages.survey import Survey

# Operating systems first: where both list a file, theirs is the one that must not vanish.
ECOSYSTEMS: tuple[Ecosystem, ...] = (
    Dpkg(),
    Apk(),
    Rpm(),
    Python(),
    Npm(),
    Maven(),
    Gem(),
    Golang(),
    Cargo(),
    Composer(),
)


def read_packages(filesystem: Filesystem) -> Packages:
    """Every package of every ecosystem. Never raises for what an image holds."""
    survey = Survey(filesystem)
    found: list[Package] = []
    unread: list[str] = []
    owners: dict[str, Package] = {}
    for ecosystem in ECOSYSTEMS:
        for item in ecosystem.read(survey):
            match item:
                case Package():
                    found.append(item)
                    for path in item.files:
                        owners.setdefault(path, item)
                case _:
                    unread.append(str(item))
    return Packages(tuple(found), tuple(unread), owners)
