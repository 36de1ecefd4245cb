"""The user of the output, what it writes to, and what changes hands for that: all in one."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from slimmer.build.configured import configured_users, started_names
from slimmer.build.grants import grants_for, strip_special_bits
from slimmer.build.plan import Grant, ModeChange, UserChoice, WritablePath
from slimmer.build.startup import Startup
from slimmer.build.user import Accounts, UserEvidence, choose_user
from slimmer.build.writable import VOLUME, derive_writable
from slimmer.filesystem.tree import Filesystem, ReadFile
from slimmer.oci.config import ImageConfig
from slimmer.reach.graph import Graph


@dataclass(frozen=True)
class Rights:
    """Who the container runs as and may do what. `grants` are only for a user slim has chosen, who
    is `refused` what is not safe to give; `modes` are bits that go in any case."""

    user: UserChoice
    writable: tuple[WritablePath, ...] = ()
    grants: tuple[Grant, ...] = ()
    refused: tuple[WritablePath, ...] = ()
    modes: tuple[ModeChange, ...] = ()

    @property
    def granted(self) -> frozenset[str]:
        """The folders that become the user's."""
        return frozenset(grant.path for grant in self.grants)


def settle_rights(
    wanted: str,
    filesystem: Filesystem,
    config: ImageConfig,
    startup: Startup,
    accounts: Accounts,
    graph: Graph,
    read: ReadFile,
    gone: Collection[str] = frozenset(),
) -> Rights:
    """All that the graph tells of users and writing; `gone` are paths the output does not have.

    `UsageError` for a `wanted` that is no user. Numbers and `keep` are taken as they are: they are
    given nothing.
    """
    writable = derive_writable(filesystem, config, startup, graph, read, gone)
    users = configured_users(filesystem, graph, read)
    evidence = UserEvidence(started_names(graph), users, writable)
    user = choose_user(wanted, filesystem, config, startup, accounts, evidence)
    modes = tuple(strip_special_bits(filesystem, graph, gone))
    if wanted != "auto" or not user.changed:
        return Rights(user, writable, modes=modes)
    grants = grants_for(filesystem, user, writable, evidence.programs)
    return Rights(user, writable, grants.given, grants.refused, modes)


def refused_lines(rights: Rights) -> Iterator[str]:
    """A warning for each folder that the new user needs and does not get; volumes have theirs."""
    for item in rights.refused:
        if item.kind != VOLUME:
            yield f"user {rights.user.text} cannot write to {item.path}: {item.reason}"
