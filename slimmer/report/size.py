"""Sizes for people."""

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")


def human_size(size: int) -> str:
    """Decimal units, as docker counts: `312 B`, `3.1 MB`, `389 MB`; 1 MB is 1,000,000 bytes."""
    value, unit = float(size), 0
    while abs(value) >= 999.5 and unit < len(_UNITS) - 1:
        value /= 1000
        unit += 1
    digits = 0 if unit == 0 or abs(value) >= 99.5 else 1
    return f"{value:.{digits}f} {_UNITS[unit]}"
