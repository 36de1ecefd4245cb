"""The base of every record a parser returns."""

import msgspec


class Facts(msgspec.Struct, frozen=True, array_like=True, gc=False, omit_defaults=True):
    """Immutable, stored as an array, never part of a cycle. Say `frozen=True` again in each child
    (type checkers ask for it; the other options are inherited).
    """
