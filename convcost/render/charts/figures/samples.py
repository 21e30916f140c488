"""The whole sizes at which a curve is evaluated: all of a short range, enough of a long one."""

from __future__ import annotations

from convcost.render.charts.scales import needs_log

MOST_POINTS = 120
"""Of a curve: sizes between them are left out."""


def sample(values: range) -> list[int]:
    """Enough of them for a curve, the first and the last included.

    Where they span much there are equal factors between them, as on a logarithmic axis.
    """
    if len(values) <= MOST_POINTS:
        return list(values)
    last = MOST_POINTS - 1
    first = max(values[0], values.step)
    if not needs_log((first, values[-1])):
        return [values[place * (len(values) - 1) // last] for place in range(MOST_POINTS)]
    factor = values[-1] / first
    near = (first * factor ** (place / last) for place in range(MOST_POINTS))
    return sorted({_nearest_in(values, number) for number in near} | {values[0], values[-1]})


def _nearest_in(values: range, number: float) -> int:
    place = round((number - values[0]) / values.step)
    return values[min(max(place, 0), len(values) - 1)]
