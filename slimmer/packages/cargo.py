"""Rust crates, as cargo-auditable lists them in a program."""

from collections.abc import Iterator

from slimmer.packages.interface import Ecosystem, Package, Unread
from slimmer.packages.purl import make_purl
from slimmer.packages.survey import Survey


class Cargo(Ecosystem):
    """The crates compiled into each program; those that only built it are not in it."""

    def read(self, survey: Survey) -> Iterator[Package | Unread]:
        for node in survey.noted:
            # The program's own crate first: it is the one that owns the file.
            for crate in sorted(node.facts.rust, key=lambda crate: not crate.is_root):
                if crate.kind == "build":
                    continue
                yield Package(
                    type="cargo",
                    name=crate.name,
                    version=crate.version,
                    purl=make_purl("cargo", "", crate.name, crate.version),
                    layer=node.layer,
                    database=node.path,
                    files=(node.path,),
                )
