"""The words of a shell script: tree-sitter's nodes to parts."""

import re
from collections.abc import Callable, Iterator

from tree_sitter import Node

from slimmer.formats.shell_syntax import (
    Anything,
    Block,
    Glob,
    Literal,
    Part,
    Substitution,
    Variable,
    Word,
)

# What deeper nesting says is not looked at.
MAX_DEPTH = 60

_PIECE = re.compile(
    r"\\\n|\\(?P<escaped>.)|(?P<glob>[*?]|\[[!^]?\]?[^\]/\s]{1,80}\])|(?P<text>[^\\*?\[]+|.)",
    re.DOTALL,
)
_ESCAPED_IN_STRING = re.compile(r'\\([$`"\\]|\n)')
_ANSI = re.compile(r"\\(n|t|r|a|b|e|E|f|v|\\|'|\"|\?|x[0-9a-fA-F]{1,2}|[0-7]{1,3})")
_ANSI_VALUES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_BRACES = re.compile(r"([^{}]*)\{([^{}\"'`$\\]*,[^{}\"'`$\\]*)\}([^{}\"'`$\\]*)")
_QUOTED_OR_EXPANDED = frozenset("\"'`$<>()")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!-]")
_ELEMENT = re.compile(r"\[[^\[\]]+\]")
_OPERATORS = frozenset((":-", "-", ":=", "=", ":+", "+", ":?", "?", "#", "##", "%", "%%"))
# Text that only the run can tell stands in a script that is put together as this sign.
UNKNOWN_SIGN = "\5"
# The others mean something to readers of words that are not literal.
_CONTROL = {sign: None for sign in range(9) if sign != ord(UNKNOWN_SIGN)}


