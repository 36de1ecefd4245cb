"""The judgement on each check, out of `checks.toml`: severity, advice, references."""

import functools
import tomllib
from importlib import resources
from typing import Any, Literal

import msgspec

from slimmer.detect.interface import Confidence, Finding, Severity

SeverityName = Literal["low", "medium", "high", "critical"]
ConfidenceName = Literal["low", "medium", "high"]


class Check(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that can be found, and what slim thinks of it."""

    id: str
    category: str
    severity: SeverityName
    advice: str
    confidence: ConfidenceName = "high"
    references: tuple[str, ...] = ()

    def finding(
        self,
        message: str,
        *,
        path: str | None = None,
        layer: int | None = None,
        size: int = 0,
        severity: SeverityName | None = None,
        in_final_filesystem: bool = True,
    ) -> Finding:
        """A finding of this check; `severity` where the case is not the usual one."""
        return Finding(
            id=self.id,
            category=self.category,
            severity=Severity[(severity or self.severity).upper()],
            confidence=Confidence[self.confidence.upper()],
            message=message,
            advice=self.advice,
            path=path,
            layer=layer,
            in_final_filesystem=in_final_filesystem,
            bytes=size,
            references=self.references,
        )


class _Checks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    check: tuple[Check, ...]


@functools.cache
def checks() -> dict[str, Check]:
    """Every check of `checks.toml` by its id."""
    return {item.id: item for item in msgspec.convert(load_table("checks"), _Checks).check}


def check(check_id: str) -> Check:
    """The check of that id. KeyError when there is none."""
    return checks()[check_id]


def load_table(name: str) -> dict[str, Any]:
    """One of the tables beside this file."""
    text = resources.files("slimmer.detect").joinpath(f"{name}.toml").read_text("utf-8")
    return tomllib.loads(text)
