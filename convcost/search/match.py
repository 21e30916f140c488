"""Which sizes make one design cost what another does, or what a budget allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from convcost.api import Design, stated
from convcost.core.arguments import all_sizes, instance
from convcost.core.cost import Size
from convcost.core.match import LARGEST, Match, PerSize, metric_named
from convcost.core.units import parse_amount
from convcost.search.request import Request, answered


def match(
    a: str | Design,
    b: str | Design | None = None,
    /,
    *,
    vary: str | Sequence[str],
    metric: str = "flops",
    budget: Size | str | None = None,
    multiple_of: PerSize = 1,
    minimum: PerSize = 1,
    maximum: PerSize = LARGEST,
    **sizes: Size,
) -> Match:
    """The values of `vary` that bring the cost of `b` nearest to that of `a`, or that of `a` up to `budget`.

    Each is a spec, or a report: with open sizes of its own, what a torch module costs can be varied too.
    The cost of `a` is matched from below or above; `budget` is never exceeded. `vary` is a size of the
    design to fit, or two: `vary="E,K"` gives the pairs within the target of which no other with one of the
    same sizes comes nearer. The limits are for each of them, or by name: `{"E": 8}`. Sizes that the metric
    does not depend on need no value; one with the name of an option is given as sizes={"vary": 4}. Where
    nothing fits, the match is not `found`, and its last note says why. Raises as `cost` does, and UsageError
    where there is no metric, no target or no such size.
    """
    return matching(
        tuple(map(stated, (a,) if b is None else (a, b))),
        all_sizes(sizes),
        vary=_names(vary),
        metric=metric,
        budget=parse_amount(budget, metric_named(metric)) if isinstance(budget, str) else budget,
        multiple_of=multiple_of,
        minimum=minimum,
        maximum=maximum,
    )


def _names(vary: str | Sequence[str]) -> Sequence[str]:
    hint = 'Such as vary="E", or vary="E,K".'
    names = (
        vary.split(",") if isinstance(vary, str) else instance("vary", vary, (list, tuple), "a text", hint)
    )
    return [instance("vary", name, str, "a text", hint) for name in names]


def matching(
    designs: tuple[Design, ...], sizes: Mapping[str, Size], *, vary: Sequence[str], **options: Any
) -> Match:
    """What `match` gives, with a convention and a dtype among the options."""
    return answered(Request(designs, tuple(name.strip() for name in vary), **options), sizes)
