"""The words of a command, as all that they may become."""

from collections.abc import Callable, Iterable

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
from slimmer.formats.shell_words import UNKNOWN_SIGN
from slimmer.reach.edge import UNKNOWN
from slimmer.reach.shell.files import matches
from slimmer.reach.shell.state import (
    ANY_ONE,
    CLASS,
    END,
    MAX_FILES,
    MAX_TEXT,
    MAX_VALUES,
    STAR,
    Fields,
    State,
    is_known,
    is_pattern,
    plain,
    without,
)
from slimmer.reach.world import World

Alternatives = tuple[Fields, ...]
Output = Callable[[Block, State], Alternatives | None]
"""What a block writes: alternatives of lines; None where only the run can tell."""

_SET = (":-", "-", ":=", "=")
_CUT = ("#", "##", "%", "%%")
# Of one command, and of one word.
_MAX_WORDS = 1000
_MAX_PARTS = 256
_UNKNOWN: Alternatives = ((UNKNOWN,),)


class Expander:
    """`output` runs what is in a substitution."""

    def __init__(self, world: World, output: Output) -> None:
        self._world = world
        self._output = output

    def command(self, words: tuple[Word, ...], state: State) -> Alternatives:
        """All that the words of a command may be, patterns replaced by what they match."""
        found: Alternatives = ((),)
        for word in words[:_MAX_WORDS]:
            found = _product(found, self.fields(word, state), _beside)
        return found

    def fields(self, word: Word, state: State) -> Alternatives:
        """All that one word may become."""
        found = self._unmatched(word, state)
        if any(is_pattern(text) for fields in found for text in fields):
            return tuple(tuple(self._match(fields, state)) for fields in found)
        return found

    def texts(self, word: Word, state: State) -> tuple[str, ...]:
        """All that a word may be where it is not split: a value, a target, the word of a case."""
        found = (" ".join(fields) for fields in self._unmatched(word, state, whole=True))
        return tuple(dict.fromkeys(found))

    def _match(self, fields: Fields, state: State) -> Iterable[str]:
        for text in fields:
            if not is_pattern(text):
                yield text
            elif not is_known(text):
                yield UNKNOWN
            else:
                found = [p for folder in state.folders for p in matches(self._world, text, folder)]
                yield from found or [plain(text)]

    def _unmatched(self, word: Word, state: State, *, whole: bool = False) -> Alternatives:
        match word:
            case (Variable(quoted=False, operator="") as variable,) if not whole:
                if self._is_unset(variable, state):
                    return ((), (UNKNOWN,))
            case (Literal(""), Variable(name, is_array=is_array) as variable):
                if name == "@" or is_array:
                    # `"$@"` is no word at all where there are no parameters.
                    return self._several(variable, state, whole)
        found: Alternatives = ((),)
        for part in word[:_MAX_PARTS]:
            found = _product(found, self._part(part, state, whole), _glued)
        return found

    def _is_unset(self, variable: Variable, state: State) -> bool:
        is_plain = variable.name not in ("@", "*", "#", "?", "$", "!", "-")
        known = variable.name in state.arrays or state.values(variable.name) is not None
        return is_plain and not known

    def _part(self, part: Part, state: State, whole: bool) -> Alternatives:
        match part:
            case Literal(text):
                return ((text.replace(UNKNOWN_SIGN, UNKNOWN),),)
            case Glob(text):
                sign = {"*": STAR, "?": ANY_ONE}.get(text)
                return ((sign or CLASS + text[1:-1] + END,),)
            case Anything(body):
                for inner in body:
                    self._part(inner, state, True)
                return _UNKNOWN
            case Substitution(body, quoted, is_file):
                lines = self._output(body, state)
                if lines is None or is_file:
                    return _UNKNOWN
                return tuple(_of_output(fields, quoted or whole) for fields in lines)
            case Variable():
                return self._variable(part, state, whole)

    def _variable(self, part: Variable, state: State, whole: bool) -> Alternatives:
        if part.name in ("@", "*") or part.is_array:
            return self._several(part, state, whole)
        if part.name == "#" or part.operator == "other":
            self._part(Anything(part.operand), state, True)
            return _UNKNOWN
        if part.operator == "[]":
            self._part(Anything(part.operand), state, True)
        values = self._value(part, state)
        if part.quoted or whole:
            return tuple((value,) for value in values)
        return tuple(tuple(value.split()) for value in values)

    def _several(self, part: Variable, state: State, whole: bool) -> Alternatives:
        """`$@`, `${array[@]}`: each element is a word of its own."""
        if part.name in ("@", "*"):
            found: Alternatives = state.positional or _UNKNOWN
        else:
            values = state.values(part.name) or (UNKNOWN,)
            found = state.arrays.get(part.name) or tuple((value,) for value in values)
        if part.operator in (":+", "+"):
            return (*self._unmatched(part.operand, state), ())
        if part.operator in (*_SET, ":?", "?"):
            return (*found, *self._unmatched(part.operand, state))
        if part.operator:
            return _UNKNOWN
        if part.name == "*" and (part.quoted or whole):
            return tuple((" ".join(fields),) for fields in found)
        return found

    def _value(self, part: Variable, state: State) -> tuple[str, ...]:
        values = state.values(part.name)
        if values is None and part.name in state.arrays:
            # Any of its elements: which one is often for the run to tell.
            elements = (text for fields in state.arrays[part.name] for text in fields)
            values = tuple(dict.fromkeys(elements))[:MAX_VALUES]
        operator = part.operator
        if operator in _SET:
            default = self.texts(part.operand, state)
            if values is None:
                values = (*default, UNKNOWN)
            elif "" in values:
                values = (*(value for value in values if value), *default)
            if operator in (":=", "="):
                state.assign(part.name, values)
        elif operator in (":+", "+"):
            values = (*self.texts(part.operand, state), "")
        elif operator in _CUT and values is not None:
            patterns = self.texts(part.operand, state)
            values = tuple(
                without(value, pattern, operator) for value in values for pattern in patterns
            )
        return tuple(dict.fromkeys(values or (UNKNOWN,)))


def _product(
    left: Alternatives, right: Alternatives, join: Callable[[Fields, Fields], Fields]
) -> Alternatives:
    """Each of one side with each of the other, within bounds; else with the first of the right."""
    bound = MAX_FILES if len(left) == 1 or len(right) == 1 else MAX_VALUES
    if len(left) * len(right) > bound:
        right = right[: max(1, bound // max(1, len(left)))]
    return tuple(dict.fromkeys(join(a, b) for a in left for b in right))


def _beside(left: Fields, right: Fields) -> Fields:
    return left + right if len(left) < _MAX_WORDS else left


def _glued(left: Fields, right: Fields) -> Fields:
    """Two parts of one word: the last field of one and the first of the other are one."""
    if not left or not right:
        return left or right
    return (*left[:-1], (left[-1] + right[0])[:MAX_TEXT], *right[1:])


def _of_output(lines: Fields, whole: bool) -> Fields:
    if not whole:
        return tuple(field for line in lines for field in line.split())
    return ("\n".join(lines),) if len(lines) < MAX_VALUES else (UNKNOWN,)
