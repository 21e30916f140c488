"""Which sizes a cost depends on, so that no others are asked for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import cast

from convcost.errors import ConvcostError, UnboundSizeError
from convcost.fitting.design import Design
from convcost.matching import Metric
from convcost.quantities import Convention, Size
from convcost.spec import Spec
from convcost.spec.spec import BATCH_LIKE
from convcost.symbols.number import Unstated


def completed(
    spec: Spec,
    sizes: Mapping[str, Size],
    vary: Collection[str],
    counted: tuple[Metric, Convention, str],
    sparing: bool = False,
) -> Design:
    """The design with `sizes`, whose others are varied, 1, or not needed.

    `sparing` leaves open what could be 1 as well. Raises UnboundSizeError where one is needed that was
    not given.
    """
    given = {name: sizes[name] for name in spec.names if name in sizes and name not in vary}
    missing = tuple(name for name in spec.names if name not in given and name not in vary)
    if set(missing) <= set(BATCH_LIKE) and not sparing:
        return Design(spec, given, *counted, assumed=missing)
    needed = _needed(Design(spec, given, *counted, left_open=missing), vary)
    _check_given([name for name in missing if name in needed and name not in BATCH_LIKE])
    assumed = tuple(name for name in missing if name in needed)
    left_open = tuple(name for name in missing if name not in needed)
    return Design(spec, given, *counted, assumed, left_open)


def _needed(design: Design, vary: Collection[str]) -> frozenset[str]:
    """The open names that the cost depends on; all of them where that can't be told."""
    try:
        cost = design.cost({name: cast("Size", Unstated(name)) for name in vary})
    except ConvcostError:
        return frozenset(design.left_open)
    return cost.names if isinstance(cost, Unstated) else frozenset()


def _check_given(missing: list[str]) -> None:
    if missing:
        verb = "have no values" if missing[1:] else "has no value"
        options = " ".join(f"--{name} 128" for name in missing)
        raise UnboundSizeError(f"{', '.join(missing)} {verb}", hint=f"Give sizes: {options}")
