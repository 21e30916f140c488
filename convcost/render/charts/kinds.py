"""The charts of each kind of result. To add one: a module in figures/, and its function here."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from convcost.core.diagnosis import DiagnosedReport
from convcost.core.errors import UsageError
from convcost.render.charts.data import ChartOptions, Figure

FigureFunction = Callable[[Any, ChartOptions], Figure | None]
"""Makes the figure of a result; None if it does not apply."""

CHARTS: dict[str, tuple[str, ...]] = {
    "Comparison": (
        "cost_curve:comparison_figure",
        "cost_bars:comparison_figure",
        "roofline:comparison_figure",
        "time_bars:comparison_figure",
        "memory_bars:comparison_figure",
    ),
    "Report": (
        "cost_curve:report_figure",
        "cost_icicle:report_figure",
        "roofline:report_figure",
        "time_bars:report_figure",
        "memory_bars:report_figure",
    ),
    "Match": ("match_curve:match_figure",),
    "Sweep": ("pareto:sweep_figure",),
}
"""Functions of figures/ as `module:name`, by the name of the result's class."""

COMMANDS = "compare, cost, layer, model, match and sweep"
"""The commands whose results have charts."""


def figure_of(result: object, options: ChartOptions) -> Figure:
    """All charts that the result has, as one figure; UsageError if there is none."""
    if isinstance(result, DiagnosedReport):
        result = result.report
    if type(result).__name__ not in CHARTS:
        raise UsageError("this result has no chart", hint=f"Charts exist for {COMMANDS}.")
    found = [figure for draw in chart_functions(result) if (figure := draw(result, options))]
    if not found:
        raise UsageError(
            "this result has no chart",
            hint="Give sizes or another metric; or add a device, memory or times.",
            cli_hint="Give sizes, another --plot-metric, --device NAME, --memory or --time.",
        )
    return join_figures(found)


def chart_functions(result: object) -> list[FigureFunction]:
    """The functions that make the figures of a result."""
    return [_function(place) for place in CHARTS.get(type(result).__name__, ())]


def join_figures(figures: list[Figure]) -> Figure:
    """One figure with all charts, under the title of the first."""
    first = figures[0]
    return Figure(
        first.title,
        tuple(chart for figure in figures for chart in figure.charts),
        " ".join(figure.description for figure in figures),
        tuple(dict.fromkeys(note for figure in figures for note in figure.notes)),
    )


def _function(place: str) -> FigureFunction:
    module, _, name = place.partition(":")
    found: FigureFunction = getattr(import_module(f"convcost.render.charts.figures.{module}"), name)
    return found
