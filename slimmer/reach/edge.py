"""The words of reachability: what somebody needs, and the reason that is kept of it."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Kind(StrEnum):
    """What an edge is made of.

    ROOT: the config, the user or the payload itself. EXEC: a program is started. LINK: the dynamic
    loader needs it. LOAD: a module, plugin or extension is loaded. DATA: it is read. POLICY: an
    image has it, whoever reads it. TRACE: a recorded run opened it.
    """

    ROOT = "root"
    EXEC = "exec"
    LINK = "link"
    LOAD = "load"
    DATA = "data"
    POLICY = "policy"
    TRACE = "trace"


class Confidence(IntEnum):
    """How sure it is that the container can need it: each profile has its least."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3

    @property
    def label(self) -> str:
        return self.name.lower()


class Role(IntEnum):
    """What is done with a file, and so which of its own needs count. A higher one has all of those.

    READ: opened as data; nothing it says is followed, so that a data file that names an interpreter
    does not need it. KEEP: it lies there for whoever may use it, and what it links stays with it.
    CODE: loaded into a process, or read as that process's configuration. RUN: started.
    """

    READ = 0
    KEEP = 1
    CODE = 2
    RUN = 3


_ROLES = {
    Kind.ROOT: Role.RUN,
    Kind.EXEC: Role.RUN,
    Kind.LINK: Role.CODE,
    Kind.LOAD: Role.CODE,
    Kind.DATA: Role.READ,
    Kind.POLICY: Role.READ,
    Kind.TRACE: Role.READ,
}


@dataclass(frozen=True, slots=True)
class Need:
    """What a resolver finds that somebody needs: a path of the image, before links are followed.

    `path` may begin with a slash or not, and may lead through links: those are kept with it. Where
    it names nothing, that is noted and nothing else happens. `detail` is a few words of evidence
    for people: `#!/bin/sh`, `NEEDED libz.so.1`, `line 12: exec gosu redis "$@"`. `role` is given by
    the kind unless it is said. `argv` are the words a program is started with, its own name first;
    a word that cannot be known is UNKNOWN. `language` is who reads the file as its program, where
    neither its first line nor its name has to tell (`sh start`): see `languages`. `tree`:
    everything below the folder, in the same role, unless everybody shares the folder (`folders`).
    """

    path: str
    kind: Kind
    detail: str
    confidence: Confidence = Confidence.HIGH
    role: Role | None = None
    argv: tuple[str, ...] = ()
    language: str = ""
    tree: bool = False

    @property
    def effective_role(self) -> Role:
        return _ROLES[self.kind] if self.role is None else self.role


# Stands in `argv` for a word that only the run can tell.
UNKNOWN = "\0"


@dataclass(frozen=True, slots=True)
class Edge:
    """One reason: `source` needs `target`. Paths of the image without a leading slash.

    `source` of a ROOT edge is what made it one: `ENTRYPOINT`, `--keep`, `payload`. `confidence` is
    that of the whole chain up to here: the least of its edges.
    """

    source: str
    target: str
    kind: Kind
    detail: str
    confidence: Confidence
    role: Role
