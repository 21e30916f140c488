"""The cost of a design by part: an icicle of submodules or layers, and bars of operators."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

from convcost.analysis.parts import operator_part
from convcost.core.errors import UsageError, join_words
from convcost.core.metrics import METRICS, Metric
from convcost.core.report import Report
from convcost.core.units import percent
from convcost.render.charts.data import Bar, BarChart, Chart, ChartOptions, Figure, IcicleChart, Segment, Tile
from convcost.render.charts.figures.captions import chart_metric, metric_axis, sizes_and_convention
from convcost.render.charts.figures.part_tree import part_tree, tiles
from convcost.render.charts.ticks import amount_text
from convcost.render.operator_tables import forward_totals, operator_name
from convcost.render.part_order import others_label

MOST_BARS = 10
"""The most operators with a bar of their own."""

MOST_NAMED = 3
"""The most parts to name in the description."""


def report_figure(report: Report, options: ChartOptions) -> Figure | None:
    """The parts of a design by a quantity; None if a size is open, or the quantity is 0.

    Raises UsageError for a quantity whose parts don't add up to the total.
    """
    if report.open_names:
        return None
    metric = chart_metric(options.metric)
    _check_additive(metric)
    whole = getattr(report, metric.name)
    if not whole:
        return None
    parts = tiles(part_tree(report, metric))
    axis = metric_axis(metric)
    modules, operators = ("submodule", "operator") if report.trace else ("layer", "kind of layer")
    charts: list[Chart] = [IcicleChart(f"{axis.label} by {modules}", axis, parts)]
    bars = _bars(report, metric)
    if len(bars) > 1:
        charts.append(BarChart(f"{axis.label} by {operators}", axis, bars))
    title = f"{axis.label} of {report.name} by {modules}: {amount_text(whole, axis.unit)}"
    notes = sizes_and_convention((report,))
    return Figure(title, tuple(charts), f"{title}. {_description(parts)}", notes)


def _check_additive(metric: Metric) -> None:
    if not metric.is_additive:
        names = ", ".join(each.name for each in METRICS if each.is_additive)
        raise UsageError(
            f"{metric.standalone_label} can't be drawn by part: the parts don't add up to the whole",
            hint=f"Draw {names}.",
        )


def _bars(report: Report, metric: Metric) -> tuple[Bar, ...]:
    """A bar for each operator, or kind of layer, the largest first."""
    amounts: Counter[str] = Counter()
    if report.trace is None:
        for row in report.rows:
            amounts[row.kind] += metric.in_row(row, report.convention)
    else:
        for total in forward_totals(report.trace):
            part = operator_part(total, report.convention)
            amounts[operator_name(total.operator)] += part.quantity(metric.name) or 0
    found = [(name, amount) for name, amount in amounts.most_common() if amount]
    shown, others = found[:MOST_BARS], found[MOST_BARS:]
    if others:
        shown.append((others_label(len(others)), sum(amount for _, amount in others)))
    return tuple(Bar(name, (Segment(metric.label, amount),)) for name, amount in shown)


def _description(parts: tuple[Tile, ...]) -> str:
    """An icicle; the largest parts: layer3 36.0%, layer2 25.1% and layer4 19.7%."""
    whole, *below = parts
    largest = sorted((tile for tile in below if tile.level == 1), key=lambda tile: -tile.size)[:MOST_NAMED]
    shares = [f"{tile.label} {percent(Fraction(tile.size, whole.size))}" for tile in largest]
    return f"An icicle; the largest parts: {join_words(shares)}."
