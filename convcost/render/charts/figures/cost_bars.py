"""Bars of each quantity, for designs without open sizes."""

from __future__ import annotations

from convcost.core.comparison import Comparison
from convcost.core.metrics import Metric
from convcost.core.units import ratio
from convcost.render.charts.data import Bar, BarChart, ChartOptions, Figure, Segment
from convcost.render.charts.figures.captions import (
    chart_metric,
    check_no_ranges,
    designs_title,
    metric_axis,
    sizes_and_convention,
)

DEFAULT_METRICS = ("flops", "params", "activations", "bytes")


def comparison_figure(comparison: Comparison, options: ChartOptions) -> Figure | None:
    """Bars of the candidates, with their ratios to the first; None if a size is open."""
    if comparison.is_open:
        return None
    check_no_ranges(options)
    reports = comparison.candidates
    names = (options.metric,) if options.metric else DEFAULT_METRICS
    found = (_bars(comparison, chart_metric(name)) for name in names)
    charts = tuple(chart for chart in found if chart.bars)
    if not charts:
        return None
    notes = sizes_and_convention(reports)
    return Figure(designs_title(reports), charts, _description(comparison, charts), notes)


def _bars(comparison: Comparison, metric: Metric) -> BarChart:
    bars = []
    for report in comparison.candidates:
        value = getattr(report, metric.name)
        if value is not None:
            factor = comparison.ratio(metric.name, report)
            is_first = report is comparison.first or factor is None
            label = report.name if is_first else f"{report.name} ({ratio(factor)})"
            bars.append(Bar(label, (Segment(report.name, value),)))
    return BarChart(metric.standalone_label, metric_axis(metric), tuple(bars))


def _description(comparison: Comparison, charts: tuple[BarChart, ...]) -> str:
    what = ", ".join(chart.title for chart in charts)
    return f"Bars of {what} for {designs_title(comparison.candidates)}."
