"""The parts of sympy's formulas, however deep they lie: recursion would run into Python's limit."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

LONGEST = 250
"""A formula with more parts is left as it is."""


def inner_first(formula: Any, known: Collection[Any] = ()) -> Iterator[Any]:
    """Every part of `formula` once, behind its own parts; what is in `known` is left out with all in it."""
    seen: set[Any] = set()
    waiting = [(formula, False)]
    while waiting:
        part, is_ready = waiting.pop()
        if is_ready:
            yield part
        elif part not in seen and part not in known:
            seen.add(part)
            waiting.append((part, True))
            waiting += [(inner, False) for inner in part.args]


def is_long(formula: Any, most: int = LONGEST) -> bool:
    """Whether a formula has more than `most` parts; it is not looked at beyond them."""
    waiting, parts = [formula], 0
    while waiting and parts <= most:
        parts += 1
        waiting += waiting.pop().args
    return parts > most
