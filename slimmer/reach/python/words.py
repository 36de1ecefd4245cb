"""Words that may name Python modules: of a command line, of the environment, in quotes."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

# `python` options that take the next word: its "Command line and environment".
_TAKE_VALUE = frozenset(("-W", "-X", "--check-hash-based-pycs"))
_CODE = re.compile(r"-[bBdEhiIOPqRsSuvVx?]*c(.*)", re.DOTALL)
_MODULE = re.compile(r"-[bBdEhiIOPqRsSuvVx?]*m(.*)", re.DOTALL)
_SPLIT = re.compile(r"[\s,;=]+")
# module, module.sub, module:attribute, and calls of factories: app:create()
_REFERENCE = re.compile(
    r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(:[A-Za-z_][\w.]*(?:\(.*\))?)?", re.DOTALL
)
_MAX_WORD = 200


@dataclass(frozen=True, slots=True)
class Start:
    """What `python` is asked to run: one of a file, a module (-m), code (-c); or nothing."""

    script: str = ""
    module: str = ""
    code: str = ""
    rest: tuple[str, ...] = ()


def python_start(argv: Sequence[str]) -> Start:
    """Read the words of a `python` command, its own name first."""
    words = list(argv[1:])
    while words:
        word = words.pop(0)
        if found := _MODULE.fullmatch(word):
            module = found[1] or (words.pop(0) if words else "")
            return Start(module=module, rest=tuple(words))
        if found := _CODE.fullmatch(word):
            code = found[1] or (words.pop(0) if words else "")
            return Start(code=code, rest=tuple(words))
        if word in _TAKE_VALUE:
            del words[:1]
        elif word == "--" and words:
            return Start(script=words.pop(0), rest=tuple(words))
        elif word == "-" or not word.startswith("-"):
            return Start(script="" if word == "-" else word, rest=tuple(words))
    return Start()


def module_of(word: str) -> tuple[str, bool]:
    """The dotted module a word may name, and whether it is more than one bare name: `shop:app` and
    `shop.app` are, `shop` is not. Empty for what is no reference."""
    if len(word) > _MAX_WORD or (found := _REFERENCE.fullmatch(word)) is None:
        return "", False
    return found[1], bool(found[2]) or "." in found[1]


def references(words: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """The modules that words, or parts of them (`--worker-class=a.B`), may name."""
    for word in words:
        for part in _SPLIT.split(word)[:64]:
            module, is_dotted = module_of(part.strip("'\""))
            if module:
                yield module, is_dotted
