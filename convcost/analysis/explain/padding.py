"""How many of a layer's taps read no data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from convcost.analysis.explain.arithmetic import divided
from convcost.analysis.explain.families import Reading
from convcost.analysis.explain.groups import Group
from convcost.analysis.explain.steps import Line, Sentence
from convcost.core.arithmetic import elements
from convcost.core.cost import Convention

LONGEST_COUNT = 60
"""A longer formula for the taps on padding tells a reader nothing."""


def padding(group: Group, read: Reading, convention: Convention) -> Iterator[Line]:
    """How many of the taps of one pair of channels read no data, if any, and whether they count."""
    cost = group.row.cost
    if cost.macs == cost.valid_macs:
        return
    extents = [loop.extent for loop in group.loops]
    sides = [
        elements(tuple(part))
        for part in (extents[2 : 2 + read.spatial], extents[len(extents) - read.spatial :])
    ]
    taps = elements(tuple(sides))
    wasted = _wasted(cost.macs, cost.valid_macs, taps)
    if wasted is None:
        words = f"Some of the {{}} taps {read.unread}; with every size given it says how many."
        yield Sentence(words, (taps,))
        return
    is_told = all(isinstance(side, int) for side in sides)
    product = "{} × {} = {}" if is_told else "{}"
    yield Sentence(f"{{}} of the {product} taps {read.unread}.", (wasted, *(sides if is_told else ()), taps))
    verb = "They are left out here" if convention.padding == "valid" else "They count"
    yield Sentence(f"{verb}; on real data alone it is {{}} MACs.", (cost.valid_macs,))


def _wasted(macs: Any, valid_macs: Any, taps: Any) -> Any:
    """The taps of one pair of channels that are wasted; None where that is no short formula."""
    if valid_macs is None:
        return None
    wasted = divided((macs - valid_macs) * taps, macs)
    return wasted if len(str(wasted)) <= LONGEST_COUNT else None
