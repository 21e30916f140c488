"""Bar charts in Vega-Lite: segments, spreads, bounds and totals."""

from __future__ import annotations

from collections.abc import Iterator

from convcost.render.charts.data import BarChart
from convcost.render.charts.names import distinct_names
from convcost.render.charts.scales import Scale, as_float, scale
from convcost.render.charts.theme import NARROW, Spec
from convcost.render.charts.ticks import amount_text
from convcost.render.charts.vega.elements import axis_encoding, panel_title
from convcost.render.charts.vega.label_places import text_width

BAR = 26
"""Pixels from one bar to the next."""


def bar_panel(chart: BarChart, width: int) -> Spec:
    """The specification of a bar chart; `width` is that of the plot area."""
    longest = 18 if width <= NARROW else 30
    names = distinct_names([bar.label for bar in chart.bars], longest)
    ends = [bar.reach for bar in chart.bars]
    room = max(text_width(amount_text(bar.total, chart.axis.unit)) for bar in chart.bars) + 20
    length = scale(chart.axis._replace(is_log=False), ends, from_zero=True, margin=room / (width - room))
    return {
        "title": {
            **panel_title(chart.title, width, f"| {chart.bound}" if chart.bound else ""),
            "frame": "group",
        },
        "width": width,
        "height": {"step": BAR},
        "encoding": {"y": _by_bar(names)},
        "layer": [
            *_segments(chart, names, length, width),
            *_bounds(chart, names),
            *_spreads(chart, names),
            *_totals(chart, names),
        ],
    }


OTHER_FONTS = 1.2
"""Extra width of labels for pages without our fonts."""


def _by_bar(names: tuple[str, ...]) -> Spec:
    room = OTHER_FONTS * max(map(text_width, names), default=0)
    return {
        "field": "bar",
        "type": "nominal",
        "title": None,
        "scale": {"domain": list(names), "paddingInner": 0.25},
        "axis": {"labelLimit": 260, "domain": False, "ticks": False, "minExtent": room},
    }


def _segments(chart: BarChart, names: tuple[str, ...], length: Scale, width: int) -> Iterator[Spec]:
    rows, kinds = [], list(dict.fromkeys(part.name for bar in chart.bars for part in bar.segments))
    shown = dict(zip(kinds, distinct_names(kinds), strict=True))
    for name, bar in zip(names, chart.bars, strict=True):
        for part, start, end in bar.spans:
            text = amount_text(part.value, chart.axis.unit)
            ends = {"x": as_float(start), "end": as_float(end)}
            rows.append({"bar": name, "part": shown[part.name], **ends, "text": text})
    x = axis_encoding(length, "x", 4 if width <= NARROW else 6)
    legend = None
    if any(len(bar.segments) > 1 for bar in chart.bars):
        columns = max(1, int((width + 60) / (max(map(text_width, shown.values())) + 40)))
        legend = {"orient": "bottom", "direction": "horizontal", "columns": columns, "labelLimit": width - 40}
    yield {
        "data": {"values": rows},
        "mark": {"type": "bar"},
        "encoding": {
            "x": {**x, "title": None},
            "x2": {"field": "end"},
            "color": {
                "field": "part",
                "type": "nominal",
                "title": None,
                "scale": {"domain": list(shown.values())},
                "legend": legend,
            },
            "tooltip": [
                {"field": "bar", "type": "nominal"},
                {"field": "part", "type": "nominal"},
                {"field": "text", "type": "nominal", "title": chart.axis.label},
            ],
        },
    }


def _bounds(chart: BarChart, names: tuple[str, ...]) -> Iterator[Spec]:
    """A line across each bar at its bound."""
    pairs = zip(names, chart.bars, strict=True)
    rows = [
        {
            "bar": name,
            "x": as_float(bar.bound),
            "text": f"{chart.bound}: {amount_text(bar.bound, chart.axis.unit)}",
        }
        for name, bar in pairs
        if bar.bound is not None
    ]
    if rows:
        yield {
            "data": {"values": rows},
            "mark": {"type": "tick", "style": "bound", "thickness": 3, "size": 20},
            "encoding": {
                "x": {"field": "x", "type": "quantitative"},
                "tooltip": {"field": "text", "type": "nominal"},
            },
        }


def _spreads(chart: BarChart, names: tuple[str, ...]) -> Iterator[Spec]:
    """A rule from the low to the high end of each measured spread."""
    rows = []
    for name, bar in zip(names, chart.bars, strict=True):
        for part, start, _ in bar.spans:
            if part.low is not None and part.high is not None:
                ends = {"x": as_float(start + part.low), "end": as_float(start + part.high)}
                rows.append({"bar": name, **ends})
    if rows:
        yield {
            "data": {"values": rows},
            "mark": {"type": "rule", "style": "spread"},
            "encoding": {"x": {"field": "x", "type": "quantitative"}, "x2": {"field": "end"}},
        }


def _totals(chart: BarChart, names: tuple[str, ...]) -> Iterator[Spec]:
    """The length of each bar as text at its end."""
    rows = [
        {"bar": name, "x": as_float(bar.reach), "text": amount_text(bar.total, chart.axis.unit)}
        for name, bar in zip(names, chart.bars, strict=True)
    ]
    yield {
        "data": {"values": rows},
        "mark": {"type": "text", "align": "left", "dx": 5},
        "encoding": {
            "x": {"field": "x", "type": "quantitative"},
            "text": {"field": "text", "type": "nominal"},
        },
    }
