"""Where a part goes over from waiting for memory to waiting for arithmetic, as its sizes grow."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from operator import attrgetter
from typing import Any

from convcost.analysis.roofline.bound import By, Flip, Part, Stretch
from convcost.core.arithmetic import ceil_div
from convcost.core.report import Assumption
from convcost.devices import Device


def open_flip(part: Part, peak: int, device: Device, assumed: tuple[Assumption, ...]) -> Flip:
    """Over all the open sizes that the assumptions allow."""
    from convcost.symbolic.breakeven import break_even

    found = break_even(part.bytes * peak, part.flops * device.bandwidth, assumed)
    if found.difference is not None and not found.signs:
        return Flip()
    ends = zip(found.crossings, found.signs[1:], strict=True)
    starts = (1, *(_first(crossing, sign, found.exact) for crossing, sign in ends))
    return _flip(found.size, map(Stretch, starts, map(_by, found.signs)))


def batch_flip(once: Part, twice: Part, name: str, peak: int, device: Device) -> Flip:
    """Over a batch called `name`, by what a part costs on one sample and on two: each further one adds that.

    Compute binds where (flops + more_flops · (n − 1)) · bandwidth ≥ (bytes + more_bytes · (n − 1)) · peak.
    """
    more = (twice.flops - once.flops) * device.bandwidth - (twice.bytes - once.bytes) * peak
    surplus = once.flops * device.bandwidth - once.bytes * peak
    first = Stretch(1, _by(surplus))
    if not more or (more > 0) == (surplus >= 0):
        return _flip(name, [first])
    last = -surplus // more if more < 0 else ceil_div(-surplus, more) - 1
    return _flip(name, [first, Stretch(last + 2, _by(more))])


def _flip(size: str, stretches: Iterable[Stretch]) -> Flip:
    merged = tuple(next(alike) for _, alike in groupby(stretches, key=attrgetter("by")))
    return Flip(merged, size if len(merged) > 1 else "")


def _by(sign: int) -> By:
    """At the ridge the peak binds."""
    return "memory" if sign < 0 else "compute"


def _first(crossing: Any, sign: int, exact: bool) -> int:
    """The first whole size behind a crossing; one at the ridge itself belongs to the peak."""
    whole = int(crossing)
    is_there = whole == crossing and (sign >= 0 or not exact)
    return whole if is_there else whole + 1
