"""Odd and hostile images by name, each with its verdict: what the specifications and other tools'
faults suggest, one oddity a case. `CASES[name].write(folder)` makes one.
"""

from support.hostile import archives, configs, indexes, layers, layouts, manifests, packed
from support.hostile.table import CASES, Case

__all__ = [
    "CASES",
    "Case",
    "archives",
    "configs",
    "indexes",
    "layers",
    "layouts",
    "manifests",
    "packed",
]
