"""`result.plot()`: the figure as an Altair chart, for notebooks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from convcost.core.errors import UsageError
from convcost.core.type_checks import check_text, check_type, wrong_type_error
from convcost.render.charts.data import ChartOptions
from convcost.render.charts.kinds import figure_of
from convcost.render.charts.pictures import check_installed
from convcost.render.charts.theme import LIGHT, configuration
from convcost.render.charts.vega import vega_spec

if TYPE_CHECKING:
    import altair

RANGES = "the ranges"


def plot(result: object, metric: str = "", ranges: Mapping[str, object] | None = None) -> altair.Chart:
    """The charts of `result`; raises UsageError if it has none, or Altair is missing."""
    check_text("metric", metric, "flops")
    check_type(
        RANGES, {} if ranges is None else ranges, Mapping, "a mapping", 'For example, {"L": (1, 512)}.'
    )
    options = ChartOptions(metric, {name: _range(name, each) for name, each in (ranges or {}).items()})
    figure = figure_of(result, options)
    check_installed("altair")
    import altair

    found: altair.Chart = altair.Chart.from_dict(
        {**vega_spec(figure), "config": configuration(LIGHT, is_interactive=True)}
    )
    return found


def _range(name: str, values: object) -> range:
    """A range, or a pair of the first and the last size as a range."""
    check_type("the name of a size", name, str, "a string", 'For example, "L".')
    if isinstance(values, range):
        found = values
    elif isinstance(values, tuple) and [*map(type, values)] == [int, int]:
        found = range(values[0], values[1] + 1)
    else:
        raise wrong_type_error(f"the range of {name[:40]}", values, "a range, or a pair such as (1, 512)")
    if not found or found.step < 1 or found[0] < 1:
        raise UsageError(
            f"the range of {name[:40]} is {found.start} to {found.stop - 1}", hint="Sizes are 1 or more."
        )
    return found
