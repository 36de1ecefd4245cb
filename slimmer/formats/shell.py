"""Shell scripts: bytes to statements, by tree-sitter's grammar of bash.

What the grammar does not understand is passed over; what it recovers around that is given.
"""

from collections.abc import Iterator
from functools import cache

import tree_sitter_bash
from tree_sitter import Language, Node, Parser

from slimmer.formats.shell_pieces import pieces
from slimmer.formats.shell_syntax import (
    Assignment,
    Block,
    Case,
    Choice,
    Command,
    For,
    Function,
    Literal,
    Loop,
    Pipeline,
    Redirected,
    Redirection,
    Statement,
    Subshell,
    Word,
)
from slimmer.formats.shell_words import MAX_DEPTH, WordReader

MAX_SCRIPT = 512 * 1024
# Statements read of one script.
MAX_STATEMENTS = 20_000
_SHOWN = 80


def parse_script(data: bytes) -> Block:
    """The statements of a script, at most of its first half MiB. Any bytes are a script."""
    found: list[Statement] = []
    left = MAX_STATEMENTS
    for line, piece in pieces(data[:MAX_SCRIPT]):
        reader = _Reader(piece, line, left)
        found += reader.read()
        left = reader.left
    return tuple(found)


@cache
def _language() -> Language:
    return Language(tree_sitter_bash.language())


