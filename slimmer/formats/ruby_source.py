"""Ruby source and Bundler's files: what is required, which gems are wanted. Never run."""

import re
from dataclasses import dataclass

_MAX_FOUND = 2000
_MAX_LINES = 50_000
_MAX_LINE = 400
_PATH = r"""['"]([^'"#\n]{1,300})['"]"""
_REQUIRE = re.compile(rf"^([ \t]{{0,99}}).{{0,200}}?\brequire[ \t(]{{1,9}}{_PATH}", re.MULTILINE)
_RELATIVE = re.compile(rf"\brequire_relative[ \t(]{{1,9}}{_PATH}")
_AUTOLOAD = re.compile(rf"\bautoload[ \t(]{{1,9}}:\w{{1,99}},[ \t]{{0,9}}{_PATH}")
_LOAD = re.compile(rf"\bload[ \t(]{{1,9}}{_PATH}")
_GEM = re.compile(
    rf"(?:^[ \t]{{0,99}}gem[ \t(]{{1,9}}|\b(?:activate_)?bin_path[ \t(]{{1,9}}){_PATH}",
    re.MULTILINE,
)
_BESIDE = re.compile(r"__(?:dir|FILE)__(?:\(\))?[ \t]{0,9},[ \t]{0,9}" + _PATH)
_COMMENT = re.compile(r"^[ \t]*#.*$", re.MULTILINE)

_GROUP = re.compile(r"group[\s(]+(.*)")
_GEM_LINE = re.compile(rf"gem[\s(]+{_PATH}(.*)")
_OWN_GROUP = re.compile(
    r"\bgroups?\b(?::|\s{0,9}=>)\s{0,9}(\[[^\]]*\]|%i\[[^\]]*\]|:\w+|['\"]\w+['\"])"
)
_SYMBOL = re.compile(r"\w+")
_OPENS = re.compile(r"\bdo\b(?:\s*\|[^|]*\|)?\s*$|^\s*(?:if|unless|case|begin)\b")
_DEVELOPMENT = frozenset({"development", "test", "lint", "doc", "docs", "ci", "i"})

_SPECIFICATION = re.compile(r" {4}(\S+) \(([^)]*)\)")
_DEPENDENCY = re.compile(r" {6}(\S+)")
_ROOT = re.compile(r" {2}([^\s!]+)")


@dataclass(frozen=True)
class RubySource:
    """`requires` are at the outermost level, `lazy` deeper or by `autoload` and `load`; `relative`
    to the file; `gems` by name."""

    requires: tuple[str, ...] = ()
    lazy: tuple[str, ...] = ()
    relative: tuple[str, ...] = ()
    gems: tuple[str, ...] = ()


def parse_ruby_source(source: str) -> RubySource:
    text = _COMMENT.sub("", source)
    requires: list[str] = []
    lazy: list[str] = []
    for match in _bounded(_REQUIRE, text):
        (lazy if match[1] else requires).append(match[2])
    for pattern in (_AUTOLOAD, _LOAD):
        lazy += (match[1] for match in _bounded(pattern, text))
    relative = [match[1] for match in _bounded(_RELATIVE, text)]
    relative += (match[1] for match in _bounded(_BESIDE, text))
    gems = [match[1] for match in _bounded(_GEM, text)]
    return RubySource(_once(requires), _once(lazy), _once(relative), _once(gems))


def parse_gemfile(source: str) -> frozenset[str]:
    """The gems that are in groups for development and tests only."""
    wanted: set[str] = set()
    development: set[str] = set()
    # For each open block, whether it is a group of gems that production does without.
    blocks: list[bool] = []
    for line in _COMMENT.sub("", source).splitlines()[:_MAX_LINES]:
        line = line[:_MAX_LINE].strip()
        if (group := _GROUP.match(line)) and " do" in line:
            blocks.append(_is_development(group[1].rpartition(" do")[0]))
        elif line == "end" and blocks:
            blocks.pop()
        elif gem := _GEM_LINE.match(line):
            own = _OWN_GROUP.search(gem[2])
            is_development = any(blocks) or (own is not None and _is_development(own[1]))
            (development if is_development else wanted).add(gem[1])
        elif _OPENS.search(line):
            blocks.append(False)
    return frozenset(development - wanted)


def _is_development(groups: str) -> bool:
    names = _SYMBOL.findall(groups)
    return bool(names) and _DEVELOPMENT.issuperset(names)


@dataclass(frozen=True)
class Lock:
    """Bundler's Gemfile.lock: versions and dependencies by gem, and what the Gemfile asks for."""

    versions: dict[str, tuple[str, ...]]
    dependencies: dict[str, tuple[str, ...]]
    roots: tuple[str, ...]

    def closure(self, without: frozenset[str]) -> list[str]:
        """The gems that the roots need, directly or not, but for the roots in `without`."""
        waiting = [name for name in reversed(self.roots) if name not in without]
        found: dict[str, None] = {}
        while waiting:
            name = waiting.pop()
            if name not in found:
                found[name] = None
                waiting += reversed(self.dependencies.get(name, ()))
        return list(found)


def parse_lock(source: str) -> Lock:
    """Read the lists of gems; what a lock file has besides them is passed over."""
    versions: dict[str, list[str]] = {}
    dependencies: dict[str, list[str]] = {}
    roots: list[str] = []
    section = last = ""
    for line in source.splitlines()[:_MAX_LINES]:
        if line and not line.startswith(" "):
            section = line.strip()
        elif section == "DEPENDENCIES":
            if root := _ROOT.match(line):
                roots.append(root[1])
        elif match := _SPECIFICATION.fullmatch(line):
            last = match[1]
            versions.setdefault(last, []).append(match[2])
            dependencies.setdefault(last, [])
        elif last and (dependency := _DEPENDENCY.match(line)):
            dependencies[last].append(dependency[1])
    return Lock(
        {name: tuple(each) for name, each in versions.items()},
        {name: tuple(each) for name, each in dependencies.items()},
        tuple(dict.fromkeys(roots)),
    )


def _bounded(pattern: re.Pattern[str], text: str) -> list[re.Match[str]]:
    return [match for match, _ in zip(pattern.finditer(text), range(_MAX_FOUND), strict=False)]


def _once(names: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
