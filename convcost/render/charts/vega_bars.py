"""Bars as Vega-Lite has them: segments one after another, with what was measured of them and their bounds."""

from __future__ import annotations

from collections.abc import Iterator

from convcost.render.charts.data import BarChart
from convcost.render.charts.labels import distinct_names, shorten, text_width
from convcost.render.charts.scales import Scale, as_float, scale
from convcost.render.charts.theme import LETTER, NARROW, Spec
from convcost.render.charts.ticks import amount_text

BAR = 26
"""Pixels from one bar to the next."""


def bar_panel(chart: BarChart, width: int) -> Spec:
    """The bars from left to right, so many pixels long at most."""
    longest = 18 if width <= NARROW else 30
    names = distinct_names([bar.label for bar in chart.bars], longest)
    ends = [
        end for bar in chart.bars for end in (bar.total, bar.bound or 0, *(s.high or 0 for s in bar.segments))
    ]
    room = max(text_width(amount_text(bar.total, chart.axis.unit)) for bar in chart.bars) + 20
    length = scale(chart.axis._replace(is_log=False), ends, from_zero=True, margin=room / (width - room))
    return {
        "title": {
            "text": shorten(chart.title, int(width / LETTER)),
            **({"subtitle": shorten(f"| {chart.bound}", int(width / LETTER))} if chart.bound else {}),
            "fontSize": 13,
            "offset": 8,
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
"""How much wider than usual the letters of a page are that has none of our fonts."""


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
        start = 0.0
        for part in bar.segments:
            end = start + as_float(part.value)
            text = amount_text(part.value, chart.axis.unit)
            rows.append({"bar": name, "part": shown[part.name], "x": start, "end": end, "text": text})
            start = end
    x = length.encoding("x", 4 if width <= NARROW else 6)
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
    """A line across a bar, at what it is compared with."""
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
    """From the low to the high end of what was measured, around the end of its segment."""
    rows = []
    for name, bar in zip(names, chart.bars, strict=True):
        start = 0.0
        for part in bar.segments:
            if part.low is not None and part.high is not None:
                rows.append(
                    {"bar": name, "x": start + as_float(part.low), "end": start + as_float(part.high)}
                )
            start += as_float(part.value)
    if rows:
        yield {
            "data": {"values": rows},
            "mark": {"type": "rule", "style": "spread"},
            "encoding": {"x": {"field": "x", "type": "quantitative"}, "x2": {"field": "end"}},
        }


def _totals(chart: BarChart, names: tuple[str, ...]) -> Iterator[Spec]:
    """The length of each bar, written at its end."""
    rows = []
    for name, bar in zip(names, chart.bars, strict=True):
        ends = [bar.total, *(part.high for part in bar.segments[-1:] if part.high is not None)]
        if bar.bound is not None:
            ends.append(bar.bound)
        rows.append({"bar": name, "x": as_float(max(ends)), "text": amount_text(bar.total, chart.axis.unit)})
    yield {
        "data": {"values": rows},
        "mark": {"type": "text", "align": "left", "dx": 5},
        "encoding": {
            "x": {"field": "x", "type": "quantitative"},
            "text": {"field": "text", "type": "nominal"},
        },
    }
