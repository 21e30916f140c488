"""What least times mean, in plain words."""

from __future__ import annotations

from collections.abc import Iterator

from convcost.analysis.roofline import Roofline
from convcost.core.cost import quotient
from convcost.core.report import Report
from convcost.core.units import exact, human, ratio
from convcost.devices.device import peak_unit
from convcost.render.estimates.rooflines.flips import flips
from convcost.render.notes import costs_against
from convcost.render.numbers import shown

Found = list[tuple[Report, Roofline]]

LEAST = (
    "Least times: one layer after the other, each tensor read or written once, at the full peak or the full "
    "bandwidth of memory; real ones are longer, unless a cache holds what is moved."
)


def notes(found: Found) -> tuple[str, ...]:
    """What the device can do, how the candidates compare, and what is left out."""
    return (*_comparisons(found), *flips(found), _device(found[0][1]), LEAST)


def _device(roofline: Roofline) -> str:
    device = roofline.device
    unit = peak_unit(roofline.dtype)
    return (
        f"{device.name} in {roofline.dtype}: {human(roofline.peak, unit)}, {human(device.bandwidth, 'B/s')}; "
        f"compute-bound from {exact(roofline.ridge)} FLOPs a byte on."
    )


def _comparisons(found: Found) -> Iterator[str]:
    """conv costs 6.00× the FLOPs of dense and takes 1.21× its least time: both are memory-bound (…)."""
    (first, base), *others = found
    for other, roofline in others:
        if base.is_open or roofline.is_open or not (base.flops and base.seconds):
            continue
        seconds = ratio(quotient(roofline.seconds, base.seconds))
        yield (
            f"{costs_against(first, other)} and {seconds} its least time on "
            f"{base.device.name}: {why((first.name, base), (other.name, roofline))}."
        )


def why(first: tuple[str, Roofline], other: tuple[str, Roofline]) -> str:
    """What binds the one and the other."""
    (name, base), (other_name, roofline) = first, other
    if base.by == roofline.by:
        both = f"{shown(base.intensity)} and {shown(roofline.intensity)} FLOPs a byte"
        return f"both are {base.by}-bound ({both})"
    return (
        f"{name} is {base.by}-bound ({shown(base.intensity)} FLOPs a byte), "
        f"{other_name} is {roofline.by}-bound ({shown(roofline.intensity)})"
    )
