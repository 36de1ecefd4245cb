"""PHP source and configuration: included files, extensions. Read as text, not run."""

import re
from dataclasses import dataclass

_MAX_FOUND = 2000
_MAX_LINES = 50_000
_INCLUDE = re.compile(
    r"\b(?:include|require)(?:_once)?[\s(]{1,9}(?P<folder>__DIR__|dirname\(__FILE__\))?"
    r"(?P<up>(?:\s{0,9}\.\s{0,9})?)['\"](?P<path>[^'\"$\n]{1,300})['\"]"
)
_BESIDE = re.compile(r"(?:__DIR__|dirname\(__FILE__\))\s{0,9}\.\s{0,9}['\"]([^'\"$\n]{1,300})['\"]")
_SETTING = re.compile(r"([A-Za-z_][\w.\[\]]*)\s*=\s*(.*)")
_QUOTED = re.compile(r"(['\"])(.*?)\1")
_LOADED = re.compile(r"\bdl\(\s{0,9}['\"]([^'\"$\n]{1,300})['\"]")


@dataclass(frozen=True)
class PhpSource:
    """`includes` are as written, for include_path; `beside` are seen from the file's folder;
    `extensions` are loaded by `dl()`."""

    includes: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()


def parse_php_source(source: str) -> PhpSource:
    """Every literal path that is included, and every one that is joined to `__DIR__`."""
    includes = [match["path"] for match in _bounded(_INCLUDE, source) if not match["folder"]]
    return PhpSource(
        tuple(dict.fromkeys(includes)),
        tuple(dict.fromkeys(match[1] for match in _bounded(_BESIDE, source))),
        tuple(dict.fromkeys(match[1] for match in _bounded(_LOADED, source))),
    )


def parse_php_ini(source: str) -> list[tuple[str, str]]:
    """The settings of an ini file (php.ini, or a pool of php-fpm), in order, without sections."""
    settings: list[tuple[str, str]] = []
    for line in source.splitlines()[:_MAX_LINES]:
        match = (
            None
            if line.lstrip().startswith((";", "#"))
            else _SETTING.fullmatch(line[:4096].strip())
        )
        if match is not None:
            quoted = _QUOTED.match(match[2])
            value = quoted[2] if quoted else match[2].partition(";")[0].rstrip()
            settings.append((match[1], value))
    return settings


def _bounded(pattern: re.Pattern[str], text: str) -> list[re.Match[str]]:
    return [match for match, _ in zip(pattern.finditer(text), range(_MAX_FOUND), strict=False)]
