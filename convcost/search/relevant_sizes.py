"""Which sizes a cost depends on, so that no others are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from convcost.api import Design as Stated
from convcost.core.cost import Size
from convcost.core.errors import UnboundSizeError
from convcost.core.report import Report
from convcost.search.design import CountedQuantity, Design
from convcost.search.spec_design import SpecDesign
from convcost.spec.spec import BATCH_LIKE


def open_names(stated: Stated) -> tuple[str, ...]:
    """The names that a number can be put in for."""
    return stated.open_names if isinstance(stated, Report) else stated.names


def completed(
    stated: Stated,
    sizes: Mapping[str, Size],
    vary: tuple[str, ...],
    counted: CountedQuantity,
    sparing: bool = False,
) -> Design:
    """The design with `sizes`, whose others are varied, 1, or not needed.

    `sparing` leaves open what could be 1 as well. Raises UnboundSizeError where one is needed that was
    not given.
    """
    names = open_names(stated)
    given = {name: sizes[name] for name in names if name in sizes and name not in vary}
    missing = tuple(name for name in names if name not in given and name not in vary)
    make = partial(_kind(stated), counted, given)
    if set(missing) <= set(BATCH_LIKE) and not sparing:
        return make(assumed=missing)
    needed = make(left_open=missing).needed(vary)
    _check_given([name for name in missing if name in needed and name not in BATCH_LIKE])
    assumed = tuple(name for name in missing if name in needed)
    return make(assumed=assumed, left_open=tuple(name for name in missing if name not in needed))


def _kind(stated: Stated) -> Callable[..., Design]:
    """What makes the design, with more of its sizes; sympy takes long to import, and specs need none."""
    if isinstance(stated, Report):
        from convcost.search.report_design import ReportDesign

        return partial(ReportDesign, source=stated)
    return partial(SpecDesign, spec=stated)


def _check_given(missing: Sequence[str]) -> None:
    if missing:
        verb = "have no values" if missing[1:] else "has no value"
        options = " ".join(f"--{name} 128" for name in missing)
        raise UnboundSizeError(f"{', '.join(missing)} {verb}", hint=f"Give sizes: {options}")