class WordReader:
    """Reads the words of one script; `read_block` reads what is in a substitution."""

    def __init__(self, source: bytes, read_block: Callable[[Node, int], Block]) -> None:
        self._source = source
        self._read_block = read_block

    def text(self, node: Node) -> str:
        return self._slice(node.start_byte, node.end_byte)

    def _slice(self, start: int, end: int) -> str:
        text = self._source[start:end].decode("utf-8", "surrogateescape")
        return text.translate(_CONTROL)

    def words(self, node: Node, depth: int) -> Iterator[Word]:
        """The words a node stands for: several where braces say so."""
        found = _BRACES.fullmatch(self.text(node)) if node.type == "concatenation" else None
        if found and not set("\"'`$\\") & set(found[1]):
            for choice in found[2].split(","):
                yield tuple(_unquoted(f"{found[1]}{choice}{found[3]}"))
        else:
            yield self.word(node, depth)

    def word(self, node: Node, depth: int) -> Word:
        parts = tuple(self._parts(node, depth))
        match parts:
            case (Literal(text), *rest) if node.type in ("word", "concatenation"):
                if self.text(node)[:2] in ("~", "~/") and text[:1] == "~":
                    return (Variable("HOME", True), Literal(text[1:]), *rest)
        return parts

    def _parts(self, node: Node, depth: int) -> Iterator[Part]:
        if depth > MAX_DEPTH:
            yield Anything()
            return
        match node.type:
            case "word" | "number" | "extglob_pattern" | "test_operator" | "regex":
                yield from _unquoted(self.text(node))
                if node.child_count and node.type != "word":
                    yield Anything(self._inside(node, depth))
            case "raw_string":
                yield Literal(self.text(node)[1:-1])
            case "ansi_c_string":
                yield Literal(_ANSI.sub(_ansi, self.text(node)[2:-1]))
            case "string" | "translated_string":
                yield from self._string(node, depth)
            case "concatenation" if not _QUOTED_OR_EXPANDED & set(self.text(node)):
                yield from _unquoted(self.text(node))
            case "concatenation" | "command_name":
                for child in node.children:
                    yield from self._parts(child, depth + 1)
            case "simple_expansion":
                yield Variable(self.text(node)[1:], False)
            case "expansion":
                yield self._expansion(node, depth, quoted=False)
            case "command_substitution":
                yield Substitution(self._read_block(node, depth + 1), False)
            case "process_substitution":
                yield Substitution(self._read_block(node, depth + 1), False, is_file=True)
            case "$" | "{" | "}" | "``":
                yield Literal(self.text(node))
            case _:
                yield Anything(self._inside(node, depth))

    def _inside(self, node: Node, depth: int) -> Word:
        """The substitutions within something whose value is not known."""
        return tuple(
            part
            for child in node.named_children
            for part in self._parts(child, depth + 1)
            if isinstance(part, Substitution | Anything | Variable)
        )

    def _string(self, node: Node, depth: int) -> Iterator[Part]:
        yield Literal("")
        start = node.start_byte + self._source[node.start_byte : node.end_byte].find(b'"') + 1
        yield from self.text_with_parts(node, start, node.end_byte - 1, depth)

    def text_with_parts(self, node: Node, start: int, end: int, depth: int) -> Iterator[Part]:
        """Quoted text between two places of the source, with what is expanded in it."""
        for child in node.children:
            if child.type not in ("simple_expansion", "expansion", "command_substitution"):
                if child.type in ("arithmetic_expansion", "ERROR"):
                    yield from self._literal(start, child.start_byte)
                    yield Anything(self._inside(child, depth))
                    start = child.end_byte
                continue
            yield from self._literal(start, child.start_byte)
            start = child.end_byte
            match child.type:
                case "simple_expansion":
                    yield Variable(self.text(child)[1:], True)
                case "expansion":
                    yield self._expansion(child, depth + 1, quoted=True)
                case _:
                    yield Substitution(self._read_block(child, depth + 1), True)
        yield from self._literal(start, end)

    def _literal(self, start: int, end: int) -> Iterator[Part]:
        if end > start:
            text = self._slice(start, end)
            yield Literal(_ESCAPED_IN_STRING.sub(lambda m: m[1].strip("\n"), text))

    def _expansion(self, node: Node, depth: int, *, quoted: bool) -> Part:
        """`${...}`: the name, and the first operator with what follows it."""
        inside = self.text(node)[2:-1]
        found = _NAME.match(inside)
        if found is None or (inside[0] in "#!" and len(inside) > 1 and inside[1] not in ":-=+?%#"):
            return Anything(self._inside(node, depth))
        name, rest = found[0], inside[found.end() :]
        is_array = rest[:3] in ("[@]", "[*]")
        rest = rest[3:] if is_array else rest
        operator = next((sign for sign in (rest[:2], rest[:1]) if sign in _OPERATORS), "")
        if rest and not operator:
            operator = "[]" if _ELEMENT.fullmatch(rest) else "other"
        operand = self._operand(node, operator, depth)
        return Variable(name, quoted, operator, operand, is_array)

    def _operand(self, node: Node, operator: str, depth: int) -> Word:
        children = iter(node.children)
        for child in children:
            if child.type == operator or (operator in ("[]", "other") and not child.is_named):
                break
        return tuple(
            part
            for child in children
            if child.type != "}"
            for part in self._parts(child, depth + 1)
        )


def _unquoted(text: str) -> Iterator[Part]:
    """Text outside of quotes: escapes and patterns."""
    if text.isalnum():
        yield Literal(text)
        return
    said = ""
    for found in _PIECE.finditer(text):
        if found["glob"]:
            if said:
                yield Literal(said)
            yield Glob(found["glob"])
            said = ""
        else:
            said += found["escaped"] or found["text"] or ""
    if said:
        yield Literal(said)


def _ansi(found: re.Match[str]) -> str:
    sign = found[1]
    if sign[0] == "x":
        return chr(int(sign[1:], 16)).translate(_CONTROL)
    if sign[0] in "01234567":
        return chr(int(sign, 8) & 0xFF).translate(_CONTROL)
    return "" if sign in ("e", "E") else _ANSI_VALUES.get(sign, sign)
