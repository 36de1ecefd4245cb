"""Perl source: which modules and files it loads, by the forms that can be read without running it.

Perl can only be parsed by running it. POD and what follows `__END__` is left out; a `use` in a
string counts, since it may be for `eval`.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_MAX_FOUND = 2000
_MODULE = r"[A-Za-z_]\w{0,99}(?:::\w{1,99}){0,19}"
_POD = re.compile(r"^=[a-zA-Z].*?(?:^=cut\b[^\n]*$|\Z)", re.MULTILINE | re.DOTALL)
_END = re.compile(r"^__(?:END|DATA)__\s*$", re.MULTILINE)
_COMMENT = re.compile(r"^[ \t]*#.*$|[ \t]# .*$", re.MULTILINE)
_USE = re.compile(
    rf"(?:^|[;{{}}\"'(]|\bq?q[{{(])[ \t]{{0,99}}(?:use|no)[ \t]+(?P<name>{_MODULE})", re.MULTILINE
)
_REQUIRE = re.compile(
    r"require(?<![\w$@%>:-]require)(?:_module)?"
    rf"[ \t(]{{1,9}}['\"]?(?P<name>{_MODULE})['\"]?(?=[\s;)}},]|$)",
    re.MULTILINE,
)
_FILE = re.compile(
    r"\b(?:require|do)[ \t(]{1,9}(?:q\()?['\"]?(?P<name>[^'\"\s;(){}]{1,300}\.(?:p[lmh]|al|ix))\b"
)
_JOINED = re.compile(
    r"\b(?:require|do)[ \t(]{1,9}"
    r"(?P<parts>\$?[\w:]+[ \t]{0,9}\.[ \t]{0,9}['\"][^'\"\n]{1,200}['\"])"
)
_LIST = re.compile(
    r"^[ \t]{0,99}use[ \t]+(?:parent|base|ok|autouse|Mojo::Base|aliased|superclass|fields)\b"
    r"(?P<list>[^;]{1,1000});",
    re.MULTILINE,
)
_EXTENDS = re.compile(r"^[ \t]{0,99}(?:extends|with)[ \t(]+(?P<list>[^;]{1,1000});", re.MULTILINE)
_ISA = re.compile(r"@ISA[ \t]{0,9}=[ \t]{0,9}(?P<list>[^;]{1,1000});")
_LOAD = re.compile(
    r"\b(?:load|load_class|load_module|try_load_class|autoload|load_optional_class|can_load"
    r"|check_install|safe_require|use_module)[ \t(]{1,9}(?:module[ \t]{0,9}=>[ \t]{0,9})?"
    rf"['\"]?(?P<name>{_MODULE})['\"]?"
)
_STRING = re.compile(rf"(?P<quote>['\"])\+?(?P<name>{_MODULE})(?P=quote)")
_WORDS = re.compile(r"qw(?<!\wqw)[ \t]{0,9}[({\[</!|]([^)}\]>/!|]{0,4000})")
# What is asked to find or to load all that lies below a namespace.
_SEARCH = re.compile(
    r"\b(?:search_path|(?:useall|usesub|findallmod|findsubmod|find_modules|load_plugins)\b)"
    r"[ \t]{0,9}(?:=>|\()?[ \t]{0,9}(?P<list>[^;)]{1,1000})"
)
_SEARCHES = ("Module::Pluggable", "Module::Find", "Mojo::Loader", "search_path")
_WITH = re.compile(
    rf"(?:^|;)[ \t]{{0,99}}use[ \t]+(?P<name>{_MODULE})"
    r"[ \t\n(\d.]{1,99}(?P<list>['\"q(][^;]{1,1000})(?=;)",
    re.MULTILINE,
)
_FAMILY = re.compile(
    rf"[\"'](?<![*&@%$\w].)(?<![*&@%$]\{{.)(?P<name>{_MODULE})"
    r"::(?:[\"'][ \t]{0,9}\.|\$|%s|\{)"
)
_PATH_FAMILY = re.compile(r"[\"'](?P<name>[A-Z]\w{1,60}(?:/\w{1,60}){0,9})/\$")
# File::ShareDir: files that a distribution or module has beside its code.
_SHARED = re.compile(r"(?:dist|module)_(?:file|dir)[ \t(]{1,9}['\"](?P<name>[\w:-]{1,200})['\"]")
_LIB = re.compile(
    r"(?:^|[;{])[ \t]{0,99}"
    r"(?:use[ \t]+lib\b|(?:unshift|push)[ \t(]{0,9}@INC[ \t]{0,9},)(?P<list>[^;]{1,1000})[;}]",
    re.MULTILINE,
)
_QUOTED = re.compile(r"['\"]([^'\"\n]{1,300})['\"]")
_UNICODE = ("\\p{", "\\P{", "\\N{", ":encoding", "casefold")
_UNICODE_MODULES = frozenset({"utf8", "encoding", "open", "charnames", "Encode"})
# Perl loads _charnames by itself where a literal names a character.
_CHARACTER_NAME = re.compile(r"\\N\{(?!U\+|\d)")
_DYNAMIC = re.compile(r"\b(?:require|use)[ \t(]{1,9}\$")
_FULL_NAME = re.compile(_MODULE)


@dataclass(frozen=True)
class PerlSource:
    """`uses` are loaded with the file, `requires` when the code comes there. `files` are relative
    to @INC, with those of `$dir . '/x.pl'`. `families` are namespaces whose
    member is computed. `names` are all strings that may be a module's name; `libraries` the
    literals in `use lib`. `parts` are words that may be the last part of a module's name, joined to
    the file's own: `implementations => ['XS', 'PP']`; those of `use Host qw(Part)`, joined to the
    host's, are in `parts_of`. `is_pluggable`: its plug-ins lie below its own `::Plugin`. `shared`
    are distributions and modules whose shared files it asks for."""

    uses: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    parts_of: tuple[tuple[str, tuple[str, ...]], ...] = ()
    is_pluggable: bool = False
    shared: tuple[str, ...] = ()
    has_unicode: bool = False
    is_autoloaded: bool = False


def parse_perl_source(source: str) -> PerlSource:
    """What the source loads, in order, each once."""
    text = _code_of(source)
    uses = [match["name"] for match in _bounded(_USE, text)]
    requires = [match["name"] for match in _bounded(_REQUIRE, text)]
    for pattern in (_LIST, _EXTENDS, _ISA):
        uses += (name for match in _bounded(pattern, text) for name in _listed(match["list"]))
    requires += (match["name"] for match in _bounded(_LOAD, text))
    files = [match["name"] for match in _bounded(_FILE, text)]
    for match in _bounded(_JOINED, text):
        files += (part.lstrip("/") for part in _QUOTED.findall(match["parts"]))
    families = [match["name"] for match in _bounded(_FAMILY, text)]
    families += (match["name"].replace("/", "::") for match in _bounded(_PATH_FAMILY, text))
    if any(word in text for word in _SEARCHES):
        for match in _bounded(_SEARCH, text):
            families += (name for name in _listed(match["list"]) if name[0].isupper())
    libraries = [part for match in _bounded(_LIB, text) for part in _QUOTED.findall(match["list"])]
    # A class in a variable is told from a mere word where something requires a variable.
    is_dynamic = _DYNAMIC.search(text) is not None
    if _CHARACTER_NAME.search(text):
        requires.append("_charnames")
    names = (
        match["name"]
        for match in _bounded(_STRING, text)
        if "::" in match["name"] or (is_dynamic and match["name"][0].isupper())
    )
    return PerlSource(
        uses=_once(uses),
        requires=_once(requires),
        files=_once(files),
        families=_once(families),
        libraries=_once(libraries),
        names=_once(names),
        parts=_once(name for name in _listed(text) if name[0].isupper()),
        parts_of=tuple(_parts_of(text)),
        is_pluggable="Module::Pluggable" in text,
        shared=_once(match["name"] for match in _bounded(_SHARED, text)),
        has_unicode=any(mark in text for mark in _UNICODE) or bool(_UNICODE_MODULES & {*uses}),
        is_autoloaded="AutoLoader" in text or "SelfLoader" in text,
    )


def _code_of(source: str) -> str:
    end = _END.search(source)
    text = source[: end.start()] if end else source
    if "\n=" in text or text.startswith("="):
        text = _POD.sub("", text)
    return _COMMENT.sub("", text)


def _parts_of(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for match in _bounded(_WITH, text):
        parts = _once(name for name in _listed(match["list"]) if name[0].isupper())
        if parts:
            yield match["name"], parts


def _listed(text: str) -> Iterator[str]:
    """The module names in a list: strings, and the words of `qw(...)`."""
    for match in _bounded(_STRING, text):
        yield match["name"]
    for words in _bounded(_WORDS, text):
        yield from (word for word in words[1].split() if _FULL_NAME.fullmatch(word))


def _bounded(pattern: re.Pattern[str], text: str) -> list[re.Match[str]]:
    return [match for match, _ in zip(pattern.finditer(text), range(_MAX_FOUND), strict=False)]


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
