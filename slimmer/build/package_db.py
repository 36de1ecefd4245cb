"""Package databases that say what is still there: never deleted to make a scanner silent.

A package with no file left is no longer listed; one that lost files other than documentation is
marked where its record has a place for it. The lists of files name what exists.
"""

from slimmer.build.apk_db import rewrite_apk
from slimmer.build.decisions import Decisions
from slimmer.build.dpkg_db import rewrite_dpkg
from slimmer.build.plan import Written
from slimmer.build.remains import remains_of
from slimmer.build.rpm_db import rewrite_rpm
from slimmer.filesystem.tree import Filesystem
from slimmer.packages.interface import Packages


def rewrite_databases(
    filesystem: Filesystem, packages: Packages, decisions: Decisions
) -> list[Written]:
    """New contents of the databases; records of packages that went are added to `decisions`."""
    remains = [
        remains_of(filesystem, p, decisions) for p in packages.all if p.type in ("deb", "apk")
    ]
    return [
        *rewrite_dpkg(filesystem, decisions, [r for r in remains if r.package.type == "deb"]),
        *rewrite_apk(filesystem, decisions, [r for r in remains if r.package.type == "apk"]),
        *rewrite_rpm(filesystem, packages, decisions),
    ]
