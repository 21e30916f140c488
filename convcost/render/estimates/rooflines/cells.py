"""How a bound is written in a table."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from convcost.analysis.roofline import Roofline
from convcost.core.units import duration, human, percent
from convcost.render.document import Table
from convcost.render.model.modules import fits, without
from convcost.render.numbers import is_number, shown

INTENSITY = "FLOPs/B"

MOSTLY = Fraction("0.995")
"""From this share of the time on, one bound has it all."""


def headings(roofline: Roofline) -> tuple[str, ...]:
    """What the cells are; beside formulas there is room for one of them."""
    return ("bytes moved",) if roofline.is_open else ("moved", INTENSITY, "least time", "bound by")


def cells(some: Roofline, is_open: bool, copies: int = 1) -> tuple[str, ...]:
    """Those of some of a roofline's parts, of which there are as many `copies`; `is_open` is all of it."""
    moved = amount(copies * some.bytes, "B")
    if is_open:
        return (moved,)
    return (moved, shown(some.intensity), duration(copies * some.seconds), bound_by(some))


def amount(value: Any, unit: str) -> str:
    """About how much it is, or a formula."""
    return human(value, unit) if is_number(value) else shown(value)


def bound_by(roofline: Roofline) -> str:
    """memory; or, where both bounds have a part in it, memory 80.0%."""
    if not roofline.seconds:
        return ""
    share = roofline.share(roofline.by)
    return roofline.by if share >= MOSTLY else f"{roofline.by} {percent(share)}"


def fitting(table: Table, width: int) -> Table:
    """`table` without intensities where the screen has no room for them."""
    return table if fits(table, width) else without(table, INTENSITY)
