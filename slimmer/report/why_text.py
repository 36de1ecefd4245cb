"""`slim why` for people: a line for each path, and below it the chain of reasons."""

from collections.abc import Iterator, Sequence

from slimmer.filesystem.tree import Filesystem, Hidden
from slimmer.reach.chain import is_root_edge
from slimmer.reach.edge import Edge
from slimmer.report.escape import escape, escape_name, shorten
from slimmer.report.redact import Redactor
from slimmer.report.size import human_size
from slimmer.report.style import Style
from slimmer.report.table import table
from slimmer.report.why import SAME_FOLDER, Answer, FileAnswer, HiddenAnswer, NoAnswer
from slimmer.report.why_chain import detail_of, source_of, verb_of
from slimmer.report.why_folder import FolderAnswer, Share

_SHOWN = 5
_LONGEST = 70


def why_text(
    answers: Sequence[Answer],
    filesystem: Filesystem,
    redactor: Redactor,
    style: Style,
    *,
    every: bool,
) -> Iterator[str]:
    """All answers, line by line; `every`: all reasons that are known."""
    text = _Text(filesystem, redactor, style, every)
    for number, answer in enumerate(answers):
        if number:
            yield ""
        yield from text.answer(answer)


def absent_line(answer: NoAnswer) -> str:
    """One line, to be escaped by who prints it."""
    near = ", ".join(f"/{path}" for path in answer.near)
    return f"{answer.path}: no such file in the image" + (f" (near it: {near})" if near else "")


class _Text:
    def __init__(
        self, filesystem: Filesystem, redactor: Redactor, style: Style, every: bool
    ) -> None:
        self._filesystem = filesystem
        self._redactor = redactor
        self._style = style
        self._every = every

    def answer(self, answer: Answer) -> Iterator[str]:
        match answer:
            case FileAnswer():
                yield from self._file(answer)
            case FolderAnswer():
                yield from self._folder(answer)
            case HiddenAnswer():
                yield self._head(answer.path, "goes", "no container sees it")
                yield from self._hidden(answer.hidden)

    def _head(self, path: str, state: str, more: str) -> str:
        colour = self._style.good if state == "kept" else self._style.bad
        told = f" ({escape(more)})" if more else ""
        return f"{self._style.bold(_path(path))}  {colour(state)}{told}"

    def _file(self, answer: FileAnswer) -> Iterator[str]:
        package, decision = answer.package, answer.decision
        more = f"package {package.name} {package.version}".strip() if package else ""
        node = answer.node
        yield self._head(answer.path, "kept" if decision is None else "goes", more)
        if node.is_symlink:
            yield f"  a link to {escape_name(node.inode.link)}"
        if decision is not None:
            yield f"  {escape(f'{decision.rule}: {decision.reason}')}"
            if answer.chain:
                yield "  What speaks for it is not enough:"
        yield from self._edges(answer.chain, "    " if decision is not None else "  ")
        for note in answer.notes:
            yield f"  {shorten(escape(note), self._style.width - 2)}"
        yield from self._near(answer)
        if self._every and answer.others:
            yield "  Other reasons:"
            yield from self._edges(answer.others, "    ")
        elif answer.others:
            count = len(answer.others)
            noun = "reason is" if count == 1 else "reasons are"
            yield "  " + self._style.dim(f"{count} more {noun} known (--all shows them)")
        yield from self._hidden(answer.hidden)

    def _near(self, answer: FileAnswer) -> Iterator[str]:
        if not answer.near:
            return
        target = _path(answer.near[-1].target)
        yield f"  The nearest that is needed, {escape(answer.near_why)}: {target}"
        if answer.near_why != SAME_FOLDER:
            yield from self._edges(answer.near, "    ")

    def _edges(self, edges: Sequence[Edge], indent: str) -> Iterator[str]:
        rows = [self._row(edge) for edge in edges]
        yield from (indent + line for line in table(rows, "<<<<"))

    def _row(self, edge: Edge) -> tuple[str, ...]:
        filesystem = self._filesystem
        source = source_of(filesystem, edge)
        source = self._shown(source) if is_root_edge(filesystem, edge) else escape_name(source)
        detail = self._shown(detail_of(filesystem, edge))
        if not self._every:
            source, detail = (shorten(text, _LONGEST) for text in (source, detail))
        return source, verb_of(filesystem, edge), _path(edge.target), detail

    def _shown(self, text: str) -> str:
        """Commands may hold secrets."""
        return escape_name(self._redactor.history(text)) if text else ""

    def _hidden(self, hidden: Sequence[Hidden]) -> Iterator[str]:
        for item in hidden:
            size = human_size(item.entry.size)
            line = f"layer {item.layer} has it ({size}), layer {item.by_layer}"
            yield f"  {line} removes or replaces it: that copy goes"

    def _folder(self, answer: FolderAnswer) -> Iterator[str]:
        state = "kept" if answer.decision is None else "goes"
        yield self._head(answer.path, state, "folder")
        if answer.decision is not None:
            yield f"  {escape(f'{answer.decision.rule}: {answer.decision.reason}')}"
        for title, shares in (("stays", answer.kept), ("goes", answer.gone)):
            files, size = sum(s.files for s in shares), sum(s.bytes for s in shares)
            noun = "file" if files == 1 else "files"
            yield f"  {title}: {files:,} {noun}, {human_size(size)}"
            yield from self._shares(shares)

    def _shares(self, shares: Sequence[Share]) -> Iterator[str]:
        shown = shares if self._every else shares[:_SHOWN]
        rows = [(f"{s.files:,}", human_size(s.bytes), self._shown(s.reason)) for s in shown]
        width = None if self._every else self._style.width - 4
        yield from (f"    {line}" for line in table(rows, ">><", columns=width))
        if len(shown) < len(shares):
            rest = len(shares) - len(shown)
            yield "    " + self._style.dim(f"and {rest:,} more reasons (--all shows them)")


def _path(path: str) -> str:
    return f"/{escape_name(path)}"
