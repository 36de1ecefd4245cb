"""How messages count, measure and list."""

from collections.abc import Sequence

_UNITS = ("kB", "MB", "GB", "TB")


def count(number: int, noun: str) -> str:
    """`1 file`, `4,992 files`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def size(number: int) -> str:
    """Bytes for people, in powers of 1000: `312 bytes`, `3.1 MB`."""
    if number < 1000:
        return count(number, "byte")
    value = number / 1000
    unit = 0
    while value >= 999.5 and unit < len(_UNITS) - 1:
        value /= 1000
        unit += 1
    return f"{value:.0f} {_UNITS[unit]}" if value >= 99.95 else f"{value:.1f} {_UNITS[unit]}"


def shown(text: str, most: int = 60) -> str:
    """Text out of an image for a line of a report: cut, and on one line."""
    clean = "".join(char if char.isprintable() else "?" for char in text[:most])
    return f"{clean}..." if len(text) > most else clean


def sentence(text: str) -> str:
    """The text with a capital letter in front."""
    return text[:1].upper() + text[1:]


def listed(names: Sequence[str], most: int = 6) -> str:
    """`a, b and c`; beyond `most`, how many more there are."""
    if len(names) > most:
        return f"{', '.join(names[: most - 1])} and {len(names) - most + 1} more"
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
