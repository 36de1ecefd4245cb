"""A generated gem specification (`specifications/*.gemspec`): Ruby that is read as text, never run.

RubyGems writes one statement a line, in fixed forms. A hand-written one may compute its values;
then there is no version to read.
"""

import re

from slimmer.errors import FormatError
from slimmer.formats.facts import Facts
from slimmer.formats.read import text

MAX_SIZE = 4 << 20
# Only `s.files`, which is not read, is ever longer.
MAX_LINE = 4096

_STUB = re.compile(r"# stub: (\S+) (\S+) (\S+) (.*)")
_STRING = r"""(?:"([^"\\]*)"|'([^'\\]*)'|%q<([^<>]*)>)"""
_VALUE = re.compile(_STRING)
_ASSIGNMENT = re.compile(r"\w+\.(\w+)\s*=\s*(.+)")
_VERSION_VALUE = re.compile(rf"(?:Gem::Version\.new\s*\(?\s*)?{_STRING}")
_DEPENDENCY = re.compile(
    rf"\w+\.add_(runtime_|development_)?dependency\s*\(?\s*{_STRING}(?:\.freeze)?(.*)"
)


class GemSpecification(Facts, frozen=True):
    """`dependencies` are those at run time: (name, "~> 1.0, >= 1.0.1")."""

    name: str
    version: str
    platform: str = "ruby"
    licenses: tuple[str, ...] = ()
    executables: tuple[str, ...] = ()
    require_paths: tuple[str, ...] = ()
    dependencies: tuple[tuple[str, str], ...] = ()


def parse_gemspec(data: bytes) -> GemSpecification:
    """Read name, version and what else is in RubyGems' own forms."""
    if len(data) > MAX_SIZE:
        raise FormatError(f"gem specification is larger than {MAX_SIZE} bytes")
    values: dict[str, str] = {}
    dependencies: dict[str, str] = {}
    for line in text(data).split("\n"):
        stripped = line.strip()
        if len(stripped) > MAX_LINE:
            continue
        if match := _STUB.match(stripped):
            _take_stub(match, values)
        elif match := _ASSIGNMENT.match(stripped):
            values.setdefault(match[1], match[2])
        elif (match := _DEPENDENCY.match(stripped)) and match[1] != "development_":
            # Old generated files repeat the list for older versions of RubyGems.
            dependencies.setdefault(_text_of(match, 2), ", ".join(_strings(match[5])))
    return _specification(values, dependencies)


def _take_stub(match: re.Match[str], values: dict[str, str]) -> None:
    """`# stub: NAME VERSION PLATFORM PATHS`, the paths apart by NUL: what RubyGems itself reads."""
    for key, value in zip(("name", "version", "platform"), match.groups(), strict=False):
        values[key] = f"%q<{value}>"
    values["require_paths"] = " ".join(f"%q<{path}>" for path in match[4].split("\0"))


def _specification(values: dict[str, str], dependencies: dict[str, str]) -> GemSpecification:
    name = _strings(values.get("name", ""))
    version = _VERSION_VALUE.match(values.get("version", ""))
    if not name or version is None:
        raise FormatError("gem specification has no name and version that can be read")
    return GemSpecification(
        name=name[0],
        version=_text_of(version, 1),
        platform=next(iter(_strings(values.get("platform", ""))), "ruby"),
        licenses=_strings(values.get("licenses") or values.get("license", "")),
        executables=_strings(values.get("executables", "")),
        require_paths=_strings(values.get("require_paths", "")),
        dependencies=tuple(dependencies.items()),
    )


def _strings(source: str) -> tuple[str, ...]:
    """The string literals of a piece of Ruby, in their order."""
    return tuple(_text_of(match, 1) for match in _VALUE.finditer(source))


def _text_of(match: re.Match[str], first: int) -> str:
    return match[first] or match[first + 1] or match[first + 2] or ""
