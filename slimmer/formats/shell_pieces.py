"""Scripts that would take the parser too long, cut between lines."""

from collections.abc import Iterator

# The parser's time and memory grow with the square of what stands within one statement: a script
# with more of these signs is read in pieces, and of a piece only so much.
_COSTLY = (b"|", b"(", b"${", b"`", b"<<")
_MAX_COST = 2000
_MAX_PIECES = 8


def pieces(source: bytes) -> Iterator[tuple[int, bytes]]:
    """The number of lines before each piece, and the piece: whole lines, bounded in cost."""
    if _cost(source) <= _MAX_COST:
        yield 0, source
        return
    first = cost = count = 0
    lines: list[bytes] = []
    for number, line in enumerate(source.split(b"\n")):
        # A line that is too much is left out, and still counted.
        its_cost = _cost(line)
        if its_cost > _MAX_COST:
            line, its_cost = b"", 0
        if cost + its_cost > _MAX_COST:
            yield first, b"\n".join(lines)
            first, cost, lines = number, 0, []
            count += 1
            if count == _MAX_PIECES:
                return
        lines.append(line)
        cost += its_cost
    yield first, b"\n".join(lines)


def _cost(text: bytes) -> int:
    return sum(text.count(sign) for sign in _COSTLY)