class _Reader:
    def __init__(self, source: bytes, lines_before: int, left: int) -> None:
        self._source = source
        self._lines_before = lines_before
        self._words = WordReader(source, self._block)
        self.left = left

    def read(self) -> Block:
        root = Parser(_language()).parse(self._source).root_node
        return self._block(root, 0)

    def _block(self, node: Node | None, depth: int) -> Block:
        """Every statement among the children of a node."""
        if node is None or depth > MAX_DEPTH:
            return ()
        return tuple(s for child in node.named_children for s in self._read(child, depth))

    def _read(self, node: Node, depth: int) -> Iterator[Statement]:
        self.left -= 1
        if self.left < 0 or depth > MAX_DEPTH:
            return
        match node.type:
            case "command" | "declaration_command" | "unset_command" | "variable_assignment":
                yield from self._command(node, depth)
            case "variable_assignments" | "test_command":
                yield from self._command(node, depth)
            case "redirected_statement":
                yield from self._redirected(node, depth)
            case "list":
                yield from self._list(node, depth)
            case "pipeline":
                children = node.named_children
                yield Pipeline(tuple(tuple(self._read(c, depth + 1)) for c in children))
            case "if_statement":
                yield from self._if(node, depth)
            case "while_statement":
                yield Loop(self._block(node, depth + 1))
            case "for_statement" | "c_style_for_statement":
                yield self._for(node, depth)
            case "case_statement":
                yield self._case(node, depth)
            case "function_definition":
                name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
                block = tuple(self._read(body, depth + 1)) if body else ()
                yield Function(self._words.text(name) if name else "", block)
            case "subshell":
                yield Subshell(self._block(node, depth + 1))
            case "do_group" | "compound_statement" | "negated_command" | "ERROR" | "program":
                yield from self._block(node, depth + 1)
            case "file_redirect" | "herestring_redirect":
                # `$(< file)` has no command.
                yield Command(*self._place(node), (), (), tuple(self._redirections(node, depth)))
            case "comment" | "heredoc_body" | "heredoc_start" | "heredoc_end":
                return
            case "string" | "concatenation" | "command_substitution" | "simple_expansion":
                return
            case _:
                yield from self._block(node, depth + 1)

    def _place(self, node: Node) -> tuple[int, str]:
        line = self._words.text(node).strip().split("\n", 1)[0]
        return self._lines_before + node.start_point.row + 1, line[:_SHOWN]

    def _command(
        self, node: Node, depth: int, outer: tuple[Redirection, ...] = ()
    ) -> Iterator[Statement]:
        words: list[Word] = []
        assignments: list[Assignment] = []
        redirections: list[Redirection] = list(outer)
        after: list[Statement] = []
        if node.type == "variable_assignment":
            assignments.append(self._assignment(node, depth))
        elif node.type in ("declaration_command", "unset_command"):
            words.append((Literal(self._words.text(node.children[0])),))
        elif node.type == "test_command":
            words.append((Literal("["),))
        for child in node.named_children if node.type != "variable_assignment" else ():
            match child.type:
                case "variable_assignment":
                    assignments.append(self._assignment(child, depth))
                case "file_redirect" | "heredoc_redirect" | "herestring_redirect":
                    redirections += self._redirections(child, depth)
                    after += self._after_document(child, depth)
                case "comment":
                    pass
                case "variable_name":
                    words.append((Literal(self._words.text(child)),))
                case _ if node.type == "test_command":
                    words += self._test_words(child, depth + 1)
                case _:
                    words += self._words.words(child, depth)
        line, text = self._place(node)
        yield Command(line, text, tuple(words), tuple(assignments), tuple(redirections))
        yield from after

    def _test_words(self, node: Node, depth: int) -> Iterator[Word]:
        """The words of a test, whatever they are compared by."""
        if depth > MAX_DEPTH:
            return
        kinds = ("_expression", "test_operator")
        if node.type.endswith(kinds) and node.type != "test_operator":
            for child in node.named_children:
                yield from self._test_words(child, depth + 1)
        else:
            yield self._words.word(node, depth)

    def _assignment(self, node: Node, depth: int) -> Assignment:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        text = self._words.text(name).partition("[")[0] if name else ""
        append = any(child.type == "+=" for child in node.children)
        if value is not None and value.type == "array":
            words = (w for c in value.named_children for w in self._words.words(c, depth + 1))
            return Assignment(text, (), tuple(words), append)
        word = self._words.word(value, depth) if value else ()
        if name is not None and name.type == "subscript":
            return Assignment(text, (), (word,), append=True)
        return Assignment(text, word, None, append)

    def _redirected(self, node: Node, depth: int) -> Iterator[Statement]:
        body = node.child_by_field_name("body")
        outer = [c for c in node.named_children if c.type.endswith("_redirect")]
        redirections = tuple(r for child in outer for r in self._redirections(child, depth))
        extra = [w for child in outer for w in self._extra_words(child, depth)]
        if body is None:
            yield Command(*self._place(node), (), (), redirections)
        elif body.type in ("command", "test_command"):
            for statement in self._command(body, depth, redirections):
                if isinstance(statement, Command) and extra:
                    line, text, words = statement.line, statement.text, (*statement.words, *extra)
                    statement = Command(
                        line, text, words, statement.assignments, statement.redirections
                    )
                    extra = []
                yield statement
        else:
            inner = tuple(self._read(body, depth + 1))
            yield Redirected(*self._place(node), inner, redirections)
        for child in outer:
            yield from self._after_document(child, depth)

    def _extra_words(self, node: Node, depth: int) -> Iterator[Word]:
        """`cat <<E more words`: those belong to the command."""
        if node.type == "heredoc_redirect":
            for child in node.children_by_field_name("argument"):
                yield from self._words.words(child, depth)

    def _after_document(self, node: Node, depth: int) -> Iterator[Statement]:
        """`cat <<E && other`, `cat <<E | other`: what follows on the line of a document."""
        if node.type != "heredoc_redirect":
            return
        for child in node.named_children:
            if child.type not in ("file_redirect", "word", "string", "concatenation"):
                yield from self._read(child, depth + 1)

    def _redirections(self, node: Node, depth: int) -> Iterator[Redirection]:
        if node.type == "heredoc_redirect":
            for child in node.named_children:
                if child.type == "file_redirect":
                    yield from self._redirections(child, depth)
                elif child.type == "heredoc_body":
                    start, end = child.start_byte, child.end_byte
                    parts = self._words.text_with_parts(child, start, end, depth)
                    yield Redirection("<<", tuple(parts))
            return
        operator = next((c.type for c in node.children if not c.is_named), "")
        for target in node.named_children:
            if target.type != "file_descriptor":
                yield Redirection(operator, self._words.word(target, depth))

    def _list(self, node: Node, depth: int) -> Iterator[Statement]:
        """`a && b || c`: all but the first may run or not."""
        # Lists lean to the left, one node for each operator.
        chain: list[Node] = []
        while node.type == "list" and node.named_children:
            chain += reversed(node.named_children[1:])
            node = node.named_children[0]
        yield from self._read(node, depth + 1)
        for child in reversed(chain):
            if self.left < 0:
                return
            yield Choice((tuple(self._read(child, depth + 1)), ()))

    def _if(self, node: Node, depth: int) -> Iterator[Statement]:
        condition: list[Statement] = []
        then: list[Statement] = []
        arms: list[Block] = []
        is_condition = True
        for child in node.children:
            match child.type:
                case "then":
                    is_condition = False
                case "elif_clause" | "else_clause":
                    arms.append(self._block(child, depth + 1))
                case _ if child.is_named:
                    (condition if is_condition else then).extend(self._read(child, depth + 1))
        if not any(child.type == "else_clause" for child in node.children):
            arms.append(())
        yield from condition
        yield Choice((tuple(then), *arms))

    def _for(self, node: Node, depth: int) -> Statement:
        name = node.child_by_field_name("variable")
        body = node.child_by_field_name("body")
        block = tuple(self._read(body, depth + 1)) if body else ()
        if name is None:
            return Loop(block)
        values = node.children_by_field_name("value")
        words = tuple(w for child in values for w in self._words.words(child, depth))
        said = words if any(child.type == "in" for child in node.children) else None
        return For(*self._place(node), self._words.text(name), said, block)

    def _case(self, node: Node, depth: int) -> Statement:
        value = node.child_by_field_name("value")
        arms = []
        for item in node.named_children:
            if item.type != "case_item":
                continue
            patterns = item.children_by_field_name("value")
            taken = {child.id for child in patterns}
            inner = (c for c in item.named_children if c.id not in taken)
            body = tuple(s for child in inner for s in self._read(child, depth + 1))
            arms.append((tuple(self._words.word(child, depth) for child in patterns), body))
        return Case(self._words.word(value, depth) if value else (), tuple(arms))
