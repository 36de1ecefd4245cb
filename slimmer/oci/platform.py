"""Platforms: `os/architecture[/variant]` (image-index.md, "platform")."""

import platform as host
from dataclasses import dataclass
from typing import Self

from slimmer.errors import UsageError
from slimmer.oci.fields import Fields

_ARCHITECTURES = {
    "x86_64": "amd64",
    "amd64": "amd64",
    "aarch64": "arm64",
    "arm64": "arm64",
    "armv7l": "arm",
    "i686": "386",
    "ppc64le": "ppc64le",
    "riscv64": "riscv64",
    "s390x": "s390x",
}

# What Go's toolchain assumes when no variant is said, and what images leave out.
_DEFAULT_VARIANTS = {"arm64": "v8", "arm": "v7"}


@dataclass(frozen=True)
class Platform:
    os: str
    architecture: str
    variant: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `os/arch[/variant]` as typed by a user; `UsageError` when it is not that."""
        parts = text.split("/")
        if len(parts) not in (2, 3) or not all(parts):
            raise UsageError(
                f"not a platform: {text!r}",
                hint="write os/arch or os/arch/variant, e.g. linux/amd64",
            )
        return cls(*parts)

    @classmethod
    def from_fields(cls, fields: Fields) -> Self:
        return cls(
            os=fields.required_text("os"),
            architecture=fields.required_text("architecture"),
            variant=fields.text("variant") or "",
        )

    @classmethod
    def of_host(cls) -> Self:
        machine = host.machine().lower()
        return cls("linux", _ARCHITECTURES.get(machine, machine))

    def matches(self, wanted: "Platform") -> bool:
        """Whether an image for this platform serves `wanted`; an unsaid variant fits any."""
        if (self.os, self.architecture) != (wanted.os, wanted.architecture):
            return False
        default = _DEFAULT_VARIANTS.get(self.architecture, "")
        mine, theirs = self.variant or default, wanted.variant or default
        return not wanted.variant or mine == theirs

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)
