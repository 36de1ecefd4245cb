"""Imports and strings of Python source, against the compiler's own reading."""

import ast

from hypothesis import given
from hypothesis import strategies as st

from slimmer.formats.python_source import PythonImport, parse_python_source

SOURCE = b'''"""Text.

import not_this
"""
import os, sys as system
import a.b.c  # import comment
from . import here
from ..up.more import (
    one,  # the first
    two as second,
)
from far import *
from far import x, \\
    y
if TYPE_CHECKING:
    import only_types

    from only import types
else:
    import otherwise
try: import quick; import quicker
except ImportError: pass
def late():
    import lazy
    yield from range(3)
TEXT = "import no_statement"
NAMES = ['dotted.name', b"bytes", f"{late} formatted", "it\\'s"]
'''


def test_every_form_of_import_is_read_and_nothing_else() -> None:
    assert parse_python_source(SOURCE).imports == (
        PythonImport("os"),
        PythonImport("sys"),
        PythonImport("a.b.c"),
        PythonImport("", ("here",), 1),
        PythonImport("up.more", ("one", "two"), 2),
        PythonImport("far", ("*",)),
        PythonImport("far", ("x", "y")),
        PythonImport("otherwise", is_lazy=True),
        PythonImport("quick"),
        PythonImport("quicker"),
        PythonImport("lazy", is_lazy=True),
    )


def test_strings_of_one_line_are_told_and_texts_are_not() -> None:
    strings = parse_python_source(SOURCE).strings
    assert strings == (
        "import no_statement",
        *("dotted.name", "bytes", "{late} formatted", "it\\'s"),
    )


def test_windows_line_ends_and_strings_that_nothing_closes() -> None:
    source = parse_python_source(
        b'from a import (b,\r\n  c)\r\nx = \'open\r\nimport d\r\n"""rest\n'
    )
    assert source.imports == (PythonImport("a", ("b", "c")), PythonImport("d"))


@given(st.binary(max_size=400))
def test_any_bytes_are_read_without_an_error(data: bytes) -> None:
    parse_python_source(data)


@given(st.text(alphabet="\"'\\\n#() fromimport.,;:ab", max_size=300))
def test_any_text_of_tokens_is_read_without_an_error(text: str) -> None:
    parse_python_source(text.encode())


def test_a_long_line_of_quotes_takes_no_long_time() -> None:
    # Looked for anew at each quote, this would be 10^11 steps.
    assert parse_python_source(b"'\\" * 300_000).imports == ()
    assert parse_python_source(b'"""\\' * 100_000).imports == ()
    assert parse_python_source(b"from a import (\n" * 20_000).strings == ()


_NAMES = st.from_regex(r"[a-z]{1,4}(\.[a-z]{1,4}){0,2}", fullmatch=True).filter(
    lambda name: (
        not {"as", "if", "in", "is", "or", "and", "def", "del", "for", "not", "try"}
        & set(name.split("."))
        and not {"elif", "else", "from", "pass", "with"} & set(name.split("."))
    )
)
_PLAIN = st.builds("import {}".format, _NAMES)
_FROM = st.builds(
    "from {}{} import {}".format,
    st.sampled_from(["", ".", ".."]),
    _NAMES,
    _NAMES.map(lambda name: name.partition(".")[0]),
)
_OTHER = st.sampled_from(["x = 'import y'", "# import z", 'print("from q import r")', "x = 1"])


@given(st.lists(st.one_of(_PLAIN, _FROM, _OTHER), max_size=8))
def test_it_agrees_with_the_compiler(lines: list[str]) -> None:
    text = "\n".join(lines) + "\n"
    expected = []
    for node in ast.parse(text).body:
        if isinstance(node, ast.Import):
            expected.append(PythonImport(node.names[0].name))
        elif isinstance(node, ast.ImportFrom):
            expected.append(PythonImport(node.module or "", (node.names[0].name,), node.level))
    assert parse_python_source(text.encode()).imports == tuple(dict.fromkeys(expected))
