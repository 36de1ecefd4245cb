"""What a Python source file imports, and the words in quotes in it.

By its tokens alone (Python Language Reference, chapter 2 and section 7.11), so that no syntax is
too new or too old, nothing is nested too deeply, and a thousand files take well under a second.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

# Longer strings are texts, not names.
_MAX_STRING = 200
_MAX_STRINGS = 20_000
_MAX_IMPORTS = 10_000

# A string that nothing closes ends with its line or the file: the search never begins anew.
_TOKEN = re.compile(
    rb"#[^\n]*"
    rb'|"""[^"\\]*(?:(?:\\(?:.|\Z)|"(?!""))[^"\\]*)*(?:"""|\Z)'
    rb"|'''[^'\\]*(?:(?:\\(?:.|\Z)|'(?!''))[^'\\]*)*(?:'''|\Z)"
    rb'|"[^"\\\n]*(?:\\(?:.|\Z)[^"\\\n]*)*"?'
    rb"|'[^'\\\n]*(?:\\(?:.|\Z)[^'\\\n]*)*'?",
    re.DOTALL,
)
# Imports that only type checkers see, and the lines below that are indented deeper.
_TYPE_CHECKING = re.compile(
    rb"^([ \t]*)if[ \t]+(?:\w+\.)?TYPE_CHECKING[ \t]*:[ \t]*\n(?:\1[ \t]+[^\n]*\n|[ \t]*\n)*",
    re.MULTILINE,
)
_IMPORT = re.compile(
    rb"import[ \t]+([^\n;()]+)"
    rb"|from[ \t]*(\.*)([\w.]*)[ \t]*import\b[ \t]*(?:\(([^)]{0,10000})\)|([^\n;(]+))",
)
_NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*|\*")


class PythonImport(NamedTuple):
    """`import module` (no names), or `from module import names` with `level` dots before it.

    `is_lazy`: it is indented, so it may happen late, or never.
    """

    module: str
    names: tuple[str, ...] = ()
    level: int = 0
    is_lazy: bool = False


class PythonSource(NamedTuple):
    """`strings` are the short literals of one line, each once, as written (escapes and all)."""

    imports: tuple[PythonImport, ...]
    strings: tuple[str, ...]


def parse_python_source(data: bytes) -> PythonSource:
    """Read source text; what is no Python has no imports, or some that nothing resolves."""
    strings: dict[bytes, None] = {}

    def blank(token: re.Match[bytes]) -> bytes:
        text = token[0]
        if text[:1] == b"#":
            return b""
        quotes = 3 if text[:3] in (b'"""', b"'''") else 1
        body = text[quotes:-quotes]
        if len(body) <= _MAX_STRING and b"\n" not in body and len(strings) < _MAX_STRINGS:
            strings[body] = None
        return b'""'

    code = _TOKEN.sub(blank, data.replace(b"\r\n", b"\n")).replace(b"\\\n", b" ")
    if b"TYPE_CHECKING" in code:
        code = _TYPE_CHECKING.sub(b"", code)
    imports = tuple(dict.fromkeys(_imports(code)))
    return PythonSource(imports, tuple(s.decode("utf-8", "surrogateescape") for s in strings))


def _imports(code: bytes) -> Iterator[PythonImport]:
    for number, found in enumerate(_IMPORT.finditer(code)):
        if number >= _MAX_IMPORTS:
            return
        start = found.start()
        before = code[code.rfind(b"\n", 0, start) + 1 : start]
        statement = before.rstrip(b" \t")
        if statement and statement[-1:] not in b":;":
            # `yield from`, `raise ... from`, a part of a name.
            continue
        modules, dots, module, many, few = found.groups()
        is_lazy = before[:1] in (b" ", b"\t")
        if modules is not None:
            for name in _names(modules):
                yield PythonImport(name, is_lazy=is_lazy)
        else:
            names = tuple(_names(few if many is None else many))
            yield PythonImport(module.decode("ascii").strip("."), names, len(dots), is_lazy)


def _names(text: bytes) -> Iterator[str]:
    """The names in `a, b.c as d`, without what they are renamed to."""
    for part in text.decode("utf-8", "replace").split(","):
        name = _NAME.match(part.strip())
        if name is not None:
            yield name[0]
